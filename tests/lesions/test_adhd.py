"""Transporters, their blocker, and noise: surrogates against the kinetics, and doses by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.dopamine.kinetics import burst, region, steady_state
from jaxda.dopamine.uptake import (
    blocked_burst_area,
    blocked_tonic_level,
    burst_area,
    tonic_level,
)
from jaxda.lesions._combined import compose
from jaxda.lesions.choice_noise import ChoiceNoise
from jaxda.lesions.dat_uptake import DATUptake
from jaxda.lesions.methylphenidate import Methylphenidate
from jaxda.models.niv_vigor import NivVigor
from jaxda.models.opal import OpAL
from jaxda.models.q_learning import QLearning


DORSAL = region("ds")


@jax.jit
def kinetic(factor, occupancy):
    """Area of a burst and tonic level, relative to normal, from the kinetic model."""
    changed = DORSAL.replace(vmax=DORSAL.vmax * factor, occupancy=occupancy)
    both = lambda k: jnp.stack([burst(k).area, steady_state(k, 4.0)])
    normal = DORSAL.replace(vmax=DORSAL.vmax * jnp.ones(()), occupancy=jnp.zeros(()))
    return both(changed) / both(normal)[:, None]


DOSES = np.array([-1.0, -0.5, np.log(0.86), 0.0, np.log(1.14), np.log(1.5), 0.75, 1.0])
OCCUPANCIES = np.array([0.0, 0.12, 0.25, 0.4, 0.5, 0.65, 0.72, 0.8, 0.9])
BOTH = np.array([0.5, 0.72])


@pytest.fixture(scope="module")
def curves():
    """Areas and levels by dose, by occupancy, and by occupancy of more transporters."""
    # In one program: to compile it takes far longer than to run it.
    more = np.full(BOTH.shape, 1.14)
    factor = np.concatenate([np.exp(DOSES), np.ones(OCCUPANCIES.shape), more])
    occupied = np.concatenate([np.zeros(DOSES.shape), OCCUPANCIES, BOTH])
    found = np.asarray(kinetic(jnp.asarray(factor), jnp.asarray(occupied)))
    return np.split(found, [len(DOSES), len(DOSES) + len(OCCUPANCIES)], axis=1)


def test_surrogates_of_transporters_follow_the_kinetics(curves):
    dose, (area, tone) = jnp.asarray(DOSES), curves[0]
    np.testing.assert_allclose(burst_area(dose), area, rtol=0.03)
    np.testing.assert_allclose(tonic_level(dose), tone, rtol=0.011)


def test_surrogates_of_a_blocker_follow_the_kinetics(curves):
    occupancy, (area, tone) = jnp.asarray(OCCUPANCIES), curves[1]
    np.testing.assert_allclose(blocked_burst_area(occupancy), area, rtol=0.01)
    np.testing.assert_allclose(blocked_tonic_level(occupancy), tone, rtol=0.01)


def test_a_blocker_makes_up_for_more_transporters_and_bursts_stand_out_less(curves):
    occupancy, dose, (area, tone) = jnp.asarray(BOTH), jnp.log(1.14), curves[2]
    found = burst_area(dose) * blocked_burst_area(occupancy)
    np.testing.assert_allclose(found, area, rtol=0.04)
    # With half of the transporters occupied the area is back, and the level far above.
    assert float(area[0]) == pytest.approx(0.97, abs=0.02)
    assert float(tone[0]) == pytest.approx(1.46, abs=0.03)
    found = tonic_level(dose) * blocked_tonic_level(occupancy)
    np.testing.assert_allclose(found, tone, rtol=0.04)


@pytest.mark.parametrize("curve", [blocked_burst_area, blocked_tonic_level])
def test_a_blocker_has_a_finite_effect_however_high_the_dose(curve):
    slope = jax.vmap(jax.grad(curve))(jnp.linspace(0.0, 1.0, 11))
    assert bool(jnp.all(jnp.isfinite(slope) & (slope >= 0)))
    assert float(curve(jnp.asarray(0.0))) == 1


def test_uptake_by_hand():
    # exp(-.5 (1.229 + .098 / 2)) and exp(-.5 (.913 - .058 / 2)).
    hurt = DATUptake(0.5).tissue(QLearning(alpha_pos=0.1, alpha_neg=0.2))
    assert float(hurt.alpha_pos) == pytest.approx(1 - 0.9**0.527820, rel=1e-5)
    assert float(hurt.alpha_neg) == pytest.approx(1 - 0.8**0.527820, rel=1e-5)
    assert float(DATUptake(0.5).tissue(NivVigor(tone=1.0)).tone) == pytest.approx(
        0.642750, rel=1e-5
    )
    # Fewer transporters: more is learned.
    assert float(DATUptake(-0.5).tissue(QLearning(alpha_pos=0.1)).alpha_pos) > 0.15


def test_a_blocker_by_hand():
    # x = .5 / .505: 1 + .1623 x^2 / (x + .451), and 1 + x (.46 + .242 * 2.76 / (x + 2.76)).
    hurt = Methylphenidate(0.5).tissue(QLearning(alpha_pos=0.1))
    assert float(hurt.alpha_pos) == pytest.approx(1 - 0.9**1.110403, rel=1e-5)
    tone = 1.631789
    assert float(Methylphenidate(0.5).tissue(NivVigor(tone=1.0)).tone) == pytest.approx(
        tone, rel=1e-5
    )
    shifted = Methylphenidate(0.5).tissue(OpAL(rho=0.2)).rho
    assert float(shifted) == pytest.approx(np.tanh(np.arctanh(0.2) + np.log(tone)), rel=1e-5)
    # A rate stays a rate.
    assert float(Methylphenidate(1.0).tissue(QLearning(alpha_pos=0.5)).alpha_pos) < 1


def test_treatment_restores_the_rate():
    model = QLearning(alpha_pos=0.1)
    ill, treated = DATUptake(np.log(1.14)), Methylphenidate(0.5)
    untreated = float(ill.tissue(model).alpha_pos)
    assert untreated == pytest.approx(0.0855, abs=1e-3)
    restored = float(compose(ill, treated).tissue(model).alpha_pos)
    assert untreated < restored and restored == pytest.approx(0.1, rel=0.06)


def test_noise_by_hand():
    model = QLearning(beta=5.0, alpha_pos=0.3)
    noisy = ChoiceNoise(-np.log(0.7)).tissue(model)
    assert float(noisy.beta) == pytest.approx(3.5, rel=1e-12)
    assert float(noisy.alpha_pos) == float(model.alpha_pos)


def test_doses_out_of_their_domain_are_refused():
    with pytest.raises(ValueError, match=r"DATUptake: dose is 1\.5; it lies from -1 to 1"):
        DATUptake(1.5)
    with pytest.raises(ValueError, match=r"Methylphenidate: dose is 1\.1; it lies from 0 to 1"):
        Methylphenidate(1.1)
