"""A lab's own table of choices as the long table that simulated sessions have. Imports no JAX.

Nothing is guessed, repaired or left out in silence: what cannot be read as it stands is a
problem with a row and a column, and all problems are told at once.
"""

import math
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from ..catalog import did_you_mean
from ..config import Dataset
from ..errors import Problem, shown
from ..layout import DATA
from . import _cells
from .covariates import PREFIX
from .files import with_metadata


_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+")
# Nobody takes so many seconds for a choice, and nobody reacts in so few milliseconds.
_SLOW, _FAST = 100.0, 10.0
# Floats tell integers apart up to here.
_EXACT = 2.0**53


def read(dataset: Dataset, name: str) -> pa.Table:
    """The sessions of a data set, one row per trial, by dose, subject, session and trial.

    Columns: dose, subject, session, trial (as in the file), event (from 0 in its session),
    cue, option_0 ... (the items of the actions), action (from 0; null if missed), choice (an
    action was recorded), latency (s), reward (in units of `reward_scale`), feedback (a choice
    with its reward), onset, terminal, successor, elapsed, valid, condition where the file has
    one, and covariate_ and its name for each covariate: numbers where all of it are numbers,
    else texts, null for a unit that has none, and the metadata say where (`lacking`). A missed
    trial keeps its row; a reward or latency recorded beside it is left out, and the metadata
    say how many were (`left_out`). A unit that never chose, or has one trial, keeps its rows
    too, and the metadata say which (`idle`): a table is refused only if there is no other.

    Raises:
        InputError: with everything that is wrong.
    """
    faults = _cells.Faults(dataset.path)
    if dataset.task != "choice":
        faults.add("task", (), f"a table of a {dataset.task} task", "a choice task")
        faults.fail()
    wanted = {*dict(dataset.columns).values(), *dataset.covariates.values()}
    cells = _cells.read(dataset.path, dataset.missing, faults, wanted=wanted - {None})
    if cells is None:
        faults.fail()
    return _table(_File(dataset, name, cells, faults))


class _File(NamedTuple):
    """What is read and how, and where problems go."""

    dataset: Dataset
    name: str
    cells: _cells.Cells
    faults: _cells.Faults

    def has(self, what: str) -> bool:
        """Whether there is a column of `what` to read."""
        return getattr(self.dataset.columns, what) in self.cells.columns

    def column(self, what: str) -> list[str | None]:
        """The cells of `what`; all missing where there is no such column."""
        nothing: list[str | None] = [None] * len(self.cells.lines)
        return self.cells.columns.get(getattr(self.dataset.columns, what), nothing)

    def wrong(self, what: str, row: int, found: str, right: str, kind: str = "") -> None:
        """Note a problem in one cell."""
        at = (self.cells.lines[row], getattr(self.dataset.columns, what))
        self.faults.add(f"{what} {kind or right}", at, found, right)


def _table(file: _File) -> pa.Table:
    _header(file)
    n = len(file.cells.lines)
    subject, session = _labels(file, "subject", ""), _labels(file, "session", "1")
    dose = _numbers(file, "dose", "a dose", needed=True)
    dose = dose if file.has("dose") else np.zeros(n)
    who = list(zip(dose.tolist(), subject, session, strict=True))
    trial = _trials(file, who)
    action = _actions(file)
    choice = np.isfinite(action)
    reward, latency = _rewards(file, choice), _latencies(file, choice)
    cue, items, cues = _cues(file)
    idle, kept = _enough(file, who, choice)
    covariates, lacking = _covariates(file, who)
    if file.faults:
        file.faults.fail()

    order = np.lexsort((trial, _ranks(session), _ranks(subject), dose))
    event = _positions([who[i] for i in order])
    number = lambda x: pa.array(x[order], mask=np.isnan(x[order]))
    whole = lambda x: pa.array(np.nan_to_num(x)[order].astype(np.int64))
    text = lambda x: pa.array([x[i] for i in order], pa.string())
    always = lambda value: pa.array(np.full(n, value))
    columns = {
        "dose": number(dose),
        "subject": text(subject),
        "session": text(session),
        "trial": whole(trial),
        "event": pa.array(event),
        "cue": whole(cue),
        **{f"option_{a}": whole(items[:, a]) for a in range(file.dataset.actions)},
        "action": number(action).cast(pa.int64()),
        "choice": pa.array(choice[order]),
        "latency": number(latency),
        "reward": number(reward),
        "feedback": pa.array(np.isfinite(reward)[order]),
        "onset": always(True),
        "terminal": always(True),
        "successor": always(0),
        "elapsed": always(1.0),
        "valid": always(True),
    }
    if file.has("condition"):
        columns["condition"] = text(file.column("condition"))
    for name, cells in covariates.items():
        columns[PREFIX + name] = cells.take(order)
    facts = _facts(file, n, cues, items, _left_out(file, choice))
    return with_metadata(
        pa.table(columns), {**facts, "lacking": lacking, "idle": idle, "kept": kept}
    )


