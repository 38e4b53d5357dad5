"""The snippet of a distributional population, to rounding."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.keys import named_keys
from jaxda.models.note_distributional import NoteDistributional
from jaxda.rollout import Agent, simulate
from jaxda.tasks.variable_magnitude import VariableMagnitude

from ..records import record, replay


class DistributionalDA:
    """The class as it is commonly written."""

    def __init__(self, n_neurons=20):
        self.taus = np.linspace(0.1, 0.9, n_neurons)
        self.values = np.zeros(n_neurons)

    def update(self, reward, lr=0.1):
        delta = reward - self.values
        # asymmetric update per neuron
        self.values += lr * np.where(delta > 0, self.taus * delta, (1 - self.taus) * delta)


@pytest.mark.parametrize("n_neurons", [20, 7])
def test_equals_the_snippet_in_all_trials_and_channels(n_neurons):
    model, task = NoteDistributional(lr=0.1, n_neurons=n_neurons), VariableMagnitude()
    keep = lambda event, readout: (event.reward, readout.rpe, readout.latents["value"])
    keys = named_keys(0, [("water", "0")])
    run = jax.jit(lambda: simulate(Agent(model), task, keys, 1_000, record=keep))
    reward, rpe, value = (np.asarray(x)[..., 0] for x in run())
    assert set(reward) == set(task.magnitudes) and value.shape == (1_000, n_neurons)
    snippet = DistributionalDA(n_neurons)
    for t in range(1_000):
        np.testing.assert_allclose(value[t], snippet.values, rtol=0, atol=1e-12)
        np.testing.assert_allclose(rpe[t], reward[t] - snippet.values, rtol=0, atol=1e-12)
        snippet.update(reward[t])


def seen(model, *rewards, cue=0):
    """Values `[trials, channels]` before each reward."""
    events = record([0] * len(rewards), rewards, cue=cue, choice=False)
    return replay(Agent(model), VariableMagnitude().env, events).latents["value"][..., 0]


def test_one_reward_moves_values_to_rate_times_tau():
    value = seen(NoteDistributional(), 1.0, 0.0)
    np.testing.assert_allclose(value[1], 0.1 * np.linspace(0.1, 0.9, 20), rtol=0, atol=1e-15)


def test_a_disappointment_counts_one_minus_tau():
    # Two channels, at .1 and .9: 2 moves them to .1 and .9, -1 takes .5 (.9 1.1, .1 1.9) off.
    value = seen(NoteDistributional(lr=0.5, n_neurons=2), 2.0, -1.0, 0.0)
    np.testing.assert_allclose(value[1:], [[0.1, 0.9], [-0.395, 0.805]], rtol=0, atol=1e-15)


def test_what_announces_a_reward_is_not_known():
    model, rewards = NoteDistributional(), (1.0, 5.0, 0.0, 2.0)
    cued = seen(model, *rewards, cue=np.array([0, 1, 1, 0]))
    np.testing.assert_array_equal(cued, seen(model, *rewards))


@pytest.mark.parametrize("n_neurons", [1, True])
def test_a_population_has_two_channels_at_least(n_neurons):
    with pytest.raises(ValueError, match=f"n_neurons is {n_neurons}"):
        NoteDistributional(n_neurons=n_neurons)


def test_rate_reaches_the_update():
    slow, fast = (seen(NoteDistributional(lr=lr), 1.0, 0.0)[1] for lr in (0.05, 0.2))
    np.testing.assert_allclose(fast, 4 * slow, rtol=1e-12)
    assert bool(jnp.all(slow > 0))
