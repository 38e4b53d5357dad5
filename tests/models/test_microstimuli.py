"""Microstimuli: features by number, trials by hand, and a plain loop over bins."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.models.microstimuli import Microstimuli
from jaxda.rollout import Agent
from jaxda.tasks.pavlovian_trace import PavlovianTrace

from ..records import record, replay
from .test_td_zero import played


def test_features_by_number():
    model = Microstimuli(m=50, d=0.985, sigma=0.08)
    start, later = np.asarray(model.features(jnp.asarray([1.0, 0.985**46]))).reshape(2, 50)
    # The last bump is centred at 1, the 25th at 1 / 2: its top is y / sqrt(2 pi).
    assert start[49] == pytest.approx(0.398942, abs=5e-7)
    assert np.argmax(start) == 49
    assert later[24] == pytest.approx(0.199, abs=5e-4)
    assert np.argmax(later) == 24
    # A sigma from its centre a bump has exp(-1/2) of its top.
    assert start[45] == pytest.approx(0.398942 * np.exp(-0.5), abs=5e-7)
    assert not model.features(jnp.zeros((2,))).any()


# One feature that is flat: x = c y with c = 1 / sqrt(2 pi). Heights halve.
FLAT = {"m": 1, "sigma": 1e9, "d": 0.5, "alpha": 0.5, "gamma": 0.5, "lam": 0.8}
C2 = 1 / (2 * np.pi)


def by_hand(iti):
    """Errors and values of interval, cue (state 1), state 2, which pays 2; twice."""
    events = record(
        [0] * 6,
        [0, 0, 2] * 2,
        cue=[0, 1, 2] * 2,
        successor=[1, 2, 0] * 2,
        onset=[True, False, False] * 2,
        terminal=[False, False, True] * 2,
    )
    out = replay(Agent(Microstimuli(iti=iti, **FLAT)), PavlovianTrace(delay=1).env, events)
    return np.asarray(out.rpe[:, 0, 0]), np.asarray(out.latents["value"][:, 0])


def test_two_trials_by_hand():
    # When the reward comes e = .4 c + c / 2, so the first trial leaves w = .9 c. In the second
    # V = .9 c^2 at the cue; its error teaches by e = c before the reward comes.
    rpe, value = by_hand("cleared")
    w = 0.9 - 0.5 * 0.675 * C2
    np.testing.assert_allclose(rpe[:3], [0, 0, 2], rtol=0, atol=1e-15)
    np.testing.assert_allclose(rpe[3:], [0.45 * C2, -0.675 * C2, 2 - 0.5 * w * C2], atol=1e-14)
    np.testing.assert_allclose(value, [0, 0, 0, 0, 0.9 * C2, 0.5 * w * C2], rtol=0, atol=1e-14)


def test_kept_traces_run_on_into_the_next_trial():
    # The cue's trace has fallen to 1 / 4 when the second trial begins, and the reward's is 1.
    rpe, value = by_hand("kept")
    np.testing.assert_allclose(rpe[:3], [0, 0, 2], rtol=0, atol=1e-15)
    assert value[3] == pytest.approx(0.9 * C2 / 4, abs=1e-15)
    # The cue comes on anew.
    delta = (0.45 - 0.225) * C2
    assert rpe[3] == pytest.approx(delta, abs=1e-15)
    # Eligibilities .4 .9 c + c / 4 of the cue and c of the reward, whose trace then is 1 / 2.
    at_cue = 0.9 * C2 + 0.5 * delta * (0.61 + 0.5) * C2
    assert value[4] == pytest.approx(at_cue, abs=1e-15)


def plain_loop(events, m, alpha, gamma, lam, d, sigma, kept):
    """Errors and values, one bin after the other, of one stimulus (state 1) and the reward."""
    centres = np.arange(1, m + 1) / m
    bumps = lambda y: y * np.exp(-((y - centres) ** 2) / (2 * sigma**2)) / np.sqrt(2 * np.pi)
    features = lambda heights: np.concatenate([bumps(y) for y in heights])
    heights, w, e = np.zeros(2), np.zeros(2 * m), np.zeros(2 * m)
    errors, values = [], []
    for onset, successor, terminal, reward in zip(*events, strict=True):
        if onset and not kept:
            heights, e = np.zeros(2), np.zeros(2 * m)
        x = features(heights)
        launched = np.array([successor == 1, reward != 0])
        heights = np.where(launched, 1.0, d * heights)
        ahead = 0.0 if terminal and not kept else w @ features(heights)
        errors.append(reward + gamma * ahead - w @ x)
        values.append(w @ x)
        e = gamma * lam * e + x
        w = w + alpha * errors[-1] * e
    return np.array(errors), np.array(values)


# With one bin between trials each ends with a terminal event, which a stream runs over.
@pytest.mark.parametrize("iti, bins", [("cleared", 1), ("kept", 1), ("kept", 3)])
def test_equals_a_plain_loop(iti, bins):
    settings = {"m": 6, "alpha": 0.1, "gamma": 0.97, "lam": 0.9, "d": 0.9, "sigma": 0.15}
    task = PavlovianTrace(delay=4, tail=6, omission=0.3, iti=bins, interval="fixed")
    seen = lambda e: (e.onset, e.successor, e.terminal, e.reward)
    keep = lambda e, r: (seen(e), r.rpe[0], r.latents["value"])
    found = played(Microstimuli(iti=iti, **settings), task, task.events_for(40), keep)
    events, rpe, value = jax.tree.map(lambda x: x[:, 0], found)
    assert 0 < (events[3] > 0).sum() < 40
    assert events[2].any() == (bins == 1)
    errors, values = plain_loop(events, **settings, kept=iti == "kept")
    np.testing.assert_allclose(rpe, errors, rtol=0, atol=1e-12)
    np.testing.assert_allclose(value, values, rtol=0, atol=1e-12)
    # It has learned, and begins a trial with something or with nothing.
    assert value.max() > 0.1 and bool(value[events[0]].any()) == (iti == "kept")


def test_a_trial_may_begin_with_a_stimulus():
    events = record([0] * 2, [1, 1], cue=1, successor=2, onset=True, terminal=True)
    out = replay(Agent(Microstimuli(**FLAT)), PavlovianTrace(delay=1).env, events)
    # w = alpha c, and V = w c.
    np.testing.assert_allclose(out.rpe[:, 0, 0], [1, 1 - 0.5 * C2], rtol=0, atol=1e-15)


@pytest.mark.parametrize("wrong", [{"m": 0}, {"m": True}, {"m": 2.0}, {"iti": "on"}])
def test_settings_that_mean_nothing_are_refused(wrong):
    (name,) = wrong
    with pytest.raises((ValueError, TypeError), match=name):
        Microstimuli(**wrong)