def _left_out(file: _File, choice: np.ndarray) -> dict[str, int]:
    """How many missed trials have a reward or a latency, which nothing can be learned from."""
    missed = _where(~choice)
    count = lambda what: sum(file.column(what)[row] is not None for row in missed)
    return {what: count(what) for what in ("reward", "latency")}


def _facts(
    file: _File, n: int, cues: list[str], items: np.ndarray, left_out: dict[str, int]
) -> dict[str, Any]:
    scale = file.dataset.reward_scale
    return {
        "scenario": file.name,
        "source": DATA,
        "rows": n,
        "left_out": left_out,
        "cues": {str(k): label for k, label in enumerate(cues)},
        "units": {"latency": "s", "reward": f"recorded / {scale:g}", "elapsed": "trial"},
        "env": {
            "n_cues": max(len(cues), 1),
            "n_items": int(items.max()) + 1,
            "n_actions": file.dataset.actions,
            "acts": True,
            "timed": False,
        },
    }


def _header(file: _File) -> None:
    wanted = {f"columns.{what}": column for what, column in file.dataset.columns}
    wanted |= {f"covariates.{name}": column for name, column in file.dataset.covariates.items()}
    for what, column in wanted.items():
        if column is not None and column not in file.cells.header:
            near = did_you_mean(column, file.cells.header)
            near = near.replace("there are", "the columns are", 1)
            found = f"no column {column!r} (datasets.{file.name}.{what})"
            file.faults.add("header", (1,), found, near)


def _labels(file: _File, what: str, default: str) -> list[str]:
    if file.has(what):
        for row, cell in enumerate(file.column(what)):
            if cell is None:
                file.wrong(what, row, "nothing", f"the name of a {what}")
    return [cell or default for cell in file.column(what)]


def _numbers(file: _File, what: str, right: str, needed: bool = False) -> np.ndarray:
    """Numbers of a column; NaN where missing or not a number, the latter being a problem."""
    out, missing = np.full(len(file.cells.lines), np.nan), shown(file.dataset.missing)
    for row, cell in enumerate(file.column(what)):
        if cell is None:
            if needed and file.has(what):
                file.wrong(what, row, "nothing", right)
        elif _NUMBER.fullmatch(cell) and math.isfinite(float(cell)):
            out[row] = float(cell)
        elif _COMMA.fullmatch(cell):
            file.wrong(what, row, shown(cell), shown(cell.replace(",", ".")), "comma")
        else:
            file.wrong(what, row, shown(cell), f"{right}, or one of missing: {missing}")
    return out


def _where(flags: np.ndarray) -> list[int]:
    return np.flatnonzero(flags).tolist()


def _integers(file: _File, what: str, right: str, needed: bool = False) -> np.ndarray:
    out = _numbers(file, what, right, needed)
    for row in _where(np.isfinite(out) & ((out != np.round(out)) | (abs(out) > _EXACT))):
        file.wrong(what, row, shown(file.column(what)[row]), right)
        out[row] = np.nan
    return out


