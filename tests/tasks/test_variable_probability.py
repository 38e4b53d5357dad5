"""Variable probability: a line of states for each cue, and its odds."""

import numpy as np
import pytest

from jaxda.tasks.variable_probability import VariableProbability

from .sessions import events


def test_each_cue_has_a_line_of_its_own():
    task = VariableProbability(probabilities=(0.0, 1.0), delay=2, dt=0.5, reward=3.0)
    assert task.events_per_trial == 4 and task.env.n_cues == 7
    assert task.env.stimuli == (-1, 0, -1, -1, 1, -1, -1)
    e = events(task, 400, n_lanes=4)
    trials = e.cue.reshape(100, 4, 4).transpose(0, 2, 1).reshape(-1, 4)
    assert {tuple(t) for t in trials.tolist()} == {(0, 1, 2, 3), (0, 4, 5, 6)}
    np.testing.assert_array_equal(e.reward, np.where(e.cue == 6, 3.0, 0.0))
    np.testing.assert_array_equal(e.terminal, np.isin(e.cue, (3, 6)))
    np.testing.assert_array_equal(e.successor[:-1], e.cue[1:])
    np.testing.assert_array_equal(e.onset, e.cue == 0)
    assert (e.elapsed == 0.5).all()


def test_odds():
    task = VariableProbability(delay=1)
    e = events(task, 900, n_lanes=200)
    last = e.cue[2::3]
    for c, p in enumerate(task.probabilities):
        here = last == 2 + 2 * c
        assert here.mean() == pytest.approx(1 / 3, abs=0.01)
        assert e.reward[2::3][here].mean() == pytest.approx(p, abs=0.01)
    assert not e.reward[np.arange(900) % 3 < 2].any()
