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

from ..records import replay


def errors(model, task, n_trials, n_lanes=1):
    """Errors `[trials, bins, lanes]`, events, and the agent."""
    keys = named_keys(0, [("trace", str(i)) for i in range(n_lanes)])
    n = n_trials * task.events_per_trial
    run = jax.jit(lambda: simulate(Agent(model), task, keys, n))
    events, readout = run()
    return np.asarray(readout.rpe[:, 0]).reshape(n_trials, -1, n_lanes), events


def jumps(n, k, alpha, lam):
    """P(S_n = k): in each of n trials the error jumps back with probability alpha.

    Jumps are geometric with mean 1 / (1 - lam).
    """
    if k == 0:
        return (1 - alpha) ** n
    return sum(
        comb(n, m)
        * alpha**m
        * (1 - alpha) ** (n - m)
        * comb(k - 1, m - 1)
        * (1 - lam) ** m
        * lam ** (k - m)
        for m in range(1, min(n, k) + 1)
    )


@pytest.mark.parametrize("lam", [0.0, 0.4, 0.9])
def test_law_of_the_error_in_every_state_and_trial(lam):
    alpha, gamma, delay, n_trials = 0.2, 0.9, 10, 60
    model = TDLambda(alpha=alpha, gamma=gamma, lam=lam)
    delta, _ = errors(model, PavlovianTrace(delay=delay, omission=0.0), n_trials)
    expected = np.empty((n_trials, delay + 2))
    for n in range(n_trials):
        for k in range(delay + 1):
            # k states before the reward.
            expected[n, delay + 1 - k] = gamma**k * jumps(n, k, alpha, lam)
        arrived = 1 - sum(jumps(n, k, alpha, lam) for k in range(delay + 1))
        expected[n, 0] = gamma ** (delay + 1) * arrived
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


def test_no_burst_where_the_start_of_the_trial_predicts_the_reward():
    # One delay line from the start of the trial, reward after 20 bins, "cue" at bin 10.
    model = TDLambda(alpha=0.2, gamma=0.9, lam=0.0, iti="learned")
    delta, _ = errors(model, PavlovianTrace(delay=19, omission=0.0), 200)
    assert delta[49, 10, 0] == pytest.approx(0.04875187, abs=1e-8)
    assert delta[:, 10, 0].max() == pytest.approx(0.04875187, abs=1e-8)
    assert delta[199, 10, 0] < 1e-9 and delta[199, 0, 0] < 1e-5


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
