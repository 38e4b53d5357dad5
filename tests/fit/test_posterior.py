"""Posteriors: against sums over a grid, against Laplace, and what a run does when it fails."""

import dataclasses

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from scipy import stats

from jaxda.data.covariates import design
from jaxda.fit import posterior as nuts
from jaxda.fit.evidence import CoordinatePrior, coordinate_moments, find_mode
from jaxda.fit.objective import Problem
from jaxda.fit.penalties import Flat
from jaxda.habits.perseveration import Perseveration
from jaxda.models.q_learning import QLearning
from jaxda.params import free
from jaxda.rollout import Agent
from jaxda.types import Env, Event


STAYS, SWITCHES = np.asarray([9, 7, 5, 2, 8]), np.asarray([0, 2, 4, 7, 1])


@pytest.fixture(scope="module")
def stayers():
    # With nothing learned the choices are coin tosses: kappa is the log-odds of staying.
    agent = Agent(QLearning(alpha_pos=0.0, alpha_neg=0.0), habits={"p": Perseveration()})
    n = len(STAYS)
    switched = np.arange(1, 10)[:, None] > STAYS
    actions = np.concatenate([np.zeros((1, n), int), switched.cumsum(axis=0) % 2])
    flag, one, zero = jnp.ones((10, n), bool), jnp.ones((10, n)), jnp.zeros((10, n), int)
    events = Event(
        zero, None, flag, jnp.asarray(actions), flag, one, one, zero, flag, flag, one, flag
    )
    frees = free(agent, ["kappa"])
    return Problem(agent, events, jnp.arange(n), {}, Env(1, 2, 2), frees, n, Flat())


@pytest.fixture(scope="module")
def patients():
    groups = ["control", "control", "patient", "patient", "control"]
    return design({"group": groups}, [f"s{u}" for u in range(5)])


@pytest.fixture(scope="module")
def drawn(stayers, patients):
    group = nuts.group_of(stayers.frees, patients)
    return nuts.sample_posterior(stayers, group, seed=0)


def exact(group):
    """Means of x, coefficients and sigma by sums over a grid, everything integrated."""
    a, b = np.linspace(-4, 4, 61), np.linspace(-4, 4, 61)
    sigma, x = np.linspace(0.004, 2.6, 90), np.linspace(-9, 9, 451)
    like = np.exp(STAYS[:, None] * -np.logaddexp(0, -x) - SWITCHES[:, None] * np.logaddexp(0, x))
    # The likelihood of a unit and its moment of x, by mean and spread of its prior.
    mean = np.linspace(-8, 8, 121)
    prior = stats.norm.pdf(x, mean[:, None, None], sigma[:, None])
    prior /= prior.sum(axis=-1, keepdims=True)
    whole = np.einsum("ux,msx->ums", like, prior)
    moment = np.einsum("ux,msx->ums", like * x, prior)
    at = group.design @ np.stack(np.meshgrid(a, b, indexing="ij")).reshape(2, -1)
    column = np.round((at + 8) / (mean[1] - mean[0])).astype(int)
    inside = ((column >= 0) & (column < len(mean))).all(axis=0)
    column = np.clip(column, 0, len(mean) - 1)
    each = np.stack([whole[u, column[u]] for u in range(len(STAYS))])
    belief = np.outer(
        stats.norm.pdf(a, *group_at(group, 0)), stats.norm.pdf(b, *group_at(group, 1))
    )
    weight = np.prod(each, axis=0) * (belief.ravel() * inside)[:, None]
    weight *= stats.halfnorm.pdf(sigma, scale=group.spread[0])
    weight /= weight.sum()
    ratio = np.stack([moment[u, column[u]] for u in range(len(STAYS))]) / each
    mean_of = lambda values, axis: weight.sum(axis=axis) @ values
    grid = weight.sum(axis=1).reshape(len(a), len(b))
    return {
        "x": np.sum(weight * ratio, axis=(1, 2)),
        "coefficients": np.asarray([grid.sum(axis=1) @ a, grid.sum(axis=0) @ b]),
        "sigma": mean_of(sigma, 0),
    }


def group_at(group, i):
    return group.location[i, 0], group.scale[i, 0]


