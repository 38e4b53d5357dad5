"""RLWM: against a plain transcription of its rule, by hand, and its reset between blocks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.keys import named_keys
from jaxda.lesions.snc_loss import SNcLoss
from jaxda.models.rlwm import RLWM
from jaxda.rollout import Agent, log_probs, simulate
from jaxda.tasks.set_size import SetSize


TASK = SetSize(sizes=(2, 3, 2), repeats=5, order="given")
RULE = {
    "alpha": 0.1,
    "beta": 8.0,
    "rho_wm": 0.9,
    "capacity": 2.5,
    "phi": 0.15,
    "epsilon": 0.04,
    "omega": 0.05,
    "b_wm": 0.3,
    "b_rl": 0.4,
    "r0": 0.1,
}


def policy(values, side):
    e = np.exp(RULE["beta"] * (values + RULE["omega"] * side))
    return RULE["epsilon"] / 3 + (1 - RULE["epsilon"]) * e / e.sum()


def transcribed(events, interact):
    """Log-probabilities of one session in plain loops."""
    out, previous = [], None
    for stimulus, action, reward, size, fresh in zip(*events, strict=True):
        if fresh:
            q, w, previous = np.full((6, 3), 1 / 3), np.full((6, 3), 1 / 3), None
        weight = RULE["rho_wm"] * min(1, RULE["capacity"] / size)
        side = np.zeros(3)
        if previous is not None:
            side[previous] = 1

        mixture = weight * policy(w[stimulus], side) + (1 - weight) * policy(q[stimulus], side)
        out.append(np.log(mixture[action]))
        w += RULE["phi"] * (1 / 3 - w)
        mixed = weight if interact else 0.0
        held = mixed * w[stimulus, action] + (1 - mixed) * q[stimulus, action]
        won = reward == 1
        rate = RULE["alpha"] * (1 if won else RULE["b_rl"])
        q[stimulus, action] += rate * ((1 if won else RULE["r0"]) - held)
        w[stimulus, action] += (1 if won else RULE["b_wm"]) * (reward - w[stimulus, action])
        previous = action
    return np.array(out)


@pytest.mark.parametrize("interaction", ["none", "cooperative"])
def test_against_a_transcription(interaction):
    agent = Agent(RLWM(interaction=interaction, **RULE))
    keys = named_keys(0, [("rlwm", str(i)) for i in range(3)])
    run = jax.jit(lambda k: simulate(agent, TASK, k, TASK.n_events, record=lambda e, r: e))
    events = run(keys)
    found = np.asarray(jax.jit(lambda e: log_probs(agent, TASK.env, e))(events))
    columns = (events.cue, events.action, events.reward, events.context, events.fresh)
    for lane in range(3):
        session = [np.asarray(x)[:, lane] for x in columns]
        expected = transcribed(session, interaction == "cooperative")
        np.testing.assert_allclose(found[:, lane], expected, rtol=0, atol=1e-12)
    # A block begins without knowledge or habit.
    first = np.asarray(events.fresh)
    np.testing.assert_allclose(found[first], -np.log(3), rtol=1e-12)


def played(model, lesion=None, n=400):
    agent = Agent(model) if lesion is None else Agent(model, lesion)
    keys = named_keys(0, [("sets", str(i)) for i in range(n)])
    task = SetSize(sizes=(6,), repeats=9)
    keep = lambda e, r: (e.reward, r.latents["memory"], r.latents["q"])
    run = jax.jit(lambda k: simulate(agent, task, k, task.n_events, record=keep))
    return [np.asarray(x) for x in run(keys)]


def test_a_broadcast_that_is_lost_spares_memory():
    # All cells gone: nothing is learned by reinforcement, and memory goes on.
    won, memory, q = played(RLWM(), SNcLoss(1.0))
    np.testing.assert_allclose(q, 1 / 3, rtol=1e-12)
    assert memory.max() > 0.9 and won[-18:].mean() > 0.5


def test_more_capacity_is_more_memory_up_to_the_size_of_the_set():
    weight = lambda k, n: float(RLWM(capacity=k, rho_wm=0.8)._weight(jnp.asarray(n)))
    assert weight(3.0, 2) == weight(3.0, 3) == pytest.approx(0.8)
    assert weight(3.0, 6) == pytest.approx(0.4) and weight(2.5, 5) == pytest.approx(0.4)
    # Padding has no context.
    assert np.isfinite(weight(3.0, 0))


def test_a_habit_learner_counts_actions_whatever_they_bring():
    # An error is worth as much as a reward, so what was done only grows.
    _, _, q = played(RLWM(r0=1.0, b_rl=1.0, alpha=0.3), n=20)
    assert q.min() >= 1 / 3 - 1e-12 and q[-1].max() > 0.9
    _, _, q = played(RLWM(r0=0.0, b_rl=1.0, alpha=0.3), n=20)
    assert q.min() < 0.3
