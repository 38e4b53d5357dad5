"""Schedules of choices of one's own."""

import numpy as np
import pytest

from jaxda.tasks.schedule import Schedule

from .sessions import events, plans


OWN = (
    ("one", 30, "A", 0.2, (1.0, 0.0, 0.5), (2.0, 1.0, 4.0), 3.0),
    ("one", 30, "B", 0.8, (0.0, 1.0, 0.0), (2.0, -1.0, 4.0), 2.0),
    ("two", 20, "B", None, (0.25, 0.5, 1.0)),
    ("two", 20, "C", None, (0.0, 0.0, 0.0)),
)


@pytest.fixture(scope="module")
def played():
    return events(Schedule(phases=OWN), 60, n_lanes=400)


def test_cues_come_in_their_shares(played):
    task = Schedule(phases=OWN)
    assert task.cues == ("A", "B", "C") and task.n_events == 50
    assert (task.env.n_cues, task.env.n_items, task.env.n_actions) == (3, 9, 3)
    assert (played.cue[:30] == 0).mean() == pytest.approx(0.2, abs=0.015)
    assert set(np.unique(played.cue[:30])) == {0, 1}
    # Past the end the last phase goes on.
    assert set(np.unique(played.cue[30:])) == {1, 2}
    assert (played.cue[30:] == 2).mean() == pytest.approx(0.5, abs=0.02)


def test_items_belong_to_a_cue(played):
    expected = played.cue[:, None] * 3 + np.arange(3)[:, None]
    np.testing.assert_array_equal(played.options, expected)


def test_actions_pay_what_the_rows_say(played):
    here = lambda cue, action, phase: (
        (played.cue == cue) & (played.action == action) & ((np.arange(60) >= 30) == phase)[:, None]
    )
    assert (played.reward[here(0, 0, False)] == 2).all()
    assert not played.reward[here(0, 1, False)].any()
    often = played.reward[here(0, 2, False)]
    assert set(often) == {0.0, 4.0} and often.mean() == pytest.approx(2, abs=0.25)
    assert (played.reward[here(1, 1, False)] == -1).all()
    later = played.reward[here(1, 0, True)]
    assert set(later) == {0.0, 1.0} and later.mean() == pytest.approx(0.25, abs=0.05)
    assert (played.elapsed[:30] == np.where(played.cue[:30] == 0, 3, 2)).all()
    assert (played.elapsed[30:] == 1).all()


def test_the_plan_holds_the_truth():
    plan = plans(Schedule(phases=OWN), 50, n_lanes=5)
    assert plan.phase[:, 0].tolist() == [0] * 30 + [1] * 20
    rows = {(0, 0): OWN[0], (0, 1): OWN[1], (1, 1): OWN[2], (1, 2): OWN[3]}
    for t, lane in [(0, 0), (7, 3), (29, 1), (30, 2), (44, 4)]:
        row = rows[plan.phase[t, lane], plan.cue[t, lane]]
        assert tuple(plan.p[t, :, lane]) == row[4]


def test_a_cue_of_no_share_never_comes():
    rows = (("a", 9, "x", 1.0, (1.0, 0.0)), ("a", 9, "y", 0.0, (0.0, 1.0)))
    task = Schedule(phases=rows)
    assert not plans(task, 500, n_lanes=40).cue.any()
    one = Schedule(phases=rows[:1])
    assert events(one, 20, n_lanes=4).options is None
