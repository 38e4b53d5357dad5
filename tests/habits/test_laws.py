"""Habits: they add to any policy, and outcomes do not concern them."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.catalog import load, names
from jaxda.habits.choice_kernel import ChoiceKernel
from jaxda.habits.lapse import Lapse
from jaxda.habits.perseveration import Perseveration
from jaxda.models.q_learning import QLearning
from jaxda.params import put, specs
from jaxda.rollout import Agent

from ..catalogue import same
from ..records import CHOICES, REWARDS, TWO_ARMS, log_likelihood, record, replay


def made(name, value=0.4):
    habit = load("habits", name)()
    return put(habit, {n: jnp.asarray(value) for n in specs(habit)})


@pytest.mark.parametrize("name", names("habits"))
def test_a_habit_has_an_effect_and_ignores_outcomes(name):
    events = record(CHOICES, REWARDS)
    bare, agent = Agent(QLearning()), Agent(QLearning(), habits={name: made(name)})
    logp = lambda a, e: log_likelihood(a, TWO_ARMS, e)
    assert not np.allclose(logp(agent, events), logp(bare, events))
    # With nothing to learn from values, a habit is all there is.
    fixed = Agent(QLearning(alpha_pos=0.0, alpha_neg=0.0), habits={name: made(name)})
    unpaid = record(CHOICES, [0] * len(CHOICES))
    np.testing.assert_allclose(logp(fixed, events), logp(fixed, unpaid), rtol=1e-13)


@pytest.mark.parametrize("name", names("habits"))
def test_a_missed_trial_leaves_no_habit(name):
    # An event without a choice changes nothing for the next.
    agent = Agent(QLearning(alpha_pos=0.0, alpha_neg=0.0), habits={name: made(name)})
    logits = lambda e: np.asarray(replay(agent, TWO_ARMS, e).policy.logits)[-1]
    whole = record([0, 0, 0], [0, 0, 0])
    missed = record([0, 1, 0], [0, 0, 0], choice=np.array([True, False, True]))
    np.testing.assert_allclose(logits(missed), logits(record([0, 0], [0, 0])), rtol=1e-14)
    if name == "choice_kernel":
        assert not np.allclose(logits(missed), logits(whole))


def test_lapse_by_hand():
    agent = Agent(QLearning(beta=2.0, q0=0.5), habits={"lapse": Lapse(xi=0.1)})
    logits = np.asarray(replay(agent, TWO_ARMS, record([0, 0], [1, 0])).policy.logits)[1, :, 0]
    q = np.array([0.5 + 0.3 * 0.5, 0.5])
    p = np.exp(2 * q) / np.exp(2 * q).sum()
    np.testing.assert_allclose(np.exp(logits), 0.9 * p + 0.05, rtol=1e-13)


def test_habits_that_mix_come_last_whatever_they_are_called():
    habits = {"a": Lapse(xi=0.3), "z": Perseveration(kappa=1.0)}
    other = {"z": Lapse(xi=0.3), "a": Perseveration(kappa=1.0)}
    see = lambda h: replay(Agent(QLearning(), habits=h), TWO_ARMS, record(CHOICES, REWARDS)).policy
    assert same(see(habits), see(other))
    # No amount of perseveration can then undo the lapses.
    strong = replay(
        Agent(QLearning(), habits={"lapse": Lapse(xi=0.3), "stay": Perseveration(kappa=50.0)}),
        TWO_ARMS,
        record([0, 0], [1, 0]),
    )
    p = np.asarray(jax.nn.softmax(strong.policy.logits[1, :, 0]))
    np.testing.assert_allclose(p, [0.85, 0.15], rtol=0, atol=1e-6)


def test_kernel_and_perseveration_by_hand():
    habits = {"k": ChoiceKernel(alpha_k=0.2, beta_k=1.5), "p": Perseveration(kappa=0.4)}
    agent = Agent(QLearning(alpha_pos=0.0, alpha_neg=0.0), habits=habits)
    logits = np.asarray(replay(agent, TWO_ARMS, record([0, 1, 1], [0, 0, 0])).policy.logits)[..., 0]
    difference = logits[:, 1] - logits[:, 0]
    # K: (0, 0), (.2, 0), (.16, .2).
    np.testing.assert_allclose(difference, [0, -0.3 - 0.4, 1.5 * 0.04 + 0.4], rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", names("habits"))
def test_a_habit_follows_the_item_and_not_its_side(name):
    agent = Agent(QLearning(alpha_pos=0.0, alpha_neg=0.0), habits={name: made(name)})
    there = record([0, 0], [0, 0], options=[[0, 1], [0, 1]])
    turned = eqx.tree_at(lambda e: e.options, there, there.options.at[1].set([[1], [0]]))
    a = replay(agent, TWO_ARMS, there).policy.logits[1]
    b = replay(agent, TWO_ARMS, turned).policy.logits[1]
    np.testing.assert_allclose(a, b[::-1], rtol=0, atol=1e-14)
