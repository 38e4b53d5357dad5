"""Doses with known consequences."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.dopamine.denervation import burst_gain, shift_balance, tonic_level
from jaxda.dopamine.receptors import remaining_tone
from jaxda.keys import named_keys
from jaxda.lesions._combined import compose
from jaxda.lesions.d1_blockade import D1Blockade
from jaxda.lesions.d2_blockade import D2Blockade
from jaxda.lesions.snc_loss import SNcLoss
from jaxda.lesions.tonic import Tonic
from jaxda.lesions.tonic_gain import TonicGain
from jaxda.models.niv_vigor import NivVigor
from jaxda.models.note_go_nogo import NoteGoNogo
from jaxda.models.opal import OpAL
from jaxda.models.q_learning import QLearning
from jaxda.params import put
from jaxda.rollout import Agent, simulate
from jaxda.tasks.free_operant import FreeOperant
from jaxda.types import Env, Offer

from ..records import one_event


RPE = jnp.asarray([0.7, -0.2])
EVENT = one_event()


# Dopamine in a denervated striatum


def test_bursts_shrink_early():
    # Kinetic model, six spikes at 20 Hz: rise over tonic relative to intact.
    survivors = np.array([0.5, 0.3, 0.2])
    np.testing.assert_allclose(burst_gain(jnp.asarray(survivors)), [0.614, 0.419, 0.305], rtol=0.05)


def test_tonic_dopamine_holds_until_late():
    survivors = np.array([0.5, 0.3, 0.2, 0.1])
    found = tonic_level(jnp.asarray(survivors))
    np.testing.assert_allclose(found, [0.955, 0.902, 0.846, 0.719], rtol=0.03)
    assert (np.asarray(found) > np.asarray(burst_gain(jnp.asarray(survivors)))).all()


@pytest.mark.parametrize("curve", [burst_gain, tonic_level])
def test_nothing_is_lost_at_first_and_nothing_left_at_last(curve):
    assert float(curve(jnp.asarray(1.0))) == pytest.approx(1, abs=1e-15)
    assert float(curve(jnp.asarray(0.0))) == 0
    slope = jax.vmap(jax.grad(curve))(jnp.linspace(0.0, 1.0, 11))
    assert bool(jnp.all(jnp.isfinite(slope) & (slope > 0)))


@pytest.mark.parametrize("rho", [-0.9, -0.3, 0.0, 0.5])
@pytest.mark.parametrize("tone", [0.2, 1.0, 3.0])
def test_balance_shifts_by_the_logarithm_of_tone(rho, tone):
    shifted = shift_balance(jnp.asarray(rho), jnp.asarray(tone))
    assert float(shifted) == pytest.approx(np.tanh(np.arctanh(rho) + np.log(tone)), abs=1e-14)


def test_no_tone_is_all_nogo():
    for rho in (-0.5, 0.0, 0.5):
        at = lambda tone, rho=rho: shift_balance(jnp.asarray(rho), tone)
        assert float(at(jnp.asarray(0.0))) == -1
        assert np.isfinite(float(jax.grad(at)(jnp.asarray(0.0))))


def test_occupancy_by_dopamine_under_an_antagonist():
    # 50 nM dopamine at a K_D of 10 nM.
    theta = jnp.asarray([0.0, 0.65, 0.72, 0.78])
    occupied = 5 / 6 * remaining_tone(theta, 5.0)
    np.testing.assert_allclose(occupied, [0.833, 0.636, 0.583, 0.524], rtol=0, atol=6e-4)
    np.testing.assert_allclose(occupied, 50 / (50 + 10 / (1 - np.asarray(theta))), rtol=1e-14)
    # Far from saturation the antagonist takes its own share.
    assert float(remaining_tone(jnp.asarray(0.65), 0.05)) == pytest.approx(0.35, rel=0.04)


# Lesions


def test_loss_of_cells_in_a_model_with_pathways():
    model = OpAL(alpha_g=0.4, alpha_n=0.3, alpha_c=0.1, rho=0.2)
    cut = SNcLoss(0.7)
    hurt = cut.tissue(model)
    burst, tone = 0.3 * 2.4 / 1.7, 0.3 * 1.048 / 0.348
    assert float(hurt.alpha_g) == pytest.approx(0.4 * burst, rel=1e-12)
    assert float(hurt.rho) == pytest.approx(np.tanh(np.arctanh(0.2) + np.log(tone)), rel=1e-12)
    # Dips, and the critic of the ventral tegmental area, are spared; so is the broadcast.
    assert float(hurt.alpha_n) == 0.3 and float(hurt.alpha_c) == 0.1
    np.testing.assert_array_equal(cut.signal(model, RPE, EVENT), RPE)


def test_loss_of_cells_in_a_model_without_pathways():
    cut, model = SNcLoss(0.5), QLearning()
    np.testing.assert_allclose(cut.signal(model, RPE, EVENT), 0.5 * 2.4 / 1.9 * RPE, rtol=1e-12)
    # Gains and losses shrink alike.
    assert float(cut.signal(model, -RPE, EVENT)[0]) == -float(cut.signal(model, RPE, EVENT)[0])
    assert float(SNcLoss(1.0).signal(model, RPE, EVENT)[0]) == 0


def test_loss_of_cells_slows_and_blunts_vigour():
    cut, model = SNcLoss(0.8), NivVigor()
    assert float(cut.tissue(model).tone) == pytest.approx(0.2 * 1.048 / 0.248, rel=1e-12)
    assert float(cut.signal(model, RPE, EVENT)[0]) == pytest.approx(0.3 * 0.7, rel=1e-12)


def test_two_losses_of_a_half_leave_a_quarter():
    both = compose(SNcLoss(0.5), SNcLoss(0.5))
    assert float(both.dose) == 0.75
    hurt = both.tissue(OpAL(alpha_g=1.0))
    assert float(hurt.alpha_g) == pytest.approx(0.25 * 2.4 / 1.65, rel=1e-12)


def test_tonic_dopamine_moves_the_balance_and_nothing_else():
    model = OpAL(rho=-0.3)
    shifted = Tonic(0.8).tissue(model)
    assert float(shifted.rho) == pytest.approx(np.tanh(np.arctanh(-0.3) + 0.8), rel=1e-12)
    assert float(shifted.alpha_g) == float(model.alpha_g)
    assert float(Tonic(-0.8).tissue(shifted).rho) == pytest.approx(-0.3, rel=1e-12)


@pytest.mark.parametrize("dose", [np.log(0.4), -0.5, 0.7])
def test_latency_changes_by_the_root_of_tonic_dopamine(dose):
    env = Env(n_cues=1, n_items=1, n_actions=1, timed=True)
    offer = Offer(jnp.zeros((), int), None, jnp.ones((), bool))

    def mode(model):
        law = model.policy(model.init(env), offer).latency
        return float(jnp.sqrt(law.cost[0] / law.rate[0]))

    model = NivVigor(r0=0.05, c_v=0.05)
    assert mode(model) == pytest.approx(1.0, rel=1e-12)
    assert mode(Tonic(dose).tissue(model)) == pytest.approx(np.exp(-dose / 2), rel=1e-12)


@pytest.mark.parametrize("tone, slower", [(0.846, 1.087), (0.563, 1.333), (0.25, 2.0)])
def test_latency_at_known_tones(tone, slower):
    model = NivVigor()
    rate = float(Tonic(np.log(tone)).tissue(model).tone / model.tone)
    assert rate**-0.5 == pytest.approx(slower, abs=1e-3)


def test_depletion_costs_most_presses_on_high_ratios():
    # Meals of 10 s dilute low ratios: the fewer presses per meal, the less is lost.
    agent, n = Agent(NivVigor(beta=50.0, c_v=1.0, alpha=0.0, alpha_r=0.0), Tonic()), 16
    keys = named_keys(0, [("press", str(i)) for i in range(2 * n)])
    dose = jnp.repeat(jnp.asarray([0.0, np.log(0.4)]), n)
    # Reward rate at the best latency, presses in half an hour, and the share that is kept.
    for ratio, rate, presses, kept in (
        (1, 9.387228, 174.3, 0.982),
        (4, 7.770020, 629.6, 0.932),
        (16, 3.779171, 1579.8, 0.792),
    ):
        task = FreeOperant(
            schedule="fixed", ratio=ratio, reward=100.0, consumption=10.0, duration=1800.0
        )
        values = {"model.r0": jnp.asarray(rate), "lesion.dose": dose}
        run = lambda t=task, v=values: simulate(
            agent, t, keys, 1650, v, record=lambda e, _: e.valid
        )
        valid = np.asarray(jax.jit(run)())
        assert not valid[-1].any()
        intact, depleted = valid.sum(axis=0).reshape(2, n).mean(axis=1)
        assert intact == pytest.approx(presses, rel=0.01)
        assert depleted / intact == pytest.approx(kept, abs=0.01)


def test_d1_blockade():
    k = 0.35 * 1.05 / (1 + 0.05 * 0.35)
    hurt = D1Blockade(0.65).tissue(OpAL(alpha_g=0.4, gain_go=1.5, alpha_n=0.3))
    assert float(hurt.alpha_g) == pytest.approx(k * 0.4, rel=1e-12)
    assert float(hurt.gain_go) == pytest.approx(k * 1.5, rel=1e-12)
    assert float(hurt.alpha_n) == pytest.approx(0.3, rel=1e-15) and float(hurt.gain_nogo) == 1
    assert float(D1Blockade(1.0).tissue(OpAL()).gain_go) == 0


def test_d2_blockade():
    # At 65 % occupancy dopamine still holds 0.636 of 0.833 receptors.
    k = 0.35 * 6 / (1 + 5 * 0.35)
    assert 5 / 6 * k == pytest.approx(0.636, abs=5e-4)
    hurt = D2Blockade(0.65).tissue(OpAL(alpha_n=0.3, gain_nogo=1.0, alpha_g=0.4))
    assert float(hurt.gain_nogo) == pytest.approx(2 - k, rel=1e-12)
    assert float(hurt.alpha_n) == pytest.approx(1 - 0.7 ** (2 - k), rel=1e-12)
    assert float(hurt.alpha_g) == pytest.approx(0.4, rel=1e-15) and float(hurt.gain_go) == 1
    # However high the dose, a rate stays a rate.
    assert float(D2Blockade(1.0).tissue(NoteGoNogo(alpha_nogo=0.99)).alpha_nogo) < 1


def choice_probabilities(tonic, worth, beta=2.0):
    """Of a softmax agent whose values are `worth`."""
    # Also where no dose of the domain goes.
    gain = put(TonicGain(), {"dose": jnp.log(jnp.asarray(tonic))})
    model = gain.tissue(QLearning(beta=beta))
    env = Env(n_cues=1, n_items=len(worth), n_actions=len(worth))
    state = eqx.tree_at(lambda s: s.q, model.init(env), jnp.asarray(worth))
    offer = Offer(jnp.zeros((), int), None, jnp.ones((), bool))
    return np.asarray(jax.nn.softmax(model.policy(state, offer).logits))


def test_tonic_gain_by_hand():
    p = choice_probabilities(1.0, [1.0, 0.5, 0.0])
    np.testing.assert_allclose(p, [0.665241, 0.244728, 0.090031], rtol=0, atol=1e-6)


def test_tonic_gain_is_blind_to_a_constant_and_uniform_without_dopamine():
    worth = np.array([1.0, 0.5, 0.0])
    for tonic in (0.3, 1.0, 4.0):
        p = choice_probabilities(tonic, worth)
        assert p.sum() == pytest.approx(1, abs=1e-14)
        np.testing.assert_allclose(
            choice_probabilities(tonic, worth + 500.0), p, rtol=0, atol=1e-12
        )
    np.testing.assert_allclose(choice_probabilities(1e-9, worth), 1 / 3, rtol=0, atol=1e-8)
    # Only the product with the inverse temperature matters.
    np.testing.assert_allclose(
        choice_probabilities(2.0, worth), choice_probabilities(1.0, worth, beta=4.0), rtol=1e-12
    )
