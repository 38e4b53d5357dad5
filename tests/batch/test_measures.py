"""What is summed while sessions are played is what a table of their trials says."""

import functools

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from jaxda import catalog
from jaxda.batch.measures import MEASURES
from jaxda.batch.tally import tally
from jaxda.fit.behaviour import STATISTICS, Design, best_items, by_trial, mean
from jaxda.rollout import Agent, simulate


LANES = 6
# Of every kind of task with choices: settings, trials (one that fills no block), and a model.
PLAYED = {
    "bandit": ({"p": (0.5, 0.8, 0.3)}, 37, "q_learning"),
    "pst": ({"blocks": 1, "criterion": ()}, 80, "q_learning"),
    "set_size": ({}, 40, "rlwm"),
    "two_step": ({}, 30, "two_step"),
    "gridworld": ({}, 2, "q_learning"),
    "free_operant": ({}, 33, "niv_vigor"),
    "pavlovian_trace": ({}, 3, "td_zero"),
}


@functools.cache
def both(name, win=0.0):
    """Measures by tally, and the same sessions event by event."""
    settings, trials, model = PLAYED[name]
    task = catalog.load("tasks", name)(**settings)
    agent = Agent(catalog.load("models", model)())
    keys, n_events = jr.split(jr.key(3), LANES), task.events_for(trials)
    behind = jax.eval_shape(
        lambda key: task.truth(task.init(), jax.tree.map(lambda x: x[0], task.plan(key, 32))),
        keys[0],
    )
    counts = tally(task, behind, trials, win)
    how = {"truth": True, "tally": (counts.begin, counts.fold)}
    ((events, readout), truth), (sums, _, _) = jax.jit(
        lambda keys: simulate(agent, task, keys, n_events, **how)
    )(keys)
    found = {}
    for measure in counts.measures:
        amount, count = (np.asarray(sums[i]) for i in counts.parts(measure))
        found[measure] = np.where(count > 0, amount / np.maximum(count, 1), np.nan)
    return found, task, trials, events, readout, {k: np.asarray(x) for k, x in truth.items()}


@pytest.mark.parametrize("name", PLAYED)
def test_sums_agree_with_the_statistics_of_behaviour(name):
    measured, task, trials, events, readout, truth = both(name)
    found = dict(measured)
    seen = by_trial(events, best_items(truth, events, task.env), trials)
    # A win is a reward above 0 in both.
    design = Design(task.kind, task.env, np.zeros(trials, int), 0.0)
    of = lambda statistic: list(STATISTICS[statistic](seen, design).values())
    same = lambda measure, x: np.testing.assert_allclose(found.pop(measure), x, rtol=1e-12)
    if "better" in found:
        same("better", of("P(better option)")[0])
    elif task.env.n_actions > 1 and task.env.acts:
        assert np.isnan(of("P(better option)")[0]).all()
    if "reward" in found:
        same("reward", of("reward per trial")[0])
    if "win_stay" in found:
        win, lose = of("P(stay)")
        same("win_stay", win)
        same("lose_stay", lose)
    if "actions" in found:
        same("actions", of("actions per trial")[0])
    if "latency" in found:
        same("latency", mean(seen.latency))
    trial = np.cumsum(np.asarray(events.onset), axis=0)
    told = np.asarray(events.valid & events.feedback) & (trial <= trials)
    size = lambda x: np.abs(np.asarray(x)).mean(axis=1)
    same("error", mean(size(readout.rpe), told))
    same("dopamine", mean(size(readout.dopamine), told))
    assert not found, f"not compared: {', '.join(found)}"


def test_every_measure_is_compared_somewhere():
    found = {m for name in ("bandit", "gridworld", "free_operant") for m in both(name)[0]}
    assert found == set(MEASURES)


def test_stay_by_hand():
    """Four trials of one cue, and the limit of a win between two rewards."""
    from jaxda.batch.tally import _seen
    from jaxda.tasks.bandit import Bandit
    from jaxda.types import Event, Policy, Readout

    task, yes = Bandit(), jnp.ones((), bool)
    past, got = (jnp.zeros(1), jnp.zeros(1)), []
    for action, reward in ((0, 1.0), (0, 0.5), (1, 1.0), (0, 0.0)):
        zero, one = jnp.zeros((), int), jnp.ones(())
        event = Event(
            zero,
            None,
            yes,
            jnp.asarray(action),
            yes,
            one,
            jnp.asarray(reward),
            zero,
            yes,
            yes,
            one,
            yes,
        )
        readout = Readout(Policy(jnp.zeros(2)), jnp.zeros(1), jnp.zeros(1), {})
        behind = {"p": jnp.array([0.7, 0.3])}
        seen, past = _seen(task.env, event, yes, readout, behind, past, 0.75)
        got.append(tuple(map(bool, (seen.after_win, seen.after_loss, seen.stayed, seen.better))))
    # Nothing before; stayed after the 1; left after the .5, a loss; left after the 1.
    assert got[0][:2] == (False, False)
    assert got[1] == (True, False, True, True)
    assert got[2] == (False, True, False, False)
    assert got[3] == (True, False, False, True)
