"""SARSA: a walk on paper, and Q-learning on trials that end at once."""

import equinox as eqx
import numpy as np
import pytest

from jaxda.models.q_learning import QLearning
from jaxda.models.sarsa import Sarsa
from jaxda.rollout import Agent

from ..records import TWO_ARMS, record, replay, ten_trials
from .walks import TWO_STATES, walk


def test_a_walk_by_hand():
    # Items 2 s + a; alpha .4, gamma .5, q0 = .2. Taken: item 0, then 3 with reward 1, the end.
    # The second step teaches item 0: .2 + .4 * (.5 * .2 - .2) = .16, and item 3: .2 + .4 * .8.
    # Then item 1 with reward .6 goes to state 1, and item 2 ends it with 0:
    # item 1: .2 + .4 * (.6 + .5 * .2 - .2) = .4; item 2: .2 + .4 * (0 - .2) = .12.
    events = walk([0, 1, 0, 1, 0, 1], [0, 1, 1, 0, 0, 0], [0, 1, 0.6, 0, 0, 0], [0, 1, 0, 1, 0, 0])
    seen = replay(Agent(Sarsa(alpha=0.4, gamma=0.5, q0=0.2)), TWO_STATES, events)
    errors = [[0, 0], [-0.1, 0.8], [0, 0], [0.5, -0.2]]
    np.testing.assert_allclose(seen.rpe[:4, :, 0], errors, rtol=0, atol=1e-14)
    q = seen.latents["q"][..., 0]
    np.testing.assert_allclose(q[4], [0.16, 0.4], rtol=0, atol=1e-14)
    np.testing.assert_allclose(q[5], [0.12, 0.52], rtol=0, atol=1e-14)


def test_a_trial_that_broke_off_teaches_nothing_later():
    # The first trial never ends; the second starts over.
    events = walk([0, 0, 1, 0], [0, 1, 1, 0], [1, 0, 1, 0], [0, 0, 1, 0])
    broken = eqx.tree_at(lambda e: e.onset, events, events.onset.at[1].set(True))
    see = lambda e: np.asarray(replay(Agent(Sarsa(q0=0.2)), TWO_STATES, e).rpe[:, 0, 0])
    assert see(broken)[1] == 0 and see(events)[1] != 0


def test_on_trials_that_end_at_once_it_is_q_learning():
    ours, end = ten_trials(Sarsa(alpha=0.3, beta=3.0, q0=0.1))
    theirs, expected = ten_trials(QLearning(alpha_pos=0.3, alpha_neg=0.3, beta=3.0, q0=0.1))
    assert ours == pytest.approx(theirs, abs=1e-13)
    np.testing.assert_allclose(end["q"], expected["q"], rtol=1e-14)
    seen = replay(Agent(Sarsa()), TWO_ARMS, record([0, 1], [1, 0]))
    assert not seen.rpe[:, 0].any() and seen.rpe[:, 1].all()
