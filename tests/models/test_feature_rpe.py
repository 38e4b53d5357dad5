"""Channels that add up to the scalar error."""

import numpy as np
import pytest

from jaxda.models.feature_rpe import FeatureRPE
from jaxda.rollout import Agent
from jaxda.types import Env

from ..records import record, replay


# State 0 shows nothing; 1 and 2 share a feature.
PHI = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 2.0], [1.0, 1.0, 0.0]])
ENV = Env(n_cues=3, n_items=1, n_actions=1, acts=False, features=tuple(map(tuple, PHI.tolist())))
STATE = np.array([0, 1, 2] * 4)
REWARD = np.array([0, 0, 3, 0.6, 0, 3, 0, 0, 0, 0, 1, 3])
ALPHA, GAMMA = 0.1, 0.8


def seen(learning):
    onset, last = STATE == 0, STATE == 2
    events = record(
        np.zeros(12, int),
        REWARD,
        cue=STATE,
        choice=False,
        onset=onset,
        terminal=last,
        successor=np.where(last, 0, STATE + 1),
    )
    out = replay(Agent(FeatureRPE(alpha=ALPHA, gamma=GAMMA, learning=learning)), ENV, events)
    return np.asarray(out.rpe[..., 0]), {n: np.asarray(x[..., 0]) for n, x in out.latents.items()}


@pytest.mark.parametrize("learning", ["sum", "local"])
def test_against_plain_loops(learning):
    w = np.zeros(3)
    rpe, latents = seen(learning)
    for t, (s, r) in enumerate(zip(STATE, REWARD, strict=True)):
        ahead = np.zeros(3) if s == 2 else PHI[s + 1]
        delta = r / 3 + GAMMA * w * ahead - w * PHI[s]
        np.testing.assert_allclose(latents["weight"][t], w, atol=1e-12)
        np.testing.assert_allclose(rpe[t], delta, atol=1e-12)
        assert latents["value"][t] == pytest.approx(w @ PHI[s])
        scalar = r + GAMMA * w @ ahead - w @ PHI[s]
        assert rpe[t].sum() == pytest.approx(scalar, abs=1e-12)
        w = w + ALPHA * PHI[s] * (scalar if learning == "sum" else delta)
    assert abs(w).max() > 0.2


def test_channels_agree_on_a_reward_in_the_interval_and_differ_at_a_cue():
    rpe, latents = seen("sum")
    after = latents["weight"][3] * PHI[1]
    np.testing.assert_allclose(rpe[3] - GAMMA * after, 0.2)
    assert np.ptp(rpe[6]) > 0.1
