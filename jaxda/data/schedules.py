"""Schedules and designs that stand in tables, as settings of a task. Imports no JAX."""

import re
from typing import Any

from ..catalog import did_you_mean
from ..errors import InputError
from ..tasks._phases import LAYOUTS, Field, Layout, problems
from . import _cells


_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
# What stands in for a column that is missing, so that the others can be judged.
_SOUND: dict[str, Any] = {"phase": "1", "cue": "1", "cues": "1", "trials": 1, "p": 0.5}


def read(path: str, task: str) -> dict[str, Any]:
    """Settings of `task` (schedule or conditioning) that a table holds, one row per type of trial.

    The columns are those of a row of `phases`; of actions there is one column each, such as
    `p_left` and `p_right`, and their names become the setting `actions`. An empty cell is None.

    Raises:
        InputError: with everything that is wrong, by row and column.
    """
    faults, layout = _cells.Faults(path), LAYOUTS[task]
    cells = _cells.read(path, ("",), faults, "type of trial in a phase")
    if cells is None or not cells.lines:
        faults.fail()
    actions = _actions(layout, cells.header)
    _header(layout, cells.header, actions, faults)
    # Without a column, or a row, no sum over rows means anything.
    whole = not faults
    names = actions if len(actions) > 1 else ("", "")
    rows = tuple(
        tuple(_value(field, cells, i, names) for field in layout.fields)
        for i in range(len(cells.lines))
    )
    for fault in problems(layout, rows, names, joint=whole):
        at = (cells.lines[fault.row], fault.column)
        faults.add(f"{fault.column} {fault.right}", at, fault.found, fault.right)
    if faults:
        faults.fail()
    return {"phases": rows, "actions": tuple(actions)} if actions else {"phases": rows}


def _actions(layout: Layout, header: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the actions, by the columns that no action may lack."""
    starts = [f"{f.name}_" for f in layout.fields if f.each and f.default is ...]
    found = [c.removeprefix(s) for s in starts for c in header if c.startswith(s) and c != s]
    return tuple(dict.fromkeys(found))


def _header(
    layout: Layout, header: tuple[str, ...], actions: tuple[str, ...], faults: _cells.Faults
) -> None:
    known: list[str] = []
    for field in layout.fields:
        names = [f"{field.name}_{a}" for a in actions] if field.each else [field.name]
        known += names
        here = [n for n in names if n in header]
        if field.each and len(actions) < 2 and field.default is ...:
            found = f"{len(actions)} actions (columns {field.name}_...)"
            right = f"a column for each of two or more actions, such as {field.name}_left"
            faults.add("header", (1,), found, right)
        elif field.default is ... or here:
            for name in names:
                if name not in header:
                    right = did_you_mean(name, [c for c in header if c])
                    right = right.replace("there are", "the columns are", 1)
                    faults.add("header", (1,), f"no column {name!r}", right)
    for column in header:
        if column not in known:
            faults.add("header", (1,), f"the column {column!r}", did_you_mean(column, known))


def _value(field: Field, cells: _cells.Cells, row: int, actions: tuple[str, ...]) -> Any:
    if not field.each:
        return _cell(field, field.name, cells, row)
    return tuple(_cell(field, f"{field.name}_{a}", cells, row) for a in actions)


def _cell(field: Field, column: str, cells: _cells.Cells, row: int) -> Any:
    if column not in cells.columns:
        return _SOUND.get(field.name) if field.default is ... else field.default
    text = cells.columns[column][row]
    if field.text or text is None or not _NUMBER.fullmatch(text):
        return text
    number = float(text)
    return int(number) if field.name == "trials" and number.is_integer() else number


def settings(path: str, task: str) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """What a table holds, or what is wrong with it."""
    try:
        return read(path, task), ()
    except InputError as error:
        return {}, error.problems
