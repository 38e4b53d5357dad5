"""Probabilistic selection: exact feedback, balanced sides, a test without feedback."""

import functools
import itertools

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from scipy.stats import binom

from jaxda.tasks.pst import PST

from ..catalogue import compiled
from .sessions import events, keys, plans, truths


@pytest.fixture(scope="module")
def session():
    task = PST(criterion=())
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
    task = PST(blocks=1, repeats=2, criterion=())
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


# When training stops


def played(task, right, n_lanes=16):
    """Offers and outcomes `[events, ..., lanes]` of those who choose the better item at `right`.

    `right [events, lanes]` says on which trials; the better item is the earlier letter.
    """
    run, n_events = _session(task), task.n_events
    return jax.tree.map(
        np.asarray, run(keys(n_lanes), jnp.broadcast_to(right, (n_events, n_lanes)))
    )


@functools.cache
def _session(task):
    def session(key, right):
        def step(world, at):
            plan, right = at
            offer = task.offer(world, plan)
            first = offer.options[0] < offer.options[1]
            action = jnp.where(first == right, 0, 1)
            world, out = task.outcome(world, plan, offer, action, jnp.ones(()), jnp.zeros((0,)))
            return world, (offer, out)

        return jax.lax.scan(step, task.init(), (task.plan(key, task.n_events), right))[1]

    return compiled(jax.vmap(session, in_axes=(0, 1), out_axes=-1))


def test_a_perfect_chooser_is_tested_after_one_block():
    task = PST()
    offer, out = played(task, True)
    assert out.valid[:150].all() and not out.valid[150:].any()
    assert out.feedback[:60].all() and not out.feedback[60:].any()
    # The same block of training and the same test as without a criterion, one after the other.
    whole, _ = played(PST(criterion=()), True)
    for name in ("cue", "options"):
        there, here = getattr(whole, name), getattr(offer, name)
        np.testing.assert_array_equal(here[:60], there[:60])
        np.testing.assert_array_equal(here[60:150], there[360:])
    # A wrong pair is enough to go on, and one block of the best is enough to stop.
    wrong = np.arange(450)[:, None] < 120
    _, out = played(task, ~wrong)
    assert (out.feedback.sum(axis=0) == 180).all() and (out.valid.sum(axis=0) == 270).all()


def test_each_share_has_to_be_reached_in_one_block():
    task = PST(blocks=3)
    cue = plans(task, 180, n_lanes=16).cue[:120].reshape(2, 60, 16)
    mine = cue == np.arange(3)[:, None, None, None]
    nth = np.cumsum(mine, axis=2)
    for chosen, stops in (
        ((13, 12, 10), True),
        ((12, 12, 10), False),
        ((13, 11, 10), False),
        ((13, 12, 9), False),
        ((20, 20, 9), False),
    ):
        block = (mine & (nth <= np.reshape(chosen, (3, 1, 1, 1)))).any(axis=0)
        # What was right in the block before does not count.
        right = np.concatenate([*block, np.zeros((60 + 90, 16), bool)])
        _, out = played(task, right)
        assert (out.feedback.sum(axis=0) == (60 if stops else 180)).all()
        assert (out.valid.sum(axis=0) == (150 if stops else 270)).all()


def test_who_chooses_at_random_is_trained_for_six_blocks_or_lucky():
    n, task = 3000, PST()
    right = jr.bernoulli(jr.key(0), 0.5, (task.n_events, n))
    _, out = played(task, right, n_lanes=n)
    trained, valid = out.feedback.sum(axis=0), out.valid.sum(axis=0)
    # Chance reaches 13, 12 and 10 of 20 together in one block of fifty.
    luck = np.prod(binom.sf(np.array([12, 11, 9]), 20, 0.5))
    for block in range(1, 6):
        law = (1 - luck) ** (block - 1) * luck
        assert (trained == 60 * block).mean() == pytest.approx(law, abs=4 * np.sqrt(law / n))
    law = (1 - luck) ** 5
    assert (trained == 360).mean() == pytest.approx(law, abs=4 * np.sqrt(law * (1 - law) / n))
    np.testing.assert_array_equal(valid, trained + 90)
    # Not one event is valid past the test, and none before it is not.
    assert (out.valid[:-1] | ~out.valid[1:]).all()
    _, never = played(PST(criterion=(1.0, 1.0, 1.0)), False)
    assert (never.feedback.sum(axis=0) == 360).all() and never.valid.all()


def test_everybody_sees_the_whole_test():
    right = jr.bernoulli(jr.key(1), 0.65, (450, 200))
    offer, out = played(PST(), right, n_lanes=200)
    stops = out.feedback.sum(axis=0)
    assert len({*stops.tolist()}) >= 5
    for lane, stop in enumerate(stops):
        cue, options = offer.cue[stop : stop + 90, lane], offer.options[stop : stop + 90, :, lane]
        assert np.bincount(cue, minlength=15).tolist() == [6] * 15
        low, high = options.min(axis=1), options.max(axis=1)
        assert len({*zip(cue.tolist(), low.tolist(), high.tolist(), strict=True)}) == 15
        assert ((options[:, 0] < options[:, 1]).reshape(90).sum()) == 45
        assert (low < high).all()


@pytest.fixture(scope="module")
def simulated():
    return truths(PST(), 450, n_lanes=400)


def test_where_it_stops_is_the_same_in_the_simulator(simulated):
    e, truth = simulated
    assert set(np.unique(e.feedback.sum(axis=0))) > {360}
    np.testing.assert_array_equal(truth["phase"] == 0, e.feedback)
    np.testing.assert_array_equal(e.valid.sum(axis=0), e.feedback.sum(axis=0) + 90)
    item = np.take_along_axis(e.options, e.action[:, None], axis=1)[:, 0]
    right = ((item % 2 == 0) & e.feedback)[:360].reshape(6, 60, 400)
    mine = e.cue[:360].reshape(6, 60, 400) == np.arange(3)[:, None, None, None]
    count = (right & mine).sum(axis=2)
    enough = (count >= np.reshape([13, 12, 10], (3, 1, 1))).all(axis=0)
    first = np.where(enough.any(axis=0), enough.argmax(axis=0) + 1, 6)
    np.testing.assert_array_equal(e.feedback.sum(axis=0), 60 * first)


def test_the_truth_is_what_pays(simulated):
    for e, truth in (simulated, truths(PST(feedback="bernoulli", blocks=2), 210, n_lanes=400)):
        p = np.array([0.8, 0.2, 0.7, 0.3, 0.6, 0.4])
        np.testing.assert_allclose(truth["p"], p[e.options], rtol=1e-6)
        taken = lambda x, e=e: np.take_along_axis(x, e.action[:, None], axis=1)[:, 0]
        np.testing.assert_array_equal(e.reward, taken(truth["pays"]))
        for level in p:
            mine = (taken(truth["p"]) == level.astype(truth["p"].dtype)) & (truth["phase"] == 0)
            assert e.reward[mine].mean() == pytest.approx(level, abs=0.025)


def test_a_criterion_is_for_three_pairs():
    for wrong in ((0.65,), (0.65, 0.6, 1.5), (0.65, 0.6, float("nan"))):
        with pytest.raises(ValueError, match="criterion"):
            PST(criterion=wrong)
    assert PST(criterion=[0.6, 0.6, 0.4]) == PST(criterion=(0.6, 0.6, 0.4))
