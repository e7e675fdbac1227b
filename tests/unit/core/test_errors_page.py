"""docs/errors.md lists every error as it is."""

from scripts.errors_doc import PAGE, main, page
from wxcloudrun.core.errors import every_error


def test_the_page_is_what_the_script_writes():
    assert PAGE.read_text("utf-8") == page(), "run: python scripts/errors_doc.py"
    assert main(["--check"]) == 0


def test_every_error_is_on_the_page_once():
    text = page()
    assert [kind.name() for kind in set(every_error()) if text.count(f"| `{kind.name()}` |") != 1] == []


def test_a_page_that_is_out_of_date_is_noticed(monkeypatch, tmp_path):
    old = tmp_path / "errors.md"
    old.write_text("old", "utf-8")
    monkeypatch.setattr("scripts.errors_doc.PAGE", old)
    assert main(["--check"]) == 1
    assert main([]) == 0
    assert main(["--check"]) == 0
