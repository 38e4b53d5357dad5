"""Channels whose errors count no more than a width: steps by hand, and where they settle."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.keys import named_keys
from jaxda.models.expectile import Expectile
from jaxda.models.huber import Huber
from jaxda.models.quantile import Quantile
from jaxda.rollout import Agent, simulate
from jaxda.tasks.variable_magnitude import VariableMagnitude
from jaxda.theory.expectiles import UTILITIES, expectiles, huber_points, quantiles

from ..records import record, replay


def moved(model, reward):
    """Values `[channels]` after one reward."""
    events = record([0] * 2, [reward, 0.0], choice=False)
    out = replay(Agent(model), VariableMagnitude().env, events)
    return np.asarray(out.latents["value"][1, :, 0])


@pytest.mark.parametrize(
    "reward, expected",
    [
        # Inside the width of 4 a share of it counts; beyond, all of it; at its edge both.
        (1.0, [0.5 * 0.25 * 0.25, 0.5 * 0.75 * 0.25]),
        (4.0, [0.5 * 0.25, 0.5 * 0.75]),
        (9.0, [0.5 * 0.25, 0.5 * 0.75]),
        (-1.0, [-0.5 * 0.75 * 0.25, -0.5 * 0.25 * 0.25]),
        (-9.0, [-0.5 * 0.75, -0.5 * 0.25]),
        (0.0, [0, 0]),
    ],
)
def test_one_step_by_hand(reward, expected):
    model = Huber(rate=0.5, width=4.0, taus=(0.25, 0.75))
    np.testing.assert_allclose(moved(model, reward), expected, rtol=0, atol=1e-16)


def test_a_second_step_starts_from_the_first():
    # 4 moves .5 to 1; then 2 has an error of 1, a quarter of the width.
    model = Huber(rate=1.0, width=4.0, taus=(0.5,), v0=0.5)
    events = record([0] * 3, [4.0, 2.0, 0.0], choice=False)
    out = replay(Agent(model), VariableMagnitude().env, events)
    first = 0.5 + 0.5 * 3.5 / 4
    second = first + 0.5 * (2 - first) / 4
    np.testing.assert_allclose(out.latents["value"][:, 0, 0], [0.5, first, second], atol=1e-15)
    # What is broadcast is the whole error.
    np.testing.assert_allclose(out.rpe[:, 0, 0], [3.5, 2 - first, -second], atol=1e-15)


@pytest.mark.parametrize(
    "width, other", [(1e-9, Quantile(rate=0.5)), (50.0, Expectile(rate=0.5 / 50))]
)
def test_ends_are_quantiles_and_expectiles(width, other):
    rewards = (1.0, 20.0, 0.3, 5.0, 5.0, 0.1, 2.5, 10.0)
    events = record([0] * len(rewards), rewards, choice=False)
    value = lambda m: replay(Agent(m), VariableMagnitude().env, events).latents["value"]
    one, two = value(Huber(rate=0.5, width=width)), value(other)
    np.testing.assert_allclose(one, two, rtol=0, atol=1e-13)
    assert float(jnp.abs(one).max()) > 0.2


def test_settled_values():
    # Far from the places where the expected step bends, 0, 2, 6, and those less or more 1.5,
    # it is linear in the value, so that the mean has no bias.
    sizes, odds, taus, width = np.array([0.0, 2.0, 6.0]), (0.35, 0.4, 0.25), (0.3, 0.7, 0.9), 1.5
    expected = huber_points(sizes, np.array(odds), np.array(taus), width)
    bends = (sizes[:, None] + np.array([-width, 0, width])).ravel()
    n_agents = 300
    task = VariableMagnitude(magnitudes=sizes.tolist(), probabilities=odds, cued=0.0)
    model = Huber(rate=0.02, width=width, taus=taus, v0=2.0)
    keys = named_keys(0, [("huber", str(i)) for i in range(n_agents)])
    keep = lambda event, readout: readout.latents["value"]
    run = jax.jit(lambda: simulate(Agent(model), task, keys, 5_000, record=keep))
    value = np.asarray(run())[3_000:]
    # Agents are independent: four standard errors of their mean are passed once in 5,000.
    agents = value.mean(axis=0)
    error = agents.std(axis=1, ddof=1) / np.sqrt(n_agents)
    spread = value.std(axis=(0, 2))
    assert (np.abs(expected[:, None] - bends).min(axis=1) > 3 * spread).all()
    assert (np.abs(agents.mean(axis=1) - expected) < 4 * error).all()
    # That is far from where signs or whole errors lead.
    for law in (expectiles, quantiles):
        others = law(sizes, np.array(odds), np.array(taus))
        assert (np.abs(others - expected) > 20 * error).all()


GRID = (0.1, 0.3, 1.2, 2.5, 5.0, 10.0, 20.0)


@pytest.mark.parametrize("model", [Huber, Quantile, Expectile])
@pytest.mark.parametrize("utility", UTILITIES)
def test_utility_is_that_of_theory(model, utility):
    rewards = np.concatenate([GRID, np.negative(GRID)])
    events = record([0] * len(rewards), rewards, choice=False)
    agent = Agent(model(rate=0.0, channels=2, utility=utility))
    rpe = replay(agent, VariableMagnitude().env, events).rpe[..., 0]
    worth = UTILITIES[utility].of(np.array(GRID))
    expected = np.concatenate([worth, -worth])
    np.testing.assert_allclose(rpe, np.stack([expected] * 2, axis=1), rtol=1e-14)
    np.testing.assert_allclose(UTILITIES[utility].size(worth), GRID, rtol=1e-12)
    # Half of the most at 5, and log(1 + r).
    by_hand = {"linear": 5.0, "hill": 0.5, "log1p": np.log(6.0)}
    assert float(rpe[4, 0]) == pytest.approx(by_hand[utility], rel=1e-14)
