"""TD(lambda): exact laws of the travelling error, the cue's burst, omission."""

from math import comb

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.keys import named_keys
from jaxda.models.td_lambda import TDLambda
from jaxda.rollout import Agent, simulate
from jaxda.tasks.pavlovian_trace import PavlovianTrace
from jaxda.theory import wave

from ..records import record, replay


def errors(model, task, n_trials, n_lanes=1):
    """Errors `[trials, bins, lanes]`, events, and the agent."""
    keys = named_keys(0, [("trace", str(i)) for i in range(n_lanes)])
    n = n_trials * task.events_per_trial
    run = jax.jit(lambda: simulate(Agent(model), task, keys, n))
    events, readout = run()
    return np.asarray(readout.rpe[:, 0]).reshape(n_trials, -1, n_lanes), events


@pytest.mark.parametrize("lam", [0.0, 0.4, 0.9])
def test_law_of_the_error_in_every_state_and_trial(lam):
    alpha, gamma, delay, n_trials = 0.2, 0.9, 10, 60
    model = TDLambda(alpha=alpha, gamma=gamma, lam=lam)
    delta, _ = errors(model, PavlovianTrace(delay=delay, omission=0.0), n_trials)
    expected = wave.errors(n_trials, delay, alpha, gamma, lam)
    np.testing.assert_allclose(delta[..., 0], expected, rtol=0, atol=1e-12)


def test_without_a_trace_the_law_is_binomial():
    alpha, gamma, delay = 0.3, 0.95, 6
    model = TDLambda(alpha=alpha, gamma=gamma, lam=0.0)
    delta, _ = errors(model, PavlovianTrace(delay=delay, omission=0.0, reward=2.0), 30)
    for n in range(30):
        for k in range(delay + 1):
            binomial = comb(n, k) * alpha**k * (1 - alpha) ** (n - k)
            assert delta[n, delay + 1 - k, 0] == pytest.approx(2 * gamma**k * binomial, abs=1e-12)


def test_burst_at_an_unpredicted_cue():
    model, task = TDLambda(alpha=0.2, gamma=0.9, lam=0.0), PavlovianTrace(delay=10, omission=0.0)
    delta, _ = errors(model, task, 400)
    cue, reward = delta[:, 0, 0], delta[:, -1, 0]
    known = {0: 0, 30: 0.008039, 50: 0.130683, 60: 0.212323, 80: 0.296093, 100: 0.312023}
    np.testing.assert_allclose(cue[list(known)], list(known.values()), rtol=0, atol=1e-6)
    assert cue[-1] == pytest.approx(0.9**11, abs=1e-9)
    np.testing.assert_allclose(reward, 0.8 ** np.arange(400), rtol=0, atol=1e-12)
    assert np.argmax(cue > reward) == 27
    assert np.argmax(cue > 0.5 * 0.9**11) == 54
    np.testing.assert_allclose(delta[-1, 1:, 0], 0, rtol=0, atol=1e-9)


def test_omission_leaves_a_dip_of_the_whole_reward():
    task = PavlovianTrace(delay=8, omission=0.0, reward=1.5)
    model = TDLambda(alpha=0.3, gamma=0.9, lam=0.5)
    _, events = errors(model, task, 201)
    last = -1
    omitted = eqx.tree_at(lambda e: e.reward, events, events.reward.at[last].set(0.0))
    delta = np.asarray(replay(Agent(model), task.env, omitted).rpe[:, 0, 0])
    assert delta[last] == pytest.approx(-1.5, abs=1e-6)
    np.testing.assert_allclose(delta[-task.events_per_trial + 1 : last], 0, rtol=0, atol=1e-6)


def test_probabilistic_reward():
    p, gamma, delay = 0.5, 0.98, 5
    task = PavlovianTrace(delay=delay, omission=1 - p)
    model = TDLambda(alpha=0.01, gamma=gamma, lam=0.5)
    delta, events = errors(model, task, 2000, n_lanes=64)
    paid = np.asarray(events.reward).reshape(delta.shape)[:, -1] > 0
    late = np.arange(2000) > 1000
    assert delta[late, 0].mean() == pytest.approx(gamma ** (delay + 1) * p, abs=0.01)
    assert delta[late, -1][paid[late]].mean() == pytest.approx(1 - p, abs=0.01)
    assert delta[late, -1][~paid[late]].mean() == pytest.approx(-p, abs=0.01)


