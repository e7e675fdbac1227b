"""Tables as spreadsheets read them."""

import csv
import io

import pytest

from tests.unit.exporters.samples import HOSTILE, STEERING, a_run, a_step
from wxcloudrun.exporters.table import table


def rows(*steps, **options) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(table(a_run(), steps, **options)), newline="")))


def test_a_step_is_a_row():
    [row] = rows(a_step(3, "failed", trail=("cart",), dataset="card"))
    assert (row["seq"], row["outcome"], row["scenario"], row["step"]) == ("3", "failed", "log in, pay > cart", "step 3")
    assert (row["method"], row["status"], row["duration_ms"], row["attempts"]) == ("POST", "500", "12.5", "1")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", "\n=1"])
def test_no_text_is_a_formula(text: str):
    [row] = rows(a_step(name=text, message=text, dataset=text))
    begins = {row[cell].lstrip(" ")[0] for cell in ("step", "message", "dataset")}
    assert begins <= {"'", "\\"}, "an apostrophe, or a control character written out"


def test_what_a_text_holds_changes_no_other_cell():
    [row] = rows(a_step(0, "failed", name=f'a,"b"\n{HOSTILE}', message=HOSTILE))
    assert row["message"].startswith("</script>")
    assert row["outcome"] == "failed"
    assert not [sign for sign in STEERING if sign in "".join(row.values())]


def test_excel_is_told_that_it_is_utf_8_where_that_is_asked_for():
    assert "".join(table(a_run(), [], mark=True)).startswith("\ufeffseq,")
    assert "".join(table(a_run(), [])).startswith("seq,")
