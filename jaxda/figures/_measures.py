"""From rows of a table to means with intervals. Plain NumPy; missing values are NaN."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from ._base import About


# Standard errors on either side of a 95 % interval.
Z = 1.959963984540054


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


def change(after: Units, before: Units) -> Mean:
    """Mean of the difference within units, over those that have both."""
    _, i, j = np.intersect1d(after.names, before.names, return_indices=True)
    return mean(after.values[i] - before.values[j])


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
    return Correlation(r, float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half)), n)


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
    """How well a subject does on each row (NaN: does not count), and what that is called."""

    values: np.ndarray
    label: str
    meaning: str


def score(about: About, rows: Rows) -> Score:
    """Choices of the better option where it is known and stays; the reward otherwise.

    Known for the probabilistic selection task (A, C and E are the better of their pairs), for
    the fixed bandit, and for recorded data, where it is the option of a cue that paid most over
    all subjects. Rows without feedback do not count.
    """
    name = about.task.name if about.task else ""
    shown = rows["feedback"]
    if name == "pst":
        good = rows.taken() % 2 == 0
        meaning = "share of training trials on which the better item of the pair was chosen"
    elif name == "bandit":
        p = np.asarray(about.settings["p"])
        good = np.isin(rows.taken(), np.flatnonzero(p == p.max()))
        meaning = "share of trials on which the option that pays most was chosen"
    elif not about.simulated:
        good = rows.taken() == best_paid(rows)[rows["cue"].astype(int)]
        meaning = (
            "share of trials on which the option was chosen that paid most at that cue over all "
            "subjects"
        )
    else:
        return Score(np.where(shown, rows["reward"], np.nan), "reward per trial", "mean reward of trials with feedback")
    counts = shown & np.isfinite(rows["action"])
    return Score(np.where(counts, good, np.nan), "P(better option)", meaning)


def best_paid(rows: Rows) -> np.ndarray:
    """For every cue the item that paid most per choice over all rows with feedback."""
    cue, item = rows["cue"].astype(int), rows.taken()
    paid = np.where(rows["feedback"], rows["reward"], np.nan)
    out = np.full(int(cue.max()) + 1, np.nan)
    for c in np.unique(cue):
        here = (cue == c) & np.isfinite(paid) & np.isfinite(item)
        items = np.unique(item[here])
        if len(items):
            out[c] = items[np.argmax([paid[here & (item == i)].mean() for i in items])]
    return out


def scatter(n: int) -> np.ndarray:
    """`n` offsets in -1/2 ... 1/2 that spread points evenly, always the same."""
    golden = (np.sqrt(5) - 1) / 2
    return np.mod(0.5 + golden * np.arange(n), 1.0) - 0.5
