"""Predictive checks: statistics by hand, certain agents, and models that are right or wrong."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from jaxda.data.sessions import Label, Sessions, to_table
from jaxda.fit import behaviour, predictive
from jaxda.fit.behaviour import Design, Trials
from jaxda.fit.objective import Problem
from jaxda.fit.penalties import Flat
from jaxda.fit.predictive import laplace_draws, posterior_predictive, prior_predictive
from jaxda.models.q_learning import QLearning
from jaxda.params import free, sample
from jaxda.rollout import Agent, simulate
from jaxda.tasks.bandit import Bandit
from jaxda.types import Env, Event

from .test_latents import rows, table


AGENT, TASK, SUBJECTS, TRIALS = Agent(QLearning()), Bandit(), 10, 60
FREES = free(AGENT, ["alpha_pos=alpha_neg", "beta"])
SURE = Agent(QLearning(alpha_pos=0.5, alpha_neg=0.5, beta=1e3, q0=0.0))


def trials(cue, item, reward, best=0, second=-1):
    one = lambda x: np.broadcast_to(np.asarray(x, float), len(item))[:, None].copy()
    whole = lambda x: one(x).astype(int)
    none = np.full((len(item), 1), np.nan)
    return Trials(*map(whole, (cue, item, best, 0, second)), one(reward), whole(1), none)


def design(n, kind="choice", n_cues=1, **env):
    bins = (np.arange(n) >= n // 2).astype(int)
    return Design(kind, Env(n_cues, 2 * n_cues, 2, **env), bins, 0.5)


def values(levels):
    return {name: float(x[0]) for (name, _), x in levels.items()}


def test_statistics_by_hand():
    # Cue 0: win and stay, win and switch, loss. Cue 1: loss and switch; the last trial is missed.
    seen = trials(
        [0, 1, 0, 1, 0, 1], [0, 3, 0, 2, 1, -1], [1, 0, 1, 1, 0, np.nan], [0, 3, 0, 3, 0, 3]
    )
    it = design(6, n_cues=2)
    assert values(behaviour.stay(seen, it)) == {"after a win": 0.5, "after a loss": 0.0}
    assert values(behaviour.better(seen, it)) == {"trials 1 to 3": 1.0, "trials 4 to 6": 0.0}
    assert values(behaviour.by_cue(seen, it)) == {"cue 0": pytest.approx(2 / 3), "cue 1": 0.5}
    assert values(behaviour.reward(seen, it)) == {
        "trials 1 to 3": pytest.approx(2 / 3),
        "trials 4 to 6": 0.5,
    }


def test_nobody_stays_over_the_start_of_a_block():
    seen = trials(0, [0, 0, 0, 0], [1, 1, 1, 1])
    assert values(behaviour.stay(seen, design(4)))["after a win"] == 1.0
    torn = seen._replace(block=np.arange(4)[:, None])
    assert np.isnan(values(behaviour.stay(torn, design(4)))["after a win"])


def test_stays_of_two_steps_by_hand():
    # Win after a common, win after a rare transition, loss after a common one; then the end.
    seen = trials(0, [0, 0, 1, 1], [1, 1, 0, 1], second=[1, 2, 2, 1])
    assert values(behaviour.two_step_stay(seen, design(4, "two_stage"))) == pytest.approx(
        {"win, common": 1.0, "win, rare": 0.0, "loss, common": 1.0, "loss, rare": np.nan},
        nan_ok=True,
    )


def test_trials_of_several_events():
    # Two sessions of two trials of two events; the second ends after its first event.
    flag = np.ones((4, 2), bool)
    onset = np.array([[1, 1], [0, 0], [1, 1], [0, 0]], bool)
    cue, action = (
        np.array([[0, 0], [2, 1], [0, 0], [1, 1]]),
        np.array([[1, 0], [0, 1], [0, 1], [1, 0]]),
    )
    valid = np.array([[1, 1], [1, 1], [1, 1], [1, 0]], bool)
    options = np.stack([2 * cue, 2 * cue + 1], axis=1)
    paid = np.array([[0, 0], [1, 0], [0, 0], [2, 5]], float)
    plain = (
        cue,
        options,
        onset,
        action,
        flag,
        flag * 1.0,
        paid,
        cue,
        ~onset,
        flag,
        flag * 1.0,
        valid,
    )
    found = behaviour.by_trial(Event(*map(jnp.asarray, plain)), 2 * cue, 2)
    assert found.item.tolist() == [[1, 0], [0, 1]] and found.cue.tolist() == [[0, 0], [0, 0]]
    assert found.second.tolist() == [[2, 1], [1, -1]] and found.best.tolist() == [[0, 0], [0, 0]]
    assert found.reward.tolist() == [[1, 0], [2, 0]] and found.events.tolist() == [[2, 2], [2, 1]]


@pytest.mark.parametrize(
    "truth, best",
    [
        ({"good": [[1.0]]}, 3),
        ({"p": [[0.2], [0.6]], "magnitude": [[4.0], [1.0]]}, 2),
        ({"mean": [[-1.0], [-0.5]]}, 3),
        ({"p": [[0.5], [0.5]]}, -1),
        ({"p": [[0.1], [0.2], [0.3], [0.4]]}, -1),
    ],
)
def test_what_is_best_as_the_task_says(truth, best):
    one, yes = jnp.ones((1, 1)), jnp.ones((1, 1), bool)
    none = jnp.zeros((1, 1), int)
    options = jnp.asarray([[[2], [3]]])
    event = Event(none, options, yes, none, yes, one, one, none, yes, yes, one, yes)
    told = {name: np.asarray([x]).reshape(1, -1, 1) for name, x in truth.items()}
    assert behaviour.best_items(told, event, Env(2, 4, 2)).tolist() == [[best]]


def test_quantiles_of_latencies_leave_out_what_is_missing():
    latency = np.array([[1.0, np.nan], [np.nan, np.nan], [3.0, np.nan]])
    seen = trials(0, [0, 0, 0], [1, 1, 1])._replace(latency=latency)
    found = behaviour.latency(seen, design(3, timed=True))
    assert found["50% quantile", 0.5] == pytest.approx([2.0, np.nan], nan_ok=True)
    assert found["10% quantile", 0.1][0] == pytest.approx(1.2)


def test_quantiles_over_draws():
    x = np.array([[1.0, np.nan, np.nan], [3.0, 5.0, np.nan], [2.0, np.nan, np.nan]])
    assert predictive._quantile(x, 0.5) == pytest.approx([2.0, 5.0, np.nan], nan_ok=True)
    assert predictive._quantile(x, 0.75)[0] == pytest.approx(2.5)


def row(found, statistic, level, dose=0.0):
    every = [r for r in found.to_pylist() if (r["statistic"], r["level"]) == (statistic, level)]
    (one,) = [r for r in every if r["dose"] == dose]
    return one


def test_a_sure_agent_is_predicted_one_step_ahead_without_spread():
    # Item 0 paid once and is sure to be taken again; the subject left it on its last trial, so
    # that after the win on trial 2 the agent stays and the subject does not.
    sessions = table(*rows(0, 0, 1, reward=(1.0, 1.0, 0.0)))
    frees = free(SURE, ["beta"])
    draws = np.asarray(frees[0].domain.inverse(jnp.full((4, 1, 1), 1e3)))
    found = posterior_predictive(SURE, frees, draws, sessions, seed=0)
    it = row(found, "P(stay)", "after a win")
    assert (it["observed"], it["mean"], it["low"], it["high"]) == (0.5, 1.0, 1.0, 1.0)
    assert (it["p"], it["covered"], it["n"], it["how"]) == (1.0, 0.0, 1, "one step ahead")
    assert "reward per trial" not in found.column("statistic").to_pylist()


@pytest.fixture(scope="module")
def cohort():
    """Sessions of subjects who learn well, and the coordinates of their parameters."""
    one = lambda x: jnp.full((SUBJECTS,), x)
    truth = {"model.alpha_pos": one(0.4), "model.alpha_neg": one(0.4), "model.beta": one(5.0)}
    events, behind = simulate(
        AGENT, TASK, jr.split(jr.key(4), SUBJECTS), TRIALS, truth, record=lambda e, r: e, truth=True
    )
    labels = [Label(0.0, f"s{i}", "1") for i in range(SUBJECTS)]
    host = jax.tree.map(np.asarray, (events, behind))
    sessions = to_table(Sessions(TASK.env, events, labels), {}, {}, TRIALS, host[1])
    x = [f.domain.inverse(jnp.asarray(v)) for f, v in zip(FREES, (0.4, 5.0), strict=True)]
    return events, sessions, np.broadcast_to(np.asarray(x), (SUBJECTS, 2))


def at(x, draws=60):
    return np.broadcast_to(x, (draws, *x.shape)).copy()


@pytest.mark.parametrize("task", [TASK, None])
def test_the_right_model_passes_and_one_that_learns_nothing_fails(cohort, task):
    _, sessions, x = cohort
    right = posterior_predictive(AGENT, FREES, at(x), sessions, task=task, seed=1)
    guessing = at(x)
    guessing[..., 1] = np.log(1e-6)
    wrong = posterior_predictive(AGENT, FREES, guessing, sessions, task=task, seed=1)
    for statistic, level in (("P(better option)", "trials 51 to 60"), ("P(stay)", "after a win")):
        good, bad = row(right, statistic, level), row(wrong, statistic, level)
        assert good["low"] <= good["observed"] <= good["high"]
        assert 0.025 < good["p"] < 0.975 and good["covered"] >= 0.7
        assert bad["observed"] == good["observed"] and bad["p"] < 0.02
        assert bad["mean"] == pytest.approx(0.5, abs=0.05)
        assert good["how"] == ("simulated" if task else "one step ahead")
        assert (good["n"], good["draws"]) == (SUBJECTS, 60)
    assert row(right, "P(better option)", "trials 51 to 60")["chance"] == 0.5


def test_neither_tiles_nor_other_units_change_a_replicate(cohort, monkeypatch):
    _, sessions, x = cohort
    whole = posterior_predictive(AGENT, FREES, at(x, 7), sessions, task=TASK, seed=1)
    monkeypatch.setattr(predictive, "_LANES", 3 * SUBJECTS)
    assert posterior_predictive(AGENT, FREES, at(x, 7), sessions, task=TASK, seed=1) == whole


def test_units_without_an_estimate_are_left_out_and_counted(cohort):
    _, sessions, x = cohort
    lost = at(x, 5)
    lost[:, :4] = np.nan
    found = posterior_predictive(AGENT, FREES, lost, sessions, task=TASK, seed=1)
    assert set(found.column("n").to_pylist()) == {SUBJECTS - 4}


def test_draws_of_the_laplace_posterior(cohort):
    events, _, x = cohort
    lost = x.copy()
    lost[3] = np.nan
    problem = Problem(AGENT, events, jnp.arange(SUBJECTS), {}, TASK.env, FREES, SUBJECTS, Flat())
    names = [(f"s{i}",) for i in range(SUBJECTS)]
    found = laplace_draws(problem, lost, names, seed=0, draws=4000)
    assert np.isnan(found[:, 3]).all() and np.isfinite(np.delete(found, 3, axis=1)).all()
    hessian = np.asarray(problem.hessian(jnp.asarray(x)))[0]
    prior = sample(FREES, jr.key(0), (4000,))
    wide = np.asarray([np.std(prior[f.name]) for f in FREES])
    assert np.linalg.eigvalsh(hessian * np.outer(wide, wide))[0] > 1, "the data say more"
    assert np.cov(found[:, 0].T) == pytest.approx(np.linalg.inv(hessian), rel=0.15, abs=0.002)
    assert found[:, 0].mean(axis=0) == pytest.approx(x[0], abs=0.03)
    # A coordinate that changes nothing is as wide as its prior.
    still = Problem(
        Agent(QLearning(alpha_pos=0.0, alpha_neg=0.0)),
        *(events, jnp.arange(SUBJECTS), {}, TASK.env, FREES[1:], SUBJECTS, Flat()),
    )
    flat = laplace_draws(still, x[:, 1:], names, seed=0, draws=4000)
    assert flat[:, 0, 0].std() == pytest.approx(wide[1], rel=0.08)


def test_what_single_subjects_of_a_prior_do(cohort):
    _, sessions, _ = cohort
    task = Bandit(p=(1.0, 0.0))
    values = {
        "model.alpha_pos": np.full(40, 1.0),
        "model.beta": np.where(np.arange(40) < 20, 1e3, 0.0),
    }
    found = prior_predictive(AGENT, task, values, sessions, trials=40, seed=0)
    it = row(found, "P(better option)", "trials 31 to 40")
    # Half of the subjects have found the arm that always pays, half toss coins.
    assert it["high"] == it["q75"] == 1.0 and it["low"] < 0.4
    assert it["mean"] == pytest.approx(0.75, abs=0.06)
    assert (it["draws"], it["n"], it["p"], it["covered"]) == (40, SUBJECTS, None, None)
    assert it["observed"] is not None
    alone = prior_predictive(AGENT, task, values, trials=40, seed=0)
    assert row(alone, "P(better option)", "trials 31 to 40")["mean"] == it["mean"]
    assert set(alone.column("observed").to_pylist()) == {None}
