"""The same numbers on one, two and four devices."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda import devices
from jaxda.catalog import load
from jaxda.errors import InputError
from jaxda.fit import posterior
from jaxda.fit.estimate import estimate
from jaxda.fit.objective import Problem
from jaxda.habits.perseveration import Perseveration
from jaxda.keys import named_keys
from jaxda.models.q_learning import QLearning
from jaxda.params import free
from jaxda.platform import configure
from jaxda.rollout import Agent, simulate
from jaxda.tasks.bandit import Bandit


ROOT = Path(__file__).parents[1]
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
    total, twice = on(4, lambda: devices.on_each(run, args))
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


@pytest.mark.parametrize(("solver", "several"), [("fisher", (2, 4)), ("lbfgs", (2,))])
def test_fits_are_the_same(solver, several):
    n_units = 7
    problem = cohort(n_units, 2, ("alpha_pos", "beta", "kappa"))
    names = [(str(u),) for u in range(n_units)]
    settings = {"seed": 1, "restarts": 2, "steps": 100, "tolerance": 1e-6, "what": "fit"}
    run = lambda: estimate(problem, names, load("solvers", solver)(), **settings)
    alone = on(1, run)
    for n in several:
        found = on(n, run)
        for what in ("value", "se", "lower", "upper", "loss", "log_likelihood", "log_evidence"):
            assert np.allclose(getattr(found, what), getattr(alone, what), rtol=1e-10, atol=0), what
        for what in ("agree", "converged", "positive_definite", "rank", "open", "records"):
            assert np.array_equal(getattr(found, what), getattr(alone, what)), what


def test_draws_of_a_posterior_are_the_same_to_the_last_bit(monkeypatch):
    # Another target would compile all again.
    monkeypatch.setattr(posterior, "_TARGETS", (0.9,))
    problem = cohort(3, 1, ("alpha_pos", "beta"))
    settings = {"seed": 1, "chains": 2, "warmup": 50, "draws": 50, "most": 50}
    alone, both = (on(n, lambda: posterior.sample_posterior(problem, **settings)) for n in (1, 2))
    assert np.array_equal(alone.x, both.x)
    assert not np.array_equal(alone.x[0], alone.x[1])


def test_the_gpu_script_runs_anywhere():
    words = [sys.executable, str(ROOT / "benchmarks" / "gpu.py"), "--small"]
    env = {**os.environ, "JAX_PLATFORMS": "cpu"}
    run = subprocess.run(words, env=env, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["platform"] == "cpu"
    assert all(rate > 0 for rate in found["rollouts_per_s"].values())
    assert found["linear"]["apart"] < 1e-5
    assert max(found["float32_against_x64_cpu"].values()) < 1e-3


@pytest.mark.parametrize(("asked", "count"), [("3", 3), ("", 1)])
def test_the_environment_says_how_many_devices(asked, count):
    code = (
        "from jaxda.platform import configure; configure(); import jax; print(len(jax.devices()))"
    )
    env = {**os.environ, "JAXDA_DEVICES": asked}
    run = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert run.stdout.split() == [str(count)], run.stderr


def test_a_number_of_devices_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv("JAXDA_DEVICES", "two")
    with pytest.raises(InputError, match="JAXDA_DEVICES: 'two' → a number of devices"):
        configure()
