"""Statistics of cells: made of a chunk, merged over chunks, and written out. Plain NumPy.

Everything is in double precision whatever sessions were played in. A cell that lies in two
chunks is merged by counts, means and sums of squared deviations (Chan, Golub & LeVeque 1983,
Am. Stat. 37:242), which cancels nothing.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa


class Cells(NamedTuple):
    """Statistics of measures over sessions, `[cells, measures]`.

    `squares` are sums of squared deviations from the mean; `histogram [cells, measures, bins]`
    has no bins for a measure without a histogram, and then fewer than the widest.
    """

    n: np.ndarray
    mean: np.ndarray
    squares: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    histogram: np.ndarray


def cells(
    values: Sequence[np.ndarray],
    cell: np.ndarray,
    bins: Sequence[tuple[float, float, int] | None],
) -> Cells:
    """The statistics of every cell of a chunk, whose sessions follow one another.

    `values` are the measures of sessions, NaN where there is none; `cell` does not fall.
    """
    x = np.stack(values)
    begins = np.flatnonzero(np.diff(cell, prepend=cell[0] - 1))
    of = np.cumsum(np.diff(cell, prepend=cell[0]) != 0)
    there = np.isfinite(x)
    total = lambda y: np.add.reduceat(y, begins, axis=1)
    n = total(there.astype(np.int64))
    mean = total(np.where(there, x, 0.0)) / np.maximum(n, 1)
    away = np.where(there, x - np.repeat(mean, np.diff(begins, append=len(of)), axis=1), 0.0)
    squares = total(away * away)
    lowest = np.minimum.reduceat(np.where(there, x, np.inf), begins, axis=1)
    highest = np.maximum.reduceat(np.where(there, x, -np.inf), begins, axis=1)
    widest = max((b[2] for b in bins if b), default=0)
    histogram = np.zeros((len(begins), len(x), widest), np.int64)
    for i, each in enumerate(bins):
        if each:
            low, high, count = each
            here = there[i]
            place = np.floor((x[i, here] - low) / (high - low) * count)
            place = np.clip(place, 0, count - 1).astype(np.int64)
            flat = np.bincount(of[here] * count + place, minlength=len(begins) * count)
            histogram[:, i, :count] = flat.reshape(-1, count)
    return Cells(n.T, mean.T, squares.T, lowest.T, highest.T, histogram)


def merged(first: Cells, second: Cells) -> Cells:
    """Statistics of the sessions of both, cell by cell."""
    n = first.n + second.n
    share = np.divide(second.n, n, out=np.zeros(n.shape), where=n > 0)
    gap = second.mean - first.mean
    return Cells(
        n,
        first.mean + gap * share,
        first.squares + second.squares + gap**2 * first.n * share,
        np.minimum(first.lowest, second.lowest),
        np.maximum(first.highest, second.highest),
        first.histogram + second.histogram,
    )


def part(statistics: Cells, which: slice) -> Cells:
    """Some of the cells."""
    return Cells._make(x[which] for x in statistics)


def joined(parts: Sequence[Cells]) -> Cells:
    """The cells of all parts, one after the other."""
    return Cells._make(np.concatenate(x) for x in zip(*parts, strict=True))


def to_table(statistics: Cells, first: int) -> pa.Table:
    """A chunk's statistics as they are kept, a row per cell; `first` is its first cell."""
    columns: dict[str, pa.Array] = {"cell": pa.array(first + np.arange(len(statistics.n)))}
    for name, x in statistics._asdict().items():
        flat = x.reshape(len(x), -1)
        if flat.shape[1]:
            columns[name] = pa.FixedSizeListArray.from_arrays(flat.reshape(-1), flat.shape[1])
    return pa.table(columns)


def from_table(table: pa.Table, measures: int) -> tuple[int, Cells]:
    """The first cell of a chunk, and its statistics."""
    out = []
    for name in Cells._fields:
        flat = np.zeros(0, np.int64)
        if name in table.column_names:
            flat = table.column(name).combine_chunks().flatten().to_numpy()
        out.append(flat.reshape(table.num_rows, measures, len(flat) // (table.num_rows * measures)))
    *plain, histogram = out
    found = Cells._make([*(x[..., 0] for x in plain), histogram])
    return table.column("cell")[0].as_py(), found


def summary(
    statistics: Cells,
    measures: Sequence[str],
    bins: Sequence[tuple[float, float, int] | None],
    columns: Mapping[str, pa.Array],
) -> pa.Table:
    """One row for each cell and measure: statistics, the 95 % interval of the mean, histogram.

    `columns` have an entry for each cell. Null stands where there are too few sessions.
    """
    from scipy.special import stdtrit

    n_cells, n_measures = statistics.n.shape
    n = statistics.n.reshape(-1)
    flat = lambda x: x.reshape(-1)
    some, two = n > 0, n > 1
    spread = np.sqrt(flat(statistics.squares) / np.maximum(n - 1, 1))
    se = spread / np.sqrt(np.maximum(n, 1))
    reach = stdtrit(np.maximum(n - 1, 1), 0.975) * se
    mean = flat(statistics.mean)
    where = lambda x, there: pa.array(x, mask=~there)
    at = np.repeat(np.arange(n_cells), n_measures)
    out = {name: pa.array(column).take(at) for name, column in columns.items()}
    edges = [b and np.linspace(*b[:2], b[2] + 1).tolist() for b in bins]
    counts = (
        [
            statistics.histogram[c, m, : b[2]].tolist() if (b := bins[m]) else None
            for c in range(n_cells)
            for m in range(n_measures)
        ]
        if any(bins)
        else [None] * len(n)
    )
    return pa.table(
        out
        | {
            "measure": pa.array(list(measures) * n_cells, pa.string()),
            "n": pa.array(n),
            "mean": where(mean, some),
            "sd": where(spread, two),
            "se": where(se, two),
            "lower": where(mean - reach, two),
            "upper": where(mean + reach, two),
            "min": where(flat(statistics.lowest), some),
            "max": where(flat(statistics.highest), some),
            "histogram": pa.array(counts, pa.list_(pa.int64())),
            "edges": pa.array(edges * n_cells, pa.list_(pa.float64())),
        }
    )
