"""The snippet of TD(0), to the last bit."""

import numpy as np
import pytest

from jaxda.models.note_td_zero import NoteTDZero
from jaxda.tasks.pavlovian_trace import PavlovianTrace

from .test_td_zero import played


def snippet(rewards, alpha, gamma, episodes):
    """The loop as it is commonly written."""
    V = np.zeros(len(rewards))
    log = []
    for _ in range(episodes):
        for t in range(len(rewards) - 1):
            rpe = rewards[t] + gamma * V[t + 1] - V[t]
            V[t] += alpha * rpe
            log.append(rpe)
    return V, np.array(log)


# Nine states that the loop comes to; the tenth index comes from padding or from the tail.
@pytest.mark.parametrize("padded, tail", [(True, 0), (False, 1)])
def test_equals_the_snippet(padded, tail):
    V, log = snippet(np.eye(10)[8], 0.1, 0.95, 1_000)
    task = PavlovianTrace(delay=7, tail=tail, omission=0.0)
    keep = lambda event, readout: (readout.rpe[0, ...], readout.latents["value"])
    n = task.events_for(1_001)
    rpe, value = (x.reshape(1_001, -1) for x in played(NoteTDZero(padded=padded), task, n, keep))
    np.testing.assert_allclose(rpe[:1_000, :9].ravel(), log, rtol=0, atol=1e-14)
    np.testing.assert_allclose(value[1_000, :9], V[:9], rtol=0, atol=1e-14)
    assert not rpe[:, 9:].any() and not value[:, 9:].any()
    assert V[0] == pytest.approx(0.66342043, abs=5e-9)
    start = rpe[:1_000, 0]
    assert start.max() == pytest.approx(0.097602, abs=5e-7)
    assert set(np.argsort(start)[-2:]) == {79, 80}


def test_a_reward_on_the_last_index_is_lost():
    V, log = snippet(np.eye(10)[9], 0.1, 0.95, 50)
    task = PavlovianTrace(delay=8, omission=0.0)
    keep = lambda event, readout: (event.reward, readout.rpe, readout.latents["value"])
    n = task.events_for(50)
    reward, rpe, value = played(NoteTDZero(padded=False), task, n, keep)
    assert reward.any() and not rpe.any() and not value.any()
    assert not V.any() and not log.any()
