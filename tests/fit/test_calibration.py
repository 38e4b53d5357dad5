"""Calibration: posteriors that are right, too narrow or shifted, and those of Q-learning."""

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from jaxda.bijectors import REAL
from jaxda.fit.calibration import (
    Calibration,
    Draws,
    calibrate,
    coverage,
    laplace_draws,
    rank_table,
    uniformity,
    weighted_draws,
)
from jaxda.fit.objective import Problem
from jaxda.models.q_learning import QLearning
from jaxda.params import Free, free
from jaxda.priors import Normal
from jaxda.rollout import Agent, simulate
from jaxda.tasks.bandit import Bandit


FREES = (Free("theta", ("model.theta",), REAL, Normal(0.0, 1.0)),)
UNITS, DRAWS = 600, 99


def measured(width=1.0, shift=0.0, units=UNITS):
    """One measurement of theta with unit error: the posterior is Normal(y / 2, 1 / 2)."""
    rng = np.random.default_rng(4)

    def posterior_of(y):
        noise = rng.normal(size=(DRAWS, units, 1))
        return Draws(y / 2 + shift + width * np.sqrt(0.5) * noise, np.arange(units) > 0)

    data = lambda x: np.asarray(x) + rng.normal(size=(units, 1))
    return calibrate(data, FREES, posterior_of, seed=2, units=units)


def test_an_exact_posterior_is_calibrated():
    found = measured()
    (row,) = uniformity(found).to_pylist()
    assert row["units"] == UNITS - 1 and row["improper"] == 1
    assert row["uniform"] and row["p"] > 0.01
    (row,) = coverage(found).to_pylist()
    assert row["coverage"] == pytest.approx(0.9, abs=3 * row["se"])


@pytest.mark.parametrize("width, shift", [(0.6, 0.0), (1.6, 0.0), (1.0, 0.25)])
def test_a_wrong_posterior_is_found_out(width, shift):
    (row,) = uniformity(measured(width, shift)).to_pylist()
    assert not row["uniform"] and row["p"] < 0.001
    if shift:
        assert row["mean_rank"] < 0.45


def test_ranks_and_coverage_of_a_worked_example():
    ranks = np.repeat(np.arange(10), 10)[:, None]
    flat = Calibration(("theta",), np.zeros((100, 1)), ranks, 9, np.ones(100, bool))
    (row,) = uniformity(flat, bins=10).to_pylist()
    assert row["chi2"] == 0 and row["p"] == 1 and row["deviation"] < 1e-12
    assert row["mean_rank"] == pytest.approx(0.5)
    # Of ten ranks the middle eight.
    assert coverage(flat, 0.8)["coverage"].to_pylist() == [0.8]
    none = flat._replace(ranks=np.where(ranks == 3, -1, ranks), proper=ranks[:, 0] != 3)
    assert rank_table(none)["rank"].null_count == 10
    with pytest.raises(ValueError, match="90 ranks are too few for 20 bins"):
        uniformity(none._replace(draws=99))


def test_the_truth_of_a_unit_does_not_depend_on_how_many_there_are():
    assert np.array_equal(measured(units=150).truth, measured().truth[:150])


def test_q_learning_is_calibrated_by_weighting_and_nearly_so_by_laplace():
    agent, task, units = Agent(QLearning()), Bandit(), 150
    frees = free(agent, ["alpha_pos=alpha_neg", "beta"], {"beta": (0.0, 10.0)})
    start = jnp.zeros((units, 2))

    def problem_of(x):
        values = {p: f.domain.forward(x[:, i]) for i, f in enumerate(frees) for p in f.paths}
        events, _ = simulate(agent, task, jr.split(jr.key(5), units), 100, values)
        return Problem(agent, events, jnp.arange(units), {}, task.env, frees, units)

    laplace = lambda p: laplace_draws(p, start, DRAWS, seed=6)
    weighted = lambda p: weighted_draws(p, start, DRAWS, seed=6, proposals=800)
    shares = []
    for posterior_of in (laplace, weighted):
        found = calibrate(problem_of, frees, posterior_of, seed=7, units=units)
        assert found.proper.mean() > 0.95
        shares.append(np.asarray(coverage(found)["coverage"].to_pylist()))
    assert np.all(shares[0] > 0.75) and np.all(shares[0] < 0.97)
    # Three standard errors of a share of 150.
    assert shares[1] == pytest.approx(0.9, abs=0.075)
    assert all(uniformity(found)["uniform"].to_pylist())
