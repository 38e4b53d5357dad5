"""Expectile channels: closed forms, the expectiles of the water rewards, learning them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.catalog import load
from jaxda.keys import named_keys
from jaxda.models.expectile import Expectile
from jaxda.rollout import Agent, simulate
from jaxda.tasks.pavlovian_trace import PavlovianTrace
from jaxda.tasks.variable_magnitude import VariableMagnitude
from jaxda.types import Env

from ..records import record


DABNEY = {0.1: 2.00468, 0.3: 3.72203, 0.5: 5.20783, 0.7: 7.11290, 0.9: 10.84883}


def expected_step(values, sizes, probabilities):
    """Expected update of channels that hold `values`, by the model's own update."""
    model = Expectile(rate=0.1, channels=len(values))
    env = Env(n_cues=1, n_items=1, n_actions=1, acts=False)
    start = type(model.init(env))(value=jnp.asarray(values)[None])
    step = 0.0
    for size, p in zip(sizes, probabilities, strict=True):
        event = jax.tree.map(lambda x: x[0, ..., 0], record([0], [size]))
        new = model.update(start, event, model.rpe(start, event))
        step = step + p * (new.value - start.value)[0]
    return model.optimism(), np.asarray(step)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_bernoulli_expectile_is_a_fixed_point(p):
    tau = np.asarray(Expectile(channels=7).optimism())
    closed = tau * p / (tau * p + (1 - tau) * (1 - p))
    np.testing.assert_allclose(
        expected_step(closed, (1.0, 0.0), (p, 1 - p))[1], 0, rtol=0, atol=1e-15
    )
    moved = expected_step(closed + 0.01, (1.0, 0.0), (p, 1 - p))[1]
    assert (moved < -1e-5).all()


def test_uniform_and_normal_expectiles_are_fixed_points():
    u = (np.arange(4000) + 0.5) / 4000
    tau = np.asarray(Expectile(channels=2).optimism())
    np.testing.assert_allclose(tau, [0.25, 0.75])
    closed = np.sqrt(tau) / (np.sqrt(tau) + np.sqrt(1 - tau))
    # The expected step is linear in e, so check the equation by hand once on a fine grid.
    up = np.maximum(u - closed[:, None], 0).mean(axis=1)
    down = np.maximum(closed[:, None] - u, 0).mean(axis=1)
    np.testing.assert_allclose(tau * up, (1 - tau) * down, rtol=0, atol=1e-7)


def test_expectiles_of_the_water_rewards_are_fixed_points():
    task = VariableMagnitude()
    p = np.array(task.probabilities) / sum(task.probabilities)
    tau, step = expected_step(list(DABNEY.values()), task.magnitudes, p)
    np.testing.assert_allclose(tau, list(DABNEY))
    np.testing.assert_allclose(step, 0, rtol=0, atol=1e-6)


def test_a_population_learns_them():
    model, task = Expectile(rate=0.02, channels=5), VariableMagnitude()
    keys = named_keys(0, [("water", str(i)) for i in range(64)])
    keep = lambda e, r: (e.cue, r.latents["value"])
    run = jax.jit(lambda: simulate(Agent(model), task, keys, 4000, record=keep))
    cue, value = (np.asarray(x)[2000:] for x in run())
    for announced in (0, 1):
        mean = np.moveaxis(value, 1, -1)[cue == announced].mean(axis=0)
        np.testing.assert_allclose(mean, list(DABNEY.values()), rtol=0, atol=0.1)
    # The channel in the middle is the classical prediction.
    assert value[:, 2].mean() == pytest.approx(5.207829, abs=0.05)


def test_channels_disagree_about_the_sign_of_one_reward():
    model, task = Expectile(rate=0.02, channels=19), VariableMagnitude(cued=0.0)
    keys = named_keys(0, [("water", str(i)) for i in range(8)])
    keep = lambda e, r: (e.reward, r.rpe)
    run = jax.jit(lambda: simulate(Agent(model), task, keys, 3000, record=keep))
    reward, rpe = (np.asarray(x)[2000:] for x in run())
    at_five = np.moveaxis(rpe, 1, -1)[reward == 5.0].mean(axis=0)
    # Optimists find 5 uL disappointing, pessimists are pleased.
    assert (np.diff(at_five) < 0).all() and at_five[0] > 1 and at_five[-1] < -1


def test_each_channel_has_its_own_rates():
    model = Expectile(rate=0.5, channels=2)
    env = Env(n_cues=1, n_items=1, n_actions=1, acts=False)
    state = model.init(env)
    event = jax.tree.map(lambda x: x[0, ..., 0], record([0], [1.0]))
    up = model.update(state, event, jnp.asarray([1.0, 1.0])).value[0]
    down = model.update(state, event, jnp.asarray([-1.0, -1.0])).value[0]
    np.testing.assert_allclose(up, [0.5 * 0.25, 0.5 * 0.75])
    np.testing.assert_allclose(down, [-0.5 * 0.75, -0.5 * 0.25])


@pytest.mark.parametrize("name", ["expectile", "quantile", "huber"])
def test_the_interval_has_no_value(name):
    # Whatever comes in it, and however long it is.
    task = PavlovianTrace(delay=3, iti=5, interval="fixed", unpredicted=0.2)
    population = Agent(load("models", name)(taus=(0.5,), gamma=0.9, rate=0.2))
    keep = lambda e, r: (e.cue, r.latents["value"])
    keys = named_keys(0, [("interval", "1")])
    cue, value = jax.jit(
        lambda: simulate(population, task, keys, task.events_for(200), record=keep)
    )()
    assert bool(jnp.all(value[:, 0][cue == 0] == 0)) and float(jnp.max(value)) > 0.5


@pytest.mark.parametrize(
    "settings, said",
    [
        ({"channels": 0}, "channels is 0"),
        ({"channels": -2}, "channels is -2"),
        ({"seed": -1, "asymmetry": "drawn"}, "seed is -1"),
        ({"taus": (0.5, 1.5)}, "one of taus is 1.5"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        Expectile(**settings)
