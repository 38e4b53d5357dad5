"""Effort: a cost, then a payoff, and a test without feedback."""

import numpy as np

from jaxda.tasks.effort import Effort

from .sessions import events


def test_cost_then_payoff_of_what_was_taken():
    task = Effort(pellets=(0.7, 2.0), chow=(0.1, 0.5), training=30)
    e = events(task, 100, n_lanes=16)
    item = np.take_along_axis(e.options, e.action[:, None], axis=1)[:, 0]
    choosing, consuming = item[::2], item[1::2]
    assert (choosing == consuming).all()
    # Nothing is left to choose when consuming.
    assert (e.options[1::2, 0] == e.options[1::2, 1]).all()
    np.testing.assert_array_equal(e.reward[::2], np.where(choosing == 0, -0.7, -0.1))
    np.testing.assert_array_equal(e.reward[1::2], np.where(choosing == 0, 2.0, 0.5))
    assert e.onset[::2].all() and not e.onset[1::2].any()
    assert e.terminal[1::2].all() and not e.terminal[::2].any()
    assert (e.cue[1::2] == 1).all() and (e.successor[::2] == 1).all()


def test_training_shows_each_food_and_both_and_the_test_both():
    e = events(Effort(training=30), 100, n_lanes=16)
    offered = e.options[::2]
    sort = np.where(offered[:, 0] == offered[:, 1], offered[:, 0], 2)
    thirds = np.sort(sort[:30].reshape(10, 3, 16), axis=1)
    assert (thirds == np.arange(3)[:, None]).all()
    assert (sort[30:] == 2).all()
    assert e.feedback[:60].all() and not e.feedback[60:].any()
    assert not np.array_equal(sort[:30, 0], sort[:30, 1])
