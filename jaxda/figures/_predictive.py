"""Tables of predictive checks as panels: what was observed, and where replicates lie."""

import textwrap
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from . import _style as look
from ._measures import Rows
from ._words import num, people


# The first of these that a table has is its course over trials.
COURSES = ("P(better option)", "actions per trial", "reward per trial")
_AXES = {
    "P(better option) at the cue": "P(better option)",
    "P(stay at the first stage)": "P(stay)",
}
# More cues than this are not told apart by eye.
_LEVELS = 16


class Check(NamedTuple):
    """One statistic of one model at its levels; NaN where there is none."""

    statistic: str
    level: list[str]
    x: np.ndarray
    observed: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    q25: np.ndarray
    q75: np.ndarray
    high: np.ndarray
    p: np.ndarray
    covered: np.ndarray
    chance: float
    n: int
    draws: int
    how: str

    @property
    def inside(self) -> np.ndarray:
        """Which observed values lie in the band, of those that there are."""
        there = np.isfinite(self.observed)
        return ((self.low <= self.observed) & (self.observed <= self.high))[there]

    def facts(self) -> dict[str, Any]:
        """As plain values, by level."""
        names = ("observed", "mean", "low", "high", "p", "covered")
        return {
            level: {n: float(getattr(self, n)[i]) for n in names}
            for i, level in enumerate(self.level)
        }


def checks(table: pa.Table, dose: float) -> dict[str, Check]:
    """The statistics of a table at a dose, by name."""
    rows = Rows(table)
    rows = rows.where(rows["dose"] == dose)
    out = {}
    for name in dict.fromkeys(rows["statistic"].tolist()):
        here = rows.where(rows["statistic"] == name)
        columns = {f: here[f] for f in Check._fields[2:11]}
        out[name] = Check(
            statistic=name,
            level=here["level"].tolist(),
            **columns,
            chance=float(here["chance"][0]),
            n=int(here["n"].max()),
            draws=int(here["draws"].max()),
            how=str(here["how"][0]),
        )
    return out


def shown(found: Sequence[dict[str, Check]]) -> list[str]:
    """Statistics that have a panel: the course over trials, then those by level."""
    every = list(dict.fromkeys(name for each in found for name in each))
    course = [name for name in COURSES if name in every][:1]
    others = [name for name in every if name not in COURSES]
    few = lambda name: all(len(each[name].level) <= _LEVELS for each in found if name in each)
    return course + [name for name in others if few(name)]


def course(ax: Any, it: Check, color: str, line: Any = "-", inner: bool = False) -> None:
    """A curve over trials in its band, with the quartiles inside if asked."""
    ax.fill_between(it.x, it.low, it.high, color=color, alpha=0.15, linewidth=0)
    if inner:
        ax.fill_between(it.x, it.q25, it.q75, color=color, alpha=0.25, linewidth=0)
    ax.plot(it.x, it.mean, color=color, linestyle=line)
    ax.set_xlabel("trial")
    ax.set_ylabel(it.statistic)


def bars(
    ax: Any, it: Check, color: str, marker: str, shift: float = 0.0, inner: bool = False
) -> None:
    """Means with their bands, one place per level."""
    x = np.arange(len(it.level)) + shift
    ax.vlines(x, it.low, it.high, color=color, alpha=0.5, linewidth=2)
    if inner:
        ax.vlines(x, it.q25, it.q75, color=color, alpha=0.6, linewidth=6)
    ax.plot(x, it.mean, linestyle="", marker=marker, color=color, markersize=5)
    if len(it.level) > 6:
        names = [level.rsplit(" ", 1)[-1] for level in it.level]
        ax.set_xlabel(it.level[0].rsplit(" ", 1)[0])
    else:
        names = [textwrap.fill(level, 8) for level in it.level]
    every = 1 + len(names) // 10
    ax.set_xticks(np.arange(len(names))[::every], names[::every])
    ax.set_xlim(-0.6, len(it.level) - 0.4)
    ax.set_ylabel(_AXES.get(it.statistic, it.statistic))


def observed(ax: Any, it: Check, over_trials: bool) -> None:
    """What was recorded, in black above everything else."""
    if over_trials:
        ax.plot(it.x, it.observed, color=look.BLACK, marker="o", linestyle="", zorder=4)
        return
    at = np.arange(len(it.level))
    ax.hlines(it.observed, at - 0.32, at + 0.32, color=look.BLACK, linewidth=1.6, zorder=4)


def finish(ax: Any, it: Check) -> None:
    """Chance, and the limits that a share has."""
    if np.isfinite(it.chance):
        look.zero(ax, it.chance)
    if it.statistic.startswith("P("):
        low, high = ax.get_ylim()
        ax.set_ylim(max(low, -0.02), min(high, 1.02))


def made_of(it: Check) -> str:
    """`200 draws, simulated, n = 24 subjects`."""
    return f"{it.draws} draws, {it.how}, {people([it.n])}"


def worst(found: dict[str, Check]) -> tuple[str, str, float] | None:
    """Statistic, level and p of the observed value that lies farthest out."""
    every = [
        (name, level, float(p))
        for name, it in found.items()
        for level, p in zip(it.level, it.p, strict=True)
        if np.isfinite(p)
    ]
    return min(every, key=lambda x: min(x[2], 1 - x[2])) if every else None


def p_value(p: float, draws: int) -> str:
    """A share of draws as a p-value; never 0 or 1, which so few draws cannot show."""
    if p < 1 / draws:
        return f"p < {num(1 / draws, 3)}"
    if p > 1 - 1 / draws:
        return f"p > {num(1 - 1 / draws, 3)}"
    return f"p = {num(p)}"
