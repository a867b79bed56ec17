"""Reads tables of labels: CSV, TSV, JSON, JSONL, Parquet and Matlab's `.mat`, from bytes."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import PurePosixPath

import pyarrow
from pyarrow import parquet

from ..errors import DataError, RepeatedColumnError
from .columns import USUAL_NAMES

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
"""Files that may be tables of labels; `.txt` and `.mat` are so in recipes only."""

SEPARATORS = ",;\t|"
SEPARATOR_LINE = re.compile(r"sep=(.)", re.I)
"""A first line that Excel understands."""

MATLAB_DAYS_BEFORE_PYTHON = 366


def read_table(name: str, data: bytes, header: Sequence[str] = (), separator: str | None = None) -> list[dict]:
    """The rows of a table as dicts of its columns.

    Args:
        name: of the file; its suffix says the kind.
        data: its bytes.
        header: column names of a text table without any.
        separator: of a text table; None for the one that its first line shows. A blank stands for any white space.

    Raises:
        RepeatedColumnError: two of its columns have one name.
        DataError: the table cannot be read.
    """
    suffix = PurePosixPath(name).suffix.lower()
    try:
        if suffix == ".parquet":
            file = parquet.ParquetFile(io.BytesIO(data))
            _refuse_repeated(name, file.schema_arrow.names)
            return file.read().to_pylist()
        if suffix == ".mat":
            return _matlab_rows(data)
        text = _decoded(data)
        if suffix == ".json":
            return _json_rows(json.loads(text))
        if suffix in (".jsonl", ".ndjson"):
            return _lines_of_json(text)
        return _text_rows(name, text, header, separator)
    except (ValueError, pyarrow.ArrowException, csv.Error) as error:  # also of decoding
        raise DataError(f"{name} cannot be read as a table: {error}") from error


def _json_rows(found: object) -> list[dict]:
    """A list of objects, alone or in an object; columns as lists, or rows by file name, as pandas writes them.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(found, dict) and found:
        cells = list(found.values())
        if all(isinstance(row, dict) for row in cells):
            if found.keys() & set(USUAL_NAMES["image"]):  # as `DataFrame.to_json` has it: column -> row -> cell
                return [{name: column.get(row) for name, column in found.items()} for row in cells[0]]
            return [{"file_name": name} | row for name, row in found.items()]
        if all(isinstance(column, list) for column in cells) and len({len(column) for column in cells}) == 1:
            if len(found) > 1:
                return [dict(zip(found, row, strict=True)) for row in zip(*cells, strict=True)]
            found = cells[0]
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise ValueError("it holds no list of objects")
    return found


def _lines_of_json(text: str) -> list[dict]:
    """The objects of the lines; an empty row, which is left out later, for a line that is none.

    Raises:
        ValueError: no line is an object.
    """
    rows = []
    for line in filter(str.strip, text.split("\n")):
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        rows.append(row if isinstance(row, dict) else {})
    if rows and not any(rows):
        raise ValueError("no line of it is an object")
    return rows


def _decoded(data: bytes) -> str:
    """UTF-8, UTF-16 with its mark, or what older spreadsheets write."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252")


def _text_rows(name: str, text: str, header: Sequence[str], separator: str | None) -> list[dict]:
    lines = text.splitlines(keepends=True)
    if separator == " ":
        table = [line.split() for line in lines]
    else:
        if lines and (said := SEPARATOR_LINE.fullmatch(lines[0].strip())):
            separator, lines = said[1], lines[1:]
        head = next(filter(str.strip, lines), "")
        table = list(csv.reader(lines, delimiter=separator or max(SEPARATORS, key=head.count)))
    table = [cells for cells in table if any(cell.strip() for cell in cells)]
    names = [each.strip() for each in header or (table.pop(0) if table else ())]
    _refuse_repeated(name, names)
    # Cells that a short row lacks are missing labels; those beyond the header have no name.
    return [dict(zip(names, [*cells, *[None] * (len(names) - len(cells))], strict=False)) for cells in table]


def _refuse_repeated(table: str, columns: Sequence[str]) -> None:
    repeated = [name for name, count in Counter(columns).items() if name and count > 1]
    if repeated:
        raise RepeatedColumnError(f"{table} has several columns {repeated[0]!r}: rename or remove all but one", columns)


def _matlab_rows(data: bytes) -> list[dict]:
    """Rows of the one struct in a `.mat` file, whose members are vectors of one length.

    `dob` counts days as Matlab does, from the year 0.
    """
    from scipy.io import loadmat  # takes as long as the rest of the module

    found = {name: value for name, value in loadmat(io.BytesIO(data)).items() if not name.startswith("__")}
    struct = next((value for value in found.values() if value.dtype.names), None)
    if struct is None:
        raise ValueError("it holds no struct")
    members = {name: struct[name][0, 0].ravel() for name in struct.dtype.names}
    count = len(next(iter(members.values())))
    columns = {name: [_plain(cell) for cell in cells] for name, cells in members.items() if len(cells) == count}
    if "dob" in columns:
        columns["dob"] = [_matlab_date(days) for days in columns["dob"]]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain(cell: object) -> object:
    """A cell of a Matlab array as Python has it: text and numbers come as arrays of one element, or none."""
    if getattr(cell, "size", 1) == 0:
        return None
    while hasattr(cell, "size") and hasattr(cell, "ravel") and cell.size == 1 and getattr(cell, "shape", ()):
        cell = cell.ravel()[0]
    return cell.item() if hasattr(cell, "item") and getattr(cell, "size", 1) == 1 else cell


def _matlab_date(days: object) -> str | None:
    try:
        return date.fromordinal(int(days) - MATLAB_DAYS_BEFORE_PYTHON).isoformat()
    except (ValueError, OverflowError, TypeError):
        return None
