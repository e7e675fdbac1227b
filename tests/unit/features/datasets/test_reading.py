"""Files of datasets: what is read, what is refused, and where it says the fault is."""

import json

import pytest

from tests.pace import soon
from tests.unit.architecture.source import ROOT
from wxcloudrun.core.errors import InvalidInput
from wxcloudrun.features.datasets.errors import TooManyDatasets
from wxcloudrun.features.datasets.reading import read


def values(content: str | bytes, name: str = "rows.csv", kind: str = "") -> list[dict]:
    data = content.encode() if isinstance(content, str) else content
    return [row.values for row in read(data, name, kind)]


def faults(content: str | bytes, name: str = "rows.csv") -> dict[str, tuple[str, str | None]]:
    with pytest.raises(InvalidInput) as refused:
        values(content, name)
    return {one.field: (one.reason, one.detail) for one in refused.value.fields}


def variables(content: str | bytes, name: str = "rows.csv") -> list[dict]:
    return [row["variables"] for row in values(content, name)]


TEXT = "name,城市\n甲,北京\n"


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.encode("gb18030"),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16 le", "utf-16 be", "gb18030"],
)
def test_a_file_is_read_in_the_encodings_that_spreadsheets_write(content: bytes):
    assert values(content) == [{"name": "甲", "variables": {"城市": "北京"}}]


def test_bytes_of_no_encoding_are_refused():
    assert faults(b"a\n\xff\xff\xff")["file"][0] == "bad_encoding"
    assert faults(b"\xff\xfea")["file"][0] == "bad_encoding"
    assert faults("a\n\x00")["file"] == ("nul_character", None)
    assert faults("a\n\x00".encode("utf-16"))["file"] == ("nul_character", None)


