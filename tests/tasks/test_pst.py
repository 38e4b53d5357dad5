"""Probabilistic selection: exact feedback, balanced sides, a test without feedback."""

import itertools

import numpy as np
import pytest

from jaxda.tasks.pst import PST

from .sessions import events, plans


@pytest.fixture(scope="module")
def session():
    task = PST()
    return task, events(task, task.n_events, n_lanes=32)


def test_each_block_pays_exactly_as_often_as_it_should(session):
    task, e = session
    assert task.n_training == 360 and task.n_events == 450
    item = np.take_along_axis(e.options, e.action[:, None], axis=1)[:, 0]
    for block in range(6):
        at = slice(60 * block, 60 * (block + 1))
        cue, won, taken = e.cue[at], e.reward[at], item[at]
        for pair, good in enumerate((16, 14, 12)):
            mine = cue == pair
            assert (mine.sum(axis=0) == 20).all()
            # Feedback is yoked: whichever was taken, the good item would have paid this often.
            first_pays = np.where(taken == 2 * pair, won, 1 - won)
            assert ((first_pays * mine).sum(axis=0) == good).all()


def test_sides_are_balanced_and_orders_differ(session):
    _, e = session
    left = e.options[:360, 0]
    for pair in range(3):
        mine = e.cue[:360] == pair
        assert ((left == 2 * pair) & mine).sum(axis=0).tolist() == [60] * 32
    assert not np.array_equal(e.cue[:60, 0], e.cue[60:120, 0])
    assert not np.array_equal(e.cue[:60, 0], e.cue[:60, 1])


def test_training_shows_trained_pairs_only(session):
    _, e = session
    pairs = np.sort(e.options[:360], axis=1)
    np.testing.assert_array_equal(pairs[:, 0], 2 * e.cue[:360])
    np.testing.assert_array_equal(pairs[:, 1], 2 * e.cue[:360] + 1)
    assert e.feedback[:360].all()


def test_test_shows_every_pair_without_feedback(session):
    _, e = session
    assert not e.feedback[360:].any() and not e.reward[360:].any()
    shown = np.sort(e.options[360:], axis=1)
    codes = set()
    for low, high in itertools.combinations(range(6), 2):
        mine = (shown[:, 0] == low) & (shown[:, 1] == high)
        assert (mine.sum(axis=0) == 6).all()
        assert (((e.options[360:, 0] == low) & mine).sum(axis=0) == 3).all()
        (code,) = np.unique(e.cue[360:][mine])
        codes.add(int(code))
    assert codes == set(range(15))


def test_test_goes_on_for_as_long_as_it_is_asked_to():
    task = PST(blocks=1, repeats=2)
    plan = plans(task, 60 + 3 * 30, n_lanes=8)
    assert plan.shown[:60].all() and not plan.shown[60:].any()
    for cycle in range(3):
        cue = plan.cue[60 + 30 * cycle : 60 + 30 * (cycle + 1)]
        assert (np.sort(cue, axis=0) == np.repeat(np.arange(15), 2)[:, None]).all()
    few = plans(task, 17, n_lanes=8)
    assert few.cue.shape == (17, 8) and few.shown.all()
    assert not plans(PST(blocks=0), 90, n_lanes=8).shown.any()


def test_an_odd_number_of_repeats_favours_no_side():
    plan = plans(PST(blocks=0, repeats=1), 15, n_lanes=400)
    assert (plan.options[:, 0] < plan.options[:, 1]).mean() == pytest.approx(0.5, abs=0.03)


def test_independent_feedback():
    task = PST(feedback="bernoulli")
    plan = plans(task, 360, n_lanes=200)
    for item, p in enumerate((0.8, 0.2, 0.7, 0.3, 0.6, 0.4)):
        paid = plan.pays[plan.options == item]
        assert paid.mean() == pytest.approx(p, abs=0.015)
    a = np.where(plan.options[:, 0] == 0, plan.pays[:, 0], plan.pays[:, 1])
    b = np.where(plan.options[:, 0] == 1, plan.pays[:, 0], plan.pays[:, 1])
    mine = plan.cue == 0
    assert np.corrcoef(a[mine], b[mine])[0, 1] == pytest.approx(0, abs=0.02)
    wins = (plan.pays[:60] & (plan.options[:60] == 0)).sum(axis=(0, 1))
    assert wins.std() > 1
