"""Vigour: the latency law and its moments, the square-root rule, what a learner settles on."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import kve

from jaxda.keys import named_keys
from jaxda.models.niv_vigor import NivVigor
from jaxda.observations.latency import draw, log_normaliser
from jaxda.rollout import Agent, simulate
from jaxda.tasks.free_operant import FreeOperant
from jaxda.theory.vigor import random_interval
from jaxda.types import Env, LatencyLaw, Offer

from ..records import log_likelihood, record, replay


LEVER = Env(n_cues=1, n_items=1, n_actions=1, timed=True)
LAWS = [(2.5, 2.5), (0.5, 4.0), (10.0, 0.3), (1e-3, 2e-3), (40.0, 60.0), (2000.0, 500.0)]


def law(cost, rate):
    return LatencyLaw(jnp.asarray(cost), jnp.asarray(rate))


def mean_latency(cost, rate):
    """Of the generalised inverse Gaussian of order 1."""
    w = 2 * np.sqrt(cost * rate)
    return np.sqrt(cost / rate) * kve(2, w) / kve(1, w)


def test_golden_record():
    model = NivVigor(beta=50.0, c_v=0.05, r0=0.05, alpha=0.0, alpha_r=0.0)
    latency = np.array([0.8, 1.2, 2.0, 0.6])
    events = record([0] * 4, [0] * 4, terminal=False, latency=latency, elapsed=latency)
    logp = log_likelihood(Agent(model), LEVER, events)
    assert float(logp[0]) == pytest.approx(-2.8561115359, abs=1e-8)


@pytest.mark.parametrize("cost, rate", LAWS)
def test_normaliser_is_a_bessel_function(cost, rate):
    w = 2 * np.sqrt(cost * rate)
    exact = np.log(2 * np.sqrt(cost / rate) * kve(1, w)) - w
    assert float(log_normaliser(law(cost, rate))) == pytest.approx(exact, abs=1e-11)


@pytest.mark.parametrize("cost, rate", LAWS)
def test_draws_follow_the_law(cost, rate):
    w = 2 * np.sqrt(cost * rate)
    z = 2 * np.sqrt(cost / rate) * kve(1, w)
    u = np.array([0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
    one = law(cost, rate)
    at = jax.jit(draw)
    latency = np.array([float(at(one, jnp.asarray(x))) for x in u])
    density = lambda t: np.exp(w - cost / t - rate * t) / z
    cdf = [quad(density, 1e-9, t, limit=500, points=[0.8 * t])[0] for t in latency]
    np.testing.assert_allclose(cdf, u, rtol=0, atol=5e-4)
    grid = (np.arange(4000) + 0.5) / 4000
    many = LatencyLaw(jnp.full(4000, cost), jnp.full(4000, rate))
    mean = float(jnp.mean(at(many, jnp.asarray(grid))))
    assert mean == pytest.approx(mean_latency(cost, rate), rel=0.01)


def test_mean_latency_by_hand():
    assert mean_latency(50 * 0.05, 50 * 0.039255) == pytest.approx(1.52847, abs=1e-4)


@pytest.mark.parametrize("reward_rate", [0.01, 0.05, 0.2])
def test_mode_is_the_square_root_of_cost_over_reward_rate(reward_rate):
    c_v, best = 0.05, np.sqrt(0.05 / reward_rate)

    def logp(latency):
        model = NivVigor(beta=50.0, c_v=c_v, r0=reward_rate)
        offer = record([0], [0]).offer
        one = model.policy(model.init(LEVER), jax.tree.map(lambda x: x[0, 0], offer)).latency
        return -one.cost[0] / latency - one.rate[0] * latency

    assert float(jax.grad(logp)(jnp.asarray(best))) == pytest.approx(0, abs=1e-10)
    assert float(jax.grad(logp)(jnp.asarray(0.9 * best))) > 0


def test_errors_by_hand():
    model = NivVigor(c_v=0.05, c_u=0.1, r0=0.2, alpha=0.5, alpha_r=0.01)
    events = record([0, 0], [1.0, 0.0], terminal=False, latency=[0.5, 0.5], elapsed=[2.5, 0.5])
    seen = replay(Agent(model), LEVER, events)
    # 1 - 0.1 - 0.05 / 0.5 - 2.5 * 0.2 = 0.3 and, for the lever, 1 - 0.1.
    np.testing.assert_allclose(seen.rpe[0, :, 0], [0.3, 0.9], rtol=0, atol=1e-12)
    np.testing.assert_allclose(seen.latents["value"][1, 0], 0.15, rtol=0, atol=1e-12)
    np.testing.assert_allclose(seen.latents["reward_rate"][1, 0], 0.203, rtol=0, atol=1e-12)


def self_consistent(beta, p=0.1, utility=1.0, c_v=0.05):
    """Average reward rate of a softmax agent on a random ratio, and its mean latency."""

    def net(rate):
        cost, w = beta * c_v, 2 * beta * np.sqrt(c_v * rate)
        mean = mean_latency(cost, beta * rate)
        inverse = np.sqrt(rate / c_v) * kve(0, w) / kve(1, w)
        return (p * utility - c_v * inverse) / mean - rate

    rate = brentq(net, 1e-3, 1.0)
    return rate, mean_latency(beta * c_v, beta * rate)


def test_noisy_agents_settle_on_slow_and_poor():
    beta = np.array([50.0, 200.0, 1000.0])
    table = [(0.03926, 1.528), (0.04744, 1.107), (0.04950, 1.020)]
    np.testing.assert_allclose([self_consistent(b) for b in beta], table, rtol=0, atol=2e-3)

    n = 48
    values = {"model.beta": jnp.repeat(jnp.asarray(beta), n)}
    task = FreeOperant(schedule="random", ratio=10, consumption=0.0, duration=0.0)
    agent = Agent(NivVigor(c_v=0.05, c_u=0.0, r0=0.06, alpha=0.05, alpha_r=5e-4))
    keys = named_keys(0, [("press", str(i)) for i in range(3 * n)])
    keep = lambda e, r: (r.latents["reward_rate"], e.latency)
    run = jax.jit(lambda: simulate(agent, task, keys, 12000, values, record=keep))
    rate, latency = (np.asarray(x)[4000:].reshape(-1, 3, n).mean(axis=(0, 2)) for x in run())
    np.testing.assert_allclose(rate, [r for r, _ in table], rtol=0.03)
    np.testing.assert_allclose(latency, [t for _, t in table], rtol=0.03)


def test_fixed_ratio_is_pressed_evenly_and_value_rises_by_the_press():
    # FR 5 with a meal of 2 s: the best latency is the same at every count.
    utility, c_u, c_v, eating = 10.0, 0.1, 0.3, 2.0
    best, rate, step = 0.454692, 1.451064, 1.419574
    gain = utility / 5 - c_u
    exact = (c_v + np.sqrt(c_v**2 + gain * c_v * eating / 5)) / gain
    assert exact == pytest.approx(best, abs=1e-6) and c_v / best**2 == pytest.approx(rate, rel=1e-5)
    assert c_u + 2 * np.sqrt(c_v * rate) == pytest.approx(step, abs=1e-5)

    task = FreeOperant(schedule="fixed", ratio=5, reward=utility, consumption=eating, duration=0.0)
    agent = Agent(NivVigor(beta=100.0, c_v=c_v, c_u=c_u, r0=1.3, alpha=0.1, alpha_r=1e-3))
    keys = named_keys(0, [("fixed", str(i)) for i in range(16)])
    keep = lambda e, r: (e.cue, e.latency, r.latents["reward_rate"], r.latents["value"])
    run = jax.jit(lambda: simulate(agent, task, keys, 6000, record=keep))
    cue, latency, found, value = (np.asarray(x)[3000:] for x in run())
    assert found.mean() == pytest.approx(rate, rel=0.02)
    by_count = np.array([latency[cue == k].mean() for k in range(5)])
    np.testing.assert_allclose(by_count, best, rtol=0.03)
    rises = np.diff([value[cue == k].mean() for k in range(5)])
    np.testing.assert_allclose(rises, step, rtol=0.03)


@pytest.mark.parametrize("utility, meal", [(1.0, 2.0), (10.0, 10.0), (1.0, 0.0)])
def test_meals_count_on_an_interval_schedule(utility, meal):
    best = random_interval(30.0, utility, 0.0, 0.05, meal)
    model = NivVigor(schedule="interval", utility=utility, consumption=meal, r0=best.rate)
    offer = Offer(jnp.zeros((), int), None, jnp.ones((), bool))
    found = jax.tree.map(lambda x: float(x[0]), model.policy(model.init(LEVER), offer).latency)
    slope = lambda t: (
        found.cost / t**2 + found.bait * np.exp(-t / found.interval) / found.interval - found.rate
    )
    assert brentq(slope, 1e-3, 1e3) == pytest.approx(best.latency, rel=1e-9)


def test_a_time_to_eat_is_no_less_than_nothing():
    with pytest.raises(ValueError, match="consumption is -1"):
        NivVigor(consumption=-1.0)
