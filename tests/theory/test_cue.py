"""Closed forms of the burst at a cue, against the equations and numbers they come from."""

import numpy as np
import pytest

from jaxda.theory import cue


@pytest.mark.parametrize(
    "gamma, iti, share",
    [
        (0.9, 65, 0.8649),
        (0.9, 20, 0.6552),
        (0.9, 5, 0.2857),
        (0.98, 65, 0.5614),
        (0.98, 20, 0.2754),
        (0.98, 5, 0.0741),
        (0.995, 5, 0.0196),
    ],
)
def test_share_of_the_burst_that_a_learned_interval_leaves(gamma, iti, share):
    law = cue.learned(10, gamma, iti)
    assert law.burst / (gamma * law.cue) == pytest.approx(share, abs=5e-5)
    assert share == pytest.approx(
        (1 - gamma) * (1 - 1 / iti) / (1 - gamma * (1 - 1 / iti)), abs=5e-5
    )
    # No mean error in the interval.
    assert law.burst / iti + (1 - 1 / iti) * law.stay == pytest.approx(0, abs=1e-14)


def test_burst_with_long_intervals():
    assert cue.learned(10, 0.9, 65).burst == pytest.approx(0.28217, abs=5e-6)
    assert cue.pinned(10, 0.9).burst == pytest.approx(0.313811, abs=5e-7)


@pytest.mark.parametrize("iti, burst", [(65, 0.842105), (20, 0.612903), (5, 0.25), (1, 0.0)])
def test_average_reward(iti, burst):
    law = cue.average_reward(10, iti)
    assert law.burst == pytest.approx(burst, abs=5e-7)
    # Each step towards the reward adds what an average bin gives.
    ahead = law.cue
    for _ in range(11):
        ahead += law.rate
    assert ahead - 1 == pytest.approx(law.interval, abs=1e-14)


def test_values_of_a_chain():
    # The cycle with a learned interval, as a chain of its own.
    moves = np.roll(np.eye(12), 1, axis=1)
    moves[0, :2] = 0.95, 0.05
    found = cue.values(moves, np.arange(12) == 11, 0.9)
    law = cue.learned(10, 0.9, 20)
    assert found[:2] == pytest.approx([law.interval, law.cue], abs=1e-14)


def test_extrapolation_is_exact_for_polynomials():
    rates = cue.rates_towards_zero(5, 0.1, 0.5)
    assert (np.diff(rates) < 0).all() and 0.1 < rates[-1] < rates[0] < 0.5
    found = np.stack([3 + rates - 2 * rates**4, -1 + rates**2])
    np.testing.assert_allclose(cue.at_zero(rates, found), [3, -1], rtol=0, atol=1e-12)


def test_chance():
    assert cue.chance(0.5, 5, 0.98) == pytest.approx((0.4429, 0.5, -0.5), abs=1e-4)
