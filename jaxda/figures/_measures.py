"""From rows of a table to means with intervals. Plain NumPy; missing values are NaN."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..data.choices import PAID_MOST as PAID_MOST
from ..data.choices import Rows as Rows
from ..data.choices import best_paid as best_paid
from ..data.choices import trial_bins as trial_bins
from ._base import About


# Standard errors on either side of a 95 % interval.
Z = 1.959963984540054


# What the choice of the better option is called.
SHARE = "P(better option)"
# Bins of trials are drawn if at least this share of units got that far.
_REACHED = 0.5


class Units(NamedTuple):
    """Values of units (subjects): `values[i]` is that of `names[i]`, NaN where there is none."""

    names: np.ndarray
    values: np.ndarray

    @property
    def n(self) -> int:
        """Units with a value."""
        return int(np.isfinite(self.values).reshape(len(self.names), -1).any(axis=1).sum())


class Mean(NamedTuple):
    """Means over units with their 95 % interval (NaN from a single unit) and their number."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n: np.ndarray

    def within(self, low: float, high: float) -> "Mean":
        """The same where nothing below `low` or above `high` can be true, as for shares."""
        clip = lambda x: np.clip(x, low, high)
        return self._replace(low=clip(self.low), high=clip(self.high))

    def facts(self) -> dict[str, Any]:
        """As plain values."""
        return {
            k: np.asarray(x).tolist()
            for k, x in zip(("mean", "low", "high", "n"), self, strict=True)
        }


def by_unit(
    names: np.ndarray,
    values: np.ndarray,
    bins: np.ndarray | None = None,
    n_bins: int = 1,
) -> Units:
    """Mean of `values` per unit, or `[units, bins]` per unit and bin. NaN are left out."""
    unit, at = np.unique(names, return_inverse=True)
    place = at if bins is None else at * n_bins + bins
    there = np.isfinite(values)
    size = len(unit) * n_bins
    count = np.bincount(place[there], minlength=size)
    total = np.bincount(place[there], weights=values[there], minlength=size)
    mean = np.divide(total, count, out=np.full(size, np.nan), where=count > 0)
    return Units(unit, mean if bins is None else mean.reshape(len(unit), n_bins))


def mean(values: np.ndarray) -> Mean:
    """Mean over the first axis, ± 1.96 standard errors."""
    there = np.isfinite(values)
    n = there.sum(axis=0)
    divide = lambda x, k: np.divide(x, k, out=np.full(np.shape(x), np.nan), where=k > 0)
    middle = divide(np.where(there, values, 0.0).sum(axis=0), n)
    square = np.where(there, values - middle, 0.0) ** 2
    error = np.sqrt(divide(divide(square.sum(axis=0), n - 1), n))
    return Mean(middle, middle - Z * error, middle + Z * error, n)


def along(
    by_dose: Mapping[float, Units], limits: tuple[float, float] = (-np.inf, np.inf)
) -> tuple[np.ndarray, Mean]:
    """The doses, and the means at them within `limits`."""
    every = [mean(u.values) for u in by_dose.values()]
    stacked = Mean(*(np.stack(x) for x in zip(*every, strict=True)))
    return np.asarray(list(by_dose)), stacked.within(*limits)


def change(after: Units, before: Units) -> Mean:
    """Mean of the difference within units, over those that have both."""
    _, i, j = np.intersect1d(after.names, before.names, return_indices=True)
    return mean(after.values[i] - before.values[j])


def reached(course: Units) -> np.ndarray:
    """Which bins of `course [units, bins]` enough units have; all that any has if none does."""
    share = np.isfinite(course.values).mean(axis=0)
    enough = share >= _REACHED
    return enough if enough.any() else share > 0


class Correlation(NamedTuple):
    """Pearson's r with its 95 % interval (Fisher's z); NaN where it is not defined."""

    r: float
    low: float
    high: float
    n: int


def correlation(x: np.ndarray, y: np.ndarray) -> Correlation:
    """How `x` and `y` go together."""
    there = np.isfinite(x) & np.isfinite(y)
    x, y, n = x[there], y[there], int(there.sum())
    if n < 2 or np.std(x) == 0 or np.std(y) == 0:
        return Correlation(np.nan, np.nan, np.nan, n)
    r = float(np.corrcoef(x, y)[0, 1])
    if n < 4 or abs(r) > 1 - 1e-12:
        return Correlation(r, np.nan, np.nan, n)
    half = Z / np.sqrt(n - 3)
    return Correlation(
        r, float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half)), n
    )


class Score(NamedTuple):
    """How well a subject does on each row (NaN: does not count), and what that is called.

    `limits` are the least and the greatest that can be; `chance` is what guessing gives, NaN
    where that is not known.
    """

    values: np.ndarray
    label: str
    meaning: str
    limits: tuple[float, float]
    chance: float


def score(about: About, rows: Rows) -> Score:
    """Choices of the better option where it is known and stays; the reward otherwise.

    Known for the probabilistic selection task (A, C and E are the better of their pairs), for
    the fixed bandit, and for recorded data as `best_paid` says. Rows without feedback do not
    count.
    """
    name = about.task.name if about.task else ""
    if name == "pst":
        good = rows.taken() % 2 == 0
        meaning = "share of training trials on which the better item of the pair was chosen"
    elif name == "bandit":
        p = np.asarray(about.settings["p"])
        good = np.isin(rows.taken(), np.flatnonzero(p == p.max()))
        meaning = "share of trials on which the option that pays most was chosen"
    elif not about.simulated:
        good = rows.taken() == best_paid(rows)
        meaning = f"share of trials on which the option was chosen that {PAID_MOST}"
    else:
        reward = np.where(rows["feedback"], rows["reward"], np.nan)
        meaning = "mean reward of trials with feedback"
        return Score(reward, "reward per trial", meaning, (-np.inf, np.inf), np.nan)
    counts = rows["feedback"] & np.isfinite(rows["action"])
    chance = 1 / len(rows.parts("option"))
    return Score(np.where(counts, good, np.nan), SHARE, meaning, (0.0, 1.0), chance)


def test_rates(rows: Rows) -> dict[str, np.ndarray] | None:
    """Per row, the probabilistic selection test: A chosen, B not chosen (NaN: does not count).

    Rows without feedback that pair item 0 (A) or item 1 (B), but not both, with another item.
    None if there are no such rows.
    """
    options, item = rows.spread("option"), rows.taken()
    best, worst = (options == 0).any(axis=1), (options == 1).any(axis=1)
    test = ~rows["feedback"] & np.isfinite(item)
    if not (test & best & ~worst).any() or not (test & worst & ~best).any():
        return None
    return {
        "choose A": np.where(test & best & ~worst, item == 0, np.nan),
        "avoid B": np.where(test & worst & ~best, item != 1, np.nan),
    }


def scatter(n: int) -> np.ndarray:
    """`n` offsets in -1/2 ... 1/2 that spread points evenly, always the same."""
    golden = (np.sqrt(5) - 1) / 2
    return np.mod(0.5 + golden * np.arange(n), 1.0) - 0.5