def test_a_hierarchical_posterior_is_the_one_that_sums_over_a_grid_give(drawn):
    expected = exact(drawn.group)
    found = {"x": drawn.x, "coefficients": drawn.coefficients, "sigma": drawn.sigma}
    for name, draws in found.items():
        draws = draws[..., 0]
        error = draws.std(axis=(0, 1)) / np.sqrt(drawn.diagnostics.ess_bulk[name][..., 0])
        assert np.all(np.abs(draws.mean(axis=(0, 1)) - expected[name]) < 4 * error + 0.01), name
    assert drawn.diagnostics.divergences == 0
    assert drawn.diagnostics.failures == ()


def test_default_beliefs_are_the_moments_of_the_catalogue(stayers, patients):
    # kappa is real, with a normal prior; of a Beta(1, 1) the logit is logistic.
    group = nuts.group_of(stayers.frees, patients)
    assert group.location[:, 0] == pytest.approx([0, 0], abs=1e-9)
    assert group.scale[:, 0] == pytest.approx([1, 1]) and group.spread[0] == pytest.approx(0.5)
    (alpha,) = free(Agent(QLearning()), ["alpha_pos"])
    flat = alpha._replace(prior=alpha.prior.__class__("beta", 1.0, 1.0))
    mean, sd = coordinate_moments([flat])
    assert mean[0] == pytest.approx(0, abs=1e-9)
    assert sd[0] == pytest.approx(np.pi / np.sqrt(3), rel=1e-6)


def test_a_unit_without_a_covariate_is_refused(stayers):
    lacking = design({"group": ["a", None, "b", "b", "a"]}, [f"s{u}" for u in range(5)])
    with pytest.raises(ValueError, match=r"1 \(group\)"):
        nuts.group_of(stayers.frees, lacking)


def test_the_map_of_positions_is_the_stated_one_and_has_the_stated_jacobian(stayers):
    # Two coordinates, so that the factor of the map is a matrix.
    rng = np.random.default_rng(0)
    half = rng.normal(size=(5, 2, 2))
    precision, shift = half @ half.transpose(0, 2, 1), rng.normal(size=(5, 2))
    ones, row = np.ones((5, 1)), np.ones((1, 2))
    given = (ones, row, row, row[0], precision, shift, 0.3 * row, -0.2 * row[0], np.eye(1))
    target = nuts._Members(stayers, *map(jnp.asarray, given))
    start = target.start(lambda name, shape: jr.normal(jr.key(len(name)), shape))
    flat, back = jax.flatten_util.ravel_pytree(start)
    place = lambda at: jax.flatten_util.ravel_pytree(target.place(back(at))[0])[0]
    found, expected = [], []
    for at in (flat, 0.5 - flat, jnp.zeros_like(flat)):
        placed, log_jacobian = target.place(back(at))
        found.append(log_jacobian)
        expected.append(jnp.linalg.slogdet(jax.jacobian(place)(at))[1])
        pull = np.diag(placed["sigma"] ** -2.0)
        centre = np.linalg.solve(
            precision + pull, (shift + pull @ placed["coefficients"][0])[..., None]
        )
        away = np.asarray(placed["x"]) - centre[..., 0]
        size = np.einsum("ui,uij,uj->u", away, precision + pull, away)
        assert np.allclose(size, np.sum(np.square(back(at)["e"]), axis=1))
    assert np.allclose(np.diff(found), np.diff(expected), atol=1e-9)


def test_tables_hold_what_was_drawn(drawn):
    labels = {"subject": [f"s{u}" for u in range(5)]}
    rows = nuts.unit_table(drawn, labels).to_pylist()
    assert [r["subject"] for r in rows] == labels["subject"]
    assert {r["parameter"] for r in rows} == {"kappa"}
    assert rows[3]["mean"] == pytest.approx(drawn.values()[:, :, 3, 0].mean())
    assert all(r["q025"] < r["q05"] < r["median"] < r["q95"] < r["q975"] for r in rows)
    group = {r["coefficient"]: r for r in nuts.group_table(drawn).to_pylist()}
    assert list(group) == ["intercept", "group[patient]", "sigma"]
    effect = drawn.coefficients[:, :, 1, 0] / drawn.sigma[:, :, 0]
    assert group["group[patient]"]["effect_q025"] == pytest.approx(np.quantile(effect, 0.025))
    assert group["group[patient]"]["positive"] == np.mean(effect > 0)
    assert group["intercept"]["effect_mean"] is None and group["sigma"]["positive"] == 1


