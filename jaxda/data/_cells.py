"""A lab's own file as columns of text, with the line of every row. Judges form, not meaning."""

import csv
import io
import os
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from ..catalog import did_you_mean
from ..errors import InputError, Problem, shown
from . import _plain


# More lines of one kind than this teach nothing new.
_LINES = 20
# More than anybody recorded, and what fits into memory as text.
_BYTES = 2**31
# Tables of choices have a few bits in a cell; a bomb has next to none.
_CELLS = 200
_KINDS = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")


class Faults:
    """Problems of a file by kind, of which only the first few are told."""

    def __init__(self, path: str):
        self._path, self._kinds = path, dict[str, list[Problem]]()

    def __bool__(self) -> bool:
        return bool(self._kinds)

    def add(self, kind: str, at: Iterable[Any], found: str, right: str) -> None:
        """Note what was `found` at a row and column (or less) of the file."""
        where = ":".join((self._path, *map(str, at)))
        self._kinds.setdefault(kind, []).append(Problem(where, found, right))

    def fail(self) -> NoReturn:
        """Raise all of them."""
        told: list[Problem] = []
        for problems in self._kinds.values():
            told += problems[:_LINES]
            if len(problems) > _LINES:
                found = f"and {len(problems) - _LINES} more like the last"
                told.append(Problem(self._path, found, problems[-1].right))
        raise InputError(told)


class Cells(NamedTuple):
    """Columns of cells, None where missing; `lines[i]` is where row i stands, the header at 1."""

    header: tuple[str, ...]
    lines: list[int]
    columns: dict[str, list[str | None]]


class _Unreadable(Exception):
    """Place within the file, what was found, and what would be right."""


def read(
    path: str,
    missing: Iterable[str],
    faults: Faults,
    per: str = "trial",
    wanted: Collection[str] | None = None,
) -> Cells | None:
    """The cells of a file, or None; what is wrong with it goes to `faults`.

    `per` says what each row is for, and `wanted` which columns are read: all, unless given. One
    that cannot be is left out.
    """
    try:
        name = path.lower()
        if not name.endswith(_KINDS):
            right = f"a file ending in {', '.join(_KINDS)}"
            raise _Unreadable((), f"a file of the kind {Path(path).suffix!r}", right)
        raw = _bytes(path)
        if name.endswith(".parquet"):
            cells = _parquet(raw, faults, per, wanted)
        else:
            cells = _text(path, raw, faults, per, wanted)
    except _Unreadable as error:
        faults.add("file", *error.args)
        return None
    nothing = {None, *missing}
    columns = {n: [None if c in nothing else c for c in column] for n, column in cells[2].items()}
    return Cells(cells.header, cells.lines, columns)


def _bytes(path: str) -> bytes:
    try:
        raw = _plain.contents(path, _BYTES)
        return _plain.unpacked(raw, _BYTES) if path.lower().endswith(".gz") else raw
    except FileNotFoundError:
        folder = Path(path).parent
        near = os.listdir(folder) if os.access(folder, os.R_OK | os.X_OK) else []
        right = did_you_mean(Path(path).name, near)
        if not right.startswith("did"):
            right = "a path seen from the configuration or from the current folder"
        raise _Unreadable((), "no such file", right) from None
    except _plain.Unreadable as error:
        raise _Unreadable((), *error.args) from None


