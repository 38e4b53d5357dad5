"""From rows of a table to means with intervals. Plain NumPy; missing values are NaN."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from ._base import About


# Standard errors on either side of a 95 % interval.
Z = 1.959963984540054


# What the choice of the better option is called, and which it is in recorded data.
SHARE = "P(better option)"
PAID_MOST = (
    "paid most at the cue over all subjects (in all trials, unless another clearly paid more in "
    "the bin of trials, by three standard errors)"
)
# Bins of trials are drawn if at least this share of units got that far.
_REACHED = 0.5


class Rows:
    """Columns of a table as arrays."""

    def __init__(self, table: pa.Table):
        self.table = table

    def __contains__(self, name: str) -> bool:
        return name in self.table.column_names

    def __getitem__(self, name: str) -> np.ndarray:
        """A column: truth values where there are, numbers with NaN for nulls, or texts."""
        column = self.table.column(name)
        if pa.types.is_string(column.type):
            return column.to_numpy(zero_copy_only=False).astype(str)
        if pa.types.is_boolean(column.type):
            return column.fill_null(False).to_numpy(zero_copy_only=False)
        return column.cast(pa.float64()).to_numpy(zero_copy_only=False)

    def parts(self, name: str) -> list[str]:
        """Columns that `name` stands for: itself, or `name_0`, `name_1`, ... in order."""
        if name in self:
            return [name]
        every = (f"{name}_{i}" for i in range(self.table.num_columns))
        return [n for n in every if n in self]

    def spread(self, name: str) -> np.ndarray:
        """The columns that `name` stands for, `[rows, columns]`."""
        return np.stack([self[n] for n in self.parts(name)], axis=1)

    def where(self, mask: np.ndarray) -> "Rows":
        """The rows that `mask` marks."""
        return Rows(self.table.filter(pa.array(np.asarray(mask, bool))))

    def values(self, name: str) -> list[float]:
        """What occurs in a column of numbers, in order."""
        return [float(x) for x in np.unique(self[name])]

    def taken(self) -> np.ndarray:
        """The item that the action took; NaN where nobody acted."""
        action, options = self["action"], self.spread("option")
        there = np.isfinite(action)
        index = np.where(there, action, 0).astype(int)
        return np.where(there, options[np.arange(len(index)), index], np.nan)


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
    names: np.ndarray, values: np.ndarray, bins: np.ndarray | None = None, n_bins: int = 1
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


def trial_bins(trial: np.ndarray, most: int = 12, least: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """The bin of every trial (numbered from 1), and the mean trial number of each bin.

    At most `most` bins, of at least `least` trials where there are as many.
    """
    last = int(trial.max())
    n = max(1, min(most, last // least))
    edges = np.round(np.linspace(0, last, n + 1)).astype(int)
    index = np.clip(np.searchsorted(edges, trial, side="left") - 1, 0, n - 1)
    return index, (edges[:-1] + 1 + edges[1:]) / 2


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


def best_paid(rows: Rows) -> np.ndarray:
    """For every row the item that paid most at its cue, over all rows with feedback.

    Where another item clearly paid more in a bin of trials (by three standard errors), it is
    that one: reversals that all subjects share are followed. NaN where nothing is known.
    """
    cue, item = rows["cue"].astype(int), rows.taken()
    paid = np.where(rows["feedback"], rows["reward"], np.nan)
    bins = trial_bins(rows["trial"])[0]
    out = np.full(len(cue), np.nan)
    for c in np.unique(cue):
        whole = cue == c
        usual = _payments(item[whole], paid[whole])
        if not usual:
            continue
        best = max(usual, key=lambda i: usual[i][0])
        for b in np.unique(bins[whole]):
            here = whole & (bins == b)
            now = _payments(item[here], paid[here])
            out[here] = best
            if len(now) > 1 and best in now:
                rival = max(now, key=lambda i: now[i][0])
                (more, a), (less, z) = now[rival], now[best]
                if more - less > 3 * np.hypot(a, z) > 0:
                    out[here] = rival
    return out


def _payments(item: np.ndarray, paid: np.ndarray) -> dict[float, tuple[float, float]]:
    """Mean payment of each item with its standard error."""
    there = np.isfinite(item) & np.isfinite(paid)
    out = {}
    for i in np.unique(item[there]):
        x = paid[there & (item == i)]
        out[float(i)] = (float(x.mean()), float(x.std() / np.sqrt(len(x))))
    return out


def scatter(n: int) -> np.ndarray:
    """`n` offsets in -1/2 ... 1/2 that spread points evenly, always the same."""
    golden = (np.sqrt(5) - 1) / 2
    return np.mod(0.5 + golden * np.arange(n), 1.0) - 0.5
