"""Fisher scoring: as a rule of Optax by hand, and against other solvers."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import pytest

from jaxda.catalog import load
from jaxda.fit.estimate import starting_points
from jaxda.fit.objective import Problem
from jaxda.fit.scoring import fisher_scoring, solve
from jaxda.fit.slots import sweep
from jaxda.models.q_learning import QLearning
from jaxda.params import free
from jaxda.platform import shapes
from jaxda.rollout import Agent, simulate
from jaxda.tasks.bandit import Bandit


UNITS, TRIALS = 6, 60


@pytest.fixture(scope="module")
def problem():
    agent = Agent(QLearning())
    frees = free(agent, ["alpha_pos=alpha_neg", "beta"])
    beta = jnp.linspace(1.0, 5.0, 2 * UNITS)
    keys = jr.split(jr.key(0), 2 * UNITS)
    events, _ = simulate(agent, Bandit(), keys, TRIALS, {"model.beta": beta})
    # Units of one, two and three sessions, which lie apart.
    owner = jnp.asarray([0, 1, 2, 3, 4, 5, 1, 2, 2, 4, 5, 5])
    return Problem(agent, events, owner, {}, Bandit().env, frees, UNITS)


def test_a_step_solves_the_damped_system():
    root = np.random.default_rng(0).normal(size=(3, 5, 4))
    fisher = np.einsum("ikl,jkl->ijl", root, root)
    grad = np.asarray([[1.0, 2, 3, 4], [0, -1, 1, 0], [2, 2, -2, 5]])
    step = np.asarray(solve(jnp.asarray(fisher), jnp.asarray(grad), 0.3))
    for lane in range(4):
        damped = fisher[..., lane] + 0.3 * (np.eye(3) + np.diag(np.diag(fisher[..., lane])))
        np.testing.assert_allclose(
            step[:, lane], np.linalg.solve(damped, grad[:, lane]), rtol=1e-10
        )


def test_of_a_quadratic_it_goes_to_the_minimum():
    # f(x) = (x - 3)^2, so the information is 2 and an undamped step arrives at once.
    rule = fisher_scoring(damping=1e-9)
    x = jnp.asarray([2.0])
    state = rule.init(x)
    for _ in range(2):
        grad = 2 * (x - 3)
        updates, state = rule.update(
            grad, state, x, value=jnp.sum((x - 3) ** 2), fisher=2 * jnp.ones((1, 1))
        )
        x = optax.apply_updates(x, updates)
    assert float(x[0]) == pytest.approx(3.0, abs=1e-7)
    assert float(state.decrement) < 1e-7


def test_a_step_that_does_not_descend_is_taken_back_and_shortened():
    # The information says 0.1 where the curvature is 2: the first step goes far beyond.
    rule = fisher_scoring(damping=1e-3)
    x = jnp.asarray([0.5])
    state = rule.init(x)
    seen = []
    for _ in range(60):
        value, grad = jnp.sum(x**2), 2 * x
        updates, state = rule.update(grad, state, x, value=value, fisher=0.1 * jnp.ones((1, 1)))
        seen.append(float(state.value))
        x = optax.apply_updates(x, updates)
    # Up to rounding.
    assert np.all(np.diff(seen) < 1e-15)
    assert seen[-1] < 1e-6


def test_it_combines_with_other_transformations():
    halved = optax.chain(fisher_scoring(damping=1e-9), optax.scale(0.5))
    x = jnp.asarray([2.0])
    updates, _ = halved.update(
        2 * (x - 3), halved.init(x), x, value=jnp.sum((x - 3) ** 2), fisher=2 * jnp.ones((1, 1))
    )
    assert float(updates[0]) == pytest.approx(0.5, abs=1e-6)


def test_units_of_a_problem_can_be_picked_and_repeated(problem):
    x = starting_points(problem.frees, 0, [(str(u),) for u in range(UNITS)], 1)[0]
    whole = problem.loss(x)
    some = np.asarray([4, 1, 4])
    picked = problem.of_units(some)
    np.testing.assert_allclose(picked.loss(x[some]), whole[some], rtol=1e-13)
    np.testing.assert_array_equal(picked.records(), problem.records()[some])


def test_slots_find_what_bfgs_finds_however_they_are_laid_out(problem, monkeypatch):
    names = [(str(u),) for u in range(UNITS)]
    starts = starting_points(problem.frees, 0, names, 4)
    other = load("solvers", "bfgs")().minimise(problem, starts, steps=300, tolerance=1e-9)
    run = lambda: sweep(problem, starts, fisher_scoring(), steps=100, tolerance=1e-9)
    wide = run()
    # Four lanes: blocks of units, whose starts go one after the other, and a narrow end.
    narrow = shapes()._replace(slots=4, wide=4, narrower=2)
    monkeypatch.setattr("jaxda.fit.slots.shapes", lambda: narrow)
    for found in (wide, run()):
        assert bool(jnp.all(found.converged))
        best = jnp.min(found.value, axis=0)
        np.testing.assert_allclose(best, jnp.min(other.value, axis=0), atol=1e-7)
        np.testing.assert_allclose(jax.vmap(problem.loss)(found.x), found.value, rtol=1e-12)


def test_a_block_that_is_filled_up_is_not_taken_for_the_whole_cohort(problem, monkeypatch):
    # Four units a block, filled up to a vector of sixteen lanes: as many as there are units.
    many = problem.of_units(np.arange(16) % UNITS)
    starts = starting_points(problem.frees, 0, [(str(u),) for u in range(16)], 1)
    run = lambda: sweep(many, starts, fisher_scoring(), steps=100, tolerance=1e-9)
    wide = run()
    monkeypatch.setattr("jaxda.fit.slots.shapes", lambda: shapes()._replace(slots=4, wide=4))
    np.testing.assert_allclose(run().x, wide.x, rtol=1e-9)
