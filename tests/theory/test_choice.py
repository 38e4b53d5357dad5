"""Closed forms of choice, against sums, recursions and one another."""

import numpy as np
import pytest

from jaxda.theory import choice


def test_an_expectile_balances_what_lies_above_and_below():
    x, p = np.array([0.0, 1.0, 5.0, -2.0]), np.array([0.3, 0.4, 0.1, 0.2])
    for tau in (0.05, 0.5, 0.9):
        e = choice.expectile(x, p, tau)
        above, below = p @ np.maximum(x - e, 0), p @ np.maximum(e - x, 0)
        assert tau * above == pytest.approx((1 - tau) * below, abs=1e-12)
    assert choice.expectile(x, p, 0.5) == pytest.approx(p @ x)


def test_two_rates_settle_where_the_mean_update_vanishes():
    p, plus, minus = 0.8, 0.1, 0.3
    q = float(choice.asymmetric_value(p, plus, minus))
    assert p * plus * (1 - q) == pytest.approx((1 - p) * minus * q, abs=1e-15)
    assert q == pytest.approx(4 / 7)


def test_forgetting_settles_where_the_mean_update_vanishes():
    q = float(choice.forgetting_value(0.3, 0.2, 0.05))
    assert 0.3 * 0.2 * (1 - q) == pytest.approx(0.7 * 0.05 * q, abs=1e-15)
    assert q == pytest.approx(0.631579, abs=1e-6)


def test_the_riccati_root_is_where_the_recursion_ends():
    lam, o, d = 0.9836, 4.0, 2.8
    v = 1.0
    for _ in range(200):
        v = lam**2 * v * o**2 / (v + o**2) + d**2
    assert choice.kalman_variance(lam, o, d) == pytest.approx(v, rel=1e-12)
    assert choice.kalman_gain(lam, o, d) == pytest.approx(0.491135, abs=1e-6)
    assert choice.walk_sd(lam, d) == pytest.approx(15.5242, abs=1e-4)


def test_values_of_a_small_grid():
    found = choice.grid_values(2, 0.5, reward=3.0)
    np.testing.assert_allclose(found, [1.5, 3.0, 3.0, 0.0])


def test_test_choices_mirror_one_another():
    q = choice.asymmetric_value((0.8, 0.2, 0.7, 0.3, 0.6, 0.4), 0.2, 0.1)
    a, b = choice.choose_a(5 * q), choice.avoid_b(5 * q)
    assert (a, b) == pytest.approx((0.7431, 0.8079), abs=1e-4)
    mirror = 5 * (1 - q[[1, 0, 3, 2, 5, 4]])
    assert (choice.avoid_b(mirror), choice.choose_a(mirror)) == pytest.approx((a, b), abs=1e-12)


def test_small_identities():
    assert choice.edge_value(0.9, 1.0, -1.0, 0.1) == pytest.approx(0.72)
    assert choice.daw_lambda(0.5, 0.2) == pytest.approx(0.4)
    np.testing.assert_allclose(choice.action_error([0.5, 0.9, 1.0]), [0.5, 0.18, 0.0])
    np.testing.assert_allclose(choice.sure_value([0, 1, 2], 2.0, 0.5), [0, 1, 1.5])
