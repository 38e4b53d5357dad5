"""Choices in a table of sessions: its columns as arrays, bins of trials, and what paid most.

Plain NumPy; missing values are NaN.
"""

import numpy as np
import pyarrow as pa


PAID_MOST = (
    "paid most at the cue over all subjects (in all trials, unless another clearly paid more in "
    "the bin of trials, by three standard errors)"
)


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


def trial_bins(trial: np.ndarray, most: int = 12, least: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """The bin of every trial (numbered from 1), and the mean trial number of each bin.

    At most `most` bins, of at least `least` trials where there are as many.
    """
    last = int(trial.max())
    n = max(1, min(most, last // least))
    edges = np.round(np.linspace(0, last, n + 1)).astype(int)
    index = np.clip(np.searchsorted(edges, trial, side="left") - 1, 0, n - 1)
    return index, (edges[:-1] + 1 + edges[1:]) / 2


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
