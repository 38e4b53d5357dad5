"""Expected SARSA: an error on paper, and the two models that it lies between."""

import math

import numpy as np
import pytest

from jaxda.models.expected_sarsa import ExpectedSarsa
from jaxda.models.q_learning import QLearning
from jaxda.rollout import Agent

from ..records import replay, ten_trials
from .walks import TWO_STATES, walk


WALK = walk([0, 1, 0, 1, 0], [0, 1, 0, 0, 0], [0, 1, 0, 0.5, 0], [0, 1, 0, 1, 0])


def test_an_error_by_hand():
    # Item 3 has learned .5 from a reward of 1 and item 2 is at 0; at beta = 2 log 4 it is taken
    # with probability .8, so that what lies ahead of item 0 is worth .9 * .8 * .5.
    model = ExpectedSarsa(alpha=0.5, gamma=0.9, beta=2 * math.log(4), q0=0.0)
    seen = replay(Agent(model), TWO_STATES, WALK)
    np.testing.assert_allclose(seen.rpe[:3, 0, 0], [0, 1, 0.36], rtol=0, atol=1e-14)


def test_a_greedy_policy_makes_it_q_learning():
    see = lambda model: np.asarray(replay(Agent(model), TWO_STATES, WALK).rpe)
    values = {"gamma": 0.9, "beta": 1e4, "q0": 0.0}
    theirs = see(QLearning(alpha_pos=0.5, alpha_neg=0.5, **values))
    np.testing.assert_allclose(see(ExpectedSarsa(alpha=0.5, **values)), theirs, atol=1e-12)


def test_on_trials_that_end_at_once_it_is_q_learning():
    ours, _ = ten_trials(ExpectedSarsa(alpha=0.3, beta=3.0, q0=0.1))
    theirs, _ = ten_trials(QLearning(alpha_pos=0.3, alpha_neg=0.3, beta=3.0, q0=0.1))
    assert ours == pytest.approx(theirs, abs=1e-13)
