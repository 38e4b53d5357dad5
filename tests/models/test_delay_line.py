"""The delay line over whole trials is TD(lambda) bin by bin."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.keys import named_keys
from jaxda.models.delay_line import DelayLine
from jaxda.models.td_lambda import TDLambda
from jaxda.rollout import Agent, simulate
from jaxda.tasks.pavlovian_trace import PavlovianTrace
from jaxda.tasks.pavlovian_trial import PavlovianTrial

from ..records import record, replay


VALUES = {"alpha": 0.3, "gamma": 0.95, "lam": 0.8}


# Up to 8 bins are laid out in another way than more of them.
@pytest.mark.parametrize("delay, tail", [(3, 0), (12, 4)])
def test_equals_td_lambda_bin_by_bin(delay, tail):
    more = {"unpredicted": 0.2, "omission": 0.2, "early": 2, "early_rate": 0.2, "reward": 1.5}
    trials = PavlovianTrial(delay=delay, tail=tail, **more)
    bins = PavlovianTrace(delay=delay, tail=tail, **more)
    keys = named_keys(0, [("line", str(i)) for i in range(4)])
    lams = {"model.lam": jnp.asarray([0.0, 0.5, 0.9, 1.0])}
    keep = lambda event, readout: (event.reward, readout.rpe, readout.latents["value"])

    @jax.jit
    def both(keys):
        line, by_bin = Agent(DelayLine(**VALUES)), Agent(TDLambda(**VALUES))
        return (
            simulate(by_bin, bins, keys, bins.events_for(60), lams, record=keep),
            simulate(line, trials, keys, 60, lams, record=keep),
        )

    (paid, errors, values), (reward, rpe, value) = both(keys)
    n = delay + 2 + tail
    assert rpe.shape == (60, n, 4) and float(jnp.abs(rpe).sum()) > 10
    np.testing.assert_array_equal(paid.reshape(60, n, 4).sum(axis=1), reward)
    np.testing.assert_allclose(rpe, errors.reshape(rpe.shape), rtol=0, atol=1e-12)
    # Values, where the line ran: a trial without cue stays in the interval.
    ran = np.abs(values.reshape(rpe.shape)).sum(axis=1) > 0
    expected = np.where(ran[:, None], values.reshape(rpe.shape), 0)
    np.testing.assert_allclose(expected[:, 1][ran], value[:, 1][ran], rtol=0, atol=1e-12)


def test_one_trial_by_hand():
    # Three bins of 0.5 s: interval, cue, one more; the reward at 1 s ends the last.
    line = DelayLine(alpha=0.5, gamma=0.5, lam=0.5, dt=0.5)
    env = PavlovianTrial(delay=1).env
    seen = replay(Agent(line), env, record([0] * 3, [4, 0, 4], cue=[1, 1, 0], elapsed=1.0))
    np.testing.assert_allclose(seen.rpe[..., 0], [[0, 0, 4], [0.25, 0.5, -2], [0, 0, 4]])
    # V = alpha (delta + gamma lam delta later).
    np.testing.assert_allclose(seen.latents["value"][1, :, 0], [0, 0.5, 2])


def test_a_reward_after_the_end_of_the_line_is_not_met():
    env = PavlovianTrial(delay=1).env
    late = record([0] * 2, [4, 4], cue=1, elapsed=0.6)
    assert not replay(Agent(DelayLine()), env, late).rpe.any()
    soon = eqx.tree_at(lambda e: e.elapsed, late, late.elapsed - 0.2)
    assert float(replay(Agent(DelayLine()), env, soon).rpe[0, 2, 0]) == 4


def test_bins_without_length_are_refused():
    with pytest.raises(ValueError, match="dt is 0"):
        DelayLine(dt=0.0)
