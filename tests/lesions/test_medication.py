"""Levodopa and a D2 agonist in numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.dopamine.kinetics import region, steady_state
from jaxda.lesions._combined import compose
from jaxda.lesions.d2_agonist import D2Agonist
from jaxda.lesions.d2_blockade import D2Blockade
from jaxda.lesions.levodopa import Levodopa, _raised
from jaxda.lesions.snc_loss import SNcLoss
from jaxda.models.niv_vigor import NivVigor
from jaxda.models.opal import OpAL
from jaxda.models.payoff_cost import PayoffCost
from jaxda.models.q_learning import QLearning

from ..records import one_event


EVENT = one_event()
RPE = jnp.asarray([0.5, 0.0, -0.5])


def test_levodopa_at_half_dose_by_hand():
    on = Levodopa(0.5).tissue(OpAL(alpha_g=0.2, alpha_n=0.3, rho=0.0, alpha_c=0.1, beta=2.0))
    # Bursts of 240 for 99 nM, tone of 73.3 for 28.7 nM; half of the way there.
    assert float(on.alpha_g) == pytest.approx(0.2 * (1 + 0.5 * (240 / 99 - 1)), rel=1e-12)
    assert float(on.alpha_n) == pytest.approx(1 - 0.7**0.7, rel=1e-12)
    tone = 1 + 0.5 * (73.3 / 28.7 - 1)
    assert float(on.rho) == pytest.approx(np.tanh(np.log(tone)), rel=1e-12)
    assert float(on.alpha_c) == pytest.approx(0.1) and float(on.beta) == 2
    # Latencies follow the root of the tone that the average reward is felt with.
    assert float(Levodopa(1.0).tissue(NivVigor()).tone) == pytest.approx(73.3 / 28.7, rel=1e-12)


@pytest.mark.parametrize("dose", [0.25, 0.5, 1.0])
def test_tone_under_levodopa_is_that_of_the_kinetics_where_few_terminals_are_left(dose):
    level = lambda p: steady_state(region("ds", "calibrated", survivors=0.1, precursor=p), 4.0)
    kinetic = float(level(1 + 2 * dose) / level(1.0))
    assert float(Levodopa(dose).tissue(NivVigor()).tone) == pytest.approx(kinetic, rel=0.02)


def test_loss_and_levodopa_together_come_near_the_published_states():
    healthy = OpAL(alpha_g=0.2, alpha_n=0.2)
    off = SNcLoss(0.7).tissue(healthy)
    on = compose(SNcLoss(0.7), Levodopa(1.0)).tissue(healthy)
    # Off: Go learns at .4 of its rate. On: Go as before, NoGo at .4, and Go leads at choice.
    assert float(off.alpha_g / 0.2) == pytest.approx(0.4, abs=0.03)
    assert float(off.alpha_n) == pytest.approx(0.2, rel=1e-15) and float(off.rho) < 0
    assert float(on.alpha_g / 0.2) == pytest.approx(1.0, abs=0.03)
    assert float(on.alpha_n / 0.2) == pytest.approx(0.4, abs=0.03)
    assert float(on.rho) > 0.4


def test_levodopa_without_pathways_fills_dips_only():
    arrived = Levodopa(0.5).signal(QLearning(), RPE, EVENT)
    np.testing.assert_allclose(arrived, [0.5, 0.0, -0.35], rtol=1e-15)
    np.testing.assert_array_equal(Levodopa(1.0).signal(OpAL(), RPE, EVENT), RPE)


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.89, 0.9, 0.95, 1.0])
def test_a_raised_rate_stays_a_rate_and_bends_without_a_corner(rate):
    rate, f = jnp.asarray(rate), jnp.asarray(1.7)
    assert float(_raised(rate, jnp.asarray(1.0))) == pytest.approx(float(rate), abs=1e-15)
    # Factors multiply, wherever the bend is.
    twice = _raised(_raised(rate, f), jnp.asarray(1.3))
    assert float(twice) == pytest.approx(float(_raised(rate, 1.3 * f)), abs=1e-12)
    assert float(rate) <= float(twice) <= 1
    slopes = jax.grad(_raised, (0, 1))(rate, f)
    assert all(bool(jnp.isfinite(x)) for x in slopes)


def test_the_bend_by_hand():
    # .5 is raised twofold to 1: past .9 by the change of coordinate, 1 - .01 / (1 - .8).
    assert float(_raised(jnp.asarray(0.5), jnp.asarray(2.0))) == pytest.approx(0.95, rel=1e-12)
    slope = jax.grad(lambda r: _raised(r, jnp.asarray(2.0)))
    # On both sides of the bend, at .45.
    assert float(slope(0.45 - 1e-9)) == pytest.approx(float(slope(0.45 + 1e-9)), rel=1e-6)


def test_d2_agonist_by_hand():
    on = D2Agonist(1.0).tissue(OpAL(alpha_g=0.3, alpha_n=0.3))
    assert float(on.alpha_g) == pytest.approx(0.3, rel=1e-15)
    assert float(on.alpha_n) == pytest.approx(1 - 0.7**0.6, rel=1e-12)
    assert float(on.rho) == pytest.approx(0.2, rel=1e-12)
    # D = .6 for .5, and more on top of a balance that is there.
    payoff = D2Agonist(0.5).tissue(PayoffCost(rho=0.0))
    assert float((1 + payoff.rho) / 2) == pytest.approx(0.55, rel=1e-12)
    both = D2Agonist(1.0).tissue(OpAL(rho=0.4))
    assert float(both.rho) == pytest.approx(np.tanh(np.arctanh(0.4) + np.arctanh(0.2)), rel=1e-12)
    # The agonist is no release: an error arrives as it was sent.
    np.testing.assert_array_equal(D2Agonist(1.0).signal(OpAL(), RPE, EVENT), RPE)


def test_agonist_and_antagonist_work_on_one_rate_in_any_order():
    model = OpAL(alpha_n=0.6)
    there = D2Agonist(0.7).tissue(D2Blockade(0.5).tissue(model))
    back = D2Blockade(0.5).tissue(D2Agonist(0.7).tissue(model))
    assert float(there.alpha_n) == pytest.approx(float(back.alpha_n), rel=1e-12)


@pytest.mark.parametrize("kind", [Levodopa, D2Agonist])
def test_an_impossible_dose_is_refused(kind):
    for dose in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match=r"dose is .* from 0 to 1"):
            kind(dose)
