"""Held-out records reach no fit, are scored with their own history, and each once."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from scipy import stats

from jaxda.catalog import load
from jaxda.fit import crossvalidation as cv
from jaxda.fit.objective import Problem
from jaxda.fit.penalties import CataloguePrior
from jaxda.habits.perseveration import Perseveration
from jaxda.models.q_learning import QLearning
from jaxda.params import free
from jaxda.rollout import Agent, simulate
from jaxda.tasks.bandit import Bandit


TRIALS = 20
# Units 0 and 1 have three sessions and two, unit 2 has one; they do not stand in order.
OWNER = [0, 1, 0, 2, 1, 0]
NAMES = [("a",), ("b",), ("c",)]
log_probs = jax.jit(lambda p, x: p.log_probs(x))


@pytest.fixture(scope="module")
def problem():
    agent = Agent(QLearning(), habits={"p": Perseveration(kappa=0.5)})
    values = {"model.beta": jnp.linspace(1.0, 4.0, 6)}
    events, _ = simulate(agent, Bandit(), jr.split(jr.key(0), 6), TRIALS, values)
    frees = free(agent, ["alpha_pos=alpha_neg", "beta"])
    return Problem(agent, events, jnp.asarray(OWNER), {}, Bandit().env, frees, 3, CataloguePrior())


@pytest.fixture(scope="module")
def predicted(problem):
    return validated(problem, cv.hold_out(problem, share=0.3))


def validated(problem, held_out):
    settings = {"seed": 0, "restarts": 2, "steps": 100, "tolerance": 1e-8}
    return cv.cross_validate(problem, NAMES, held_out, load("solvers", "fisher")(), **settings)


def test_each_record_is_held_out_once(problem):
    held = cv.hold_out(problem, share=0.3)
    assert held.shape == (3, TRIALS, 6)
    times = held.sum(axis=0)
    assert np.all(times[:, [0, 1, 2, 4, 5]] == 1)
    # Of twenty trials the last six.
    assert np.array_equal(times[:, 3], np.arange(TRIALS) >= 14)
    # The third session of unit 0 is alone in its fold; unit 1 has but two.
    assert np.array_equal(held.any(axis=1), [[1, 1, 0, 1, 0, 0], [0, 0, 1, 0, 1, 0], [0] * 5 + [1]])
    two = cv.hold_out_sessions(problem, 2).any(axis=1)
    assert np.array_equal(two, [[1, 1, 0, 0, 0, 1], [0, 0, 1, 0, 1, 0]])
    assert not cv.hold_out_sessions(problem, 1).any()


def test_fits_are_of_what_is_left(problem):
    train = cv.training(problem, cv.hold_out(problem, share=0.3))
    assert list(zip(train.fold.tolist(), train.unit.tolist(), strict=True)) == [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 0),
        (1, 1),
        (2, 0),
    ]
    left = train.problem.records()
    assert left.tolist() == [2 * TRIALS, TRIALS, 14, 2 * TRIALS, TRIALS, 2 * TRIALS]
    x = jnp.broadcast_to(jnp.asarray([0.3, 0.8]), (6, 2))
    each = log_probs(problem, x[:3])
    fitted = np.bincount(np.asarray(train.problem.owner), log_probs(train.problem, x).sum(axis=0))
    assert fitted[0] == pytest.approx(float(each[:, [2, 5]].sum()))
    assert fitted[4] == pytest.approx(float(each[:, 1].sum()))
    assert fitted[2] == pytest.approx(float(each[:14, 3].sum()))


def test_nothing_of_what_is_held_out_reaches_a_fit(problem):
    held = cv.hold_out(problem, share=0.3)
    train = cv.training(problem, held)
    x = jr.normal(jr.key(2), (6, 2))
    before = log_probs(train.problem, x)
    for fold in range(3):
        # Other actions and rewards, there and nowhere else.
        action = jnp.where(held[fold], 1 - problem.events.action, problem.events.action)
        reward = jnp.where(held[fold], 7.0, problem.events.reward)
        where = lambda p: (p.events.action, p.events.reward)
        other = cv.training(eqx.tree_at(where, problem, (action, reward)), held)
        same = train.fold[np.asarray(train.problem.owner)] == fold
        after = log_probs(other.problem, x)
        assert jnp.array_equal(after[:, same], before[:, same])
        assert not jnp.array_equal(after, before)


def test_held_out_records_are_scored_with_the_history_of_their_learner(problem, predicted):
    held = cv.hold_out(problem, share=0.3)
    train = cv.training(problem, held)
    at = load("solvers", "fisher")().minimise(
        train.problem, jnp.zeros((2, 6, 2)), steps=100, tolerance=1e-8
    )
    assert bool(jnp.all(at.converged)) and predicted.converged.all()
    by_fold = {
        (f, u): at.x[0, i] for i, (f, u) in enumerate(zip(train.fold, train.unit, strict=True))
    }
    x = jnp.stack([by_fold[0, u] for u in range(3)])
    expected = log_probs(problem, x)
    assert np.allclose(predicted.log_probs[:, 1], expected[:, 1], atol=1e-4)
    assert np.isnan(predicted.log_probs[:14, 3]).all()
    assert np.allclose(predicted.log_probs[14:, 3], expected[14:, 3], atol=1e-4)
    assert predicted.records.tolist() == [60, 40, 6] and predicted.folds.tolist() == [3, 2, 1]
    assert predicted.log_likelihood[2] == pytest.approx(float(expected[14:, 3].sum()), abs=1e-3)


def test_an_event_cannot_be_held_out_in_the_middle(problem):
    held = np.zeros((1, TRIALS, 6), bool)
    with pytest.raises(ValueError, match="Nothing is held out"):
        validated(problem, held)
    held[0, 3, 2] = True
    with pytest.raises(ValueError, match="end of a session only"):
        cv.training(problem, held)
    with pytest.raises(ValueError, match="share is 1"):
        cv.hold_out_later(problem, 1)


def test_log_likelihoods_of_draws(problem):
    draws = jr.normal(jr.key(1), (2, 3, 3, 2))
    records = cv.pointwise(problem, draws)
    units = cv.pointwise(problem, draws, "unit")
    assert records.shape == (2, 3, 6 * TRIALS) and units.shape == (2, 3, 3)
    assert np.allclose(records[1, 2], log_probs(problem, draws[1, 2]).ravel())
    assert np.allclose(records.sum(axis=-1), units.sum(axis=-1))


def test_loo_of_a_normal_mean_is_near_the_exact_one():
    # Of y with unit variance and a flat prior, y_i is predicted by the mean of the others.
    y = stats.norm.ppf((np.arange(20) + 0.5) / 20)
    n = len(y)
    mean = np.random.default_rng(0).normal(y.mean(), n**-0.5, (4, 1000, 1))
    found = cv.psis_loo(stats.norm.logpdf(y, mean))
    others = (y.sum() - y) / (n - 1)
    exact = stats.norm.logpdf(y, others, np.sqrt(1 + 1 / (n - 1)))
    assert np.allclose(found.elpd, exact, atol=0.02)
    assert found.total == pytest.approx(exact.sum(), abs=0.1)
    assert found.se == pytest.approx(np.sqrt(n) * exact.std(), abs=0.05)
    assert found.unreliable == 0 and found.limit == pytest.approx(0.7)
    # An observation that no draw foresees cannot be left out by weights, and is reported.
    far = cv.psis_loo(stats.norm.logpdf(np.append(y, 30.0), mean + 30 / 21))
    assert far.unreliable >= 1 and far.pareto_k[-1] > far.limit


def test_models_are_compared_by_differences_of_observations():
    scores = {
        "a": np.asarray([-1.0, -2.0, -3.0, np.nan]),
        "b": np.asarray([-2.0, -2.5, -4.5, 0.0]),
    }
    best, other = cv.predictions(scores).to_pylist()
    assert (best["model"], best["n"], best["left_out"]) == ("a", 3, 1)
    assert (best["difference"], best["se_difference"], best["elpd"]) == (0, 0, -6)
    assert other["difference"] == pytest.approx(-3.0)
    # Differences -1, -.5 and -1.5: standard deviation .5.
    assert other["se_difference"] == pytest.approx(0.5 * np.sqrt(3))
    one = cv.predictions({k: v[:1] for k, v in scores.items()}).to_pylist()
    assert one[1]["se_difference"] is None
