"""Statistics of cells against numpy, however they are cut."""

import numpy as np
import pyarrow as pa
import pytest

from jaxda.batch import cells


BINS = [(0.0, 1.0, 4), None]


def made(x, cell):
    return cells.cells([x[:, 0], x[:, 1]], cell, BINS)


@pytest.fixture
def sample():
    rng = np.random.default_rng(0)
    # Far from 0 beside its spread, where a difference of squares would be lost.
    x = np.stack([rng.random(40), 1e8 + rng.normal(size=40)], axis=1)
    x[::7, 0] = np.nan
    return x, np.repeat([0, 1, 2], [17, 3, 20])


def test_statistics_by_numpy(sample):
    x, cell = sample
    x[cell == 1, 0] = np.nan
    found = made(x, cell)
    for c in range(3):
        for m in range(2):
            y = x[cell == c, m]
            y = y[np.isfinite(y)]
            assert found.n[c, m] == len(y)
            if len(y):
                assert found.mean[c, m] == pytest.approx(y.mean(), rel=1e-14)
                assert found.squares[c, m] == pytest.approx(y.var() * len(y), rel=1e-6)
                assert (found.lowest[c, m], found.highest[c, m]) == (y.min(), y.max())
    first = x[(cell == 0) & np.isfinite(x[:, 0]), 0]
    assert found.histogram[0, 0].tolist() == np.histogram(first, 4, (0, 1))[0].tolist()


@pytest.mark.parametrize("at", [1, 16, 17, 18, 20, 39])
def test_merging_halves_gives_the_whole(sample, at):
    x, cell = sample
    first, second = made(x[:at], cell[:at]), made(x[at:], cell[at:])
    if cell[at - 1] == cell[at]:
        seam = cells.merged(cells.part(first, slice(-1, None)), cells.part(second, slice(0, 1)))
        ends = cells.part(first, slice(0, -1)), seam, cells.part(second, slice(1, None))
    else:
        ends = first, second
    for got, whole in zip(cells.joined(ends), made(x, cell), strict=True):
        np.testing.assert_allclose(got, whole, rtol=1e-6)


def test_a_table_gives_back_what_it_was_made_of(sample):
    found = made(*sample)
    first, again = cells.from_table(cells.to_table(found, 7), 2)
    assert first == 7
    for got, whole in zip(again, found, strict=True):
        np.testing.assert_array_equal(got, whole)


def test_the_interval_is_that_of_students_t(sample):
    from scipy import stats

    x, cell = sample
    rows = cells.summary(made(x, cell), ("a", "b"), BINS, {"cell": pa.array([0, 1, 2])}).to_pylist()
    y = x[cell == 2, 1]
    low, high = stats.t.interval(0.95, len(y) - 1, y.mean(), stats.sem(y))
    assert rows[5]["lower"] == pytest.approx(low, rel=1e-14)
    assert rows[5]["upper"] == pytest.approx(high, rel=1e-14)
    assert rows[5]["cell"] == 2 and rows[5]["measure"] == "b" and rows[5]["histogram"] is None
    assert sum(rows[4]["histogram"]) == rows[4]["n"] and len(rows[4]["edges"]) == 5


def test_what_lies_outside_a_histogram_counts_at_its_ends():
    x = np.array([[-3.0, 0], [0.1, 0], [9.0, 0]])
    assert made(x, np.zeros(3, int)).histogram[0, 0].tolist() == [2, 0, 0, 1]
