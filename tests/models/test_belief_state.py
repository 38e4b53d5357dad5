"""Beliefs about a hidden state: a forward filter written out, and Bayes' rule by hand."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.models.belief_state import BeliefState
from jaxda.rollout import Agent
from jaxda.tasks.uncertain_delay import UncertainDelay

from ..records import record, replay
from .test_td_zero import played


NOTHING, CUE, REWARD = range(3)
BINS = 0.2 * np.arange(1, 15)
# The density of N(2 s, .5 s) from 1.2 s on, scaled to 1.
LAW = np.where(BINS > 1.1, np.exp(-2 * (BINS - 2) ** 2), 0)
LAW = LAW / LAW.sum()
# P(reward later than k bins), k = 0, 1, ...
LEFT = np.append(1, 1 - np.cumsum(LAW)).clip(0)


def test_law_by_number():
    np.testing.assert_allclose(LAW[5:10], [0.0477, 0.0835, 0.1246, 0.1584, 0.1716], atol=5e-5)
    np.testing.assert_allclose(BeliefState().law(), LAW, rtol=0, atol=1e-15)


def joint(omission, cue_hazard):
    """P(see x and go to state j | state i), `[x, i, j]`: 14 states of waiting and the interval."""
    step = np.zeros((3, 15, 15))
    for k in range(14):
        hazard = LAW[k] / LEFT[k] if k < 13 else 1.0
        step[REWARD, k, 14] = hazard
        if k < 13:
            step[NOTHING, k, k + 1] = 1 - hazard
    step[CUE, 14, 0] = cue_hazard * (1 - omission)
    step[CUE, 14, 14] = cue_hazard * omission
    step[NOTHING, 14, 14] = 1 - cue_hazard
    np.testing.assert_allclose(step.sum(axis=(0, 2)), 1, rtol=0, atol=1e-15)
    return step


def forward(sights, omission, cue_hazard):
    """Beliefs before each sight and after the last."""
    step, belief = joint(omission, cue_hazard), np.eye(15)[14]
    yield belief
    for x in sights:
        belief = belief @ step[x]
        belief = belief / belief.sum()
        yield belief


def beliefs(model, sights):
    """The model's own, in the same places."""
    env = UncertainDelay().env
    events = record(
        [0] * len(sights),
        [float(x == REWARD) for x in sights],
        cue=0,
        successor=[1 if x == CUE else 0 for x in sights],
        terminal=False,
    )
    state = model.init(env)
    update = eqx.filter_jit(lambda s, e: model.update(s, e, jnp.zeros((1,))))
    yield np.asarray(state.belief)
    for t in range(len(sights)):
        state = update(state, jax.tree.map(lambda x, t=t: x[t, 0], events))
        yield np.asarray(state.belief)


# A reward after eight bins; a cue that nothing follows, with another one after 18 bins, and
# one more while still waiting.
SIGHTS = (
    *(NOTHING, CUE, *[NOTHING] * 7, REWARD, NOTHING),
    *(CUE, *[NOTHING] * 17, CUE, *[NOTHING] * 9, CUE, *[NOTHING] * 5, REWARD, NOTHING),
)


def test_equals_a_forward_filter():
    model = BeliefState(omission=0.1, iti_hazard=0.05)
    expected = list(forward(SIGHTS, 0.1, 0.05))
    np.testing.assert_allclose(list(beliefs(model, SIGHTS)), expected, rtol=0, atol=1e-14)
    # After a reward the interval is certain; after 14 bins without one too.
    interval = np.array(expected)[:, -1]
    assert interval[10] == 1 and interval[11 + 15] == 1 and 0.1 < interval[11 + 10] < 0.9


@pytest.mark.parametrize("omission", [0.1, 0.5])
def test_doubt_grows_while_waiting_by_bayes(omission):
    # Nothing for k bins: omission (1 - h)^k against (1 - omission) P(reward later than k).
    model = BeliefState(omission=omission)
    found = np.array(list(beliefs(model, (CUE, *[NOTHING] * 14))))[1:, -1]
    none, later = omission * (64 / 65) ** np.arange(15), (1 - omission) * LEFT
    np.testing.assert_allclose(found, none / (none + later), rtol=0, atol=1e-14)


def test_a_reward_that_is_certain_leaves_no_doubt():
    found = np.array(list(beliefs(BeliefState(), (CUE, *[NOTHING] * 14))))
    # One micro-state after the other; what cannot be is taken for the interval.
    np.testing.assert_allclose(found, np.eye(15)[[14, *range(14), 14]], rtol=0, atol=1e-15)


def test_errors_and_values_of_a_session_on_beliefs():
    alpha, gamma, omission = 0.1, 0.98, 0.2
    task = UncertainDelay(omission=omission)
    keep = lambda e, r: (e.successor, e.reward, r.rpe[0], r.latents["interval"], r.latents["value"])
    n = 3_000
    model = BeliefState(alpha=alpha, gamma=gamma, omission=omission)
    found = played(model, task, n, keep)
    successor, reward, rpe, interval, value = (x[:, 0] for x in found)
    sights = np.where(reward > 0, REWARD, np.where(successor == 1, CUE, NOTHING))
    assert (sights == CUE).sum() > (sights == REWARD).sum() > 20
    belief = np.array(list(forward(sights, omission, 1 / 65)))
    np.testing.assert_allclose(interval, belief[:-1, -1], rtol=0, atol=1e-12)
    w, expected = np.zeros(15), []
    for t in range(n):
        delta = reward[t] + gamma * w @ belief[t + 1] - w @ belief[t]
        expected.append((delta, w @ belief[t]))
        w = w + alpha * delta * belief[t]
    np.testing.assert_allclose(np.stack([rpe, value], 1), expected, rtol=0, atol=1e-11)
    assert value.max() > 0.2


def test_what_cannot_be_believed_is_refused():
    with pytest.raises(ValueError, match="omission is 2"):
        BeliefState(omission=2)
    with pytest.raises(ValueError, match="iti_hazard is 0"):
        BeliefState(iti_hazard=0.0)


def test_one_step_of_values_by_hand():
    # A law of one bin: cue, then the reward for certain. Interval, cue, reward; again.
    model = BeliefState(alpha=0.5, gamma=0.5, earliest=0.2, latest=0.2, dt=0.2)
    assert model.law() == (1.0,)
    events = record([0] * 4, [0, 3] * 2, successor=[1, 0] * 2, terminal=False)
    out = replay(Agent(model), UncertainDelay().env, events)
    # w(cue) = 1.5, then the interval errs by .75 and learns .375, which is ahead of the reward.
    expected = [0, 3, 0.75, 3 + 0.5 * 0.375 - 1.5]
    np.testing.assert_allclose(out.rpe[:, 0, 0], expected, rtol=0, atol=1e-15)
