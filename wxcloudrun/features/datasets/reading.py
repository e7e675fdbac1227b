"""Rows of data out of a CSV or JSON file. Types are declared or the file's own, never guessed; formulas stay text."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from wxcloudrun.core import json_body
from wxcloudrun.core.errors import MOST_FAULTS, FieldFault, InvalidInput, refuse
from wxcloudrun.features.datasets.cells import Column, Columns, Refused, parse_column
from wxcloudrun.features.datasets.content import MOST_DATASETS, NOTHING
from wxcloudrun.features.datasets.errors import TooManyDatasets

MOST_COLUMNS: Final = 500
MOST_VALUES: Final = 50_000  # of a file: the engine looks at each
_OBJECTS: Final = ("variables", "query", "headers", "cookies", "replace_body", "expected")
_OWN: Final = {"key", "name", "enabled", "default", "is_default", *NOTHING}
_SHOWN_ONLY: Final = {"id", "position", "version", "created_at", "updated_at"}
_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass
class FileRow:
    """A row of a file: what it says of a dataset, by the API's names; what it does not speak of is not in it.

    `number` counts from 1. `flat`: its values had columns, by whose names faults are told.
    """

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    flat: bool = False

    def fault(self, path: str, reason: str, position: int | None = None, detail: str | None = None) -> FieldFault:
        """A fault at that path of the dataset, told at its row and column."""
        head, _, rest = path.partition(".")
        if self.flat and rest:
            short = {"variables": "", "headers": "header.", "cookies": "cookie."}.get(head, f"{head}.")
            path = short + rest
        path = "default" if path == "is_default" else path
        return FieldFault(f"rows.{self.number}.{path}"[:300], reason, position, detail)


def read(content: bytes, name: str = "", content_type: str = "") -> list[FileRow]:
    """The rows of a file. What it is tells its name's ending, else its type, else its first character.

    Raises InvalidInput with the row and column of each fault, TooManyDatasets.
    """
    text = _decoded(content)
    if not text.strip():
        raise _refusal(FieldFault("file", "empty"))
    rows = _of_json(text) if _is_json(text, name.lower(), content_type.lower()) else _of_csv(text)
    if not rows:
        raise _refusal(FieldFault("file", "no_rows", detail="there is nothing but, perhaps, a header"))
    values = sum(len(part) for row in rows for part in row.values.values() if isinstance(part, dict))
    if values > MOST_VALUES:
        raise _refusal(FieldFault("file", "too_many_values", detail=f"at most {MOST_VALUES} in all rows together"))
    return rows


def _decoded(content: bytes) -> str:
    """UTF-8, UTF-16 with its mark, else GB 18030, which Chinese spreadsheets write."""
    encodings = [encoding for mark, encoding in _BOMS if content.startswith(mark)] or ["utf-8", "gb18030"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            raise _refusal(FieldFault("file", "nul_character"))
        return text
    raise _refusal(FieldFault("file", "bad_encoding", detail="save it as UTF-8"))


def _is_json(text: str, name: str, content_type: str) -> bool:
    if name.endswith((".json", ".csv", ".tsv", ".txt")):
        return name.endswith(".json")
    if "json" in content_type or "csv" in content_type:
        return "json" in content_type
    return text.lstrip()[:1] in {"[", "{"}


def _of_csv(text: str) -> list[FileRow]:
    lines = _lines(text)
    columns = _columns(next(lines, (1, []))[1])
    rows: list[FileRow] = []
    faults: list[FieldFault] = []
    for line, cells in lines:
        if len(rows) == MOST_DATASETS:
            raise TooManyDatasets(values={"limit": MOST_DATASETS})
        row = FileRow(len(rows) + 1, flat=True)
        rows.append(row)
        faults += _cell_faults(row, columns, cells, line)
        if len(faults) >= MOST_FAULTS:
            break
    refuse(faults)
    return rows


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Number of the line and cells of each record that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        detail = f"line {reader.line_num}: {error}"
        raise _refusal(FieldFault("file", "bad_csv", detail=detail)) from None


def _delimiter(text: str) -> str:
    """The one of comma, semicolon and tab that the header has most of, outside of quotes."""
    counts = {",": 0, ";": 0, "\t": 0}
    quoted = False
    for character in text.lstrip("\r\n"):
        if character == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif character in "\r\n":
            break
        elif character in counts:
            counts[character] += 1
    return max(counts, key=lambda one: counts[one])


def _columns(header: Sequence[str]) -> list[Column]:
    """The columns. Raises InvalidInput."""
    while header and not header[-1].strip():  # spreadsheets write columns that are empty from top to bottom
        header = header[:-1]
    if len(header) > MOST_COLUMNS:
        raise _refusal(FieldFault("file", "too_many_columns", detail=f"at most {MOST_COLUMNS}"))
    columns = Columns()
    faults: list[FieldFault] = []
    for number, cell in enumerate(header, start=1):
        try:
            columns.add(parse_column(cell))
        except Refused as refused:
            faults.append(FieldFault(f"columns.{number}", refused.reason, detail=refused.detail))
    refuse(faults)
    return columns.listed


def _cell_faults(row: FileRow, columns: Sequence[Column], cells: Sequence[str], line: int) -> Iterator[FieldFault]:
    """Put a record's cells into the row; a fault for each that does not fit its column."""
    more = [cell for cell in cells[len(columns) :] if cell.strip()]
    if more or len(cells) < len(columns):
        detail = f"line {line}: the header has {len(columns)} columns, this row {len(cells)}"
        yield FieldFault(f"rows.{row.number}", "wrong_number_of_cells", detail=detail)
        return
    for column, cell in zip(columns, cells, strict=False):
        try:
            column.put(row.values, column.value(cell))
        except Refused as refused:
            detail = f"line {line}: {refused.detail}" if refused.detail else f"line {line}"
            yield FieldFault(f"rows.{row.number}.{column.label}"[:300], refused.reason, detail=detail)


