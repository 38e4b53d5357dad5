"""Many sessions of a task, played by an agent that does not care."""

import functools

import jax
import jax.random as jr
import numpy as np

from jaxda.keys import named_keys
from jaxda.models.delay_line import DelayLine
from jaxda.models.expectile import Expectile
from jaxda.models.niv_vigor import NivVigor
from jaxda.models.q_learning import QLearning
from jaxda.models.td_lambda import TDLambda
from jaxda.models.two_step import TwoStep
from jaxda.rollout import Agent, simulate

from ..catalogue import compiled


INDIFFERENT = {
    "choice": lambda: QLearning(beta=0.0),
    "go_nogo": lambda: QLearning(beta=0.0),
    "mdp": lambda: QLearning(beta=0.0),
    "two_stage": lambda: TwoStep(beta1=0.0, beta2=0.0),
    "free_operant": lambda: NivVigor(alpha=0.0, alpha_r=0.0),
    "pavlovian": TDLambda,
    "pavlovian_cues": TDLambda,
    "pavlovian_trial": DelayLine,
    "magnitude": Expectile,
}


def keys(n_lanes):
    return named_keys(0, [("session", str(i)) for i in range(n_lanes)])


def events(task, n_events, n_lanes=64, model=None):
    """Events `[events, ..., lanes]` as NumPy arrays."""
    agent = Agent(model or INDIFFERENT[task.kind]())
    run = jax.jit(lambda k: simulate(agent, task, k, n_events, record=lambda e, r: e))
    return jax.tree.map(np.asarray, run(keys(n_lanes)))


def truths(task, n_events, n_lanes=64, model=None):
    """Events, and what was behind them, `[events, ..., lanes]`, as NumPy arrays."""
    agent = Agent(model or INDIFFERENT[task.kind]())
    keep = lambda e, r: e
    run = compiled(lambda k: simulate(agent, task, k, n_events, record=keep, truth=True))
    return jax.tree.map(np.asarray, run(keys(n_lanes)))


@functools.cache
def plans(task, n_events, n_lanes=64):
    """What is planned, `[events, ..., lanes]`, as NumPy arrays."""
    run = compiled(jax.vmap(lambda k: task.plan(k, n_events), out_axes=-1))
    return jax.tree.map(np.asarray, run(keys(n_lanes)))


def wander(task, n_events, n_lanes=64, latency=1.0):
    """Actions at random, after exponential latencies, without a model.

    Offers, actions, latencies, outcomes and truths `[events, ..., lanes]`, as NumPy arrays.
    """

    def session(key):
        plan = task.plan(jr.fold_in(key, 0), n_events)
        action = jr.randint(jr.fold_in(key, 1), (n_events,), 0, task.env.n_actions, dtype=int)
        tau = latency * jr.exponential(jr.fold_in(key, 2), (n_events,))
        draws = jr.uniform(jr.fold_in(key, 3), (n_events, task.n_draws))

        def step(world, at):
            plan, action, tau, draws = at
            offer, truth = task.offer(world, plan), task.truth(world, plan)
            world, out = task.outcome(world, plan, offer, action, tau, draws)
            return world, (offer, action, tau, out, truth)

        return jax.lax.scan(step, task.init(), (plan, action, tau, draws))[1]

    run = compiled(jax.vmap(session, out_axes=-1))
    return jax.tree.map(np.asarray, run(keys(n_lanes)))
