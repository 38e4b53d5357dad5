"""Pavlovian bias: a golden record, and what pulls at a response."""

import jax
import numpy as np
import pytest

from jaxda.models.pavlovian_bias import PavlovianBias
from jaxda.rollout import Agent
from jaxda.tasks.go_nogo import GoNogo

from ..records import log_likelihood, record, replay


CUES = np.array([0, 1, 2, 3, 0, 1, 2, 3])
PRESSES, OUTCOMES = (1, 1, 0, 0, 1, 0, 1, 0), (1, -1, 1, 0, 0, -1, 0, -1)


def session(cue, press, outcome, **more):
    cue = np.asarray(cue)
    return record(press, outcome, cue=cue, options=np.stack([2 * cue, 2 * cue + 1], 1), **more)


def test_golden_record():
    model = PavlovianBias(xi=0.05, epsilon=0.2, b=0.3, pi=0.4, rho_rew=5.0, rho_pun=4.0)
    # One event more per cue, to look at what is left.
    more = lambda x: np.concatenate([x, np.arange(4)])
    none = (0, 0, 0, 0)
    events = session(more(CUES), (*PRESSES, *none), (*OUTCOMES, *none), valid=np.arange(12) < 8)
    env = GoNogo().env
    assert float(log_likelihood(Agent(model), env, events)[0]) == pytest.approx(
        -5.0717603466, abs=1e-8
    )
    value = replay(Agent(model), env, events).latents["value"][-4:, 0]
    np.testing.assert_allclose(value, [0.8, -1.44, 0.8, -0.8], rtol=0, atol=1e-8)


def go(model, cue, outcome):
    """P(go) at `cue` after it came once without a response and brought `outcome`."""
    events = session([cue, cue], [0, 0], [outcome, 0])
    logits = replay(Agent(model), GoNogo().env, events).policy.logits[:, :, 0]
    return jax.nn.softmax(logits, axis=1)[:, 1]


def test_promises_pull_toward_going_and_threats_away():
    # After +1, V = Q_nogo = .2 * 6 = 1.2, so P(go) = sigmoid(pi * 1.2 - 1.2); after -1, mirrored.
    for pi in (0.0, 0.5):
        model = PavlovianBias(xi=0.0, pi=pi)
        for outcome in (1.0, -1.0):
            first, second = go(model, 0, outcome)
            assert float(first) == pytest.approx(0.5, abs=1e-12)
            expected = 1 / (1 + np.exp(-outcome * 1.2 * (pi - 1)))
            assert float(second) == pytest.approx(expected, abs=1e-12)


def test_a_lapse_is_half_a_response():
    sure = PavlovianBias(xi=0.3, b=50.0, pi=0.0)
    assert float(go(sure, 0, 0.0)[0]) == pytest.approx(1 - 0.3 / 2, abs=1e-12)
