"""Q-learning: golden records, fixed points, and the trap of reading rates from test choices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.habits.choice_kernel import ChoiceKernel
from jaxda.habits.lapse import Lapse
from jaxda.habits.perseveration import Perseveration
from jaxda.keys import named_keys
from jaxda.models.q_learning import QLearning
from jaxda.rollout import Agent, simulate
from jaxda.tasks.bandit import Bandit
from jaxda.tasks.pst import PST
from jaxda.types import Env

from ..pairs import at_test, avoid_b, choose_a
from ..records import CHOICES, REWARDS, TWO_ARMS, record, replay, ten_trials


def test_golden_record_with_one_rate():
    logp, end = ten_trials(QLearning(alpha_pos=0.3, alpha_neg=0.3, beta=3.0, q0=0.0))
    assert logp == pytest.approx(-7.3966800650, abs=1e-8)
    np.testing.assert_allclose(end["q"], [0.600321, 0.4029], rtol=0, atol=1e-8)


def test_golden_record_with_everything():
    model = QLearning(alpha_pos=0.4, alpha_neg=0.2, beta=3.0, forget=0.1, q0=0.5)
    habits = {"perseveration": Perseveration(kappa=0.4), "lapse": Lapse(xi=0.05)}
    logp, end = ten_trials(model, habits)
    assert logp == pytest.approx(-8.4352245174, abs=1e-8)
    np.testing.assert_allclose(end["q"], [0.7202702848, 0.5219989632], rtol=0, atol=1e-8)


def test_golden_record_with_a_choice_kernel():
    model = QLearning(alpha_pos=0.3, alpha_neg=0.3, beta=3.0, q0=0.0)
    kernel = ChoiceKernel(alpha_k=0.2, beta_k=1.5)
    logp, _ = ten_trials(model, {"choice_kernel": kernel})
    assert logp == pytest.approx(-8.2573701144, abs=1e-8)
    state = kernel.init(TWO_ARMS)
    for trial in range(10):
        event = jax.tree.map(lambda x, t=trial: x[t, ..., 0], record(CHOICES, REWARDS))
        state = kernel.update(state, event)
    (strength,) = jax.tree.leaves(state)
    np.testing.assert_allclose(strength, [0.5432267776, 0.34939904], rtol=0, atol=1e-10)


def test_what_is_not_chosen_is_forgotten_toward_zero_or_its_beginning():
    ends = {}
    for rest in ("zero", "initial"):
        model = QLearning(alpha_pos=0.3, alpha_neg=0.3, forget=0.2, q0=0.5, forget_to=rest)
        q = replay(Agent(model), TWO_ARMS, record([0, 1, 0], [1, 0, 0])).latents["q"][..., 0]
        ends[rest] = np.asarray(q)[2]
    # Item 0 is taken once and left once, item 1 left once and taken once.
    q0, q1 = 0.5 + 0.3 * 0.5, 0.5 * 0.8
    np.testing.assert_allclose(ends["zero"], [q0 * 0.8, q1 * 0.7], rtol=1e-14)
    np.testing.assert_allclose(ends["initial"], [q0 * 0.8 + 0.1, 0.5 * 0.7], rtol=1e-14)


def test_value_of_a_sure_reward_is_a_geometric_sum():
    n, alpha, reward = 12, 0.3, 2.0
    model = QLearning(alpha_pos=alpha, alpha_neg=alpha, q0=0.0)
    q = replay(Agent(model), TWO_ARMS, record([0] * n, [reward] * n)).latents["q"][:, 0, 0]
    np.testing.assert_allclose(q, reward * (1 - (1 - alpha) ** np.arange(n)), rtol=0, atol=1e-14)


def values_at_random(model, p, n_events=1500, n_lanes=64, burn=300):
    """Values over time `[events, arms, lanes]` of an agent that chooses at random."""
    keys = named_keys(0, [("q", str(i)) for i in range(n_lanes)])
    run = jax.jit(
        lambda: simulate(
            Agent(model), Bandit(p=p), keys, n_events, record=lambda e, r: r.latents["q"]
        )
    )
    return np.asarray(run())[burn:]


@pytest.mark.parametrize("plus, minus, p", [(0.2, 0.1, 0.5), (0.1, 0.2, 0.8)])
def test_two_rates_settle_on_an_expectile(plus, minus, p):
    q = values_at_random(QLearning(alpha_pos=plus, alpha_neg=minus, beta=0.0), (p, p))
    expected = plus * p / (plus * p + minus * (1 - p))
    assert q.mean() == pytest.approx(expected, abs=0.005)
    assert abs(expected - p) > 0.1


def test_stationary_variance():
    alpha, p = 0.1, 0.7
    q = values_at_random(QLearning(alpha_pos=alpha, alpha_neg=alpha, beta=0.0), (p, p))
    assert q.mean() == pytest.approx(p, abs=0.005)
    assert q.var() == pytest.approx(alpha / (2 - alpha) * p * (1 - p), rel=0.05)


def test_forgetting_lowers_the_values_that_are_not_chosen():
    alpha, forget, c = 0.2, 0.05, 0.5
    model = QLearning(alpha_pos=alpha, alpha_neg=alpha, beta=0.0, forget=forget)
    q = values_at_random(model, (1.0, 1.0))
    assert q.mean() == pytest.approx(c * alpha / (c * alpha + (1 - c) * forget), abs=0.005)


P_ITEMS = np.array([0.8, 0.2, 0.7, 0.3, 0.6, 0.4])


@pytest.mark.parametrize(
    "plus, minus, a, b", [(0.1, 0.1, 0.7896, 0.7896), (0.2, 0.1, 0.7431, 0.8079)]
)
def test_a_higher_rate_for_gains_lowers_choice_of_the_best(plus, minus, a, b):
    # At the fixed point, gains stretch the lower values and press the upper ones together.
    q = plus * P_ITEMS / (plus * P_ITEMS + minus * (1 - P_ITEMS))
    assert choose_a(5.0 * q) == pytest.approx(a, abs=1e-4)
    assert avoid_b(5.0 * q) == pytest.approx(b, abs=1e-4)
    # With the rates exchanged, the test is its own mirror image.
    q = minus * P_ITEMS / (minus * P_ITEMS + plus * (1 - P_ITEMS))
    assert (choose_a(5.0 * q), avoid_b(5.0 * q)) == pytest.approx((b, a), abs=1e-4)


def test_the_trap_is_there_after_finite_training():
    n, task = 2000, PST(feedback="bernoulli", repeats=1, criterion=())
    rates = jnp.repeat(jnp.asarray([[0.1, 0.1], [0.2, 0.1], [0.1, 0.2]]), n, axis=0)
    values = {"model.alpha_pos": rates[:, 0], "model.alpha_neg": rates[:, 1]}
    keys = named_keys(0, [("pst", str(i)) for i in range(3 * n)])

    @jax.jit
    def run():
        keep = lambda e, r: (e.options, r.policy.logits)
        agent = Agent(QLearning(beta=5.0, q0=0.5))
        seen = simulate(agent, task, keys, task.n_events, values, record=keep)
        return jax.tree.map(lambda x: x[task.n_training :], seen)

    options, logits = map(np.asarray, run())
    group = lambda x, i: x[..., i * n : (i + 1) * n]
    found = [at_test(group(options, i), group(logits, i)) for i in range(3)]
    expected = [(0.781, 0.719), (0.746, 0.752), (0.788, 0.698)]
    np.testing.assert_allclose(found, expected, rtol=0, atol=0.02)


def test_what_was_not_taken_is_taught_the_opposite_outcome():
    # Outcomes of +1 and -1. Taken 0, +1: Q0 = .2 + .4 * .8 = .52, Q1 = .2 + .5 * (-1 - .2) = -.4.
    # Taken 1, -1: Q1 = -.4 + .4 * -.6 = -.64, Q0 = .52 + .5 * (1 - .52) = .76.
    model = QLearning(alpha_pos=0.4, alpha_neg=0.4, fictive=0.5, q0=0.2)
    seen = replay(Agent(model), TWO_ARMS, record([0, 1, 0], [1, -1, 0]))
    expected = [[0.2, 0.2], [0.52, -0.4], [0.76, -0.64]]
    np.testing.assert_allclose(seen.latents["q"][..., 0], expected, rtol=0, atol=1e-14)


def test_only_what_was_on_offer_is_taught_the_opposite():
    env = Env(n_cues=1, n_items=4, n_actions=2)
    model = QLearning(alpha_pos=0.4, alpha_neg=0.4, fictive=0.5, q0=0.0)
    options = np.array([[2, 0], [0, 1], [2, 3]])
    seen = replay(Agent(model), env, record([0, 0, 0], [1, 0, 0], options=options))
    np.testing.assert_allclose(
        seen.latents["q"][..., 0], [[0, 0], [-0.5, 0], [0.4, 0]], rtol=0, atol=1e-14
    )


def test_sensitivity_is_a_unit_of_reward():
    see = lambda rewards, **more: replay(
        Agent(QLearning(beta=1.5, **more)), TWO_ARMS, record(CHOICES, rewards)
    )
    one, other = see(REWARDS, sensitivity=2.5), see(2.5 * np.array(REWARDS))
    np.testing.assert_allclose(one.policy.logits, other.policy.logits, rtol=1e-14)


def test_a_walk_of_three_steps_by_hand():
    # States 0 and 1 with two actions each; item 2 s + a. gamma .5, alpha .4, q0 = .2.
    # Step 1: item 0, r 0, to state 1: Q0 = .2 + .4 * (.5 * .2 - .2) = .16.
    # Step 2: item 3, r 1, the end: Q3 = .2 + .4 * .8 = .52.
    # Step 3: item 0 again: Q0 = .16 + .4 * (.5 * .52 - .16) = .2.
    env = Env(n_cues=2, n_items=4, n_actions=2, sequential=True)
    model = QLearning(alpha_pos=0.4, alpha_neg=0.4, gamma=0.5, q0=0.2)
    cue = np.array([0, 1, 0, 0])
    events = record(
        [0, 1, 0, 0],
        [0, 1, 0, 0],
        cue=cue,
        options=np.stack([2 * cue, 2 * cue + 1], axis=1),
        onset=np.array([True, False, True, True]),
        terminal=np.array([False, True, False, False]),
        successor=np.array([1, 0, 1, 1]),
    )
    seen = replay(Agent(model), env, events)
    expected = [[0.2, 0.2], [0.2, 0.2], [0.16, 0.2], [0.2, 0.2]]
    np.testing.assert_allclose(seen.latents["q"][..., 0], expected, rtol=0, atol=1e-14)
    np.testing.assert_allclose(
        seen.rpe[:3, 0, 0], [-0.1, 0.8, 0.5 * 0.52 - 0.16], rtol=0, atol=1e-14
    )
