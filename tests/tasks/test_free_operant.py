"""Free operant: ratios, the time that presses and meals take, the end of the session."""

import numpy as np
import pytest

from jaxda.tasks.free_operant import FreeOperant

from .sessions import events


def test_fixed_ratio_pays_every_nth_press():
    e = events(FreeOperant(ratio=4, reward=3.0, consumption=1.5), 22, n_lanes=3)
    press = np.arange(22)[:, None]
    np.testing.assert_array_equal(e.reward, np.where(press % 4 == 3, 3.0, 0.0) + 0 * e.reward)
    np.testing.assert_array_equal(e.cue, press % 4 + 0 * e.cue)
    np.testing.assert_array_equal(e.successor[:-1], e.cue[1:])
    np.testing.assert_allclose(e.elapsed, e.latency + np.where(e.reward > 0, 1.5, 0.0))
    assert e.valid.all() and e.choice.all() and not e.terminal.any()


def test_random_ratio_pays_one_press_in_n():
    e = events(FreeOperant(schedule="random", ratio=5), 500)
    paid = e.reward > 0
    assert paid.mean() == pytest.approx(0.2, abs=0.01)
    assert paid[1:][paid[:-1]].mean() == pytest.approx(0.2, abs=0.02)
    assert not e.cue.any() and not e.successor.any()


def test_every_press_pays_on_a_ratio_of_one():
    for schedule in ("fixed", "random"):
        e = events(FreeOperant(schedule=schedule, ratio=1), 20, n_lanes=2)
        assert (e.reward == 1).all() and not e.cue.any()


def test_session_ends_when_its_time_is_over():
    task = FreeOperant(ratio=2, consumption=3.0, duration=30.0)
    e = events(task, 60, n_lanes=50)
    pressed = np.cumsum(e.elapsed, axis=0) - np.where(e.reward > 0, 3.0, 0.0)
    np.testing.assert_array_equal(e.valid, pressed <= 30.0)
    assert e.valid[0].any() and not e.valid[-1].any()
    assert len(set(e.valid.sum(axis=0))) > 1
    assert (e.valid[:-1] | ~e.valid[1:]).all()
    # What comes after the end is padding: in range, and never learned from.
    assert (e.cue < 2).all() and (e.latency > 0).all()


def test_a_session_cut_at_its_end_is_the_endless_one_until_then():
    endless = events(FreeOperant(ratio=3), 40)
    ended = events(FreeOperant(ratio=3, duration=20.0), 40)
    np.testing.assert_array_equal(endless.latency[ended.valid], ended.latency[ended.valid])
