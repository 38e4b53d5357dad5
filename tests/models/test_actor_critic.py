"""Actor-critic: golden records for both actors, learning curves, and what cannot be told apart."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.keys import named_keys
from jaxda.models.actor_critic import ActorCritic
from jaxda.rollout import Agent, simulate
from jaxda.tasks.bandit import Bandit

from ..records import CHOICES, REWARDS, TWO_ARMS, record, replay, ten_trials
from .walks import TWO_STATES, walk


def test_golden_record_of_the_plain_actor():
    logp, end = ten_trials(ActorCritic(alpha_a=0.3, alpha_c=0.2, beta=2.0, actor="plain"))
    assert logp == pytest.approx(-7.1231799308, abs=1e-8)
    np.testing.assert_allclose(end["preference"], [0.6779387904, 0.197484288], rtol=0, atol=1e-8)
    np.testing.assert_allclose(end["value"], 0.5836153856, rtol=0, atol=1e-8)


def test_golden_record_of_the_score_actor():
    logp, end = ten_trials(ActorCritic(alpha_a=0.3, alpha_c=0.2, beta=2.0, actor="score"))
    assert logp == pytest.approx(-8.6051224214, abs=1e-8)
    np.testing.assert_allclose(end["preference"], [0.2728858853, -0.2728858853], rtol=0, atol=1e-8)
    np.testing.assert_allclose(end["value"], 0.5836153856, rtol=0, atol=1e-8)


def test_only_the_score_actor_keeps_its_sum():
    for actor, kept in (("plain", False), ("score", True)):
        model = ActorCritic(alpha_a=0.3, alpha_c=0.2, actor=actor)
        seen = replay(Agent(model), TWO_ARMS, record(CHOICES, REWARDS))
        total = np.asarray(seen.latents["preference"][:, :, 0].sum(axis=1))
        assert np.allclose(total, 0, atol=1e-14) == kept


@pytest.mark.parametrize("actor, power", [("plain", 1), ("score", 2)])
def test_rate_and_temperature_cannot_be_told_apart(actor, power):
    logits = [
        replay(
            Agent(ActorCritic(alpha_a=0.4 / scale**power, alpha_c=0.2, beta=scale, actor=actor)),
            TWO_ARMS,
            record(CHOICES, REWARDS),
        ).policy.logits
        for scale in (1.0, 2.0)
    ]
    np.testing.assert_allclose(*logits, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "actor, curve", [("plain", (0.795, 0.950, 0.991)), ("score", (0.782, 0.947, 0.991))]
)
def test_learning_curve_and_critic(actor, curve):
    model = ActorCritic(alpha_a=0.1, alpha_c=0.1, beta=1.0, actor=actor)
    keys = named_keys(0, [("curve", str(i)) for i in range(2000)])

    @jax.jit
    def run():
        keep = lambda e, r: (jax.nn.softmax(r.policy.logits, axis=0)[0], r.latents["value"])
        p, value = simulate(Agent(model), Bandit(p=(0.8, 0.2)), keys, 1001, record=keep)
        return jnp.mean(p[jnp.asarray([50, 200, 1000])], axis=1), jnp.mean(value[-100:])

    best, value = run()
    np.testing.assert_allclose(best, curve, rtol=0, atol=0.01)
    assert value == pytest.approx(0.797, abs=0.01)


def test_without_dopamine_nothing_is_learned():
    agent = Agent(ActorCritic(alpha_a=0.3, alpha_c=0.2, actor="score"))
    dead = record(CHOICES, REWARDS, feedback=False)
    seen = replay(agent, TWO_ARMS, dead)
    assert not jnp.any(seen.policy.logits) and not jnp.any(seen.latents["value"])


def test_score_follows_the_gradient_of_the_log_probability():
    # Items 2 and 5 are on offer: the others must not move.
    model = ActorCritic(alpha_a=0.3, alpha_c=0.2, beta=1.5, actor="score")
    env = type(TWO_ARMS)(n_cues=1, n_items=6, n_actions=2)
    options = np.array([[2, 5]] * 3)
    events = record([0, 1, 1], [1, 0, 1], options=options)

    def log_p(theta, state, event):
        moved = type(state)(value=state.value, preference=theta)
        return jax.nn.log_softmax(model.policy(moved, event.offer).logits)[event.action]

    @jax.jit
    def learn(state, event):
        delta = model.rpe(state, event)
        slope = jax.grad(log_p)(state.preference, state, event)
        return model.update(state, event, delta), 0.3 * delta[0] * slope

    state = model.init(env)
    for t in range(3):
        new, step = learn(state, jax.tree.map(lambda x, t=t: x[t, ..., 0], events))
        np.testing.assert_allclose(new.preference - state.preference, step, rtol=0, atol=1e-14)
        assert bool(jnp.all((step != 0) == jnp.isin(jnp.arange(6), jnp.asarray([2, 5]))))
        state = new


@pytest.mark.parametrize("actor", ["plain", "score"])
def test_a_walk_with_traces_by_hand(actor):
    # States 0 and 1; action 0, then action 1 with a reward of 1, the end. gamma .5, traces .8:
    # the error of 1 reaches state 0 and its action with .5 * .8 = .4.
    model = ActorCritic(
        alpha_a=0.5, alpha_c=0.2, beta=2.0, gamma=0.5, lam_v=0.8, lam_theta=0.8, actor=actor
    )
    events = walk([0, 1, 0, 1], [0, 1, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0])
    seen = replay(Agent(model), TWO_STATES, events)
    np.testing.assert_allclose(seen.rpe[:3, 0, 0], [0, 1, 0.5 * 0.2 - 0.08], rtol=0, atol=1e-14)
    np.testing.assert_allclose(seen.latents["value"][2, 0], 0.2 * 0.4, rtol=0, atol=1e-14)
    # g is 1 for what was taken, or 2 * (1 - 1/2) = 1 and -1 for what was not.
    other = 0.0 if actor == "plain" else -1.0
    theta = seen.latents["preference"][2, :, 0]
    np.testing.assert_allclose(theta, 0.5 * 0.4 * np.array([1, other]), rtol=0, atol=1e-14)


def test_traces_end_with_the_trial():
    model = ActorCritic(gamma=0.5, lam_v=0.8, lam_theta=0.8)
    events = walk([0, 1, 1, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 1, 1, 0])
    last = replay(Agent(model), TWO_STATES, events).latents
    assert not last["value"][3, 0] and not last["preference"][3].any()


def test_on_trials_that_end_at_once_traces_and_discount_do_nothing():
    plain, _ = ten_trials(ActorCritic(actor="score"))
    other, _ = ten_trials(ActorCritic(actor="score", gamma=0.3, lam_v=0.9, lam_theta=0.7))
    assert plain == other
