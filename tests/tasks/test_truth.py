"""The truth behind events: what is said to pay, pays as often as it is said to."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.catalog import load
from jaxda.data.sessions import Label, Sessions, from_table, to_table
from jaxda.models.q_learning import QLearning
from jaxda.rollout import Agent, simulate
from jaxda.tasks.bandit import Bandit
from jaxda.tasks.reversal_bandit import ReversalBandit

from ..catalogue import compiled
from .sessions import keys, truths, wander


def task(name, **settings):
    return load("tasks", name)(**settings)


def at(values, index):
    """`values [events, n, lanes]` at `index [events, lanes]`."""
    return np.take_along_axis(values, index[:, None], axis=1)[:, 0]


def agrees(won, p):
    """Whether events of probabilities `p` came as often as that, and more where p is higher."""
    won, p = np.ravel(won).astype(float), np.ravel(p).astype(float)
    for weight in (np.ones_like(p), p - p.mean()):
        error, sd = ((won - p) * weight).sum(), np.sqrt((p * (1 - p) * weight**2).sum())
        if not abs(error) <= 4 * sd + 1e-6:
            return False
    return True


def test_what_is_said_can_be_wrong():
    p = np.random.default_rng(0).uniform(0.2, 0.8, 5000)
    won = np.random.default_rng(1).uniform(size=5000) < p
    assert agrees(won, p)
    assert not agrees(won, p - 0.05) and not agrees(won, 1 - p)
    assert not agrees(won, np.random.default_rng(2).permutation(p))


# Probabilities


@pytest.mark.parametrize(
    "name, settings",
    [
        ("bandit", {"p": (0.8, 0.1, 0.5)}),
        ("restless_bandit", {"arms": 3, "sd": 0.1, "lower": 0.0, "upper": 1.0}),
        ("reversal_bandit", {"period": 7}),
        ("reversal_bandit", {"period": 0, "hazard": 0.1}),
        ("reversal_bandit", {"period": 0, "criterion": 0.6, "window": 5}),
        ("schedule", {}),
    ],
    ids=str,
)
def test_arms_pay_as_often_as_they_are_said_to(name, settings):
    _, action, _, out, truth = wander(task(name, **settings), 240)
    assert truth["p"].shape[0] == 240 and truth["p"].shape[-1] == 64
    assert agrees(out.reward, at(truth["p"], action))
    if name == "reversal_bandit":
        np.testing.assert_allclose(at(truth["p"], truth["good"]), 0.8)
        np.testing.assert_allclose(at(truth["p"], 1 - truth["good"]), 0.2)


def test_the_second_options_of_two_steps():
    offer, action, _, out, truth = wander(task("two_step", sd=0.1, lower=0.0, upper=1.0), 400)
    here = np.where(offer.cue > 0, 2 * (offer.cue - 1) + action, 0)
    second = offer.cue > 0
    assert not out.reward[~second].any()
    assert agrees(out.reward[second], at(truth["p"], here)[second])
    # After item a the common state is 1 + a.
    common = (out.successor == 1 + action)[~second]
    assert agrees(common, truth["common"][~second])


def test_the_right_response_of_go_nogo():
    offer, action, _, out, truth = wander(task("go_nogo", p=0.7), 240)
    np.testing.assert_array_equal(truth["correct"], offer.cue < 2)
    better = np.where(offer.cue % 2 == 0, out.reward == 1, out.reward == 0)
    assert agrees(better, at(truth["p"], action))


def test_conditioned_rewards():
    rows = (("one", "A+B", 30, 2.0, 0.3), ("two", "B", 30, 2.0, 0.8), ("three", "A", 9, None))
    _, _, _, out, truth = wander(task("conditioning", phases=rows), 69)
    np.testing.assert_array_equal(truth["phase"][:, 0], np.repeat([0, 1, 2], [30, 30, 9]))
    np.testing.assert_array_equal(truth["reward"], out.reward)
    assert agrees(out.reward[:60] > 0, truth["p"][:60])


def test_the_probability_of_a_cue():
    this = task("variable_probability", delay=2)
    _, _, _, out, truth = wander(this, 400)
    np.testing.assert_allclose(truth["p"], np.array(this.probabilities)[truth["kind"]], rtol=1e-6)
    assert agrees(out.reward[out.terminal], truth["p"][out.terminal])
    np.testing.assert_array_equal(out.reward > 0, out.terminal & truth["rewarded"])


# What does not depend on luck


def test_the_good_arm_pays_on_every_trial_where_nothing_is_left_to_chance():
    # The agent decides when the arms swap, so only the world knows which is good.
    this = ReversalBandit(p_high=1.0, p_low=0.0, period=0, criterion=0.7, window=10)
    e, truth = truths(this, 300)
    np.testing.assert_array_equal(e.reward, e.action == truth["good"])
    np.testing.assert_array_equal(e.reward, at(truth["p"], e.action))
    swapped = (np.diff(truth["good"], axis=0) != 0).sum(axis=0)
    assert (swapped > 0).all() and len({*swapped.tolist()}) > 1


def test_means_of_drifting_payoffs():
    this = task("restless_gaussian", lower=-1e6, upper=1e6)
    _, action, _, out, truth = wander(this, 300)
    noise = out.reward - at(truth["mean"], action)
    # Rounded to whole points.
    assert noise.mean() == pytest.approx(0, abs=4 * 4 / np.sqrt(noise.size))
    assert noise.std() == pytest.approx(np.sqrt(16 + 1 / 12), rel=0.02)


def test_rewards_that_are_said_beforehand():
    offer, action, _, out, truth = wander(task("cliff"), 60)
    np.testing.assert_array_equal(out.reward, at(truth["reward"], action))
    assert {*np.unique(out.reward).round(3).tolist()} == {0.0, 1.0, -1.0, 0.8}

    offer, action, _, out, truth = wander(task("tmaze", rewards=(3.0, -1.0)), 100)
    arm = action[4::25]
    np.testing.assert_array_equal(out.reward[5::25], at(truth["reward"][4::25], arm))

    offer, action, _, out, truth = wander(task("effort", training=20), 90)
    item = at(offer.options, action)
    first = offer.cue == 0
    cost, payoff = at(truth["cost"], item), at(truth["payoff"], item)
    np.testing.assert_array_equal(out.reward, np.where(first, -cost, payoff))

    _, _, _, out, truth = wander(task("variable_magnitude"), 50)
    np.testing.assert_array_equal(out.reward, truth["magnitude"])

    _, action, _, out, truth = wander(task("set_size"), 100)
    np.testing.assert_array_equal(out.reward, action == truth["correct"])


def test_phases_of_sequences():
    this = task("revaluation", training=3, relearning=2)
    _, _, _, out, truth = wander(this, this.n_events)
    np.testing.assert_array_equal(truth["phase"][:, 0], np.repeat([0, 1, 2], [24, 16, 8]))
    np.testing.assert_array_equal(truth["reward"], out.reward)
    this = task("sensory_preconditioning", preconditioning=2, compounds=1, conditioning=2, probes=1)
    offer, _, _, _, truth = wander(this, this.n_events)
    np.testing.assert_array_equal(truth["phase"][:, 0], np.repeat([0, 1, 2, 3], [8, 12, 8, 12]))
    np.testing.assert_array_equal(truth["light"], offer.context)


def test_steps_to_the_goal():
    this = task("gridworld", size=3, start="anywhere")
    offer, _, _, out, truth = wander(this, 200)
    by_hand = np.array([4, 3, 2, 3, 2, 1, 2, 1, 0])
    np.testing.assert_array_equal(truth["distance"], by_hand[offer.cue])
    assert (truth["distance"][out.reward > 0] == 1).all()


# Times


def waited(onset, elapsed):
    """Seconds from the last onset to the end of each event `[events, lanes]`."""
    clock = np.cumsum(elapsed, axis=0)
    began = np.maximum.accumulate(np.where(onset, clock - elapsed, -1.0), axis=0)
    return clock - began


def test_how_long_a_known_delay_is():
    this = task("variable_delay", delays=(0.4, 1.0), tail=1, omission=0.3)
    offer, _, _, out, truth = wander(this, 46 * this.events_per_trial)
    paid = out.reward > 0
    # The cue comes on at the end of the first bin.
    late = waited(offer.onset, out.elapsed) - this.dt
    np.testing.assert_allclose(late[paid], truth["delay"][paid], atol=1e-5)
    assert not paid[~truth["rewarded"]].any()
    assert paid.sum() == (truth["rewarded"] & offer.onset).sum()


def test_how_long_an_unknown_delay_is():
    this = task("uncertain_delay", omission=0.3, iti_hazard=0.2)
    offer, _, _, out, truth = wander(this, 400)
    onset, paid = offer.onset, out.reward > 0
    late = waited(onset, out.elapsed) - this.dt
    np.testing.assert_allclose(late[paid], truth["delay"][paid], atol=1e-4)
    assert not truth["omitted"][paid].any()
    # Each odour announces what is coming, and there is nothing to come once it has.
    assert (truth["delay"][onset] >= 1.2 - 1e-6).all()
    assert truth["omitted"][onset].mean() == pytest.approx(0.3, abs=0.04)
    assert not truth["delay"][1:][paid[:-1] & ~onset[1:]].any()
    withheld = (truth["delay"] > 0) & (np.abs(late - truth["delay"]) < 1e-4)
    np.testing.assert_array_equal(withheld & ~truth["omitted"], paid)
    assert (withheld & truth["omitted"]).any()


@pytest.mark.parametrize("reset", [False, True])
def test_sorts_of_trials_in_time(reset):
    this = task(
        "pavlovian_trace", unpredicted=0.2, omission=0.2, early=3, early_rate=0.2, reset=reset
    )
    offer, _, _, out, truth = wander(this, 20 * this.events_per_trial, n_lanes=32)
    trials = lambda x: x.reshape(20, -1, 32)
    paid, rewarded, early, cued = (
        trials(x) for x in (out.reward, truth["rewarded"], truth["early"], truth["cued"])
    )
    # The cue's own bin, ten more, and three less if it is early.
    np.testing.assert_array_equal(paid[:, 11], rewarded[:, 0] & ~early[:, 0])
    np.testing.assert_array_equal(paid[:, 8], early[:, 0])
    np.testing.assert_array_equal(trials(offer.cue)[:, 1], cued[:, 1])


# The lever


def test_presses_pay_as_they_are_said_to():
    lever = lambda **settings: wander(task("free_operant", **settings), 300, n_lanes=100)
    _, _, _, out, truth = lever(ratio=4)
    np.testing.assert_array_equal(out.reward, truth["p"])
    _, _, _, out, truth = lever(schedule="random", ratio=4)
    assert agrees(out.reward, truth["p"]) and (truth["p"] == 0.25).all()
    _, _, tau, out, truth = lever(schedule="random_interval", interval=3.0)
    assert agrees(out.reward, -np.expm1(-truth["hazard"] * tau))


def test_a_press_pays_once_the_wait_is_over():
    times = (0.5, 1.0, 3.0, 8.0)
    this = task("free_operant", schedule="variable_interval", intervals=times, consumption=1.5)
    _, _, tau, out, truth = wander(this, 200, n_lanes=50)
    wait, paid = truth["wait"], out.reward > 0
    np.testing.assert_array_equal(paid, tau >= wait)
    # Every interval of the list once in a round, and time that passes is waited no more.
    fresh = np.concatenate([np.ones((1, 50), bool), paid[:-1]])
    for lane in range(50):
        drawn = wait[fresh[:, lane], lane]
        rounds = np.sort(drawn[: len(drawn) // 4 * 4].reshape(-1, 4), axis=1)
        np.testing.assert_allclose(rounds, np.broadcast_to(times, rounds.shape), atol=1e-3)
    np.testing.assert_allclose(wait[1:][~fresh[1:]], (wait - tau)[:-1][~fresh[1:]], atol=1e-3)


# With the data


def test_truth_is_returned_beside_what_is_recorded():
    this, agent = ReversalBandit(period=5), Agent(QLearning())
    keep = lambda e, r: {"rpe": r.rpe, "action": e.action}
    run = lambda truth: compiled(lambda k: simulate(agent, this, k, 40, record=keep, truth=truth))(
        keys(6)
    )
    plain, (same, truth) = run(False), run(True)
    for name, values in plain.items():
        np.testing.assert_array_equal(values, same[name])
    assert {n: x.shape for n, x in truth.items()} == {"good": (40, 6), "p": (40, 2, 6)}


class Silent(Bandit):
    def truth(self, world, plan):
        raise AssertionError


def test_truth_costs_nothing_where_it_is_not_asked_for():
    agent = Agent(QLearning())
    jax.eval_shape(lambda k: simulate(agent, Silent(), k, 5), keys(2))
    with pytest.raises(AssertionError):
        jax.eval_shape(lambda k: simulate(agent, Silent(), k, 5, truth=True), keys(2))


def test_tables_of_sessions_carry_the_truth():
    this = task("reversal_bandit", p_high=1.0, p_low=0.0, period=0, criterion=0.6, window=5)
    e, truth = truths(this, 30, n_lanes=3)
    labels = [Label(0.0, s, "1") for s in "abc"]
    table = to_table(Sessions(this.env, e, labels), {}, {}, 20, truth)
    assert table.num_rows == 60
    column = lambda name: table.column(name).to_numpy(zero_copy_only=False)
    np.testing.assert_array_equal(column("true_good"), truth["good"][:20].T.reshape(-1))
    for arm in range(2):
        np.testing.assert_array_equal(column(f"true_p_{arm}"), column("true_good") == arm)
    np.testing.assert_array_equal(column("reward"), column("action") == column("true_good"))
    again = from_table(table).events
    np.testing.assert_array_equal(again.reward, e.reward[:20])
    assert jnp.all(again.valid)
    without = to_table(Sessions(this.env, e, labels), {}, {}, 20)
    assert [n for n in table.column_names if not n.startswith("true_")] == without.column_names
