"""Empirical Bayes: against closed forms, on simulated cohorts, and with bad input."""

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from scipy.stats import multivariate_normal, t

from jaxda.bijectors import POSITIVE, REAL
from jaxda.data.covariates import design
from jaxda.errors import InputError
from jaxda.fit import hierarchical as module
from jaxda.fit.hierarchical import group_table, hierarchical, unit_table
from jaxda.fit.objective import Problem
from jaxda.models.q_learning import QLearning
from jaxda.params import Free, free
from jaxda.priors import LogNormal, Normal
from jaxda.rollout import Agent, simulate
from jaxda.tasks.bandit import Bandit
from jaxda.types import Env, Event


NOISE = 0.5


class Measured:
    """A likelihood that is Gaussian: each coordinate was measured once, with error NOISE."""

    def __init__(self, y):
        self.y = y

    def around(self, x):
        off = (x - self.y) / NOISE
        each = 0.5 * off**2 + np.log(NOISE * np.sqrt(2 * np.pi))
        curvature = np.tile(np.eye(x.shape[1]) / NOISE**2, (len(x), 1, 1))
        return [each.sum(1), off / NOISE, curvature]

    def hessian(self, x):
        return self.around(x)[2]

    def at(self, points):
        return -np.stack([self.around(x)[0] for x in points])


def measured(monkeypatch, y, subjects, values=None, domain=REAL, **words):
    """The group of units whose coordinates were measured as `y [units, free]`."""
    n, k = y.shape
    prior = Normal(0.0, 1.0) if domain is REAL else LogNormal(0.0, 1.0)
    frees = tuple(Free(f"p{i}", (f"model.p{i}",), domain, prior) for i in range(k))
    flag, one, zero = jnp.ones((5, n), bool), jnp.ones((5, n)), jnp.zeros((5, n), int)
    events = Event(zero, None, flag, zero, flag, one, one, zero, flag, flag, one, flag)
    problem = Problem(Agent(QLearning()), events, jnp.arange(n), {}, Env(1, 2, 2), frees, n)
    monkeypatch.setattr(module, "likelihood_of", lambda problem: Measured(y))
    session = [str(subjects[:u].count(s)) for u, s in enumerate(subjects)]
    names = [(0.0, s, v) for s, v in zip(subjects, session, strict=True)]
    words = {"points": 0, "tolerance": 1e-10, **words}
    return hierarchical(problem, names, design(values or {}, subjects), **words)


