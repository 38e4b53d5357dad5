"""Means, intervals, bins and words, worked by hand."""

import numpy as np
import pyarrow as pa
import pytest

from jaxda.figures import _measures as measures
from jaxda.figures._draw import _plain, named
from jaxda.figures._measures import Rows, Units, by_unit, mean
from jaxda.figures._style import apart, dose_color
from jaxda.figures._words import between, num, people

from .tables import choice, table


def test_an_interval_is_two_standard_errors():
    # 1, 2, 3: variance 1, standard error 1 / sqrt(3).
    it = mean(np.array([1.0, 2.0, 3.0, np.nan]))
    assert (it.value, it.n) == (2.0, 3)
    assert it.high - it.value == pytest.approx(1.959964 / np.sqrt(3))
    alone = mean(np.array([4.0]))
    assert alone.value == 4 and np.isnan(alone.low)


def test_an_interval_of_shares_stays_within_them():
    it = mean(np.array([1.0, 0.8])).within(0, 1)
    assert it.high == 1 and it.low == pytest.approx(0.9 - 1.959964 * 0.1)


def test_means_by_unit_and_bin():
    names, values = np.array(["b", "a", "b", "b"]), np.array([1.0, 2.0, 3.0, np.nan])
    assert by_unit(names, values).values.tolist() == [2.0, 2.0]
    of = by_unit(names, values, np.array([0, 1, 1, 0]), 2)
    assert of.names.tolist() == ["a", "b"]
    np.testing.assert_array_equal(of.values, [[np.nan, 2.0], [1.0, 3.0]])
    assert of.n == 2


def test_a_change_is_taken_within_units():
    before = Units(np.array(["a", "b", "c"]), np.array([0.0, 10.0, 5.0]))
    after = Units(np.array(["b", "a"]), np.array([11.0, 1.0]))
    it = measures.change(after, before)
    assert (it.value, it.low, it.high, it.n) == (1.0, 1.0, 1.0, 2)


def test_correlation_with_the_interval_of_fisher():
    x = np.array([1.0, 2.0, 3.0, 4.0])
    it = measures.correlation(x, np.array([2.0, 1.0, 4.0, 3.0]))
    assert it.r == pytest.approx(0.6)
    assert it.high == pytest.approx(np.tanh(np.arctanh(0.6) + 1.959964))
    assert np.isnan(measures.correlation(x, np.ones(4)).r)


def test_bins_of_trials_are_even_and_not_too_small():
    index, center = measures.trial_bins(np.arange(1, 41))
    assert np.bincount(index).tolist() == [10] * 4
    assert center.tolist() == [5.5, 15.5, 25.5, 35.5]
    assert measures.trial_bins(np.arange(1, 8))[1].tolist() == [4.0]


def test_bins_that_few_reached_are_left_out():
    course = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, np.nan], [1.0, np.nan, np.nan]])
    units = Units(np.array(["a", "b", "c"]), course)
    assert measures.reached(units).tolist() == [True, True, False]


def test_what_was_taken():
    rows = Rows(table([choice(0, "a", 1, (4, 2), 2), choice(0, "a", 2, (4, 2), None)]))
    np.testing.assert_array_equal(rows.taken(), [2.0, np.nan])


def test_a_reversal_that_all_share_is_followed():
    # Item 1 pays in 30 trials of 40, item 0 in the others: the 10 last of 4 bins.
    rows = []
    for subject in "abcdefgh":
        for t in range(1, 41):
            taken = (t + ord(subject)) % 2
            paid = float(taken == (t <= 30)) * (0.9 if t % 4 else 1.0)
            rows.append(choice(0, subject, t, (0, 1), taken, reward=paid))
    best = measures.best_paid(Rows(table(rows)))
    trial = np.array([r["trial"] for r in rows])
    assert set(best[trial <= 30]) == {1.0} and set(best[trial > 30]) == {0.0}


def test_labels_keep_their_distance_and_stay_inside():
    # 10 and 11 collide and share their middle; 50 stays; 99 would leave at the top.
    assert apart(np.array([10.0, 11.0, 50.0]), 4.0, 100.0).tolist() == [8.5, 12.5, 50.0]
    assert apart(np.array([99.0, 99.0]), 4.0, 100.0).tolist() == [96.0, 100.0]
    assert apart(np.array([0.0, 0.0]), 4.0, 100.0).tolist() == [0.0, 4.0]


def test_colours_of_doses():
    assert dose_color(0, [0, 1]) == "#000000"
    assert len({dose_color(d, [-2, -1, 0, 1, 2]) for d in (-2, -1, 0, 1, 2)}) == 5


def test_columns_by_name_and_stem():
    present = ["dose", "go_0", "go_1", "go_home", "p_0"]
    assert named(present, ("dose", "go", "absent")) == ["dose", "go_0", "go_1"]
    assert named(present, ()) == present


def test_json_has_no_nan():
    assert _plain({"a": np.float64("nan"), "b": np.array([1.0, np.inf]), "c": (2, None)}) == {
        "a": None,
        "b": [1.0, None],
        "c": [2, None],
    }


def test_numbers_in_words():
    assert num(-0.5) == "−0.50" and num(-0.001) == "0.00" and num(float("nan")) == "–"
    assert between(mean(np.array([1.0, 1.0]))) == "1.00 (95 % CI 1.00 to 1.00)"
    assert between(mean(np.array([1.0]))) == "1.00"
    assert people([3, 2]) == "n = 2–3 subjects" and people([1]) == "n = 1 subject"


def test_columns_of_every_kind():
    rows = Rows(pa.table({"x": [1, None], "y": ["p", "q"], "z": [True, None]}))
    np.testing.assert_array_equal(rows["x"], [1.0, np.nan])
    assert rows["y"].tolist() == ["p", "q"] and rows["z"].tolist() == [True, False]