def _of_json(text: str) -> list[FileRow]:
    try:
        document = json_body.parse(text.encode())
    except json_body.JsonFault as fault:
        raise _refusal(FieldFault("file", fault.reason, detail=fault.path or None)) from None
    if not isinstance(document, list):
        raise _refusal(FieldFault("file", "not_a_list", detail="a list of objects is expected"))
    if len(document) > MOST_DATASETS:
        raise TooManyDatasets(values={"limit": MOST_DATASETS})
    faults = [
        FieldFault(f"rows.{at}", "not_an_object") for at, one in enumerate(document, 1) if not isinstance(one, dict)
    ]
    refuse(faults)
    if any(_is_dataset(one) for one in document) or all(one.keys() <= _OWN | _SHOWN_ONLY for one in document):
        return [FileRow(at, _dataset(one)) for at, one in enumerate(document, 1)]
    return _flat_rows(document)


def _is_dataset(members: dict[str, Any]) -> bool:
    """True for an object that has values below the names of a dataset's parts."""
    return any(isinstance(members.get(part), dict) for part in _OBJECTS)


def _dataset(members: dict[str, Any]) -> dict[str, Any]:
    """A whole dataset as the API shows it, or as the engine names it, without what is only shown."""
    values = {name: value for name, value in members.items() if name not in _SHOWN_ONLY}
    if "default" in values and "is_default" not in values:
        values["is_default"] = values.pop("default")
    return values


def _flat_rows(document: Sequence[dict[str, Any]]) -> list[FileRow]:
    """Objects whose members are named like columns, without types: each value has its own."""
    faults: list[FieldFault] = []
    rows: list[FileRow] = []
    for number, members in enumerate(document, start=1):
        row = FileRow(number, flat=True)
        rows.append(row)
        columns = Columns()
        for name, value in members.items():
            try:
                columns.add(parse_column(name, typed=False)).put(row.values, value)
            except Refused as refused:
                faults.append(FieldFault(f"rows.{number}.{name}"[:300], refused.reason, detail=refused.detail))
    refuse(faults)
    return rows


def _refusal(fault: FieldFault) -> InvalidInput:
    return InvalidInput(fields=(fault,))
