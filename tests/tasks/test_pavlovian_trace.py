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


def test_random_intervals_have_the_same_hazard_in_each_bin():
    task = PavlovianTrace(delay=2, iti=5, omission=0.0)
    assert task.events_per_trial is None
    n = task.events_for(200)
    e = events(task, n, n_lanes=200)
    # Enough events for the trials in every session, and not many more.
    assert e.onset.sum(axis=0).min() > 200 and n < 2 * 200 * 8
    assert not e.terminal.any()
    inside = e.cue == 0
    leaves = e.successor[inside] == 1
    assert leaves.mean() == pytest.approx(1 / 5, abs=0.005)
    assert e.successor[inside].max() == 1
    # The first bin of an interval, and any other.
    for first in (True, False):
        assert leaves[e.onset[inside] == first].mean() == pytest.approx(1 / 5, abs=0.005)
    np.testing.assert_array_equal(e.successor[:-1], e.cue[1:])
    np.testing.assert_array_equal(e.reward > 0, e.cue == 3)


def test_fixed_intervals():
    task = PavlovianTrace(delay=1, iti=3, interval="fixed", tail=2, omission=0.0)
    assert task.events_per_trial == 7 and task.events_for(4) == 28
    e = events(task, 14, n_lanes=1)
    assert e.cue[:, 0].tolist() == [0, 0, 0, 1, 2, 3, 4] * 2
    assert e.successor[:, 0].tolist() == [0, 0, 1, 2, 3, 4, 0] * 2
    assert e.onset[:, 0].tolist() == [True, *[False] * 6] * 2 and not e.terminal.any()
    # The reward comes where it did without a tail.
    assert e.reward[:, 0].tolist() == [0, 0, 0, 0, 1, 0, 0] * 2


def test_every_sort_of_trial():
    task = PavlovianTrace(
        delay=3, tail=1, omission=0.1, unpredicted=0.2, early=2, early_rate=0.3, reset=True
    )
    e = events(task, 200 * 6, n_lanes=100)
    tell = lambda x: np.moveaxis(x.reshape(200, 6, 100), 1, -1).reshape(-1, 6)
    cue, reward, successor, terminal = map(tell, (e.cue, e.reward, e.successor, e.terminal))
    sorts = {
        "usual": ([0, 1, 2, 3, 4, 5], [0, 0, 0, 0, 1, 0], 0.4),
        "left out": ([0, 1, 2, 3, 4, 5], [0] * 6, 0.1),
        "no cue": ([0] * 6, [0, 0, 0, 0, 1, 0], 0.2),
        "early": ([0, 1, 2, 0, 0, 0], [0, 0, 1, 0, 0, 0], 0.3),
    }
    seen = 0
    for states, rewards, share in sorts.values():
        here = (cue == states).all(axis=1) & (reward == rewards).all(axis=1)
        assert here.mean() == pytest.approx(share, abs=0.015)
        seen += here.sum()
        assert (successor[here] == [*states[1:], 0]).all()
    assert seen == len(cue) and (terminal == (np.arange(6) == 5)).all()


def test_a_line_that_runs_on_after_an_early_reward():
    task = PavlovianTrace(delay=3, omission=0.0, early=1, early_rate=1.0)
    e = events(task, 5, n_lanes=1)
    assert e.cue[:, 0].tolist() == [0, 1, 2, 3, 4] and e.reward[:, 0].tolist() == [0, 0, 0, 1, 0]


def test_the_cue_comes_on_in_state_1():
    assert PavlovianTrace(delay=1, tail=1).env.stimuli == (-1, 0, -1, -1)