@pytest.mark.parametrize("mark", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_the_delimiter_is_the_one_the_header_has(mark: str, end: str):
    lines = [mark.join(cells) for cells in (["a", "b", "c"], ["1,5", '"x;""y"""', "t"])]
    if mark == ",":
        lines[1] = '"1,5","x;""y""",t'
    assert variables(end.join(lines)) == [{"a": "1,5", "b": 'x;"y"', "c": "t"}]


def test_a_delimiter_inside_quotes_is_none():
    assert variables('"variable.a;b;c",d\n1,2\n') == [{"a;b;c": "1", "d": "2"}]


def test_one_column_needs_no_delimiter():
    assert variables("a\n1;2\n") == [{"a": "1;2"}]


def test_line_breaks_and_quotes_stand_inside_quotes():
    assert variables('a,b\n"one\r\ntwo","say ""hi"""\n') == [{"a": "one\r\ntwo", "b": 'say "hi"'}]


def test_types_are_declared_and_never_guessed():
    header = "code,count:number,share:number,on:boolean,tree:json,empty,none:number?,off:string?"
    row = '007,-12,1.5e1,TRUE,"{""a"":[1,null]}",,,'
    kept = {"code": "007", "count": -12, "share": 15.0, "on": True, "tree": {"a": [1, None]}, "empty": ""}
    assert variables(f"{header}\n{row}\n") == [{**kept, "none": None, "off": None}]
    assert type(variables("a:number\n12\n")[0]["a"]) is int


@pytest.mark.parametrize("text", ["=1+2", "+1", "@SUM(A1)", "-1", "TRUE", "null", "1e5", " blank ", "'=1"])
def test_whatever_it_looks_like_text_stays_text(text: str):
    assert variables(f"a,b\n{text},x\n") == [{"a": text, "b": "x"}]


def test_columns_go_to_the_parts_that_their_prefixes_name():
    header = "key,name,enabled,default,age:number,query.q,header.X-Id,cookie.sid,expected.status:number"
    header += ",body.user.name,body.user.age:number,body.tags:json,variable.name,user.name"
    row = 'k,N,false,true,5,shoes,7,s,200,Bob,30,"[1]",v,u'
    assert values(f"{header}\n{row}\n") == [
        {
            "key": "k",
            "name": "N",
            "enabled": False,
            "is_default": True,
            "variables": {"age": 5, "name": "v", "user.name": "u"},
            "query": {"q": "shoes"},
            "headers": {"X-Id": "7"},
            "cookies": {"sid": "s"},
            "expected": {"status": 200},
            "body": {"user": {"name": "Bob", "age": 30}, "tags": [1]},
        }
    ]


def test_an_empty_cell_of_a_special_column_says_nothing():
    assert values("key,name,enabled,default,a\n,,,,1\n") == [{"name": "", "variables": {"a": "1"}}]


def test_blank_lines_and_columns_without_anything_are_left_out():
    assert variables("\n\na,b,,\n1,2,,\n\n,,,\n3,4,,\n") == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


@pytest.mark.parametrize(
    ("header", "field", "reason"),
    [
        ("a,a", "columns.2", "given_twice"),
        ("a,variable.a", "columns.2", "given_twice"),
        ("default,default", "columns.2", "given_twice"),
        ("a:date", "columns.1", "unknown_type"),
        ("a,,b", "columns.2", "missing"),
        (":number,b", "columns.1", "missing"),
        ("header.,b", "columns.1", "missing"),
        ("enabled:number", "columns.1", "wrong_type"),
        ("body.a..b", "columns.1", "not_a_path"),
        ("body.a,body.a.b", "columns.2", "conflict"),
        ("body.a.b,body.a", "columns.2", "conflict"),
        (",".join(f"c{at}" for at in range(501)), "file", "too_many_columns"),
    ],
)
def test_a_header_that_cannot_be_meant_is_refused(header: str, field: str, reason: str):
    assert faults(f"{header}\n" + ",".join("x" * (header.count(",") + 1)))[field][0] == reason


@pytest.mark.parametrize(
    ("kind", "cell", "reason"),
    [
        ("number", "007", "not_a_number"),
        ("number", "1,5", "not_a_number"),
        ("number", "twelve", "not_a_number"),
        ("number", "NaN", "not_a_number"),
        ("number", "0x10", "not_a_number"),
        ("number", "１２", "not_a_number"),
        ("number", "1e9999", "number_out_of_range"),
        ("number", "", "empty"),
        ("boolean", "yes", "not_a_boolean"),
        ("boolean", "1", "not_a_boolean"),
        ("boolean", "", "empty"),
        ("json", "{", "bad_json"),
        ("json", '{"a":1,"a":2}', "duplicate_key"),
        ("json", "NaN", "not_a_number"),
        ("json", "", "empty"),
    ],
)
def test_a_cell_that_is_not_of_its_type_is_refused_by_row_and_column(kind: str, cell: str, reason: str):
    quoted = '"' + cell.replace('"', '""') + '"'
    found = faults(f"x,age:{kind}\n1,{1 if kind == 'number' else 'true'}\n2,{quoted}\n")
    assert list(found) == ["rows.2.age"]
    assert found["rows.2.age"][0] == reason
    assert str(found["rows.2.age"][1]).startswith("line 3")


def test_every_fault_is_told_at_once_but_not_more_than_fifty():
    assert set(faults("a:number,b:boolean\nx,y\n1,true\nz,true\n")) == {"rows.1.a", "rows.1.b", "rows.3.a"}
    assert len(faults("a:number\n" + "x\n" * 100)) == 50


def test_a_row_has_as_many_cells_as_the_header():
    found = faults("a,b\n1,2\n1\n1,2,3\n1,2,\n")
    assert set(found) == {"rows.2", "rows.3"}
    assert found["rows.3"] == ("wrong_number_of_cells", "line 4: the header has 2 columns, this row 3")


@pytest.mark.parametrize("content", ['a\n"x', 'a\n"x"y\n'])
def test_quotes_that_do_not_fit_are_refused(content: str):
    reason, detail = faults(content)["file"]
    assert reason == "bad_csv"
    assert str(detail).startswith("line 2")


@pytest.mark.parametrize("content", [b"", b"  \r\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(content: bytes):
    assert faults(content)["file"] == ("empty", None)


@pytest.mark.parametrize(("content", "name"), [("a,b\n", "x.csv"), (",,\n", "x.csv"), ("[]", "x.json")])
def test_a_file_without_rows_is_refused(content: str, name: str):
    assert faults(content, name)["file"][0] == "no_rows"


def test_whole_datasets_are_taken_as_the_api_shows_them():
    shown = {"id": 5, "position": 1, "version": 3, "created_at": "x", "updated_at": "y"}
    whole = {"key": "a", "name": "A", "enabled": True, "is_default": True, "variables": {"n": 1.5, "t": "007"}}
    whole |= {"query": {}, "headers": {"X": None}, "cookies": {}, "body": [1], "replace_body": None, "expected": {}}
    assert values(json.dumps([{**whole, **shown}, {"key": "b", "default": False}]), "x.json") == [
        whole,
        {"key": "b", "is_default": False},
    ]


def test_flat_objects_are_variables_whose_types_stay():
    flat = [{"key": "k", "default": True, "age": 5, "code": "007", "none": None, "list": [1], "header.X": 1.5}]
    assert values(json.dumps(flat), "x.json") == [
        {
            "key": "k",
            "is_default": True,
            "variables": {"age": 5, "code": "007", "none": None, "list": [1]},
            "headers": {"X": 1.5},
        }
    ]
    assert variables('[{"a:number": "x", "query": "shoes"}]', "x.json") == [{"a:number": "x", "query": "shoes"}]


@pytest.mark.parametrize(
    ("content", "field", "reason"),
    [
        ('{"a": 1}', "file", "not_a_list"),
        ("[1]", "rows.1", "not_an_object"),
        ('[{"a": 1}, []]', "rows.2", "not_an_object"),
        ("[{]", "file", "bad_json"),
        ('[{"a": NaN}]', "file", "not_a_number"),
        ('[{"a": 1, "a": 2}]', "file", "duplicate_key"),
        ('[{"a": "\\ud800"}]', "file", "lone_surrogate"),
        ("[" * 100, "file", "too_deep"),
        ('[{"x": 1}, {"body.a": 1, "body.a.b": 2}]', "rows.2.body.a.b", "conflict"),
    ],
)
def test_json_that_is_no_list_of_objects_is_refused(content: str, field: str, reason: str):
    assert faults(content, "x.json")[field][0] == reason


@pytest.mark.parametrize(
    ("name", "kind", "content", "is_json"),
    [
        ("a.JSON", "text/csv", '[{"a": "1"}]', True),
        ("a", "application/json", '[{"a": "1"}]', True),
        ("a", "text/csv", "a\n1", False),
        ("a.csv", "application/json", "a\n1", False),
        ("", "", ' [{"a": "1"}]', True),
        ("", "application/octet-stream", "a\n1", False),
    ],
)
def test_its_name_then_its_type_then_its_beginning_tell_what_a_file_is(name, kind, content, is_json):
    assert values(content, name, kind) == [{"variables": {"a": "1"}}]


def test_a_thousand_rows_are_taken_and_not_one_more():
    assert len(values("a\n" + "1\n" * 1000)) == 1000
    assert len(values(json.dumps([{"a": 1}] * 1000), "x.json")) == 1000
    for content, name in (("a\n" + "1\n" * 1001, "x.csv"), (json.dumps([{"a": 1}] * 1001), "x.json")):
        with pytest.raises(TooManyDatasets):
            values(content, name)


def test_a_file_has_so_many_values_and_no_more():
    header, row = ",".join(f"c{at}" for at in range(100)), ",".join("1" * 100)
    assert len(values(f"{header}\n" + f"{row}\n" * 500)) == 500
    assert faults(f"{header}\n" + f"{row}\n" * 501)["file"][0] == "too_many_values"


def test_faults_of_a_flat_row_are_told_by_its_columns():
    flat = read(b"a,header.X,body.b\n1,2,3\n")[0]
    paths = ("variables.a", "headers.X", "cookies.y", "query.q", "body.b.0", "is_default", "key")
    assert [flat.fault(path, "x").field for path in paths] == [
        "rows.1.a",
        "rows.1.header.X",
        "rows.1.cookie.y",
        "rows.1.query.q",
        "rows.1.body.b.0",
        "rows.1.default",
        "rows.1.key",
    ]
    assert read(b'[{"headers": {}}]')[0].fault("headers.X", "x").field == "rows.1.headers.X"


def test_a_mebibyte_is_read_in_a_moment():
    wide = ",".join(f"c{at}" for at in range(20)) + "\n" + (",".join(["x" * 52] * 20) + "\n") * 1000
    flat = json.dumps([{f"member{at}": "y" * 40 for at in range(20)} for _ in range(1000)])
    for content, name in ((wide, "x.csv"), (flat, "x.json")):
        assert len(content) > 1024 * 1024
        with soon(2):
            values(content, name)


def test_the_example_in_the_manual_is_read_as_it_says():
    manual = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8")
    example = manual.partition("```csv\n")[2].partition("```")[0]
    first, second = values(example)
    assert first == {
        "key": "ok",
        "name": "right password",
        "is_default": True,
        "variables": {"user": "eve", "age": 30, "vip": True, "tags": ["a"], "note": None},
        "headers": {"X-Trace": "1"},
        "body": {"user": {"name": "Eve"}},
        "expected": {"status": 200},
    }
    assert second["variables"] == {"user": "007", "age": 0, "vip": False, "tags": [], "note": "x"}
