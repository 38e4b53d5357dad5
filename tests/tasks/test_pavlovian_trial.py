"""Pavlovian trials: the same sessions as the trace task, an event each."""

import numpy as np
import pytest

from jaxda.tasks.pavlovian_trace import PavlovianTrace
from jaxda.tasks.pavlovian_trial import PavlovianTrial

from .sessions import events


def test_tells_the_sessions_of_the_trace_task():
    given = {"delay": 3, "dt": 0.5, "omission": 0.2, "reward": 2.0, "tail": 1}
    given |= {"unpredicted": 0.2, "early": 2, "early_rate": 0.3}
    trials = events(PavlovianTrial(**given), 100, n_lanes=20)
    bins = events(PavlovianTrace(**given), 600, n_lanes=20)
    split = lambda x: x.reshape(100, 6, 20)
    np.testing.assert_array_equal(trials.reward, split(bins.reward).sum(axis=1))
    np.testing.assert_array_equal(trials.cue, split(bins.cue).any(axis=1))
    # When the reward came, in seconds since the cue; bin 0 ends with the cue.
    paid = trials.reward > 0
    when = split(bins.reward).argmax(axis=1) * 0.5
    np.testing.assert_allclose(trials.elapsed[paid], when[paid])
    assert set(trials.elapsed[~paid]) == {2.0} and set(trials.elapsed[paid]) == {1.0, 2.0}
    assert trials.terminal.all() and trials.onset.all()


def test_defaults():
    task = PavlovianTrial()
    e = events(task, 200, n_lanes=100)
    assert task.env.n_cues == 12 and e.cue.all()
    np.testing.assert_allclose(e.elapsed, 2.2)
    assert (e.reward == 1).mean() == pytest.approx(0.9, abs=0.01)
