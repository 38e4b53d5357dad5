"""Sensory errors as a vector: by plain loops, with light, and rectified."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.models.successor_representation import SuccessorRepresentation
from jaxda.rollout import Agent
from jaxda.types import Env

from ..records import record, replay


# Compounds too: A, A with X, X with food.
PHI = np.array([[0.0, 0, 0], [1.0, 0, 0], [1.0, 1.0, 0], [0, 1.0, 1.0]])
ENV = Env(n_cues=4, n_items=1, n_actions=1, acts=False, features=tuple(map(tuple, PHI.tolist())))
STATE = np.array([0, 1, 2, 3, 0] * 6)
LIGHT = np.array([0, 0, 1, 0, 1] * 6)
REWARD = np.where(STATE == 3, 1.0, 0.0) * (np.arange(30) < 20)
GAMMA, RATE_M, RATE_U, GAIN = 0.9, 0.3, 0.2, 0.7


def seen(light, **settings):
    last = np.arange(30) % 5 == 4
    events = record(
        np.zeros(30, int),
        REWARD,
        cue=STATE,
        choice=False,
        onset=np.arange(30) % 5 == 0,
        terminal=last,
        successor=np.where(last, 0, np.roll(STATE, -1)),
    )
    if light is not None:
        context = jnp.asarray(light[:, None], int)
        none = lambda x: x is None
        events = eqx.tree_at(lambda e: e.context, events, context, is_leaf=none)
    model = SuccessorRepresentation(
        alpha_m=RATE_M, alpha_u=RATE_U, gamma=GAMMA, opto_gain=GAIN, primary=(2,), **settings
    )
    out = replay(Agent(model), ENV, events)
    return np.asarray(out.rpe[..., 0]), {n: np.asarray(x[..., 0]) for n, x in out.latents.items()}


@pytest.mark.parametrize("rectification", ["none", "quarter"])
@pytest.mark.parametrize("light", [LIGHT, None], ids=["light", "dark"])
def test_against_plain_loops(light, rectification):
    m, u = np.zeros((3, 3)), np.array([0.0, 0.0, 0.5])
    rpe, latents = seen(light, rectification=rectification)
    for t in range(30):
        x = PHI[STATE[t]]
        after = np.zeros(3) if t % 5 == 4 else PHI[STATE[t + 1]]
        sensory = x + GAMMA * after @ m - x @ m
        if light is not None:
            sensory = sensory + GAIN * light[t] * x
        delta = np.append(sensory, REWARD[t] - x @ u)
        if rectification == "quarter":
            delta = np.where(delta < 0, delta / 4, delta)
        np.testing.assert_allclose(rpe[t], delta, atol=1e-12)
        np.testing.assert_allclose(latents["expected"][t], x @ m, atol=1e-12)
        np.testing.assert_allclose(latents["worth"][t], u, atol=1e-12)
        assert latents["value"][t] == pytest.approx(x @ m @ u, abs=1e-12)
        m, u = m + RATE_M * np.outer(x, delta[:3]), u + RATE_U * x * delta[3]
    assert (rpe < -0.05).any() and m[0, 2] > 0.3


def test_light_without_a_stimulus_does_nothing():
    gap = np.where(STATE == 0, 1, 0)
    dark, lit = seen(np.zeros(30)), seen(gap)
    np.testing.assert_array_equal(dark[0], lit[0])
    assert not np.allclose(dark[0], seen(LIGHT)[0])


def test_primary_features_are_features_of_the_task():
    with pytest.raises(ValueError, match=r"primary is .* the task has features 0 to 2"):
        SuccessorRepresentation(primary=(3,)).init(ENV)
    with pytest.raises(ValueError, match="primary is"):
        SuccessorRepresentation(primary=(-1,))
