"""Prefrontal dopamine off its optimum, and transients that nothing has caused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.lesions._combined import compose
from jaxda.lesions.aberrant_salience import AberrantSalience
from jaxda.lesions.prefrontal_dopamine import PrefrontalDopamine
from jaxda.lesions.snc_loss import SNcLoss
from jaxda.models.q_learning import QLearning
from jaxda.models.rescorla_wagner import RescorlaWagner
from jaxda.models.rlwm import RLWM
from jaxda.rollout import Agent

from ..records import one_event


EVENT = one_event()
RPE = jnp.asarray([0.7])


@pytest.mark.parametrize(
    "share, omega", [(0.25, 0.141), (0.5, 0.612), (1, 1), (2, 0.612), (4, 0.141)]
)
def test_inverted_u(share, omega):
    cut = PrefrontalDopamine(np.log(share))
    assert float(cut.omega()) == pytest.approx(omega, abs=1e-3)
    hurt = cut.tissue(RLWM(rho_wm=0.8, phi=0.01))
    assert float(hurt.rho_wm) == pytest.approx(0.8 * omega, abs=1e-3)
    # Rates that stay small are divided by omega.
    exact = float(cut.omega())
    assert float(hurt.phi) == pytest.approx(0.01 / exact, rel=0.04)
    assert float(hurt.phi) == pytest.approx(1 - 0.99 ** (1 / exact), rel=1e-12)


def test_decay_of_memory_stays_a_rate_however_far_from_the_optimum():
    for dose in (-2.5, 2.5):
        hurt = PrefrontalDopamine(dose).tissue(RLWM(phi=0.9))
        assert 0.9 < float(hurt.phi) <= 1
        assert 0 < float(hurt.rho_wm) < 0.01
        slope = jax.grad(lambda d: PrefrontalDopamine(d).tissue(RLWM(phi=0.9)).phi)(dose)
        assert np.isfinite(float(slope))


def test_prefrontal_doses_on_both_sides_cancel():
    model = RLWM(rho_wm=0.8, phi=0.3, alpha=0.07)
    both = compose(PrefrontalDopamine(-0.6), PrefrontalDopamine(0.6))
    assert float(both.dose) == 0
    assert float(both.tissue(model).rho_wm) == 0.8
    # What is not memory is left alone, and so is the broadcast.
    hurt = PrefrontalDopamine(1.0).tissue(model)
    assert float(hurt.alpha) == float(model.alpha) and float(hurt.capacity) == 3
    np.testing.assert_array_equal(PrefrontalDopamine(1.0).signal(model, RPE, EVENT), RPE)


def test_prefrontal_dopamine_needs_a_memory():
    with pytest.raises(ValueError, match="wm_weight"):
        Agent(QLearning(), PrefrontalDopamine(0.5))


def test_transients_add_their_mean():
    model = RescorlaWagner()
    cut = AberrantSalience(0.3, size=2.0)
    np.testing.assert_allclose(cut.signal(model, RPE, EVENT), [1.3], rtol=1e-14)
    # Blunted to a half at a dose of 1: sqrt(.5) at .5.
    blunted = AberrantSalience(0.5, gain=0.5)
    np.testing.assert_allclose(
        blunted.signal(model, RPE, EVENT), [0.7 * np.sqrt(0.5) + 0.5], rtol=1e-14
    )
    assert float(AberrantSalience(0.0, gain=0.5).signal(model, RPE, EVENT)[0]) == 0.7


def test_a_stimulus_that_predicts_nothing_settles_where_transients_and_error_cancel():
    # delta + dose * size = 0 at delta = -V.
    cut, value = AberrantSalience(0.3), 0.0
    for _ in range(400):
        value += 0.1 * float(cut.signal(RescorlaWagner(), jnp.asarray([0.0 - value]), EVENT)[0])
    assert value == pytest.approx(0.3, abs=1e-12)


def test_a_loss_of_cells_also_takes_their_transients():
    both = compose(SNcLoss(0.5), AberrantSalience(0.2))
    # Burst size at one half is .5 * 2.4 / 1.9.
    np.testing.assert_allclose(
        both.signal(QLearning(), RPE, EVENT), [(0.7 + 0.2) * 0.5 * 2.4 / 1.9], rtol=1e-12
    )


def test_a_gain_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"gain is 1\.5; it lies from 0 to 1"):
        AberrantSalience(0.1, gain=1.5)
