"""Channels that learn from the sign of their error: steps by hand, and where they settle."""

import jax
import numpy as np
import pytest

from jaxda.keys import named_keys
from jaxda.models.quantile import Quantile
from jaxda.rollout import Agent, simulate
from jaxda.tasks.variable_magnitude import VariableMagnitude
from jaxda.theory.expectiles import UTILITIES, quantiles

from ..records import record, replay


def seen(model, *rewards):
    """Errors and values `[trials, channels]`."""
    events = record([0] * len(rewards), rewards, choice=False)
    out = replay(Agent(model), VariableMagnitude().env, events)
    return np.asarray(out.rpe[..., 0]), np.asarray(out.latents["value"][..., 0])


@pytest.mark.parametrize("reward", [0.3, 1.0, 20.0])
def test_one_step_by_hand_has_the_sign_of_the_error_only(reward):
    model = Quantile(rate=0.5, taus=(0.25, 0.75))
    for sign, step in ((1, [0.125, 0.375]), (-1, [-0.375, -0.125])):
        rpe, value = seen(model, sign * reward, 0.0)
        np.testing.assert_allclose(value[1], step, rtol=0, atol=1e-16)
        # What is broadcast is the whole error.
        np.testing.assert_allclose(rpe[0], sign * reward, rtol=0, atol=1e-16)


def test_no_error_no_step():
    _, value = seen(Quantile(rate=0.5, taus=(0.25, 0.75), v0=2.0), 2.0, 0.0)
    np.testing.assert_array_equal(value, 2.0)


def test_two_steps_by_hand():
    # Up by .75 / 2, and what then is above the reward of .3 comes down by .25 / 2.
    _, value = seen(Quantile(rate=0.5, taus=(0.25, 0.75)), 1.0, 0.3, 0.0)
    np.testing.assert_allclose(value[1:], [[0.125, 0.375], [0.25, 0.25]], rtol=0, atol=1e-16)


def test_settles_where_a_share_of_tau_lies_below():
    # Rewards 0, 2, 6 with odds .35, .4, .25; tau lies well within each share.
    sizes, odds, taus = np.array([0.0, 2.0, 6.0]), (0.35, 0.4, 0.25), (0.15, 0.55, 0.9)
    expected = quantiles(sizes, np.array(odds), np.array(taus))
    np.testing.assert_array_equal(expected, sizes)
    task = VariableMagnitude(magnitudes=sizes.tolist(), probabilities=odds, cued=0.0)
    rate = 0.02
    model = Quantile(rate=rate, taus=taus, v0=2.0)
    keys = named_keys(0, [("quantile", str(i)) for i in range(200)])
    keep = lambda event, readout: readout.latents["value"]
    run = jax.jit(lambda: simulate(Agent(model), task, keys, 3_000, record=keep))
    value = np.asarray(run())[2_000:]
    # Steps are .02 at most and lead back by .002 at least: on average it is within one.
    assert np.abs(value.mean(axis=(0, 2)) - expected).max() < rate


@pytest.mark.parametrize("utility", UTILITIES)
def test_a_channel_settles_in_units_of_utility(utility):
    # A certain reward: a channel comes to its utility and stays within a step of it.
    _, value = seen(Quantile(rate=0.02, taus=(0.5,), utility=utility), *[0.8] * 200)
    assert value[-1, 0] == pytest.approx(float(UTILITIES[utility].of(0.8)), abs=0.01 + 1e-12)
