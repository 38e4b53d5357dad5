"""Closed forms of opponent actors, against recursions, sums and known numbers."""

import math

import numpy as np
import pytest

from jaxda.theory import opponent


@pytest.mark.parametrize(
    "alpha, p, sign, life",
    [(0.1, 0.5, 1, 553.8), (0.5, 0.5, -1, 21.5), (1, 0.2, 1, 11.4), (1, 0.2, -1, 3.9)],
)
def test_half_lives_of_opal(alpha, p, sign, life):
    assert opponent.half_life(p, alpha, sign) == pytest.approx(life, rel=0.01)
    rate = opponent.collapse_rate(p, alpha, sign)
    # By the definition: the mean log of the factor.
    assert rate == pytest.approx(
        p * math.log(1 + sign * alpha * (1 - p)) + (1 - p) * math.log(1 - sign * alpha * p)
    )
    assert rate < 0
    small = opponent.collapse_rate(p, 1e-3, sign)
    assert small == pytest.approx(-0.5e-6 * p * (1 - p), rel=2e-3)


@pytest.mark.parametrize("payoff, cost", [(15.511751, 14.510517), (1.0, 0.0), (15.0, 10.0)])
def test_payoff_and_cost_repeat_themselves(payoff, cost):
    alpha, epsilon, lam = 0.1, 0.6327, 0.0204
    go, nogo = start = opponent.payoff_cost(payoff, cost, alpha, epsilon, lam)
    f = lambda x: x if x > 0 else epsilon * x
    for reward in (-cost, payoff):
        delta = reward - (go - nogo) / 2
        go, nogo = (w + alpha * f(s * delta) - lam * w for w, s in ((go, 1), (nogo, -1)))
    assert (go, nogo) == pytest.approx(start, rel=1e-12)


def test_payoff_and_cost_in_small_steps():
    # With epsilon = 1 - 2 lam / alpha and lam much below alpha: the payoff and the cost.
    alpha, lam = 1e-3, 1e-6
    exact = opponent.payoff_cost(3.0, 2.0, alpha, 1 - 2 * lam / alpha, lam)
    slow = opponent.payoff_cost_slow(3.0, 2.0, alpha, 1 - 2 * lam / alpha, lam)
    assert exact == pytest.approx((3.0, 2.0), rel=2e-3)
    assert slow == pytest.approx((3.0, 2.0), rel=2e-3)


def test_mean_and_spread_of_actor_uncertainty():
    known = {5.0: 10.09, 10.0: 11.73}
    for sd, total in known.items():
        assert opponent.mean_and_spread(20.0, sd, 0.1, 0.1) == pytest.approx(
            (10.0, total), abs=5e-3
        )
    assert opponent.mean_and_spread(20.0, 0.0, 0.1, 0.1) == pytest.approx((10.0, 10.0))
    # Where the mean is 0, E|delta| is sd sqrt(2 / pi) for small rates.
    _, total = opponent.mean_and_spread(0.0, 1.0, 1e-4, 1e-4)
    assert total == pytest.approx(math.sqrt(2 / math.pi), rel=1e-4)


def test_a_gap_without_hebbian_term_depends_on_one_number():
    rng = np.random.default_rng(0)
    errors = rng.normal(size=(30, 2))
    gap = lambda *rest: float(-np.diff(opponent.additive_gap(errors, *rest))[0])
    one = gap(2.0, 0.3, 0.4, 0.1)
    # beta ((1 + rho) alpha_g + (1 - rho) alpha_n) = 2 * .59 = 1.18.
    assert gap(1.0, 0.0, 0.59, 0.59) == pytest.approx(one, rel=1e-12)
    assert one == pytest.approx(1.18 * float(np.subtract(*errors.sum(axis=0))), rel=1e-12)
