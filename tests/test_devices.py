"""The same numbers on one, two and four devices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda import devices
from jaxda.catalog import load
from jaxda.fit.estimate import estimate
from jaxda.fit.objective import Problem
from jaxda.fit.posterior import sample_posterior
from jaxda.habits.perseveration import Perseveration
from jaxda.keys import named_keys
from jaxda.models.q_learning import QLearning
from jaxda.params import free
from jaxda.rollout import Agent, simulate
from jaxda.tasks.bandit import Bandit


MANY = pytest.mark.parametrize("n", [2, 4])


def on(n, run):
    """What `run` gives on the first `n` devices."""
    with devices.use(jax.devices()[:n]):
        return run()


def identical(a, b):
    assert jax.tree.structure(a) == jax.tree.structure(b)
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return all(np.array_equal(x, y, equal_nan=x.dtype.kind == "f") for x, y in pairs)


@MANY
@pytest.mark.parametrize(
    ("model", "task"), [("q_learning", "bandit"), ("opal", "reversal_bandit"), ("rlwm", "set_size")]
)
def test_simulated_sessions_are_the_same_to_the_last_bit(model, task, n):
    agent, what = Agent(load("models", model)()), load("tasks", task)()
    n_lanes, width = 42, 5
    keys = named_keys(3, [(str(i),) for i in range(n_lanes)])
    run = lambda keys: simulate(agent, what, keys, 40)

    def tiles():
        found = list(devices.in_tiles(run, (keys,), n_lanes, width))
        assert [t.first for t in found] == list(range(0, n_lanes, width))
        assert sum(t.lanes for t in found) == n_lanes
        return jax.tree.map(lambda *x: np.concatenate(x, axis=-1), *(t.result for t in found))

    alone = on(1, tiles)
    assert alone[0].reward.shape == (40, n_lanes)
    assert identical(alone, on(n, tiles))
    other = on(n, lambda: next(devices.in_tiles(run, (keys[::-1],), n_lanes, width)).result)
    assert not identical(other, jax.tree.map(lambda x: x[..., :width], alone))


def test_every_device_gets_its_own_part():
    def run(x):
        return jax.lax.psum(x, "lanes"), x * 2

    args = jnp.arange(8.0).reshape(4, 2)
    total, twice = devices.on_each(run, args)
    assert len(twice.sharding.device_set) == 4
    assert np.array_equal(twice, args * 2)
    assert np.array_equal(total, np.tile(args.sum(axis=0), (4, 1)))
    where = [part[1].devices() for part in devices.parts((total, twice))]
    assert where == [{d} for d in jax.devices()[:4]]


def cohort(n_units, sessions, frees=("alpha_pos", "alpha_neg", "beta", "kappa")):
    """A problem whose units have `sessions` sessions each, the last one fewer."""
    agent = Agent(QLearning(), habits={"perseveration": Perseveration()})
    task = Bandit()
    owner = np.repeat(np.arange(n_units), sessions)[: n_units * sessions - (sessions > 1)]
    keys = named_keys(5, [(str(i),) for i in range(len(owner))])
    events, _ = jax.jit(lambda keys: simulate(agent, task, keys, 60))(keys)
    moving = free(agent, frees)
    return Problem(agent, events, jnp.asarray(owner), {}, task.env, moving, n_units)


@pytest.mark.parametrize("solver", ["fisher", "lbfgs"])
@pytest.mark.parametrize(("n_units", "sessions"), [(7, 2)])
def test_fits_are_the_same(solver, n_units, sessions):
    problem = cohort(n_units, sessions)
    names = [(str(u),) for u in range(n_units)]
    settings = {"seed": 1, "restarts": 2, "steps": 100, "tolerance": 1e-6, "what": "fit"}
    run = lambda: estimate(problem, names, load("solvers", solver)(), **settings)
    alone = on(1, run)
    for n in (2, 4):
        found = on(n, run)
        for what in ("value", "se", "lower", "upper", "loss", "log_likelihood", "log_evidence"):
            assert np.allclose(getattr(found, what), getattr(alone, what), rtol=1e-10, atol=0), what
        for what in ("agree", "converged", "positive_definite", "rank", "open", "records"):
            assert np.array_equal(getattr(found, what), getattr(alone, what)), what


def test_draws_of_a_posterior_are_the_same_to_the_last_bit():
    problem = cohort(3, 1, ("alpha_pos", "beta"))
    settings = {"seed": 1, "chains": 2, "warmup": 50, "draws": 50, "most": 50}
    alone, both = (on(n, lambda: sample_posterior(problem, **settings)) for n in (1, 2))
    assert np.array_equal(alone.x, both.x)
    assert not np.array_equal(alone.x[0], alone.x[1])