def _trials(file: _File, who: list[tuple[float, str, str]]) -> np.ndarray:
    """Numbers of trials, each once in its session."""
    trial = _integers(file, "trial", "an integer, the number of the trial", needed=True)
    known = file.has("subject") and (file.has("session") or not file.dataset.columns.session)
    right = "each trial of a session once"
    if not file.dataset.columns.session:
        right += ", or columns.session"
    first: dict[Any, int] = {}
    for row in _where(np.isfinite(trial)) if known else ():
        line = file.cells.lines[row]
        before = first.setdefault((who[row], trial[row]), line)
        if before != line:
            found = f"trial {trial[row]:g} of subject {who[row][1]!r} again, after line {before}"
            file.wrong("trial", row, found, right, "twice")
    return trial


def _actions(file: _File) -> np.ndarray:
    """Actions from 0; NaN where the trial was missed."""
    base, n = file.dataset.choice_base, file.dataset.actions
    right = f"{' or '.join(str(base + a) for a in range(n))} (choice_base: {base}, actions: {n})"
    choice = _integers(file, "choice", right)
    outside = _where((choice < base) | (choice >= base + n))
    low, high = (np.nanmin(choice), np.nanmax(choice)) if outside else (0, 0)
    other = 1 - base
    if outside and low >= other and high < other + n:
        found = f"{choice[outside[0]]:g}, and all choices lie in {low:g}..{high:g}"
        found += ": are they 1-based?" if other else ": are they 0-based?"
        file.wrong("choice", outside[0], found, f"choice_base: {other}")
    else:
        for row in outside:
            file.wrong("choice", row, f"{choice[row]:g}", right)
    return choice - base


def _rewards(file: _File, choice: np.ndarray) -> np.ndarray:
    """Rewards after a choice, in units of the scale; NaN where there is nothing to learn from."""
    reward = _numbers(file, "reward", "a finite number")
    if file.has("reward") and not file.dataset.no_feedback:
        cells = file.column("reward")
        right = f"a reward, or no_feedback: true (datasets.{file.name}) if none was shown"
        for row in _where(choice):
            if cells[row] is None:
                file.wrong("reward", row, "a choice without a reward", right)
    return np.where(choice, reward / file.dataset.reward_scale, np.nan)


def _latencies(file: _File, choice: np.ndarray) -> np.ndarray:
    """Latencies of choices in seconds; NaN where missing."""
    recorded = _numbers(file, "latency", "a latency above 0")
    # Of a missed trial 0 often stands for none.
    for row in _where((recorded < 0) | (choice & (recorded == 0))):
        file.wrong("latency", row, f"{recorded[row]:g}", "a latency above 0")
    latency = np.where(choice, recorded, np.nan)
    unit, some = file.dataset.latency_unit, latency[np.isfinite(latency)]
    if some.size:
        median = float(np.median(some))
        at = f"a median of {median:g} {unit}"
        if unit == "s" and median > _SLOW:
            file.faults.add("unit", (1, file.dataset.columns.latency), at, "latency_unit: ms")
        if unit == "ms" and 0 < median < _FAST:
            file.faults.add("unit", (1, file.dataset.columns.latency), at, "latency_unit: s")
    return latency / 1000 if unit == "ms" else latency


