"""Sets of stimuli: how often each is shown, what is right, and where blocks begin."""

import numpy as np
import pytest

from jaxda.models.rlwm import RLWM
from jaxda.tasks.set_size import SetSize

from .sessions import events, plans


@pytest.fixture(scope="module")
def session():
    task = SetSize()
    return task, events(task, task.n_events + 40, n_lanes=32, model=RLWM(beta=0.0))


def test_each_stimulus_is_shown_as_often_as_it_should_be(session):
    task, e = session
    assert task.n_events == 51 * 12 and len(task.sizes) == 13
    for lane in range(4):
        begins = np.flatnonzero(e.fresh[: task.n_events, lane])
        sizes = []
        for start, stop in zip(begins, [*begins[1:], task.n_events], strict=True):
            size = e.context[start, lane]
            sizes.append(size)
            assert (e.context[start:stop, lane] == size).all()
            shown = np.bincount(e.cue[start:stop, lane], minlength=6)
            assert (shown == np.where(np.arange(6) < size, 12, 0)).all()
        assert sorted(sizes) == sorted(task.sizes)
        # Then it goes on with the same sizes.
        assert e.fresh[task.n_events, lane]
    assert not (e.context[0] == e.context[0, 0]).all()


def test_one_action_is_right_throughout_a_block(session):
    task, e = session
    block = np.cumsum(e.fresh, axis=0)
    right = {}
    for t in range(task.n_events):
        if e.reward[t, 0] == 1:
            key = (block[t, 0], e.cue[t, 0])
            assert right.setdefault(key, e.action[t, 0]) == e.action[t, 0]
    # Each action is right as often as the others.
    plan = plans(task, 24, n_lanes=2000)
    assert np.bincount(plan.correct[0], minlength=3) / 2000 == pytest.approx(1 / 3, abs=0.04)
    assert e.reward[: task.n_events].mean() == pytest.approx(1 / 3, abs=0.01)


def test_items_and_cues(session):
    _, e = session
    assert (e.options == 3 * e.cue[:, None] + np.arange(3)[:, None]).all()
    assert e.onset.all() and e.feedback.all() and e.fresh[0].all()


def test_every_order_is_as_likely():
    plan = plans(SetSize(sizes=(2,), repeats=2), 4, n_lanes=6000)
    code = np.array([8, 4, 2, 1]) @ plan.stimulus
    counts = np.bincount(code, minlength=16)[[3, 5, 6, 9, 10, 12]]
    assert counts.sum() == 6000
    assert counts / 6000 == pytest.approx(1 / 6, abs=0.02)


def test_a_given_order_is_kept():
    plan = plans(SetSize(sizes=(3, 1, 2), repeats=2, order="given"), 24, n_lanes=2)
    assert plan.size[:, 0].tolist() == ([3] * 6 + [1] * 2 + [2] * 4) * 2
    assert np.flatnonzero(plan.fresh[:, 1]).tolist() == [0, 6, 8, 12, 18, 20]
