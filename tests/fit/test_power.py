"""Power and recovery by design: against cases worked by hand, and from end to end."""

import functools

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pyarrow as pa
import pytest

from jaxda.catalog import load
from jaxda.fit.estimate import estimate
from jaxda.fit.objective import Problem
from jaxda.fit.penalties import Flat
from jaxda.fit.power import (
    Candidate,
    Cut,
    Population,
    _estimated,
    fitted_values,
    power,
    prefixes,
    prior_values,
    refits,
    spread,
    wilson,
)
from jaxda.habits.perseveration import Perseveration
from jaxda.models.q_learning import QLearning
from jaxda.params import free
from jaxda.rollout import Agent
from jaxda.tasks.bandit import Bandit
from jaxda.types import Env, Event


# Nothing is learned, so that every choice stays with the log-odds kappa.
STAYS = Agent(QLearning(alpha_pos=0.0, alpha_neg=0.0), habits={"p": Perseveration()})
KAPPA = free(STAYS, ["kappa"])
Q = free(Agent(QLearning()), ["alpha_pos", "alpha_neg"])


def choices(*actions: int) -> Event:
    n = len(actions)
    action = jnp.asarray(actions)[:, None]
    flag, one, zero = jnp.ones((n, 1), bool), jnp.ones((n, 1)), jnp.zeros((n, 1), int)
    return Event(zero, None, flag, action, flag, one, one, zero, flag, flag, one, flag)


def test_information_of_a_session_cut_short():
    # Each choice after the first tells p (1 - p) of kappa, whatever it is.
    events = prefixes(choices(0, 0, 0, 1, 1, 1, 0, 0, 0, 0), np.array([0]), [Cut(1, 10), Cut(1, 5)])
    assert events.valid.sum(axis=0).tolist() == [10, 5]
    p = Problem(STAYS, events, jnp.arange(2), {}, Env(1, 2, 2), KAPPA, 2, Flat())
    stay = 0.7
    kappa = np.full((2, 1), np.log(stay / (1 - stay)))
    sd = spread(p, kappa, np.array([[1.0], [2.0]]))
    expected = 1 / np.sqrt(np.array([9, 4]) * stay * (1 - stay))
    assert np.allclose(sd, expected[:, None] * [1, 2], rtol=1e-6)


def test_blocks_are_sessions_of_their_own():
    two = choices(0, 1, 0)
    two = two.__class__(**{n: v if v is None else jnp.tile(v, 2) for n, v in vars(two).items()})
    cut = prefixes(two, np.array([0, 1]), [Cut(2, 3), Cut(1, 2)])
    assert cut.valid.sum(axis=0).tolist() == [3, 3, 2, 0]


def test_more_trials_err_less_and_as_much_as_information_says():
    n = 150
    population = Population(
        "stays", STAYS, {"habits.p.kappa": 0.5 + 0.3 * jr.normal(jr.key(0), (n,))}
    )
    fit = functools.partial(
        estimate,
        solver=load("solvers", "fisher")(),
        seed=0,
        restarts=1,
        steps=60,
        tolerance=1e-6,
        what="test",
    )
    cuts = [Cut(1, 50), Cut(2, 100)]
    table = refits(
        population, Bandit(), [Candidate("stays", STAYS, KAPPA)], cuts, fit, seed=1, penalty=Flat()
    )
    assert table.num_rows == 2 * n and table["converged"].to_pylist() == [True] * 2 * n
    assert sorted(set(table["records"].to_pylist())) == [50, 200]
    assert table["evidence"].null_count == 2 * n, "without a prior there is none"
    out = power(table, [10], seed=0).to_pylist()
    rmse = {(r["trials"], r["method"]): r for r in out if r["quantity"] == "rmse"}
    for trials in (50, 100):
        it = rmse[trials, "simulation"]
        assert it["low"] < it["value"] < it["high"] and it["n"] == it["subjects"] == n
        # The scatter of a root mean square over n subjects is 1 / sqrt(2 n) of it: 5.8 %.
        assert rmse[trials, "information"]["value"] == pytest.approx(it["value"], rel=0.2)
    # Four times the records halve the error.
    assert rmse[50, "simulation"]["value"] / rmse[100, "simulation"]["value"] == pytest.approx(
        2, rel=0.25
    )


