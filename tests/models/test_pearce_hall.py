"""Pearce-Hall: two trials on paper, a golden record, and Q-learning as the special case."""

import numpy as np
import pytest

from jaxda.models.pearce_hall import PearceHall
from jaxda.models.q_learning import QLearning
from jaxda.rollout import Agent

from ..records import TWO_ARMS, record, replay, ten_trials


def test_two_trials_by_hand():
    # Item 0 pays 1, then 0. delta 1: Q = .5 * 1 * 1 = .5, A = .4 * 1 + .6 * 1 = 1.
    # delta -.5: Q = .5 - .5 * 1 * .5 = .25, A = .4 * .5 + .6 * 1 = .8.
    agent = Agent(PearceHall(k=0.5, eta=0.4, beta=2.0))
    seen = replay(agent, TWO_ARMS, record([0, 0, 0], [1, 0, 0])).latents
    np.testing.assert_allclose(seen["q"][:, 0, 0], [0, 0.5, 0.25], atol=1e-14)
    np.testing.assert_allclose(seen["associability"][:, 0, 0], [1, 1, 0.8], atol=1e-14)


def test_golden_record():
    logp, end = ten_trials(PearceHall(k=0.5, eta=0.4, beta=3.0, a0=1.0))
    assert logp == pytest.approx(-7.4984570160, abs=1e-8)
    np.testing.assert_allclose(end["associability"], [0.6112248, 0.688], atol=1e-8)


def test_without_change_of_associability_it_is_q_learning():
    ours, _ = ten_trials(PearceHall(k=0.3, eta=0.0, beta=3.0, a0=0.5))
    theirs, _ = ten_trials(QLearning(alpha_pos=0.15, alpha_neg=0.15, beta=3.0, q0=0.0))
    assert ours == pytest.approx(theirs, abs=1e-12)
