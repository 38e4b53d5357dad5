"""Drugs and habituation: what happens to an error by hand."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.lesions._combined import compose
from jaxda.lesions.basal_reward import BasalReward
from jaxda.lesions.drug_reward import DrugReward
from jaxda.lesions.snc_loss import SNcLoss
from jaxda.models.rescorla_wagner import RescorlaWagner
from jaxda.models.td_zero import TDZero
from jaxda.rollout import Agent, learn, policy_of, start
from jaxda.types import Env

from ..records import one_event


MODEL, REWARDED = TDZero(), one_event()


def arrived(lesion, error, event=REWARDED):
    return float(lesion.signal(MODEL, jnp.asarray([error]), event)[0])


@pytest.mark.parametrize(
    "error, expected",
    # Far from 0 the maximum of b + D and D; at 0 the softness shows, tau ln 2.
    [(0.3, 0.35), (-0.5, 0.05), (-20.0, 0.05), (0.0, 0.05 + 0.01 * np.log(2))],
)
def test_the_error_never_falls_below_the_surge(error, expected):
    assert arrived(DrugReward(0.05), error) == pytest.approx(expected, abs=1e-9)


def test_the_surge_is_close_to_the_maximum_and_smooth_in_between():
    errors = jnp.linspace(-2, 2, 4001)
    for dose in (0.006, 0.05, 1.0):
        got = DrugReward(dose).signal(MODEL, errors[None], REWARDED)[0]
        off = np.asarray(got) - np.maximum(errors + dose, dose)
        assert np.abs(off).max() < 0.007, dose
        assert (np.diff(np.asarray(got)) >= 0).all()


def test_without_drug_the_error_is_what_it_was():
    errors = jnp.linspace(-2, 2, 41)[None]
    np.testing.assert_array_equal(DrugReward(0.0).signal(MODEL, errors, REWARDED), errors)
    np.testing.assert_array_equal(BasalReward(0.0).signal(MODEL, errors, REWARDED), errors)


def test_a_small_surge_is_compensated_in_part():
    # At the onset, .002, the share 1 / e of a disappointment gets through.
    assert arrived(DrugReward(0.002), -0.1) == pytest.approx(0.002 - 0.1 / np.e, abs=1e-6)


def test_only_where_the_drug_is_taken():
    empty = one_event(cue=3)
    nothing = jnp.zeros_like(empty.reward)
    unrewarded = type(empty)(**{**vars(empty), "reward": nothing})
    assert arrived(DrugReward(0.05), -0.5, unrewarded) == -0.5
    assert arrived(DrugReward(0.05, cues=(1, 3)), -0.5, unrewarded) == pytest.approx(0.05)
    assert arrived(DrugReward(0.05, cues=(1, 2)), -0.5, empty) == -0.5
    assert arrived(BasalReward(0.05), -0.5, unrewarded) == -0.5


def test_rewards_are_held_against_the_basal_level():
    assert arrived(BasalReward(0.05), 0.7) == pytest.approx(0.65, abs=1e-15)
    assert arrived(BasalReward(0.05), -0.7) == pytest.approx(-0.75, abs=1e-15)


def test_first_the_surge_then_the_level_and_cells_that_are_left_broadcast_it():
    # max(-1 + .05, .05) - .02, and half of the cells: .5 * 2.4 / 1.9.
    parts = (SNcLoss(0.5), BasalReward(0.02), DrugReward(0.05))
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        together = compose(*(parts[i] for i in order))
        assert arrived(together, -1.0) == pytest.approx(0.03 * 1.2 / 1.9, abs=1e-12)


def test_a_value_above_the_reward_still_grows():
    env = Env(n_cues=1, n_items=1, n_actions=1, acts=False)
    agent = Agent(RescorlaWagner(alpha=0.1, w0=2.0), DrugReward(0.05))
    state = start(agent, env)
    state, readout = learn(agent, state, REWARDED, policy_of(agent, state, REWARDED.offer))
    assert float(readout.rpe[0]) == -1.0
    assert float(state.model.weight[0]) == pytest.approx(2.005, abs=1e-12)
    # Of a natural reward it would fall.
    agent = Agent(agent.model)
    state, _ = learn(agent, start(agent, env), REWARDED, policy_of(agent, state, REWARDED.offer))
    assert float(state.model.weight[0]) == pytest.approx(1.9, abs=1e-12)


@pytest.mark.parametrize("lesion", [DrugReward, BasalReward])
def test_doses_out_of_their_domain_are_refused(lesion):
    with pytest.raises(ValueError, match=f"{lesion.__name__}: dose is -0.1; it lies from 0 to 2"):
        lesion(-0.1)
    with pytest.raises(ValueError, match="it lies from 0 to 2"):
        lesion(2.5)


def test_surges_of_two_drugs_add_up_and_keep_their_place():
    both = compose(DrugReward(0.2, cues=(3,)), DrugReward(0.1, cues=(3,)))
    assert float(both.dose) == pytest.approx(0.3, abs=1e-15) and both.cues == (3,)
