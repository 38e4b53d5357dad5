"""Gain of choice: the numbers of the textbook snippet, and what the snippet gets wrong."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.models.q_learning import QLearning
from jaxda.models.tonic_gain import TonicGain
from jaxda.rollout import Agent
from jaxda.types import Env, Offer

from ..records import CHOICES, REWARDS, TWO_ARMS, log_likelihood, record, replay


WORTH = np.array([1.0, 0.5, 0.0])


def snippet(worth, tonic, beta=2.0):
    p = np.exp(beta * tonic * worth)
    return p / p.sum()


def choice(worth, tonic):
    model = TonicGain(tonic=tonic, beta=2.0)
    state = model.init(Env(n_cues=1, n_items=3, n_actions=3))
    offer = Offer(jnp.zeros((), int), None, jnp.ones((), bool))
    policy = model.policy(type(state)(q=jnp.asarray(worth)), offer)
    assert policy.latency is None
    return np.asarray(jax.nn.softmax(policy.logits))


@pytest.mark.parametrize("tonic", [0.0, 0.5, 1.0, 3.0])
def test_probabilities_are_those_of_the_snippet(tonic):
    np.testing.assert_allclose(choice(WORTH, tonic), snippet(WORTH, tonic), rtol=1e-13)
    assert choice(WORTH, tonic).sum() == pytest.approx(1, abs=1e-14)
    np.testing.assert_allclose(choice(WORTH + 3, tonic), snippet(WORTH, tonic), rtol=1e-12)


def test_known_numbers():
    np.testing.assert_allclose(choice(WORTH, 1.0), [0.665241, 0.244728, 0.090031], atol=1e-6)
    np.testing.assert_allclose(choice(WORTH, 0.0), 1 / 3, rtol=1e-14)


def test_large_values_overflow_in_the_snippet_only():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.isnan(snippet(WORTH + 500, 1.0)).any()
    np.testing.assert_allclose(choice(WORTH + 500, 1.0), snippet(WORTH, 1.0), rtol=1e-10)


def test_it_is_q_learning_with_another_beta():
    events = record(CHOICES, REWARDS)
    one = log_likelihood(Agent(TonicGain(tonic=1.5, beta=2.0, q0=0.5)), TWO_ARMS, events)
    other = log_likelihood(Agent(QLearning(beta=3.0)), TWO_ARMS, events)
    np.testing.assert_allclose(one, other, rtol=1e-13)


def test_slopes_by_beta_and_by_tonic_are_one():
    events, agent = record(CHOICES, REWARDS), Agent(TonicGain())

    def logp(beta, tonic):
        return log_likelihood(agent, TWO_ARMS, events, {"model.beta": beta, "model.tonic": tonic})[
            0
        ]

    beta, tonic = jnp.asarray(2.0), jnp.asarray(1.3)
    by_beta, by_tonic = jax.grad(logp, (0, 1))(beta, tonic)
    assert float(beta * by_beta) == pytest.approx(float(tonic * by_tonic), rel=1e-12)
    assert abs(by_beta) > 0.01


def test_values_are_learned_from_what_arrives():
    seen = replay(Agent(TonicGain(alpha=0.5)), TWO_ARMS, record([0, 0, 1], [1.0, 1.0, 0.0]))
    np.testing.assert_allclose(seen.latents["q"][:, 0, 0], [0.0, 0.5, 0.75], rtol=1e-14)