def test_long_traces_leave_both_responses_and_no_moving_bump():
    # Cells answer cue and reward side by side for hundreds of trials (Pan et al. 2005).
    model = TDLambda(alpha=0.005, gamma=0.98, lam=0.9)
    delta, _ = errors(model, PavlovianTrace(delay=16, omission=0.0), 801)
    rows = {
        100: (0.076, 0.030, 0.606),
        200: (0.163, 0.036, 0.367),
        400: (0.332, 0.027, 0.135),
        800: (0.563, 0.011, 0.018),
    }
    for n, row in rows.items():
        found = delta[n, 0, 0], delta[n, 1:-1, 0].max(), delta[n, -1, 0]
        assert found == pytest.approx(row, abs=0.002)


def test_trace_speeds_the_wave():
    # The wave moves alpha / (1 - lam) states per trial.
    trials = []
    for lam in (0.0, 0.5):
        model = TDLambda(alpha=0.1, gamma=1.0, lam=lam)
        delta, _ = errors(model, PavlovianTrace(delay=20, omission=0.0), 400)
        trials.append(int(np.argmax(delta[:, 0, 0] > 0.5)))
    assert trials[0] / trials[1] == pytest.approx(2.0, rel=0.05)


def test_eligibility_does_not_reach_into_the_last_trial():
    model, task = TDLambda(alpha=0.5, gamma=0.9, lam=0.9), PavlovianTrace(delay=3, omission=0.0)
    _, events = errors(model, task, 2)
    whole = replay(Agent(model), task.env, events).rpe
    no_onset = eqx.tree_at(lambda e: e.onset, events, jnp.zeros_like(events.onset))
    leaked = replay(Agent(model), task.env, no_onset).rpe
    n = task.events_per_trial
    np.testing.assert_array_equal(whole[:n], leaked[:n])
    # The error at the second cue must teach the second trial only.
    more = jax.tree.map(lambda a: jnp.concatenate([a, a[:n]]), events)
    more_leaked = eqx.tree_at(lambda e: e.onset, more, jnp.zeros_like(more.onset))
    a = replay(Agent(model), task.env, more).rpe
    b = replay(Agent(model), task.env, more_leaked).rpe
    assert not np.allclose(a, b)


@pytest.mark.parametrize("trace", ["replacing", "dutch"])
def test_traces_are_the_same_where_no_state_returns(trace):
    task = PavlovianTrace(delay=9, tail=2, omission=0.3)
    values = {"alpha": 0.3, "gamma": 0.9, "lam": 0.8}
    one, _ = errors(TDLambda(**values), task, 30, n_lanes=2)
    other, _ = errors(TDLambda(**values, trace=trace), task, 30, n_lanes=2)
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-14)


# Two bins in the interval, then the cue, which pays 1: e(interval) on leaving it for the
# second time is c + 1, 1, or 1 + c (1 - alpha), with c = gamma lam = 0.4; it decays once more.
@pytest.mark.parametrize(
    "settings, kept",
    [
        ({}, 0.4 * 1.4),
        ({"trace": "replacing"}, 0.4),
        ({"trace": "dutch"}, 0.4 * (0.4 + 1 - 0.5 * 0.4)),
        ({"decay": "plain"}, 0.8 * 1.8),
    ],
)
def test_traces_of_a_state_that_lasts(settings, kept):
    model = TDLambda(alpha=0.5, gamma=0.5, lam=0.8, iti="learned", **settings)
    events = record(
        [0] * 4,
        [0, 0, 1, 0],
        cue=[0, 0, 1, 0],
        successor=[0, 1, 0, 1],
        terminal=False,
        onset=[True, False, False, True],
    )
    value = replay(Agent(model), PavlovianTrace(delay=0).env, events).latents["value"][3, 0]
    assert float(value) == pytest.approx(0.5 * kept, abs=1e-15)