def test_arviz_gets_everything(drawn, stayers):
    data = nuts.to_arviz(drawn, stayers, [f"s{u}" for u in range(5)])
    assert set(data.groups()) == {"posterior", "log_likelihood", "sample_stats"}
    assert data.posterior["value"].dims == ("chain", "draw", "unit", "parameter")
    one = stayers.log_likelihood(jnp.asarray(drawn.x[1, 7]))
    assert np.allclose(data.log_likelihood["log_likelihood"][1, 7], one)
    records = nuts.pointwise(stayers, drawn, "record")
    # The first choice follows no other and is known to be a coin toss: it is a record as well.
    assert records.shape[-1] == 50
    assert np.allclose(records.sum(axis=-1), nuts.pointwise(stayers, drawn).sum(axis=-1))


class Scripted(nuts._Run):
    """A run of two chains whose draws are one long wave, and diverge below a target of 0.9."""

    def __init__(self, target, name, seed, chains, warmup, accept):
        self.accept, self.drawn = accept, 0

    def extend(self, draws, progress):
        self.drawn += draws
        progress(self.drawn)

    def draws(self):
        wave = np.sin(np.arange(2.0 * self.drawn) / 40).reshape(2, self.drawn)
        diverging = np.full(wave.shape, self.accept < 0.9)
        stats = {"diverging": diverging, "n_steps": np.full(wave.shape, 1023)}
        return {"x": wave[:, :, None, None]}, stats


def test_what_does_not_hold_is_acted_upon_and_then_told(stayers, monkeypatch):
    monkeypatch.setattr(nuts, "_Run", Scripted)
    out = nuts.sample_posterior(stayers, seed=1, draws=50, most=100)
    found = out.diagnostics
    # Divergences: sampled again in shorter steps. R-hat: went on to the most draws allowed.
    assert found.target_accept == 0.9 and found.divergences == 0
    assert out.x.shape == (2, 100, 1, 1)
    told = " | ".join(found.failures)
    assert "200 of 200 trajectories were cut off" in told
    assert "R-hat is not below 1.01 for 1 of 1 x" in told
    assert "bulk effective sample size is not at least 400 for 1 of 1 x" in told
    with pytest.raises(ValueError, match="no group"):
        nuts.group_table(out)


def test_divergences_that_stay_are_told(stayers, monkeypatch):
    monkeypatch.setattr(nuts, "_Run", Scripted)
    monkeypatch.setattr(nuts, "_TARGETS", (0.6, 0.8))
    found = nuts.sample_posterior(stayers, seed=1, draws=50).diagnostics
    assert found.divergences == 100 and "100 of 100 draws diverged" in found.failures[0]


def test_of_a_long_session_the_posterior_is_nearly_laplaces(stayers):
    # The same events ten times over, as sessions of the same unit.
    events = jax.tree.map(lambda e: jnp.concatenate([e] * 10, axis=-1), stayers.events)
    owner = jnp.tile(stayers.owner, 10)
    p = dataclasses.replace(stayers, events=events, owner=owner)
    mode = find_mode(dataclasses.replace(p, penalty=CoordinatePrior()), jnp.zeros((5, 1)))
    counted = []
    progress = lambda *at: counted.append(at)
    out = nuts.sample_posterior(p, seed=3, x=mode.x, warmup=100, draws=350, progress=progress)
    sd = np.sqrt(1 / np.asarray(mode.hessian)[..., 0])
    assert np.all(np.abs(out.x.mean(axis=(0, 1)) - mode.x) < 0.2 * sd)
    assert np.all(np.abs(np.log(out.x.std(axis=(0, 1)) / sd)) < 0.1)
    assert out.diagnostics.failures == () and out.coefficients is None
    assert out.x.shape == (4, 350, 5, 1) and counted[-1] == (450, 450)
