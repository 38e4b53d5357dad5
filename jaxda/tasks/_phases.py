"""Rows of a schedule that a user writes: what they mean, and what is wrong with them.

No JAX: tables of phases are checked while a configuration is read.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from ..errors import shown


# Shares are decimal fractions: a third is .33333.
_SUM = 5e-5

Row = tuple[Any, ...]


class Fault(NamedTuple):
    """What is wrong: a row (-1: all of them), a column, what was `found`, what would be `right`."""

    row: int
    column: str
    found: str
    right: str


class Field(NamedTuple):
    """A column: its name, what is right there, and whether a value is.

    `each` stands for one column per action, `name_action`. One with a `default` may be missing.
    """

    name: str
    right: str
    fits: Callable[[Any], bool]
    text: bool = False
    each: bool = False
    default: Any = ...


class Layout(NamedTuple):
    """The columns of a table of phases in the order of a row, of which the first `least` must be.

    `joint` says that every row of a phase repeats the trials of the whole phase; otherwise
    they add up.
    """

    fields: tuple[Field, ...]
    least: int
    joint: bool


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _probability(value: Any) -> bool:
    return _number(value) and 0 <= value <= 1


def _word(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _distinct(value: Any) -> bool:
    return isinstance(value, str) and all(p := stimuli(value)) and len(set(p)) == len(p)


_PHASE = Field("phase", "the name of a phase, in quotes if a number", _word, text=True)
_TRIALS = Field("trials", "how many trials, an integer from 1", _count)
_CHANCE = ("a probability from 0 to 1", _probability)

CHOICES = Layout(
    (
        _PHASE,
        _TRIALS,
        Field("cue", "the name of a cue, in quotes if a number", _word, text=True),
        Field(
            "share",
            "a share from 0 to 1, or none in the whole phase for equal shares",
            lambda x: x is None or _probability(x),
            default=None,
        ),
        Field("p", *_CHANCE, each=True),
        Field("r", "a reward, a finite number", _number, each=True, default=1.0),
        Field("seconds", "a time above 0 s", lambda x: _number(x) and x > 0, default=1.0),
    ),
    least=5,
    joint=True,
)
COMPOUNDS = Layout(
    (
        _PHASE,
        Field("cues", "stimuli joined by +, such as A+B, each once", _distinct, text=True),
        _TRIALS,
        Field(
            "reward",
            "a finite number, or nothing for a test without an outcome",
            lambda x: x is None or _number(x),
        ),
        Field("probability", *_CHANCE, default=1.0),
    ),
    least=4,
    joint=False,
)
LAYOUTS = {"schedule": CHOICES, "conditioning": COMPOUNDS}


def stimuli(compound: str) -> tuple[str, ...]:
    """The stimuli of a compound such as `A+B`."""
    return tuple(part.strip() for part in compound.split("+"))


def place(layout: Layout, name: str) -> int:
    """Where a field stands in a row."""
    return [f.name for f in layout.fields].index(name)


def inside(layout: Layout, column: str, actions: Sequence[str] = ()) -> tuple[int, ...]:
    """Where a column stands in a row, by position in the row and within the position."""
    for i, field in enumerate(layout.fields):
        if column == field.name:
            return (i,)
        if field.each and column.startswith(f"{field.name}_"):
            name = column.removeprefix(f"{field.name}_")
            return (i, list(actions).index(name) if name in actions else int(name))
    return ()


def complete(layout: Layout, rows: Sequence[Row]) -> list[Row]:
    """Rows with the defaults of what they leave out at their end."""

    def one(row: Row) -> Row:
        width = max((len(x) for x in row if isinstance(x, tuple)), default=0)
        rest = layout.fields[len(row) :]
        return (*row, *((f.default,) * width if f.each else f.default for f in rest))

    return [one(row) for row in rows]


def phases(rows: Sequence[Row]) -> list[list[int]]:
    """Indices of the rows of each phase, in order."""
    out: list[list[int]] = []
    for i, row in enumerate(rows):
        if i and rows[i - 1][0] == row[0]:
            out[-1].append(i)
        else:
            out.append([i])
    return out


def trials(layout: Layout, rows: Sequence[Row]) -> list[int]:
    """Trials of each phase."""
    at = place(layout, "trials")
    counts = [[int(rows[i][at]) for i in phase] for phase in phases(rows)]
    return [ns[0] if layout.joint else sum(ns) for ns in counts]


def refuse(layout: Layout, rows: Any, actions: Sequence[str] = ()) -> None:
    """Refuse rows that mean nothing.

    Raises:
        ValueError: with everything that is wrong.
    """
    if faults := problems(layout, rows, actions):
        tell = lambda f: (
            f"phases[{f.row}]{f.column and '.' + f.column} is {f.found}; it is {f.right}"
        )
        raise ValueError(". ".join(map(tell, faults)) + ".")


def problems(
    layout: Layout, rows: Any, actions: Sequence[str] = (), joint: bool = True
) -> list[Fault]:
    """Everything that is wrong with `rows`; no mistake hides one elsewhere.

    Without `joint` each row is judged by itself.
    """
    if not isinstance(rows, tuple) or not rows:
        return [Fault(-1, "", shown(rows), f"a list of at least one row {_order(layout)}")]
    out: list[Fault] = []
    known: list[tuple[int, Row]] = []
    for i, row in enumerate(rows):
        if _shaped(layout, row):
            out += _cells(layout, i, row, actions)
            known.append((i, row))
        else:
            out.append(Fault(i, "", shown(row), f"a list {_order(layout)}"))
    if joint:
        out += _apart(known)
    if joint and layout.joint:
        out += _widths(layout, known, actions)
        named: dict[Any, list[tuple[int, Row]]] = {}
        for i, row in known:
            named.setdefault(row[0], []).append((i, row))
        for its in named.values():
            out += _phase(layout, its)
    return sorted(out, key=lambda f: f.row)


def _order(layout: Layout) -> str:
    name = lambda f: f"[{f.name} of each action]" if f.each else f.name
    return f"[{', '.join(map(name, layout.fields))}]"


def _shaped(layout: Layout, row: Any) -> bool:
    if not isinstance(row, tuple) or not layout.least <= len(row) <= len(layout.fields):
        return False
    return all(isinstance(x, tuple) == f.each for f, x in zip(layout.fields, row, strict=False))


def _cells(layout: Layout, i: int, row: Row, actions: Sequence[str]) -> Iterator[Fault]:
    for field, value in zip(layout.fields, row, strict=False):
        for a, x in enumerate(value) if field.each else [(-1, value)]:
            if not field.fits(x):
                name = actions[a] if 0 <= a < len(actions) else a
                column = f"{field.name}_{name}" if field.each else field.name
                yield Fault(i, column, shown(x), field.right)


def _apart(rows: Sequence[tuple[int, Row]]) -> Iterator[Fault]:
    """Phases whose rows do not stand together."""
    ended: dict[Any, int] = {}
    before = None
    for i, row in rows:
        if before is not None and row[0] != before and row[0] in ended:
            found = f"{shown(row[0])} again, after other phases"
            yield Fault(i, "phase", found, "the rows of a phase together, or another name")
        ended[row[0]] = i
        before = row[0]


def _widths(
    layout: Layout, rows: Sequence[tuple[int, Row]], actions: Sequence[str]
) -> Iterator[Fault]:
    """Rows that do not speak of the same actions, two or more."""
    at = place(layout, "p")
    width = max(2, len(actions) or len(rows[0][1][at]) if rows else 2)
    for i, row in rows:
        for field, value in zip(layout.fields, row, strict=False):
            if field.each and len(value) != width:
                found = f"{shown(value)}, of {len(value)} action{'s' * (len(value) != 1)}"
                yield Fault(i, field.name, found, f"a number for each of {width} actions")


def _phase(layout: Layout, its: Sequence[tuple[int, Row]]) -> Iterator[Fault]:
    """Rows of one phase of choices that contradict each other."""
    first, name = its[0][1], shown(its[0][1][0])
    cues: set[Any] = set()
    for i, row in its:
        if row[1] != first[1]:
            yield Fault(i, "trials", shown(row[1]), f"{shown(first[1])}, as before in phase {name}")
        if row[2] in cues:
            yield Fault(i, "cue", f"{shown(row[2])} again", f"each cue once in phase {name}")
        cues.add(row[2])
    shares = [row[3] for _, row in its]
    some = [x for x in shares if x is not None]
    if some and len(some) < len(shares):
        for i, row in its:
            if row[3] is None:
                yield Fault(i, "share", "nothing", f"a share, as elsewhere in phase {name}")
    elif some and all(map(_probability, some)) and abs(sum(some) - 1) > _SUM:
        found = f"{shown(some[-1])}, with which the shares of phase {name} add up to {sum(some):g}"
        yield Fault(its[-1][0], "share", found, "shares that add up to 1")
