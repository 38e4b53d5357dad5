"""Two-step task: stages, transitions, drifting rewards."""

import numpy as np
import pytest

from jaxda.tasks.two_step import TwoStep

from .sessions import events, plans


@pytest.fixture(scope="module")
def session():
    return events(TwoStep(), 400), plans(TwoStep(), 400)


def test_stages_alternate(session):
    e, _ = session
    first, second = slice(0, None, 2), slice(1, None, 2)
    assert not e.terminal[first].any() and e.terminal[second].all()
    assert e.onset[first].all() and not e.onset[second].any()
    assert not e.reward[first].any() and (e.cue[first] == 0).all()
    np.testing.assert_array_equal(e.successor[first], e.cue[second])
    assert set(np.unique(e.cue[second])) == {1, 2}
    np.testing.assert_array_equal(e.options[:, 0], 2 * e.cue)
    np.testing.assert_array_equal(e.options[:, 1], 2 * e.cue + 1)


def test_transitions_are_common_at_the_stated_rate(session):
    e, _ = session
    for action in (0, 1):
        reached = e.cue[1::2][e.action[::2] == action] - 1
        assert (reached == action).mean() == pytest.approx(0.7, abs=0.01)
    sure = events(TwoStep(common=1.0), 40)
    np.testing.assert_array_equal(sure.cue[1::2] - 1, sure.action[::2])


def test_each_item_pays_at_its_own_rate(session):
    e, plan = session
    item = 2 * (e.cue[1::2] - 1) + e.action[1::2]
    due = np.take_along_axis(plan.p[1::2], item[:, None], axis=1)[:, 0]
    won = e.reward[1::2]
    assert (won - due).mean() == pytest.approx(0, abs=0.01)
    assert np.cov(won.ravel(), due.ravel())[0, 1] == pytest.approx(due.var(), rel=0.2)


def test_walks_move_once_per_trial_between_the_walls(session):
    _, plan = session
    np.testing.assert_array_equal(plan.p[::2], plan.p[1::2])
    p = plans(TwoStep(), 4000, n_lanes=50).p[::2]
    assert p.min() >= 0.25 and p.max() <= 0.75
    assert p.mean() == pytest.approx(0.5, abs=0.01)
    assert p.std() == pytest.approx(0.14434, abs=0.005)
    inner = np.diff(p, axis=0)[(p[:-1] > 0.4) & (p[:-1] < 0.6)]
    assert inner.std() == pytest.approx(0.025, rel=0.02)