def draws(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("restricted", [False, True])
@pytest.mark.parametrize("full", [False, True])
def test_a_measured_group_has_the_closed_form(monkeypatch, full, restricted):
    # Two groups of 10: y ~ N(W d, Sigma + NOISE²), so W is least squares and Sigma is the
    # sum of squares over n, or over n - 2 if W is integrated out, less the error.
    group = ["a", "b"] * 10
    x = np.stack([np.ones(20), np.tile([0.0, 1.0], 10)], axis=1)
    y = draws(0, 20, 2) @ np.asarray([[1.5, 0.5], [0.0, 1.5]]) + x @ [[1.0, -1.0], [0.5, 2.0]]
    found = measured(
        monkeypatch, y, [f"s{i}" for i in range(20)], {"group": group},
        full=full, restricted=restricted,
    )  # fmt: skip
    weights, *_ = np.linalg.lstsq(x, y)
    off = y - x @ weights
    total = off.T @ off / (18 if restricted else 20)
    total = total if full else np.diag(np.diag(total))
    assert found.converged and found.between is None
    assert np.allclose(found.weights, weights, atol=1e-5)
    assert np.allclose(found.sigma, total - NOISE**2 * np.eye(2), atol=1e-5)
    assert np.allclose(np.linalg.inv(found.information), np.kron(np.linalg.inv(x.T @ x), total))
    known = multivariate_normal([0, 0], total).logpdf(off)
    assert np.allclose(found.evidence, known, atol=1e-5)
    assert found.ibic == pytest.approx(-2 * known.sum() + (4 + 2 + full) * np.log(100), abs=1e-3)
    shrunk = found.sigma @ np.linalg.inv(total)
    assert np.allclose(found.mean, x @ weights + off @ shrunk.T, atol=1e-5)
    assert np.allclose(found.sd**2, NOISE**2 * np.diag(shrunk), atol=1e-5)
    assert np.allclose(np.diff(found.trace) > -1e-9, True)


def test_the_group_table_by_hand(monkeypatch):
    # One coordinate, two groups of five: everything follows from two means and one variance.
    y = np.asarray([0.0, 1.0, 2.0, 3.0, 4.0, 3.0, 4.0, 5.0, 6.0, 7.0])[:, None]
    subjects = [f"s{i}" for i in range(10)]
    found = measured(monkeypatch, y, subjects, {"g": list("aaaaabbbbb")}, domain=POSITIVE)
    intercept, row = group_table(found).to_pylist()
    variance = 20 / 8
    assert (row["parameter"], row["coefficient"], row["contrast"]) == ("p0", "g[b]", "b against a")
    assert (row["within"], row["df"], row["d_z"]) == (False, 8.0, None)
    assert row["estimate"] == pytest.approx(3.0, abs=1e-4)
    assert row["se"] == pytest.approx(np.sqrt(variance * 2 / 5), abs=1e-4)
    assert row["upper"] - 3.0 == pytest.approx(t.ppf(0.975, 8) * row["se"], abs=1e-4)
    assert row["p"] == pytest.approx(2 * t.sf(3.0 / row["se"], 8), abs=1e-4)
    sigma = variance - NOISE**2
    assert row["d"] == pytest.approx(3.0 / np.sqrt(sigma), abs=1e-4)
    assert intercept["natural"] == pytest.approx(np.exp(2.0), abs=1e-3)
    assert row["natural"] == pytest.approx(np.exp(5.0) - np.exp(2.0), rel=1e-4)
    assert intercept["d"] is None and intercept["p"] is None


def test_on_and_off_within_subjects_has_the_closed_form(monkeypatch):
    # Balanced, so restricted likelihood gives the mean squares of an analysis of variance, and
    # the effect of the drug is tested as in a paired t test.
    n = 8
    y = np.repeat(2 * draws(1, n), 2) + draws(2, 2 * n) + np.tile([0.0, 1.0], n)
    subjects = [f"s{i // 2}" for i in range(2 * n)]
    found = measured(monkeypatch, y[:, None], subjects, {"drug": ["off", "on"] * n}, rounds=60)
    pairs = y.reshape(n, 2)
    inside = np.var(pairs[:, 1] - pairs[:, 0], ddof=1) / 2
    across = 2 * np.var(pairs.mean(1), ddof=1)
    assert found.converged
    assert found.between is not None
    assert found.sigma[0, 0] == pytest.approx(inside - NOISE**2, abs=1e-4)
    assert found.between[0, 0] == pytest.approx((across - inside) / 2, abs=1e-4)
    _, row = group_table(found).to_pylist()
    difference = pairs[:, 1] - pairs[:, 0]
    assert row["within"] and row["df"] == n - 1
    assert row["estimate"] == pytest.approx(difference.mean(), abs=1e-5)
    assert row["se"] == pytest.approx(difference.std(ddof=1) / np.sqrt(n), abs=1e-4)
    assert row["d_z"] == pytest.approx(difference.mean() / np.sqrt(2 * found.sigma[0, 0]), abs=1e-4)
    total = found.sigma[0, 0] + found.between[0, 0]
    assert row["d"] == pytest.approx(difference.mean() / np.sqrt(total), abs=1e-4)


def test_em_alone_ends_where_scoring_does(monkeypatch):
    n = 10
    y = np.repeat(3 * draws(11, n, 2), 2, axis=0) + 2 * draws(12, 2 * n, 2)
    given = y, [f"s{i // 2}" for i in range(2 * n)], {"drug": ["off", "on"] * n}
    words = {"restricted": False, "rounds": 80, "tolerance": 1e-7}
    found = measured(monkeypatch, *given, **words)
    astray = lambda nests, spread, theta, moments, damping: (
        theta._replace(weights=theta.weights + 1e3), np.inf
    )  # fmt: skip
    monkeypatch.setattr(module, "_scored", astray)
    slow = measured(monkeypatch, *given, **words)
    assert not found.singular and found.converged and not slow.converged
    assert found.between is not None and slow.between is not None
    assert np.all(np.diff(slow.trace) > -1e-9)
    assert np.allclose(slow.weights, found.weights, atol=1e-3)
    assert np.allclose(slow.sigma, found.sigma, atol=2e-2)
    assert np.allclose(slow.between, found.between, atol=2e-2)


def test_weighted_points_agree_with_what_they_approximate(monkeypatch):
    group = ["a", "b"] * 15
    y = draws(3, 30, 2) + np.tile([[0.0, 0.0], [1.0, -1.0]], (15, 1))
    subjects = [f"s{i // 3}" for i in range(30)]
    exact, drawn = (
        measured(monkeypatch, y, subjects, {"drug": group}, tolerance=1e-6, points=p)
        for p in (0, 512)
    )
    assert np.allclose(drawn.weights, exact.weights, atol=0.02)
    assert np.allclose(drawn.sigma, exact.sigma, atol=0.03)
    assert drawn.log_evidence == pytest.approx(exact.log_evidence, abs=0.3)
    assert np.allclose(drawn.natural, exact.natural, atol=0.05)
    assert np.median(np.abs(drawn.lower - exact.lower)) < 0.1 * NOISE
    assert np.all(drawn.effective > 100) and np.isnan(exact.effective).all()


def test_posterior_means_of_a_lognormal(monkeypatch):
    found = measured(monkeypatch, draws(4, 30, 1), [f"s{i}" for i in range(30)], domain=POSITIVE)
    assert np.allclose(found.natural, np.exp(found.mean + found.sd**2 / 2))
    assert np.allclose(found.natural_sd, found.natural * np.sqrt(np.expm1(found.sd**2)))
    assert np.allclose(found.value, np.exp(found.mode))


def test_intervals_of_a_group_difference_hold_the_truth_as_often_as_they_say(monkeypatch):
    subjects, values = [f"s{i}" for i in range(16)], {"g": list("ab") * 8}
    inside = 0
    for seed in range(100):
        y = np.hypot(1.0, NOISE) * draws(seed, 16, 1) + np.tile([[0.0], [1.0]], (8, 1))
        row = group_table(measured(monkeypatch, y, subjects, values, tolerance=1e-4)).to_pylist()[1]
        inside += row["lower"] <= 1.0 <= row["upper"]
    # Of 100, 95 are expected; three standard deviations are 6.5.
    assert inside >= 88


def cohort(alpha, beta, trials=150):
    n, agent = len(alpha), Agent(QLearning())
    values = {"model.alpha_pos": alpha, "model.alpha_neg": alpha, "model.beta": beta}
    events, _ = simulate(agent, Bandit(), jr.split(jr.key(0), n), trials, values)
    frees = free(agent, ["alpha_pos=alpha_neg", "beta"])
    return Problem(agent, events, jnp.arange(n), {}, Bandit().env, frees, n)


N = 24


@pytest.fixture(scope="module")
def patients():
    """Patients choose half as consistently: log beta is lower by 0.7."""
    x = np.asarray([-0.8, 1.2]) + 0.4 * draws(5, N, 2)
    x[N // 2 :, 1] -= 0.7
    return cohort(jnp.asarray(1 / (1 + np.exp(-x[:, 0]))), jnp.asarray(np.exp(x[:, 1]))), x


NAMES = [(0.0, f"s{i}", "") for i in range(N)]
GROUP = ["control"] * (N // 2) + ["patient"] * (N // 2)


def fitted(problem, values, names=NAMES, **words):
    return hierarchical(problem, names, design(values, [n[1] for n in names]), **words)


def test_a_group_difference_is_found(patients):
    problem, x = patients
    found = fitted(problem, {"group": GROUP})
    assert found.converged and not any(found.note)
    rows = {(r["parameter"], r["coefficient"]): r for r in group_table(found).to_pylist()}
    row = rows["beta", "group[patient]"]
    assert row["lower"] < -0.7 < row["upper"] < 0
    assert row["d_lower"] < row["d"] < 0 and row["natural_upper"] < 0
    row = rows["alpha_pos=alpha_neg", "group[patient]"]
    assert row["lower"] < 0.0 < row["upper"]
    covered = [found.lower[:, 1] <= np.exp(x[:, 1]), np.exp(x[:, 1]) <= found.upper[:, 1]]
    assert np.mean(np.all(covered, axis=0)) > 0.8
    alone = np.abs(found.natural[:, 1] - np.exp(x[:, 1]))
    assert np.median(alone) < 0.5


def test_a_drug_within_subjects_is_found_under_their_differences(patients):
    problem, _ = patients
    # Subject i off the drug is unit i, on it unit i + N / 2.
    names = [(0.0, f"s{i % (N // 2)}", f"{i // (N // 2)}") for i in range(N)]
    found = fitted(problem, {"drug": ["off"] * (N // 2) + ["on"] * (N // 2)}, names)
    row = group_table(found).to_pylist()[3]
    assert found.converged and found.between is not None
    assert (row["parameter"], row["coefficient"], row["within"]) == ("beta", "drug[on]", True)
    assert row["lower"] < -0.7 < row["upper"] < 0 and row["d_z"] < 0


def test_units_that_cannot_take_part_are_told_and_kept(patients):
    problem, _ = patients
    age = [20.0 + i for i in range(N)]
    values = {"group": [None, *GROUP[1:]], "age": age}
    table = unit_table(fitted(problem, values)).to_pylist()
    assert len(table) == 2 * N
    assert {r["subject"] for r in table if not r["used"]} == {"s0"}
    assert table[0]["note"] == "no group" and table[0]["mean"] is None
    assert all(r["mean"] is not None and 0 < r["shrinkage"] < 1.5 for r in table if r["used"])


def test_a_unit_whose_likelihood_is_not_finite_costs_the_others_nothing(monkeypatch):
    y = draws(6, 12, 1)
    y[3] = np.nan
    found = measured(monkeypatch, y, [f"s{i}" for i in range(12)])
    assert found.note[3].startswith("the likelihood is not finite") and found.subjects == 11
    assert np.flatnonzero(~found.used).tolist() == [3]
    assert found.weights[0, 0] == pytest.approx(np.nanmean(y), abs=1e-5)


def test_too_few_subjects_are_refused(monkeypatch):
    with pytest.raises(InputError, match=r"group: 1 subjects \(1 units\) for 1 coefficients"):
        measured(monkeypatch, np.zeros((1, 1)), ["s"])


def test_a_group_without_differences_has_no_variance(monkeypatch):
    # The sum of squares is below what the errors alone make.
    y = 0.1 * draws(7, 20, 1)
    found = measured(monkeypatch, y, [f"s{i}" for i in range(20)], tolerance=1e-4, rounds=100)
    assert found.converged and found.singular and found.sigma[0, 0] < 0.011
    assert np.allclose(found.mean, y.mean(), atol=0.02)


def test_what_does_not_differ_does_not_slow_what_does(monkeypatch):
    # Only the second coordinate differs more than errors do, within subjects and between.
    y = [0.1, 1.0, 0.1] * (draws(8, 60, 3) + np.repeat(draws(9, 15, 3), 4, axis=0))
    subjects, drug = [f"s{i // 4}" for i in range(60)], [0.0, 1.0, 2.0, 3.0] * 15
    found = measured(monkeypatch, y, subjects, {"drug": drug}, tolerance=1e-3, full=False)
    assert found.singular and found.converged and len(found.trace) == 2
