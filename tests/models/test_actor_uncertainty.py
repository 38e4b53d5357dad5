"""Actor uncertainty: by hand, a linear recursion, and taste for spread."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.models.actor_uncertainty import ActorUncertainty
from jaxda.rollout import Agent
from jaxda.types import Offer

from ..records import CHOICES, TWO_ARMS, record, replay


def test_three_trials_by_hand():
    model = ActorUncertainty(alpha_g=0.5, alpha_n=0.25, lam=0.1, a=2.0, b=3.0)
    seen = replay(Agent(model), TWO_ARMS, record([0, 0, 1], [2.0, -1.0, 0.0]))
    # delta = 2: G = 1. delta = -1 - 1 = -2: G = .9, N = .5.
    np.testing.assert_allclose(np.asarray(seen.rpe)[:, 0, 0], [2.0, -2.0, 0.0], rtol=1e-14)
    np.testing.assert_allclose(seen.latents["go"][2, :, 0], [0.9, 0.0], rtol=1e-14)
    np.testing.assert_allclose(seen.latents["nogo"][2, :, 0], [0.5, 0.0], rtol=1e-14)
    np.testing.assert_allclose(seen.policy.logits[2, :, 0], [2 * 0.9 - 3 * 0.5, 0.0], rtol=1e-13)


def test_the_difference_is_a_leaky_average_of_reward():
    rewards = np.random.default_rng(0).normal(2.0, 3.0, len(CHOICES))
    model = ActorUncertainty(alpha_g=0.2, alpha_n=0.2, lam=0.1)
    seen = replay(Agent(model), TWO_ARMS, record([0] * len(CHOICES), rewards))
    q, expected = 0.0, []
    for r in rewards:
        expected.append(q)
        q = 0.7 * q + 0.2 * r
    found = (seen.latents["go"] - seen.latents["nogo"])[:, 0, 0]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("a, b, likes", [(2.0, 1.0, True), (1.0, 2.0, False)])
def test_the_pathway_with_more_gain_decides_the_taste_for_spread(a, b, likes):
    model = ActorUncertainty(a=a, b=b)
    state = model.init(TWO_ARMS)
    # The same mean, more spread in the second.
    state = type(state)(go=jnp.asarray([1.0, 2.0]), nogo=jnp.asarray([0.5, 1.5]))
    offer = Offer(jnp.zeros((), int), None, jnp.ones((), bool))
    sure, risky = np.asarray(model.policy(state, offer).logits)
    total, difference = np.array([1.5, 3.5]), 0.5
    port = 0.5 * ((a + b) * difference - (b - a) * total)
    np.testing.assert_allclose([sure, risky], port, rtol=1e-14)
    assert (risky > sure) == likes
