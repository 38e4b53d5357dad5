"""What the batches of an experiment gave: a chapter of the report."""

from typing import Any, NamedTuple

import pyarrow as pa

from .batch import design
from .batch.measures import MEASURES
from .config import Config
from .data.files import read_head
from .errors import InputError, Problem
from .layout import Layout
from .report_tables import Cell, Column, Sheet
from .wording import number


# Longer tables are cut; the whole lies in a file.
_MOST = 24
_SHOWN = ("n", "mean", "lower", "upper", "sd")


class Told(NamedTuple):
    """A batch in a sentence and a table."""

    name: str
    text: str
    sheet: Sheet


def collect(config: Config, layout: Layout) -> list[Told]:
    """Every batch of the experiment as it was found in files.

    Raises:
        InputError: with every file that is missing or damaged.
    """
    out: list[Told] = []
    problems: list[Problem] = []
    for name, batch in config.batch.items():
        path, size = layout.batch_cells(name), design.size(config, name)
        try:
            table, rows = read_head(path, _MOST)
        except InputError as error:
            problems += error.problems
            continue
        text = (
            f"{size.sessions:,} sessions of {batch.trials} trials in {size.cells:,} cells. "
            "Means over the sessions of a cell, with their 95 % intervals."
        )
        cut = f"The first {_MOST} of {rows:,} rows. " if rows > _MOST else ""
        out.append(Told(name, text, _sheet(name, table, f"{cut}File: {path.as_posix()}.")))
    if problems:
        raise InputError(problems)
    return out


def _sheet(name: str, table: pa.Table, note: str) -> Sheet:
    where = [n for n in table.column_names[: table.column_names.index("measure")]]
    where = [n for n in where if table.column(n).null_count < table.num_rows]
    kept = table.select([*where, "measure", *_SHOWN])
    text = pa.types.is_string
    columns = tuple(Column(f.name.replace("_", " "), not text(f.type)) for f in kept.schema)
    rows = [[Cell(_word(k, v)) for k, v in row.items()] for row in kept.to_pylist()]
    return Sheet(f"table-batch-{name}", "Cells", columns, rows, note=note)


def _word(column: str, value: Any) -> str:
    if value is None:
        return "–"
    if column == "measure":
        return MEASURES[value].title
    if isinstance(value, float):
        return number(value)
    return f"{value:,}" if isinstance(value, int) else str(value)