def made(differences, wins=(1, 0), subjects=40) -> pa.Table:
    """Subjects whose estimates differ by `differences` in turn, with predicted errors of 0.

    By BIC the generating model a wins with `wins` in turn, by 1.
    """
    rows = []
    for i in range(subjects):
        at = {"scenario": "x", "source": "a", "blocks": 1, "trials": 100, "subject": f"s{i}"}
        at |= {"dose": 0.0, "corner": False, "converged": True, "lower": None, "upper": None}
        d, won = differences[i % len(differences)], wins[i % len(wins)]
        both = {"truth": d, "estimate": d, "predicted": 0.0}
        rows.append({**at, "model": "a", "parameter": "p - q", "bic": 0.0, **both, "evidence": 0.0})
        other = {"truth": None, "estimate": 0.0, "predicted": None, "evidence": None}
        rows.append({**at, "model": "b", "parameter": "z", "bic": 1.0 if won else -1.0, **other})
    return pa.Table.from_pylist(rows)


def found(table, subjects=(20,)):
    rows = power(table, subjects, seed=3).to_pylist()
    return {(r["quantity"], r["of"], r["method"], r["subjects"]): r for r in rows}


def test_power_of_a_t_test():
    from scipy import stats

    # Mean .2 and variance .16 (of 40 values: .16 * 40 / 39).
    it = found(made([-0.2, 0.6]))
    tested = it["power", "p - q", "simulation", 20]
    assert tested["size"] == pytest.approx(0.2)
    t = 0.2 / np.sqrt(0.16 * 40 / 39 / 20)
    law = stats.nct.sf(stats.t.ppf(0.975, 19), 19, t)
    assert it["power", "p - q", "information", 20]["value"] == pytest.approx(law, rel=1e-9)
    assert tested["value"] == pytest.approx(law, abs=0.06)
    assert tested["low"] < tested["value"] < tested["high"]
    assert it["r", "p - q", "simulation", 40]["value"] == pytest.approx(1)


def test_where_there_is_no_difference_a_test_finds_one_in_five_of_a_hundred():
    it = found(made([-0.3, 0.1, -0.1, 0.3]))
    assert it["power", "p - q", "simulation", 20]["value"] == pytest.approx(0.05, abs=0.025)
    assert it["power", "p - q", "information", 20]["value"] == pytest.approx(0.05, abs=1e-9)


def test_decisions_between_models():
    from scipy import stats

    it = found(made([0.1, 0.2], wins=(1, 1, 1, 0)), (1, 5))
    assert it["right subjects", "bic", "simulation", 1]["value"] == 0.75
    assert it["right group", "bic", "simulation", 1]["value"] == pytest.approx(0.75, abs=0.02)
    # The majority of five, three of four being right.
    law = stats.binom.sf(2, 5, 0.75)
    assert it["right group", "bic", "simulation", 5]["value"] == pytest.approx(law, abs=0.02)
    assert not any(of == "evidence" for _, of, _, _ in it)


def test_an_interval_holds_its_value():
    # Of many groups one was wrong, and of the few of any cohort none.
    it = _estimated(0.99975, np.ones(500))
    assert it == {"value": 0.99975, "low": 0.99975, "high": 1.0}
    assert _estimated(0.5, np.linspace(0, 1, 1001)) == pytest.approx(
        {"value": 0.5, "low": 0.025, "high": 0.975}
    )


def test_wilsons_interval_of_eight_in_ten():
    assert wilson(0.8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)


def estimates() -> pa.Table:
    """Two proper subjects, and one at a corner."""
    rows = []
    for subject, values, corner in (
        ("a", (0.2, 0.7), 0),
        ("b", (0.6, 0.3), 0),
        ("c", (0.999, 0.5), 1),
    ):
        for f, value in zip(Q, values, strict=True):
            at = {"model": "q", "dose": 0.0, "subject": subject, "session": "", "parameter": f.name}
            rows.append({**at, "estimate": value, "se": 0.01, "corner": bool(corner)})
    return pa.Table.from_pylist(rows)


def test_truths_around_fitted_values_keep_subjects_whole():
    names = [(str(i),) for i in range(40)]
    drawn = fitted_values(estimates(), Q, names, 0)
    pairs = {(round(float(a), 6), round(float(b), 6)) for a, b in zip(*drawn.values(), strict=True)}
    assert pairs == {(0.2, 0.7), (0.6, 0.3)}
    blurred = fitted_values(estimates(), Q, names, 0, blurred=True)
    away = np.asarray(blurred["model.alpha_pos"] - drawn["model.alpha_pos"])
    assert away.std() == pytest.approx(0.01, rel=0.35) and abs(away.mean()) < 0.006
    with pytest.raises(ValueError, match="no proper estimate"):
        fitted_values(estimates().slice(4), Q, names, 0)


def test_truths_of_the_prior_belong_to_names():
    one, two = (prior_values(KAPPA, [(n,) for n in names], 0) for names in (("a", "b"), ("b",)))
    assert one["habits.p.kappa"][1] == two["habits.p.kappa"][0] != one["habits.p.kappa"][0]