def _cues(file: _File) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Index of the cue, item of each action `[rows, actions]`, and the labels of the cues."""
    n, cells, known = file.dataset.actions, file.column("cue"), file.dataset.cues
    if not file.has("cue"):
        return np.zeros(len(cells)), np.tile(np.arange(n), (len(cells), 1)), []
    rows: dict[str, list[int]] = {}
    for row, cell in enumerate(cells):
        if cell is None:
            file.wrong("cue", row, "nothing", "the name of a cue")
        else:
            rows.setdefault(cell, []).append(row)
    labels = sorted(rows if known is None else known, key=_order(known or rows))
    cue, items = np.zeros(len(cells)), np.zeros((len(cells), n), int)
    for label, where in rows.items():
        if label not in labels:
            found = f"the cue {label!r}, in {len(where)} rows"
            right = f"{did_you_mean(label, labels)} (datasets.{file.name}.cues)"
            file.wrong("cue", where[0], found, right, "unknown")
            continue
        k = labels.index(label)
        cue[where] = k
        items[where] = np.arange(n) + k * n if known is None else known[label]
    return cue, items, labels


def _enough(
    file: _File, who: list[tuple[float, str, str]], choice: np.ndarray
) -> tuple[list[str], int]:
    """Where units teach nothing, which are kept as long as others teach; how many units."""
    by_session = file.dataset.unit == "session"
    units: dict[tuple[Any, ...], list[int]] = {}
    for row, name in enumerate(who):
        units.setdefault(name if by_session else name[:2], []).append(row)
    if not (file.has("subject") and file.has("choice")):
        return [], 0
    poor: list[tuple[str, int, str]] = []
    for unit, where in units.items():
        told = f"subject {unit[1]!r}" + (f" session {unit[2]!r}" if by_session else "")
        if not choice[where].any():
            poor.append(("no choice", where[0], f"no choice of {told} in {len(where)} trials"))
        elif len(where) == 1:
            found = f"one trial of {told}, from which nothing can be learned"
            poor.append(("one trial", where[0], found))
    right = {"no choice": "choices, or no rows", "one trial": "more trials, or none"}
    if len(poor) == len(units):
        for kind, row, found in poor:
            file.wrong("subject", row, found, right[kind], kind)
    kept = "kept, and flagged in the fits"
    at = lambda row: f"{file.dataset.path}:{file.cells.lines[row]}:{file.dataset.columns.subject}"
    return [str(Problem(at(row), found, kept)) for _, row, found in poor], len(units)


def _covariates(
    file: _File, who: list[tuple[float, str, str]]
) -> tuple[dict[str, pa.Array], list[str]]:
    """Each covariate as a column of one value per unit, and where a unit has none."""
    by_session = file.dataset.unit == "session"
    units = [name if by_session else name[:2] for name in who]
    out, lacking = {}, []
    for name, column in file.dataset.covariates.items() if file.has("subject") else ():
        cells = file.cells.columns.get(column, [None] * len(units))
        first: dict[tuple, int] = {}
        for row, (unit, cell) in enumerate(zip(units, cells, strict=True)):
            before = first.setdefault(unit, row)
            at = (file.cells.lines[row], column)
            if cells[before] != cell:
                same = "each session" if by_session else "each subject, or unit: session"
                line = file.cells.lines[before]
                found = f"{shown(cell)}, after {shown(cells[before])} in line {line}"
                file.faults.add(f"covariate {name}", at, found, f"one {name} for {same}")
            elif cell is None and before == row:
                where = ":".join(map(str, (file.dataset.path, *at)))
                found = f"no {name} of subject {unit[1]!r}"
                lacking.append(str(Problem(where, found, "a value, or the unit is in no group")))
        known = [cell for cell in cells if cell is not None]
        if all(_NUMBER.fullmatch(cell) or _COMMA.fullmatch(cell) for cell in known):
            for row, cell in enumerate(cells):
                if cell is not None and _COMMA.fullmatch(cell):
                    at, right = (file.cells.lines[row], column), shown(cell.replace(",", "."))
                    file.faults.add("covariate comma", at, shown(cell), right)
            numbers = [None if c is None else float(c.replace(",", ".")) for c in cells]
            for row, number in enumerate(numbers):
                if number is not None and not math.isfinite(number):
                    at = (file.cells.lines[row], column)
                    file.faults.add(f"covariate {name}", at, shown(cells[row]), "a finite number")
            out[name] = pa.array(numbers, pa.float64())
        else:
            out[name] = pa.array(cells, pa.string())
    return out, lacking


def _order(labels: Iterable[str]) -> Any:
    """Key of the order of labels: that of numbers where all are numbers."""
    return float if all(_NUMBER.fullmatch(label) for label in labels) else str


def _ranks(labels: list[str]) -> np.ndarray:
    known = sorted(set(labels), key=_order(set(labels)))
    place = {label: i for i, label in enumerate(known)}
    return np.asarray([place[label] for label in labels])


def _positions(sessions: list[tuple[float, str, str]]) -> np.ndarray:
    seen: dict[tuple[float, str, str], int] = {}
    out = np.zeros(len(sessions), np.int64)
    for i, session in enumerate(sessions):
        out[i] = seen.get(session, 0)
        seen[session] = seen.get(session, 0) + 1
    return out
