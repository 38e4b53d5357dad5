"""Sign and size of an effect, from numbers that can be worked by hand."""

import math

import numpy as np
import pytest

from jaxda.clinic.effects import Effect, _sign, _size
from jaxda.clinic.table import Expected


A = np.array([1.0, 2.0, 3.0, 4.0])


def test_ratio_of_means_with_its_interval():
    # Twice as much for each individual: nothing is left to vary.
    size, low, high, change = _size(A, 2 * A, "ratio")
    assert (size, low, high) == (2, 2, 2)
    # Differences 1, 2, 3, 4: mean 2.5, deviation sqrt(1.25), error sqrt(1.25) / 2.
    half = 1.959963984540054 * math.sqrt(1.25) / 2
    assert change == pytest.approx((2.5 - half, 2.5 + half))


def test_pairs_count_in_a_ratio():
    # Unpaired, the spread of A would count; in pairs only what each adds differs.
    b = A + np.array([1.0, 1.0, 1.0, 2.0])
    size, low, high, _ = _size(A, b, "ratio")
    assert size == pytest.approx(1.5)
    residual = (b - 1.5 * A) / 2.5
    half = 1.959963984540054 * residual.std() / 2
    assert (low, high) == pytest.approx((1.5 - half, 1.5 + half))


def test_difference_and_value():
    size, low, high, change = _size(A, A + 0.5, "difference")
    assert (size, low, high, *change) == pytest.approx((0.5, 0.5, 0.5, 0.5, 0.5))
    size, low, high, change = _size(A, A + 0.5, "value")
    half = 1.959963984540054 * math.sqrt(1.25) / 2
    assert (size, low, high) == pytest.approx((3, 3 - half, 3 + half))
    assert change == pytest.approx((0.5, 0.5))


def test_spread():
    size, low, high, _ = _size(A, 3 * (A - 2.5), "spread")
    assert size == pytest.approx(3)
    assert low == pytest.approx(3) and high == pytest.approx(3)


def test_a_ratio_to_nothing_is_no_number():
    assert math.isnan(_size(A - 2.5, A, "ratio")[0])


@pytest.mark.parametrize(
    "change, found", [((0.1, 0.3), "up"), ((-0.3, -0.1), "down"), ((-0.1, 0.3), "same")]
)
def test_sign_is_that_of_the_interval(change, found):
    assert _sign(Expected(sign="up"), 1.1, change) == found


def test_the_same_is_what_lies_in_the_band():
    same = Expected(sign="same", low=0.95, high=1.05)
    assert _sign(same, 1.01, (0.001, 0.02)) == "same"
    assert _sign(same, 1.2, (0.1, 0.3)) == "up"


def effect(**changes):
    known = {
        "assay": "a", "change": "c", "outcome": "o", "what": "w", "versus": "healthy",
        "species": "any", "models": (), "n": 4,
        "control": 1.0, "condition": 2.0, "scale": "ratio", "size": 2.0,
        "low": 1.9, "high": 2.1, "sign": "up", "expected": "up", "expected_low": None,
        "expected_high": None,
    }  # fmt: skip
    return Effect(**(known | changes))


def test_right_and_within():
    assert effect().right and effect().within
    assert not effect(expected="down").right
    assert not effect(expected_low=2.5, expected_high=3.0).within
    assert effect(expected_low=1.5, expected_high=3.0).within
