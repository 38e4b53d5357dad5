"""One forward pass against reverse mode, over the catalogue, and by hand."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.catalog import load
from jaxda.fit.information import information
from jaxda.fit.objective import Problem
from jaxda.fit.penalties import CataloguePrior, Flat, Gaussian
from jaxda.habits.perseveration import Perseveration
from jaxda.models.q_learning import QLearning
from jaxda.observations.latency import Latency
from jaxda.params import free
from jaxda.rollout import Agent
from jaxda.types import Env, Event, LatencyLaw, Policy, Readout

from ..catalogue import N_LANES, compiled, first_pairs, played


ACTING = [p for p in first_pairs() if load("tasks", p.task)(**dict(p.task_settings)).env.acts]


def of_two_units(pair):
    """What was played, two sessions to a unit, with the default free parameters of the model."""
    p = played(pair)
    names = type(p.agent.model).free
    frees = free(Agent(p.agent.model), names)
    x = jnp.stack([p.coords[f.paths[0]][:2] for f in frees], axis=1)
    events = jax.tree.map(jnp.asarray, p.events)
    owner = jnp.asarray([0, 1, 0, 1])
    return Problem(p.agent, events, owner, {}, p.task.env, frees, N_LANES // 2), x


@pytest.mark.parametrize("pair", ACTING, ids=str)
def test_forward_and_reverse_agree(pair):
    problem, x = of_two_units(pair)
    seen = compiled(information)(problem, x)
    loss, grad = compiled(lambda p, x: p.value_and_grad(x))(problem, x)
    np.testing.assert_allclose(seen.loss, loss, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(seen.grad, grad, rtol=1e-8, atol=1e-9)
    fisher = np.asarray(seen.fisher)
    np.testing.assert_allclose(fisher, fisher.swapaxes(1, 2), rtol=1e-12)
    assert np.all(np.linalg.eigvalsh(fisher) > -1e-9)


def test_of_two_equal_arms_the_information_is_that_of_coins():
    # Nothing is learned and both actions are as good, so each choice is a coin of logit 0: by
    # kappa, which adds to the last choice, its information is 1 / 4 from the second trial on.
    agent = Agent(QLearning(alpha_pos=0.0, alpha_neg=0.0), habits={"p": Perseveration()})
    n = 7
    flag, one, zero = jnp.ones((n, 1), bool), jnp.ones((n, 1)), jnp.zeros((n, 1), int)
    events = Event(zero, None, flag, zero, flag, one, one, zero, flag, flag, one, flag)
    frees = free(agent, ["kappa"])
    problem = Problem(agent, events, jnp.zeros(1, int), {}, Env(1, 2, 2), frees, 1, Flat())
    seen = information(problem, jnp.zeros((1, 1)))
    assert float(seen.fisher[0, 0, 0]) == pytest.approx((n - 1) / 4, abs=1e-12)
    assert float(seen.loss[0]) == pytest.approx(n * np.log(2), abs=1e-12)
    # Every choice was the same, so kappa wants up by half a choice a trial.
    assert float(seen.grad[0, 0]) == pytest.approx(-(n - 1) / 2, abs=1e-12)


def test_penalties_have_the_derivatives_of_their_value():
    agent = Agent(QLearning())
    frees = free(agent, ["alpha_pos=alpha_neg", "beta"])
    x = jnp.asarray([[0.3, 1.0], [-1.2, 0.4], [2.0, -0.5]])
    precision = jnp.asarray([[2.0, 0.3], [0.3, 1.0]])
    group = Gaussian(0.1 * x + 0.5, jnp.broadcast_to(precision, (3, 2, 2)))
    for penalty in (Flat(), CataloguePrior(), group):
        value, grad, curvature = penalty.derivatives(frees, x)
        alone = lambda row, i, penalty=penalty: penalty.of_units(i[None]).value(frees, row[None])[0]
        index = jnp.arange(3)
        np.testing.assert_allclose(value, penalty.value(frees, x), rtol=1e-14)
        each = lambda f, index=index: compiled(jax.vmap(f))(x, index)
        np.testing.assert_allclose(grad, each(jax.grad(alone)), atol=1e-12)
        np.testing.assert_allclose(curvature, each(jax.hessian(alone)), atol=1e-12)


def test_information_of_a_latency_is_the_covariance_of_its_statistics():
    cost, rate = 0.7, 1.6
    tau = np.exp(np.linspace(-12, 8, 40_001))
    weight = np.exp(-cost / tau - rate * tau) * tau
    weight /= weight.sum()
    mean = lambda f: np.sum(weight * f)
    inverse, time = mean(1 / tau), mean(tau)
    expected = np.array(
        [
            [mean(tau**-2) - inverse**2, 1 - inverse * time],
            [1 - inverse * time, mean(tau**2) - time**2],
        ]
    )
    one = jnp.ones((1, 1))
    law = LatencyLaw(cost * one[:, None], rate * one[:, None])
    ways = LatencyLaw(*(jnp.asarray(d).reshape(2, 1, 1, 1) for d in ([1.0, 0.0], [0.0, 1.0])))
    logits = jnp.zeros((1, 1, 1))
    seen = Readout(Policy(logits, law), logits, logits, {})
    along = jax.tree.map(lambda x: jnp.zeros((2, *x.shape)), seen)
    along = dataclasses.replace(along, policy=Policy(along.policy.logits, ways))
    flag, none = jnp.ones((1, 1), bool), jnp.zeros((1, 1), int)
    event = Event(none, None, flag, none, flag, 0.9 * one, one, none, flag, flag, one, flag)
    value, score, parts = Latency().derivatives(event, seen, along)
    found = sum(float(w[0, 0]) * np.outer(v[:, 0, 0], v[:, 0, 0]) for w, v in parts)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert float(value[0, 0]) == pytest.approx(float(Latency().log_prob(event, seen)[0, 0]))
    np.testing.assert_allclose(score[:, 0, 0], [inverse - 1 / 0.9, time - 0.9], rtol=1e-6)
