"""Average-reward TD: the burst at the cue, and the rate."""

import numpy as np
import pytest

from jaxda.models.average_reward_td import AverageRewardTD
from jaxda.rollout import Agent
from jaxda.tasks.pavlovian_trace import PavlovianTrace
from jaxda.theory import cue

from ..records import record, replay
from .test_td_zero import played


def test_by_hand():
    # R moves with every error, and the end of a trial is followed by the interval.
    events = record(
        [0] * 4,
        [0, 2, 0, 2],
        cue=[0, 1, 0, 1],
        successor=[1, 0, 1, 0],
        terminal=[False, True, False, True],
    )
    agent = Agent(AverageRewardTD(alpha=0.5, alpha_r=0.1))
    out = replay(agent, PavlovianTrace(delay=0).env, events)
    # 0 - 0 + 0 - 0; 2; then R = .2, V(1) = 1: -.2 + 1; then R = .28, V(0) = .4.
    np.testing.assert_allclose(out.rpe[:, 0, 0], [0, 2, 0.8, 2 - 0.28 + 0.4 - 1], atol=1e-15)
    np.testing.assert_allclose(out.latents["reward_rate"][:, 0], [0, 0, 0.2, 0.28], atol=1e-15)
    np.testing.assert_allclose(out.latents["value"][:, 0], [0, 0, 0, 1], atol=1e-15)


def test_random_intervals_leave_a_burst():
    iti, delay = 10, 4
    task = PavlovianTrace(delay=delay, omission=0.0, iti=iti)
    model = AverageRewardTD(alpha=0.05, alpha_r=0.001)
    keep = lambda e, r: (e.cue, e.successor, r.rpe[0], r.latents["reward_rate"])
    here, there, rpe, rate = played(model, task, 8_000, keep, n_lanes=64)
    late = np.arange(len(rpe))[:, None] > 4_000
    law = cue.average_reward(delay, iti)
    comes, stays = (late & (here == 0) & (there == s) for s in (1, 0))
    assert rate[4_000:].mean() == pytest.approx(law.rate, abs=0.002)
    assert rpe[comes].mean() == pytest.approx(law.burst, abs=0.02)
    assert rpe[stays].mean() == pytest.approx(law.stay, abs=0.005)
    assert rpe[late & (here > 0)].mean() == pytest.approx(0, abs=0.005)
