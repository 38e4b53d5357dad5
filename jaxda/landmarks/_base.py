"""The landmark interface: a known result, what the models of the catalogue give, and the two drawn.

A landmark is measured by playing models on tasks, never by repeating a model's equations. What
is expected comes from a closed form (`jaxda.theory`) or from a published or independently
computed number.
"""

import abc
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike


# Also of nested sequences of floats, which a strict reading of `ArrayLike` leaves out.
Numbers = ArrayLike | Sequence[Any]


class Check(NamedTuple):
    """One number held against what it must be.

    `relation` is "=" (within `tolerance`), "≥" or "≤" (`expected` is the bound and `tolerance`
    the slack it has).
    """

    name: str
    expected: float
    got: float
    tolerance: float
    relation: Literal["=", "≥", "≤"] = "="

    @property
    def passed(self) -> bool:
        """Whether the number is as it must be; never where it is no number."""
        off = self.got - self.expected
        signed = {"=": abs(off), "≥": -off, "≤": off}[self.relation]
        return bool(signed <= self.tolerance)

    def words(self) -> tuple[str, str]:
        """What was expected, with its tolerance, and what was measured."""
        size, digits = abs(self.expected), 4
        if size and self.tolerance and math.isfinite(size):
            # Enough to see the tolerance, and never more than seven.
            digits = min(max(math.ceil(math.log10(size / self.tolerance)) + 1, 3), 7)
        relation = "" if self.relation == "=" else f"{self.relation} "
        slack = f" ± {self.tolerance:.1g}" if self.tolerance else ""
        expected = f"{relation}{self.expected:.{digits}g}{slack}"
        return expected.replace("-", "−"), f"{self.got:.{digits}g}".replace("-", "−")


def equal(name: str, expected: float, got: Numbers, tolerance: float) -> Check:
    """`got` is `expected` within an absolute `tolerance`."""
    return Check(name, float(expected), _number(got), float(tolerance))


def agree(name: str, expected: Numbers, got: Numbers, tolerance: float) -> Check:
    """All of `got` are as `expected`, arrays of one shape: the pair that is farthest apart.

    Raises:
        ValueError: if the shapes differ or there is nothing to compare.
    """
    a, b = np.asarray(expected, float), np.asarray(got, float)
    if a.shape != b.shape or not a.size:
        raise ValueError(f"{name}: shapes {a.shape} and {b.shape} cannot be compared.")
    off = np.abs(a - b).ravel()
    # NaN anywhere is the worst there can be.
    worst = int(np.argmax(np.where(np.isnan(off), np.inf, off)))
    label = f"{name} (farthest of {a.size})" if a.size > 1 else name
    return Check(label, float(a.ravel()[worst]), float(b.ravel()[worst]), float(tolerance))


def at_least(name: str, bound: float, got: Numbers, slack: float = 0.0) -> Check:
    """`got` is no less than `bound`."""
    return Check(name, float(bound), _number(got), float(slack), "≥")


def at_most(name: str, bound: float, got: Numbers, slack: float = 0.0) -> Check:
    """`got` is no more than `bound`."""
    return Check(name, float(bound), _number(got), float(slack), "≤")


def _number(x: Numbers) -> float:
    return float(np.asarray(x, float).reshape(()))


class Mark(NamedTuple):
    """One series of a panel.

    `kind` is how it is drawn; `low` and `high` are its interval, if it has one. A `theory` is
    drawn as a thin grey dashed line behind the others. Series with one `color` belong together;
    without one they are coloured in turn.
    """

    kind: Literal["line", "points", "bars", "step"]
    x: Sequence[float]
    y: Sequence[float]
    label: str = ""
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    theory: bool = False
    color: int | None = None


class Panel(NamedTuple):
    """Axes with their series. `ticks` names the places 0, 1, ... on the x axis."""

    title: str
    x: str
    y: str
    marks: Sequence[Mark]
    ticks: Sequence[str] = ()
    log: Literal["", "x", "y", "xy"] = ""
    zero: bool = False


class Measured(NamedTuple):
    """What was found: checks, and panels to see it by (none: a landmark without a picture).

    `caption` says what is shown: model, parameters with units, number of agents, intervals.
    """

    checks: Sequence[Check]
    panels: Sequence[Panel] = ()
    caption: str = ""


def told(measured: Measured) -> dict[str, Any]:
    """What was found, as plain values."""
    checks = [{**c._asdict(), "passed": c.passed} for c in measured.checks]
    panels = [p._asdict() | {"marks": [m._asdict() for m in p.marks]} for p in measured.panels]
    # JSON knows no NaN.
    for check in checks:
        check["got"] = check["got"] if math.isfinite(check["got"]) else None
    return {"checks": checks, "panels": panels, "caption": measured.caption}


def heard(record: Mapping[str, Any]) -> Measured:
    """What `told` has told."""
    of = lambda kind, values: kind(**{k: v for k, v in values.items() if k in kind._fields})
    panels = [of(Panel, p | {"marks": [of(Mark, m) for m in p["marks"]]}) for p in record["panels"]]
    checks = [of(Check, c | {"got": math.nan} if c["got"] is None else c) for c in record["checks"]]
    return Measured(checks, panels, record["caption"])


class AbstractLandmark(abc.ABC):
    """A known result.

    Class-level facts, all literals (the catalogue reads them without running the file):
    `title` for a reader, `claim` what must hold in one or two sentences, `source` who found
    it, `models` the models that are measured, `caution` what is contested or where the model is
    known to fail; `pictured` is False where there is nothing to draw. Random numbers come from
    keys named after the landmark.
    """

    title: ClassVar[str]
    claim: ClassVar[str]
    source: ClassVar[str]
    models: ClassVar[tuple[str, ...]]
    caution: ClassVar[str] = ""
    pictured: ClassVar[bool] = True

    @abc.abstractmethod
    def measure(self) -> Measured:
        """Play the models and look; in double precision."""


def line(x: Numbers, y: Numbers, label: str = "", **more: Any) -> Mark:
    """A series drawn as a line."""
    return _mark("line", x, y, label, more)


def points(x: Numbers, y: Numbers, label: str = "", **more: Any) -> Mark:
    """A series drawn as points."""
    return _mark("points", x, y, label, more)


def bars(x: Numbers, y: Numbers, label: str = "", **more: Any) -> Mark:
    """A series drawn as bars."""
    return _mark("bars", x, y, label, more)


def theory(x: Numbers, y: Numbers, label: str = "theory") -> Mark:
    """What is expected, as a line."""
    return _mark("line", x, y, label, {"theory": True})


def _mark(kind: Any, x: Numbers, y: Numbers, label: str, more: Mapping[str, Any]) -> Mark:
    listed = lambda values: np.asarray(values, float).ravel().tolist()
    ends = {n: listed(more[n]) for n in ("low", "high") if more.get(n) is not None}
    return Mark(kind, listed(x), listed(y), label, **{**more, **ends})
