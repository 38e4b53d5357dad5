"""Pavlovian trace: one event per bin, the reward on the last."""

import numpy as np
import pytest

from jaxda.tasks.pavlovian_trace import PavlovianTrace

from .sessions import events, plans


def test_each_trial_walks_down_the_delay_line():
    task = PavlovianTrace(delay=4, dt=0.5, reward=2.0, omission=0.0)
    assert task.events_per_trial == 6 and task.env.n_cues == 6 and not task.env.acts
    e = events(task, 12, n_lanes=3)
    line = np.tile(np.arange(6), 2)[:, None]
    np.testing.assert_array_equal(e.cue, np.broadcast_to(line, e.cue.shape))
    last = line == 5
    np.testing.assert_array_equal(e.terminal, np.broadcast_to(last, e.cue.shape))
    np.testing.assert_array_equal(e.reward, np.where(last, 2.0, 0.0) + 0 * e.reward)
    np.testing.assert_array_equal(e.successor[:-1][~e.terminal[:-1]], e.cue[1:][~e.terminal[:-1]])
    np.testing.assert_array_equal(e.onset, e.cue == 0)
    # From the cue to the reward there are `delay` bins.
    assert np.flatnonzero(last.ravel())[0] - np.flatnonzero(e.cue[:, 0] == 1)[0] == 4
    assert (e.elapsed == 0.5).all() and not e.choice.any()


def test_some_rewards_are_left_out():
    task = PavlovianTrace(delay=2, omission=0.1)
    e, plan = events(task, 400, n_lanes=200), plans(task, 400, n_lanes=200)
    paid = e.reward[3::4]
    assert paid.mean() == pytest.approx(0.9, abs=0.01)
    np.testing.assert_array_equal(paid > 0, plan.rewarded[3::4])
    assert not e.reward[[0, 1, 2]].any()
    assert paid[1:][paid[:-1] == 0].mean() == pytest.approx(0.9, abs=0.02)


def test_reward_right_after_the_cue():
    task = PavlovianTrace(delay=0, omission=0.0)
    e = events(task, 4, n_lanes=1)
    assert e.cue[:, 0].tolist() == [0, 1, 0, 1] and e.reward[:, 0].tolist() == [0, 1, 0, 1]
