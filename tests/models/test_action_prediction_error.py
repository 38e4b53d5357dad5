"""Action prediction errors: by hand, as a choice kernel, and deaf to reward."""

import numpy as np
import pytest

from jaxda.habits.choice_kernel import ChoiceKernel
from jaxda.models.action_prediction_error import ActionPredictionError
from jaxda.models.q_learning import QLearning
from jaxda.rollout import Agent
from jaxda.types import Env

from ..records import CHOICES, REWARDS, TWO_ARMS, record, replay, ten_trials


def test_two_trials_by_hand():
    # Items 2 and 0 on offer, 2 is taken: errors (1, 0), A2 = .4. Then 1 and 2, and 1 is taken:
    # errors (1, -.4), A1 = .4, A2 = .4 - .16 = .24.
    env = Env(n_cues=1, n_items=3, n_actions=2)
    events = record([0, 0, 0], [0, 0, 0], options=np.array([[2, 0], [1, 2], [1, 2]]))
    seen = replay(Agent(ActionPredictionError(alpha=0.4)), env, events)
    np.testing.assert_allclose(seen.rpe[:2, :, 0], [[1, 0], [1, -0.4]], rtol=0, atol=1e-14)
    np.testing.assert_allclose(seen.latents["strength"][2, :, 0], [0.4, 0.24], rtol=0, atol=1e-14)


def test_it_is_a_choice_kernel_without_values():
    ours, _ = ten_trials(ActionPredictionError(alpha=0.2, beta=1.5))
    nothing = QLearning(alpha_pos=0.0, alpha_neg=0.0)
    theirs, _ = ten_trials(nothing, {"choice_kernel": ChoiceKernel(alpha_k=0.2, beta_k=1.5)})
    assert ours == pytest.approx(theirs, abs=1e-13)


def test_rewards_are_not_heard():
    see = lambda rewards: replay(Agent(ActionPredictionError()), TWO_ARMS, record(CHOICES, rewards))
    one, other = see(REWARDS), see(5.0 - 3.0 * np.array(REWARDS))
    np.testing.assert_array_equal(one.policy.logits, other.policy.logits)
    np.testing.assert_array_equal(one.rpe, other.rpe)
