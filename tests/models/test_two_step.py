"""Two-step hybrid: golden records in both orders, and the table of stay probabilities."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.keys import named_keys
from jaxda.models.two_step import TwoStep
from jaxda.rollout import Agent, simulate
from jaxda.tasks.two_step import TwoStep as TwoStepTask

from ..records import log_likelihood, record, replay


FIRST, REACHED = (0, 0, 1, 0, 1, 1, 0, 0), (0, 1, 1, 0, 1, 0, 0, 0)
SECOND, REWARD = (0, 1, 0, 0, 1, 1, 0, 1), (1, 0, 1, 1, 0, 0, 1, 0)


def eight_trials(model):
    """Log-likelihood, and the values of the items after eight trials."""
    n = 2 * len(FIRST)
    second = np.arange(n + 3) % 2 == 1
    action = np.ravel(np.column_stack([FIRST, SECOND]))
    reward = np.ravel(np.column_stack([np.zeros(8), REWARD]))
    reached = np.repeat(REACHED, 2)
    # Three events more, one per state, to look at the values that are left.
    cue = np.concatenate([np.where(second[:n], 1 + reached, 0), [0, 1, 2]])
    events = record(
        np.concatenate([action, [0, 0, 0]]),
        np.concatenate([reward, [0, 0, 0]]),
        cue=cue,
        options=np.stack([2 * cue, 2 * cue + 1], axis=1),
        terminal=second,
        successor=np.concatenate([np.where(second[:n], 0, 1 + reached), [0, 0, 0]]),
        onset=~second,
        valid=np.arange(n + 3) < n,
    )
    agent, env = Agent(model), TwoStepTask().env
    q = np.asarray(replay(agent, env, events).latents["q"][-3:, :, 0])
    return float(log_likelihood(agent, env, events)[0]), q


def test_golden_record_in_the_published_order():
    logp, q = eight_trials(TwoStep(order="daw"))
    assert logp == pytest.approx(-16.4616052138, abs=1e-8)
    np.testing.assert_allclose(q[0], [0.3120166112, 0.06513048], rtol=0, atol=1e-8)
    np.testing.assert_allclose(q[1:], [[0.804888, 0], [0.42, 0]], rtol=0, atol=1e-8)


def test_golden_record_in_the_other_order():
    logp, _ = eight_trials(TwoStep(order="hbayesdm"))
    assert logp == pytest.approx(-16.2845984186, abs=1e-8)


def test_the_orders_are_one_model_with_two_meanings_of_lambda():
    lam, alpha2 = 0.4, 0.3
    daw = eight_trials(TwoStep(lam=lam * (1 - alpha2), alpha2=alpha2, order="daw"))
    other = eight_trials(TwoStep(lam=lam, alpha2=alpha2, order="hbayesdm"))
    assert daw[0] == pytest.approx(other[0], abs=1e-12)
    np.testing.assert_allclose(daw[1], other[1], rtol=0, atol=1e-14)


MEDIANS = {"alpha1": 0.54, "alpha2": 0.42, "lam": 0.57, "beta1": 5.19, "beta2": 3.69, "p": 0.11}
PLAIN = {"alpha1": 0.5, "alpha2": 0.5, "lam": 1.0, "beta1": 5.0, "beta2": 5.0, "p": 0.0}
# Probability of repeating the first action after a reward and a common transition, a reward
# and a rare one, no reward and a common one, no reward and a rare one.
STAY = [
    (MEDIANS | {"w": 0.0}, (0.900, 0.894, 0.684, 0.682)),
    (MEDIANS | {"w": 1.0}, (0.751, 0.595, 0.600, 0.748)),
    (MEDIANS | {"w": 0.39}, (0.835, 0.783, 0.613, 0.665)),
    (PLAIN | {"w": 0.0}, (0.908, 0.903, 0.569, 0.579)),
    (PLAIN | {"w": 1.0}, (0.655, 0.442, 0.446, 0.650)),
]


@pytest.fixture(scope="module")
def stays():
    """Stay probabilities of each kind of agent, and what each earns per trial."""
    n, n_trials = 2000, 201
    values = {
        f"model.{name}": jnp.repeat(jnp.asarray([v[name] for v, _ in STAY]), n)
        for name in STAY[0][0]
    }
    keys = named_keys(0, [("stay", str(i)) for i in range(n * len(STAY))])
    keep = lambda e, r: (e.action, e.successor, e.reward)
    run = jax.jit(
        lambda: simulate(Agent(TwoStep()), TwoStepTask(), keys, 2 * n_trials, values, record=keep)
    )
    action, successor, reward = map(np.asarray, run())
    first, reached, paid = action[::2], successor[::2] - 1, reward[1::2] > 0
    same, common = first[1:] == first[:-1], (reached == first)[:-1]
    table = []
    for group in range(len(STAY)):
        at = slice(group * n, (group + 1) * n)
        cells = [
            same[:, at][(paid[:-1, at] == won) & (common[:, at] == usual)].mean()
            for won in (True, False)
            for usual in (True, False)
        ]
        table.append((cells, paid[:, at].mean()))
    return table


def test_stay_probabilities(stays):
    for (_, expected), (cells, _) in zip(STAY, stays, strict=True):
        np.testing.assert_allclose(cells, expected, rtol=0, atol=0.01)


def test_only_planning_makes_reward_and_transition_interact(stays):
    interaction = [((a - b) - (c - d)) / 2 for (a, b, c, d), _ in stays]
    assert abs(interaction[0]) < 0.02 and abs(interaction[3]) < 0.02
    assert interaction[1] > 0.1 and interaction[4] > 0.1
    assert interaction[0] < interaction[2] < interaction[1]


def test_the_task_cannot_rank_agents_by_what_they_earn(stays):
    earned = [e for _, e in stays[:3]]
    assert max(earned) - min(earned) < 0.01
