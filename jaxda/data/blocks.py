"""Blocks of units of a long table, for jobs that share a fit. Imports no JAX."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from ..errors import InputError, Problem


_UNIT = ("dose", "subject", "session")


class Rows(NamedTuple):
    """The unit of every row of a table, as a number; `names` tells what they are called.

    A name is `(dose, subject, session)`, the session empty where sessions of a subject share
    parameters. Units are in the order of their first row. `longest` is the number of events
    of the longest session.
    """

    names: list[tuple[float, str, str]]
    unit: np.ndarray
    longest: int

    def block(self, number: int, of: int) -> np.ndarray:
        """The units of block `number`, from 1, `of` equal blocks; none, if none is left."""
        return np.array_split(np.arange(len(self.names)), of)[number - 1]


def rows_of(table: pa.Table, unit: str) -> Rows:
    """What each row of a table of sessions belongs to, `unit` being `subject` or `session`."""
    columns = _UNIT if unit == "session" else _UNIT[:2]
    codes, first = _numbered(table, columns)
    firsts = table.select(list(columns)).take(first).to_pydict()
    sessions = firsts.get("session", [""] * len(first))
    sizes = np.bincount(_numbered(table, _UNIT)[0])
    names = list(zip(firsts["dose"], firsts["subject"], sessions, strict=True))
    return Rows(names, codes, int(sizes.max()))


def _numbered(table: pa.Table, columns: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Different rows of some columns as numbers, in the order of first rows, and those rows."""
    codes = np.zeros(table.num_rows, np.int64)
    for name in columns:
        seen = table.column(name).combine_chunks().dictionary_encode(null_encoding="encode")
        codes = codes * max(1, len(seen.dictionary)) + seen.indices.to_numpy()
    _, first, number = np.unique(codes, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank[number], first[order]


def joined(parts: Sequence[pa.Table], names: Sequence[tuple[float, str, str]]) -> pa.Table:
    """Blocks of estimates as one table, in the order of `names`, the units it must hold.

    Raises:
        InputError: if a unit is missing, or there is one too many.
    """
    # A block without units has no columns.
    found = [p for p in parts if p.num_rows]
    columns = ([p.column(n).to_pylist() for n in _UNIT] for p in found)
    rows = [row for part in columns for row in zip(*part, strict=True)]
    each = len(rows) // len(names)
    if rows != [name for name in names for _ in range(each)] or not each:
        missing = [n for n in names if n not in set(rows)]
        told = ", ".join(" ".join(map(str, n)).strip() for n in missing[:3])
        wrong = f"{len(set(rows))} units" + (f", without {told}" if missing else "")
        right = f"the {len(names)} units of the sessions, each once and in their order"
        raise InputError([Problem("blocks", wrong, right)])
    return pa.concat_tables(found).combine_chunks()