def _parquet(raw: bytes, faults: Faults, per: str, wanted: Collection[str] | None) -> Cells:
    try:
        # Texts that recur are kept once, whatever the file says.
        file = pq.ParquetFile(pa.BufferReader(raw))
        schema, rows = file.schema_arrow, file.metadata.num_rows
        names = schema.names
        if len(set(names)) < len(names):
            raise _Unreadable((), f"columns {shown(names)}", "each name once")
        chosen = [n for n in names if wanted is None or n in wanted]
        texts = [n for n in chosen if pa.types.is_string(schema.field(n).type)]
        file = pq.ParquetFile(pa.BufferReader(raw), read_dictionary=texts)
    except (pa.ArrowException, OSError, ValueError, LookupError):
        raise _Unreadable((), "not a Parquet file", "a whole one, or .csv") from None
    if not rows:
        raise _Unreadable((), "no rows", f"one row for each {per}")
    whole = sum(file.metadata.row_group(g).total_byte_size for g in range(file.num_row_groups))
    if (
        rows * max(len(chosen), 1) > max(_plain.HARMLESS, _CELLS * len(raw))
        or not 0 <= whole <= max(_plain.HARMLESS, _plain.TIMES * len(raw))
        or whole > _BYTES
    ):
        found = f"{rows} rows that unpack to more than {_plain.TIMES} times the size of the file"
        raise _Unreadable((), found, "a table of what was recorded")
    columns: dict[str, list[str | None]] = {}
    for name in chosen:
        kind = schema.field(name).type
        if pa.types.is_nested(kind) or _is_binary(kind):
            faults.add("type", (1, name), f"a column of {kind}", "numbers or texts")
            continue
        try:
            columns[name] = _strings(file.read([name]).column(0))
        except (pa.ArrowException, OSError, ValueError, LookupError, OverflowError) as error:
            found = f"a column of {kind} that cannot be read ({type(error).__name__})"
            faults.add("damaged", (1, name), found, "numbers or texts (UTF-8)")
    return Cells(tuple(names), list(range(1, rows + 1)), columns)


def _is_binary(kind: pa.DataType) -> bool:
    some = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    return any(each(kind) for each in some)


def _strings(column: pa.ChunkedArray) -> list[str | None]:
    out: list[str | None] = []
    for chunk in column.chunks:
        if pa.types.is_dictionary(chunk.type):
            texts = [*map(_spelt, chunk.dictionary.to_pylist()), None]
            out += [texts[-1 if i is None else i] for i in chunk.indices.to_pylist()]
        else:
            out += map(_spelt, chunk.to_pylist())
    return out


def _spelt(value: Any) -> str | None:
    if value is None:
        return None
    return str(int(value)) if isinstance(value, bool) else str(value).strip()


def _decoded(raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _Unreadable((1,), "text saved as UTF-16", "text saved as UTF-8")
    if raw[:2] == b"PK" or b"\0" in raw[:4096]:
        raise _Unreadable((1,), "a binary file, such as a workbook", "a sheet saved as .csv")
    if b"\0" in raw:
        line = raw.count(b"\n", 0, raw.index(b"\0")) + 1
        raise _Unreadable((line,), "a NUL byte", "text without it")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        found = f"the byte 0x{raw[error.start]:02x}, as in Latin-1"
        raise _Unreadable((line,), found, "text saved as UTF-8") from None


def _text(path: str, raw: bytes, faults: Faults, per: str, wanted: Collection[str] | None) -> Cells:
    text = _decoded(raw)
    if not text.strip():
        raise _Unreadable((1,), "an empty file", f"a header, and one row for each {per}")
    tabs = ".tsv" in path.lower()[-7:]
    style: dict[str, Any] = {"delimiter": "\t" if tabs else ",", "skipinitialspace": True}
    rows = csv.reader(io.StringIO(text, newline=""), strict=True, **style)
    numbered, last = [], 0
    try:
        for row in rows:
            # A row may span lines, and a blank line is no row.
            line, last = last + 1, rows.line_num
            if row:
                numbered.append((line, [c.strip() for c in row]))
    except csv.Error as error:
        raise _Unreadable((last + 1,), str(error), "quotes closed in their cell") from None
    (top, header), body = numbered[0], numbered[1:]
    _header(top, header, tabs, faults)
    if not body:
        raise _Unreadable((top,), "only a header", f"one row for each {per}")
    whole = []
    for line, row in body:
        if len(row) == len(header):
            whole.append((line, row))
        else:
            faults.add("ragged", (line,), f"{len(row)} cells", f"{len(header)}, as in the header")
    columns: dict[str, list[str | None]] = {}
    for i, name in enumerate(header):
        if (wanted is None or name in wanted) and name not in columns:
            columns[name] = [row[i] for _, row in whole]
    return Cells(tuple(header), [line for line, _ in whole], columns)


def _header(line: int, header: list[str], tabs: bool, faults: Faults) -> None:
    if len(header) == 1:
        for mark, word in ((";", "semicolons"), (",", "commas"), ("\t", "tabs")):
            if mark in header[0]:
                right = "tabs, or a name that ends in .csv" if tabs else "commas"
                raise _Unreadable((line,), f"{word} between the columns", right)
    for name, n in Counter(header).items():
        if name and n > 1:
            faults.add("header", (line,), f"{n} columns called {name!r}", "each name once")
