"""From dopamine to drive, learning rates and choice: thresholds, a lesion table and limits."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from jaxda.dopamine.denervation import shift_balance
from jaxda.dopamine.kinetics import contrast, region, rhythm, simulate
from jaxda.dopamine.transfer import (
    Drive,
    Transfer,
    adenylate,
    balance,
    gains,
    learning_gain,
    rates,
    set_point,
)


close = functools.partial(np.testing.assert_allclose, rtol=0.02)

# Survivors, precursor; then nM tonic, peak and low; then mean drive of D1 and D2 cells. Dorsal
# striatum with the calibrated leak, a burst and a pause in every 6 s.
LOSS = np.array(
    [
        [1, 1, 37.8, 378, 0.0, 0.178, 0.551],
        [0.5, 1, 36.6, 261, 0.0, 0.135, 0.580],
        [0.2, 1, 33.5, 152, 1.7, 0.076, 0.694],
        [0.1, 1, 28.7, 99, 4.9, 0.032, 0.855],
        [0.05, 1, 22.6, 63, 6.9, 0.003, 1.093],
        [0.1, 3, 73.3, 240, 13.9, 0.477, 0.092],
        [1, 3, 118.9, 1234, 0.0, 1.395, 0.162],
    ]
).T


@pytest.fixture(scope="module")
def course():
    kinetics = region("ds", "calibrated", survivors=LOSS[0], precursor=LOSS[1])
    return simulate(kinetics, rhythm(), np.arange(15_000, 60_000) * 0.002).dopamine


def test_thresholds():
    thresholds = Transfer().thresholds()
    close(thresholds, (53.2, 47.6), rtol=1e-3)
    # The smooth threshold is a hard one as it narrows.
    hard = Transfer(width=1e-4)
    below, above = hard(0.99 * thresholds.d1), hard(1.01 * thresholds.d1)
    assert float(below.d1) < 1e-4 < float(above.d1)
    below, above = hard(0.99 * thresholds.d2), hard(1.01 * thresholds.d2)
    assert float(above.d2) < 1e-4 < float(below.d2)
    close(hard(200.0).d1, 18 / 6 - 10 / 11, rtol=1e-9)
    close(hard(0.0).d2, 25 / 11, rtol=1e-9)


def test_levels_after_loss(course):
    seen = contrast(course)
    # A printed value is right to half of its last digit.
    for found, printed, digit in zip(seen, LOSS[2:5], (0.1, 1, 0.1), strict=True):
        np.testing.assert_allclose(found, printed, rtol=0.02, atol=digit / 2)


def test_levodopa_restores_the_level_and_not_the_contrast(course):
    seen = contrast(course)
    close((seen.peak / seen.tonic)[jnp.asarray([0, 3, 5])], [10.0, 3.4, 3.3])


def test_drive_after_loss(course):
    drive = Transfer(width=0.01)(course)
    d1, d2 = drive.d1.mean(axis=1), drive.d2.mean(axis=1)
    np.testing.assert_allclose(d1, LOSS[5], rtol=0.02, atol=5e-4)
    np.testing.assert_allclose(d2, LOSS[6], rtol=0.02, atol=5e-4)
    close([d1[2] / d1[0], d2[2] / d2[0]], [0.43, 1.26])
    # As long as nothing else acts: Go falls and NoGo rises with every loss.
    assert (np.diff(d1[:5]) < 0).all() and (np.diff(d2[:5]) > 0).all()
    # L-DOPA overshoots, and most where all terminals are left.
    assert d1[6] > d1[5] > d1[0] and d2[5] < d2[0]


def test_the_usual_width_changes_little(course):
    usual, hard = Transfer()(course), Transfer(width=1e-3)(course)
    for a, b in zip(usual, hard, strict=True):
        np.testing.assert_allclose(a.mean(axis=1), b.mean(axis=1), rtol=0.005, atol=1e-3)


def test_drive_has_a_derivative_everywhere():
    level = jnp.concatenate([jnp.zeros(1), jnp.geomspace(1.0, 1e4, 50), jnp.asarray([53.19148936])])
    for of, sign in ((lambda c: Transfer()(c).d1, 1), (lambda c: Transfer()(c).d2, -1)):
        slope = jax.vmap(jax.grad(of))(level)
        assert np.isfinite(slope).all() and (sign * slope >= 0).all()
        h = 1e-4
        found = (jax.vmap(of)(level[1:] + h) - jax.vmap(of)(level[1:] - h)) / (2 * h)
        np.testing.assert_allclose(slope[1:], found, rtol=1e-4, atol=1e-9)


def test_antagonists_of_either_receptor():
    transfer = Transfer()
    plain = transfer(80.0)
    assert float(transfer(80.0, blocked_1=0.7).d1) < float(plain.d1)
    assert float(transfer(80.0, blocked_2=0.7).d2) > float(plain.d2)
    close(transfer(80.0, blocked_2=1.0).d2, 25 / 11, rtol=1e-9)
    with pytest.raises(ValueError, match="blocked_2"):
        transfer(80.0, blocked_2=1.2)


def test_cyclic_amp():
    times = jnp.linspace(0, 60, 301)
    np.testing.assert_allclose(adenylate(times, jnp.full(301, 0.3)), 3.0, rtol=1e-12)
    rising = adenylate(times, jnp.full(301, 0.3), start=0.0)
    np.testing.assert_allclose(rising, 3 * (1 - np.exp(-times / 10)), rtol=1e-9, atol=1e-12)
    # A drive that is linear between times, whatever the times.
    at, u = np.array([0.0, 1.0, 7.0, 7.5, 30.0]), np.array([0.0, 2.0, 0.5, 3.0, 0.0])
    change = lambda t, a: np.interp(t, at, u) - 0.1 * a
    exact = solve_ivp(change, (0, 30), [1.0], t_eval=at, rtol=1e-10, atol=1e-12, max_step=0.01)
    found = adenylate(jnp.asarray(at), jnp.asarray(u), start=1.0)
    np.testing.assert_allclose(found, exact.y[0], rtol=1e-6)


def test_drive_changes_learning_rates():
    close(learning_gain(np.array([0.0, 0.5, 1.0, 3.0, 1e9]), 1.0), [0, 2 / 3, 1, 1.5, 2], rtol=1e-8)
    reference = Drive(jnp.asarray(0.178), jnp.asarray(0.551))
    lesioned = rates(Drive(jnp.asarray(0.076), jnp.asarray(0.694)), reference)
    z = np.array([0.076 / 0.178, 0.694 / 0.551])
    close(lesioned, 2 * z / (z + 1), rtol=1e-12)
    assert float(lesioned.go) < 1 < float(lesioned.nogo)
    gated = rates(Drive(jnp.asarray(0.076), jnp.asarray(0.694)), reference, gate=0.0)
    assert float(gated.nogo) == 1 and float(gated.go) == float(lesioned.go)


def test_tonic_dopamine_sets_the_balance_of_choice():
    tonic = jnp.asarray([1.0, 20.0, 40.0, 80.0])
    close(balance(tonic, 40.0), np.tanh(np.log(np.asarray(tonic) / 40)), rtol=1e-12)
    close(balance(80.0, 40.0, 0.5), np.tanh(0.5 * np.log(2)), rtol=1e-12)
    assert float(balance(0.0, 40.0)) == -1 and np.isfinite(jax.grad(balance)(0.0, 40.0))
    # What the lesions of learners do is the same law.
    for rho in (-0.4, 0.0, 0.6):
        level = 40 * np.exp(np.arctanh(rho))
        shifted = shift_balance(jnp.asarray(rho), jnp.asarray(0.7))
        close(balance(0.7 * level, 40.0), shifted, rtol=1e-12, atol=1e-14)
    go, nogo = gains(3.0, balance(20.0, 40.0))
    close([go, nogo], [3 * (1 - 0.6), 3 * (1 + 0.6)], rtol=1e-12)


def test_what_counts_as_normal_follows():
    assert float(set_point(40.0, 20.0, 0.0, 7.0)) == 40
    close(set_point(40.0, 20.0, 1e4, 7.0), 20.0, rtol=1e-9)
    close(set_point(40.0, 20.0, 7.0, 7.0, 0.5), 40 * 0.5 ** (0.5 * (1 - np.exp(-1))), rtol=1e-12)
    assert float(set_point(40.0, 20.0, 30.0, 7.0, 0.0)) == 40
    # Supersensitivity: the balance that a loss had tipped comes back.
    before = balance(20.0, 40.0)
    after = balance(20.0, set_point(40.0, 20.0, 14.0, 7.0))
    assert float(before) < float(after) < 0


@pytest.mark.parametrize(
    "refused, told",
    [
        (lambda: balance(-1.0, 40.0), "tonic"),
        (lambda: balance(1.0, 0.0), "set_point"),
        (lambda: set_point(40.0, 20.0, 1.0, 0.0), "tau"),
        (lambda: set_point(40.0, 20.0, 1.0, 7.0, 1.5), "strength"),
        (lambda: learning_gain(1.0, 0.0), "reference"),
        (lambda: Transfer(width=0.0), "width"),
        (lambda: Transfer(opposing=1.2), "opposing"),
        (lambda: adenylate(jnp.arange(2.0), jnp.ones(2), 0.0), "k_pde"),
    ],
)
def test_what_is_out_of_its_domain(refused, told):
    with pytest.raises(ValueError, match=told):
        refused()
