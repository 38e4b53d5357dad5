"""Values that fade: factors by hand, and the ramp that they leave."""

import numpy as np
import pytest

from jaxda.models.value_decay import ValueDecay
from jaxda.rollout import Agent
from jaxda.tasks.pavlovian_trace import PavlovianTrace
from jaxda.theory.decay import ramp

from ..records import record, replay
from .test_td_zero import played


K1, K2 = 0.6, 0.9


def seen(n_trials, reward=2, states=1, **settings):
    """Errors and values `[trials, 1 + states]` of the interval and of states; the last pays."""
    n = 1 + states
    at = np.tile(np.arange(n), n_trials)
    last = at == states
    events = record(
        0 * at,
        reward * last,
        cue=at,
        successor=np.where(last, 0, at + 1),
        onset=at == 0,
        terminal=last,
    )
    model = ValueDecay(alpha=0.5, gamma=0.5, **settings)
    out = replay(Agent(model), PavlovianTrace(delay=states - 1).env, events)
    shaped = lambda x: np.asarray(x).reshape(n_trials, n)
    return shaped(out.rpe), shaped(out.latents["value"])


def kept(value):
    """What is left of a value, by hand."""
    return (1 - (1 - K1) * np.exp(-value / K2)) * value


def test_value_dependent_fading_by_hand():
    rpe, value = seen(3, decay="value_dependent", kappa=K1, scale=K2)
    # The first trial leaves alpha 2 = 1.
    one = kept(1.0)
    assert one == pytest.approx(1 - 0.4 * 0.329193, abs=1e-6)
    two = kept(one + 0.5 * (2 - one))
    np.testing.assert_allclose(value, [[0, 0], [0, one], [0, two]], rtol=0, atol=1e-15)
    expected = [[0, 2], [0.5 * one, 2 - one], [0.5 * two, 2 - two]]
    np.testing.assert_allclose(rpe, expected, rtol=0, atol=1e-15)


def test_fading_by_trial_by_hand():
    rpe, value = seen(3, kappa=K1)
    np.testing.assert_allclose(value[:, 1], [0, 0.6, 0.78], rtol=0, atol=1e-15)
    expected = [[0, 2], [0.3, 1.4], [0.39, 1.22]]
    np.testing.assert_allclose(rpe, expected, rtol=0, atol=1e-15)


def test_fading_by_step_by_hand():
    # Two states: all fades by .6 after each of their events, and not after the interval's.
    rpe, value = seen(3, states=2, decay="step", kappa=K1)
    left = [[0, 0, 0], [0, 0, 0.36], [0, 0.054, 0.4248]]
    np.testing.assert_allclose(value, left, rtol=0, atol=1e-15)
    expected = [[0, 0, 2], [0, 0.3, 1.64], [0.027, 0.3, 1.5752]]
    np.testing.assert_allclose(rpe, expected, rtol=0, atol=1e-15)


def test_a_wide_scale_is_the_plain_factor_and_a_narrow_one_none():
    plain = seen(30, kappa=K1)
    wide = seen(30, decay="value_dependent", kappa=K1, scale=1e15)
    np.testing.assert_allclose(wide, plain, rtol=0, atol=1e-13)
    # Where forgetting is of small values only, the rewarded cue forgets nothing.
    narrow = seen(30, decay="value_dependent", kappa=K1, scale=1e-3)
    np.testing.assert_allclose(narrow, seen(30, kappa=1.0), rtol=0, atol=1e-13)
    assert np.abs(np.subtract(plain, narrow)).max() > 0.5


def test_losses_fade_like_gains():
    settings = {"decay": "value_dependent", "kappa": K1, "scale": K2}
    (rpe, value), (loss, cost) = (seen(3, reward=r, **settings) for r in (2, -2))
    assert value[2, 1] > 0.8
    np.testing.assert_array_equal(loss, -rpe)
    np.testing.assert_array_equal(cost, -value)


def test_the_ramp_has_a_closed_form():
    alpha, gamma, kappa, steps, n_trials = 0.6, 0.8 ** (1 / 6), 0.75, 6, 200
    task = PavlovianTrace(delay=steps - 1, omission=0.0)
    model = ValueDecay(alpha=alpha, gamma=gamma, kappa=kappa)
    keep = lambda event, readout: readout.rpe[0]
    rpe = played(model, task, task.events_for(n_trials), keep).reshape(n_trials, -1)[-1]
    # j steps before the reward R (1 - kappa) (alpha kappa gamma)^j / left^(j + 1).
    left = 1 - kappa * (1 - alpha)
    j = np.arange(steps)[::-1]
    by_hand = (1 - kappa) * (alpha * kappa * gamma) ** j / left ** (j + 1)
    np.testing.assert_allclose(rpe[1:], by_hand, rtol=0, atol=1e-13)
    assert rpe[0] == pytest.approx((alpha * kappa * gamma / left) ** steps, abs=1e-13)
    np.testing.assert_allclose(rpe, ramp(steps, alpha, gamma, kappa), rtol=0, atol=1e-13)
    known = [0.05646, 0.03256, 0.05256, 0.08487, 0.13701, 0.22121, 0.35714]
    np.testing.assert_allclose(rpe, known, rtol=0, atol=6e-6)
