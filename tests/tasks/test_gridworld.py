"""Gridworld: moves, walls, the goal, and how long one wanders."""

import numpy as np
import pytest

from jaxda.tasks.gridworld import Gridworld

from .sessions import events


def test_moves_and_walls():
    e = events(Gridworld(size=3, reward=2.0), 2000, n_lanes=8)
    row, column = np.divmod(e.cue, 3)
    down, right = np.array([-1, 0, 1, 0])[e.action], np.array([0, 1, 0, -1])[e.action]
    place = 3 * np.clip(row + down, 0, 2) + np.clip(column + right, 0, 2)
    np.testing.assert_array_equal(e.successor, place)
    np.testing.assert_array_equal(e.terminal, place == 8)
    np.testing.assert_array_equal(e.reward, np.where(place == 8, 2.0, 0.0))
    # The next event is where this one led, or the corner again.
    np.testing.assert_array_equal(e.cue[1:], np.where(e.terminal, 0, place)[:-1])
    np.testing.assert_array_equal(e.onset[1:], e.terminal[:-1])
    assert (e.cue != 8).all() and set(np.unique(e.cue)) == set(range(8))


def test_trials_may_begin_anywhere_but_at_the_goal():
    e = events(Gridworld(size=3, start="anywhere"), 2000, n_lanes=32)
    starts = np.bincount(e.cue[e.onset], minlength=9) / e.onset.sum()
    np.testing.assert_allclose(starts, [1 / 8] * 8 + [0], rtol=0, atol=0.02)


def test_a_random_walk_has_time_for_its_trials():
    task, n = Gridworld(size=3), 25
    e = events(task, task.events_for(n), n_lanes=400)
    found = e.terminal.sum(axis=0)
    assert (found >= n).mean() > 0.99
    # No more than needed: the mean walk takes events_for(n) / n steps and a little less.
    assert found.mean() < 2 * n


def test_the_mean_walk_by_hand():
    # From the corner a = 1 + a / 2 + b / 2, from beside it b = 1 + b / 2 + a / 4: a = 8, b = 6.
    many = 10**8
    assert Gridworld(size=2).events_for(many) / many == pytest.approx(8, rel=1e-2)
