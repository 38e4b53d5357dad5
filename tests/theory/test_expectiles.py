"""Expectiles and their decoding: defining equations, closed forms, and known numbers."""

import numpy as np
import pytest

from jaxda.tasks.variable_magnitude import VariableMagnitude
from jaxda.theory import expectiles as theory


TASK = VariableMagnitude()
SIZES = np.asarray(TASK.magnitudes)
ODDS = np.asarray(TASK.probabilities) / np.sum(TASK.probabilities)
TAU = np.linspace(0.05, 0.95, 40)
EXACT = theory.expectiles(SIZES, ODDS, TAU)
GRID = np.arange(0.1, 20.01, 0.1)


def test_closed_forms():
    tau = np.array([0.6, 0.75, 0.9])
    np.testing.assert_allclose(
        theory.normal_expectiles(tau), [0.161658, 0.436327, 0.861592], rtol=0, atol=5e-7
    )
    assert theory.uniform_expectiles(np.array([0.9]))[0] == pytest.approx(0.75, abs=1e-15)
    assert theory.bernoulli_expectiles(0.3, np.array([0.8]))[0] == pytest.approx(0.631579, abs=5e-7)
    coin = theory.expectiles(np.array([0.0, 1.0]), np.array([0.7, 0.3]), tau)
    np.testing.assert_allclose(coin, theory.bernoulli_expectiles(0.3, tau), rtol=1e-14)


def test_expectiles_balance_their_surprises():
    above = np.maximum(SIZES - EXACT[:, None], 0) @ ODDS
    below = np.maximum(EXACT[:, None] - SIZES, 0) @ ODDS
    np.testing.assert_allclose(TAU * above, (1 - TAU) * below, rtol=0, atol=1e-14)
    # The one of a half is the mean.
    assert theory.expectiles(SIZES, ODDS, np.array([0.5]))[0] == pytest.approx(SIZES @ ODDS)
    assert pytest.approx(5.207829, abs=5e-7) == SIZES @ ODDS


def test_quantiles_of_the_water_rewards():
    tau = np.arange(1, 10) / 10
    expected = [0.3, 1.2, 1.2, 2.5, 5, 5, 5, 10, 10]
    np.testing.assert_allclose(theory.quantiles(SIZES, ODDS, tau), expected)
    # A narrow Huber error is nearly a sign, a wide one nearly the error itself.
    clear = np.array([0.1, 0.4, 0.6, 0.9])
    narrow = theory.huber_points(SIZES, ODDS, clear, 1e-3)
    np.testing.assert_allclose(narrow, theory.quantiles(SIZES, ODDS, clear), rtol=0, atol=2e-3)
    wide = theory.huber_points(SIZES, ODDS, tau, 100.0)
    np.testing.assert_allclose(wide, theory.expectiles(SIZES, ODDS, tau), rtol=1e-12)


@pytest.mark.parametrize(
    "utility, low, high", [("linear", 1.39, 13.80), ("hill", 0.478, 9.39), ("log1p", 0.70, 9.99)]
)
def test_reversal_points_by_utility(utility, low, high):
    u = theory.UTILITIES[utility]
    points = u.size(theory.expectiles(u.of(SIZES), ODDS, TAU))
    assert points[[0, -1]] == pytest.approx((low, high), abs=5e-3)


def test_a_cell_is_read_from_its_responses():
    sizes = np.repeat(SIZES, 3)
    response = np.where(sizes > 4, 3.0, 1.0) * (sizes - 4)
    turn = theory.reversal_point(sizes, response)
    # Between the sizes that it tells apart.
    assert turn == pytest.approx((2.5 + 5) / 2)
    assert theory.asymmetry(sizes, response, 4.0) == pytest.approx(0.75)
    assert np.isnan(theory.asymmetry(sizes[sizes > 4], response[sizes > 4], 4.0))


def test_exact_expectiles_decode_exactly():
    p = theory.decode(TAU, EXACT, GRID)
    assert np.abs(theory.imbalance(TAU, EXACT, GRID) @ p).max() < 1e-13
    assert p.sum() == pytest.approx(1) and p.min() >= 0
    assert p @ GRID == pytest.approx(5.207829, abs=1e-6)
    assert theory.wasserstein(GRID, p, SIZES, ODDS) < 0.05


def test_samples_are_found_and_values_are_none():
    distance = lambda x: theory.wasserstein(x, np.full(len(x), 1 / len(x)), SIZES, ODDS)
    found = theory.decode_samples(TAU, EXACT, (0.1, 20.0), starts=300, epochs=3)
    assert found.shape == (300,) and found.min() >= 0.1 and found.max() <= 20
    assert found.mean() == pytest.approx(5.207829, abs=0.02)
    assert distance(found) < 0.8 < 1.7 < distance(EXACT)
    # Whose optimism is whose matters.
    shuffled = np.random.default_rng(0).permutation(TAU)
    p = theory.decode(shuffled, EXACT, GRID)
    assert theory.wasserstein(GRID, p, SIZES, ODDS) > 1.5


def test_decoded_quantiles_are_steps():
    tau = (np.arange(20) + 0.5) / 20
    p = theory.decode_quantiles(tau, theory.quantiles(SIZES, ODDS, tau), GRID)
    assert p.sum() == pytest.approx(1)
    # Twenty cells know each share to half of a twentieth.
    for size, odd in zip(SIZES, ODDS, strict=True):
        assert p[np.abs(GRID - size) < 0.05].sum() == pytest.approx(odd, abs=0.026)


def test_distance_by_hand():
    # Half of the mass moves by 2.
    d = theory.wasserstein(
        np.array([0.0, 1.0]), np.array([1.0, 1.0]), np.array([0.0, 3.0]), np.array([0.5, 0.5])
    )
    assert d == pytest.approx(1.0)
