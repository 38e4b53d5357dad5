"""Models chosen and fitted at once, where the answer is known and where subjects learn."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

from jaxda.bijectors import POSITIVE, REAL
from jaxda.fit import hbi
from jaxda.fit.objective import Problem
from jaxda.fit.penalties import Flat
from jaxda.habits.perseveration import Perseveration
from jaxda.models.q_learning import QLearning
from jaxda.params import Free, free
from jaxda.priors import LogNormal, Normal
from jaxda.rollout import Agent, simulate
from jaxda.tasks.bandit import Bandit
from jaxda.types import Env, Event


TIMES = np.linspace(-1.0, 1.0, 6)


class Line(Problem):
    """Units measured six times with unit error: coordinates weigh the columns of `design`."""

    y: jax.Array = eqx.field(kw_only=True)
    design: jax.Array = eqx.field(kw_only=True)

    def log_likelihood(self, x):
        away = self.y - x @ self.design
        return -0.5 * jnp.sum(jnp.square(away) + jnp.log(2 * jnp.pi), axis=-1)


def line(y, design):
    flag, one, zero = jnp.ones((1, 1), bool), jnp.ones((1, 1)), jnp.zeros((1, 1), int)
    event = Event(zero, None, flag, zero, flag, one, one, zero, flag, flag, one, flag)
    frees = tuple(
        Free(f"w{i}", (f"model.w{i}",), REAL, Normal(0.0, 1.0)) for i in range(len(design))
    )
    nobody = (Agent(QLearning()), event, jnp.zeros(1, int), {}, Env(1, 2, 2))
    lines = {"y": jnp.asarray(y), "design": jnp.asarray(design)}
    return Line(*nobody, frees, len(y), Flat(), **lines)


@pytest.fixture(scope="module")
def levels_and_trends():
    """Twenty units with a level around 2, ten with a trend around -6."""
    rng = np.random.default_rng(0)
    level = rng.normal(2.0, 0.4, (20, 1)) * np.ones(6)
    trend = rng.normal(-6.0, 0.5, (10, 1)) * TIMES
    return np.concatenate([level, trend]) + rng.normal(size=(30, 6))


def two(y):
    return {"level": line(y, np.ones((1, 6))), "trend": line(y, TIMES[None])}


def test_one_model_is_a_hierarchical_normal():
    y = np.random.default_rng(1).normal(1.0, 1.5, (12, 1)) + np.ones(6)
    y = y + np.random.default_rng(2).normal(size=y.shape)
    found = hbi.infer({"level": line(y, np.ones((1, 6)))}, tolerance=1e-9, sweeps=2000)
    assert found.converged
    (group,), (subjects,) = found.groups, found.subjects
    assert np.allclose(found.responsibility, 1.0) and found.exceedance[0] == 1.0
    # The fixed point, from the sufficient statistics alone.
    mean, n = y.mean(axis=1), len(y)
    x = (6 * mean + group.precision * group.a) / (6 + group.precision)
    assert np.allclose(subjects.x[:, 0], x, atol=1e-6)
    assert np.allclose(subjects.variance, 1 / (6 + group.precision))
    assert group.a == pytest.approx(n * x.mean() / (n + 1), abs=1e-6)
    assert (group.beta, group.nu) == (n + 1, 0.5 + n / 2)
    scatter = np.sum((x - x.mean()) ** 2) + n / (6 + group.precision)
    sigma = 0.01 + 0.5 * (scatter + n / (n + 1) * x.mean() ** 2)
    assert group.sigma == pytest.approx(sigma, rel=1e-5)
    # The bound rises, and ends a little below the evidence, here an integral over mu and tau.
    assert np.diff(found.free_energy).min() > -1e-8
    log_tau, mu = np.meshgrid(np.linspace(-8, 8, 401), np.linspace(-6, 8, 401))
    tau = np.exp(log_tau)
    # Given its mean, how the six measurements of a unit lie around it tells nothing of it.
    within = -0.5 * np.sum((y - mean[:, None]) ** 2) - 2.5 * n * np.log(2 * np.pi)
    within -= n / 2 * np.log(6)
    of_means = stats.norm.logpdf(mean, mu[..., None], np.sqrt(1 / tau + 1 / 6)[..., None]).sum(-1)
    prior = stats.gamma(0.5, scale=100).logpdf(tau) + stats.norm(0, tau**-0.5).logpdf(mu) + log_tau
    evidence = logsumexp(of_means + prior) + np.log(16 / 400 * 14 / 400) + within
    assert evidence - 0.5 < found.free_energy[-1] < evidence


def test_units_get_their_model_and_outliers_do_not_move_a_group(levels_and_trends):
    found = hbi.infer(two(levels_and_trends))
    assert found.converged and found.models == ("level", "trend")
    assert np.all(found.responsibility[:20, 0] > 0.9)
    assert np.all(found.responsibility[20:, 1] > 0.9)
    assert np.allclose(found.frequency, [21 / 32, 11 / 32], atol=0.01)
    assert found.exceedance[0] == pytest.approx(stats.beta(11, 21).cdf(0.5), abs=0.01)
    assert found.exceedance[0] > found.protected[0] > 0.5
    alone = hbi.infer({"level": two(levels_and_trends)["level"]})
    assert abs(found.groups[0].a[0] - 2.0) < 0.25
    # With the others in it, the group has a mean of about 2 * 20 / 30.
    assert alone.groups[0].a[0] < 1.5
    assert np.diff(found.free_energy).min() > -1e-6


def test_the_order_of_models_and_units_means_nothing(levels_and_trends):
    one = hbi.infer(two(levels_and_trends))
    turned = two(levels_and_trends[::-1])
    other = hbi.infer({"trend": turned["trend"], "level": turned["level"]})
    assert np.allclose(one.responsibility, other.responsibility[::-1, ::-1], atol=1e-6)
    assert one.free_energy[-1] == pytest.approx(other.free_energy[-1], abs=1e-6)
    assert one.groups[0].a == pytest.approx(other.groups[1].a, abs=1e-6)
    assert one.omnibus_risk == pytest.approx(other.omnibus_risk, abs=1e-6)
    starts = {name: np.full((2, 30, 1), -3.0) for name in ("level", "trend")}
    begun = hbi.infer(two(levels_and_trends), {k: jnp.asarray(v) for k, v in starts.items()})
    assert begun.groups[1].a == pytest.approx(one.groups[1].a, abs=1e-6)


def test_twins_are_not_told_apart(levels_and_trends):
    y = levels_and_trends
    found = hbi.infer({"one": line(y, np.ones((1, 6))), "other": line(y, np.ones((1, 6)))})
    assert np.allclose(found.responsibility, 0.5)
    assert np.allclose(found.protected, 0.5)
    assert found.omnibus_risk > 0.5


def test_of_a_group_mean():
    # Ten values with mean 1 and sum of squares 22.5 around it, and a prior of no weight.
    group = hbi.Group(np.asarray([1.0]), 10.0, 5.0, np.asarray([22.5 / 2]))
    test = hbi.group_test(group)
    assert (test.df, test.se[0]) == (10.0, pytest.approx(np.sqrt(2.25 / 10)))
    assert test.t[0] == pytest.approx(1 / np.sqrt(0.225))
    assert test.p[0] == pytest.approx(2 * stats.t(10).sf(test.t[0]))
    assert hbi.group_test(group, 1.0).p[0] == pytest.approx(1.0)


def test_tables(levels_and_trends):
    found = hbi.infer(two(levels_and_trends))
    positive = (Free("w0", ("model.w0",), POSITIVE, LogNormal(0.0, 1.0)),)
    found = found._replace(frees=(found.frees[0], positive))
    shares = hbi.frequencies(found).to_pylist()
    assert [r["model"] for r in shares] == ["level", "trend"]
    assert sum(r["n"] for r in shares) == pytest.approx(30)
    level, trend = hbi.group_means(found, {"w0": 2.0}).to_pylist()
    assert level["mean"] == level["coordinate"] and level["lower"] < 2.0 < level["upper"]
    assert level["p"] == pytest.approx(hbi.group_test(found.groups[0], 2.0).p[0])
    # In coordinates the natural value 2 of a positive parameter is log 2.
    assert trend["mean"] == pytest.approx(np.exp(trend["coordinate"]))
    assert trend["t"] == pytest.approx((trend["coordinate"] - np.log(2)) / trend["se"])
    assert hbi.group_means(found).to_pylist()[0]["p"] is None
    names = [(0.0, f"s{u}", "") for u in range(30)]
    rows = hbi.individuals(found, names).to_pylist()
    assert len(rows) == 60 and all(r["proper"] for r in rows)
    assert rows[3]["estimate"] == pytest.approx(float(found.subjects[0].x[3, 0]))
    assert rows[3]["lower"] < rows[3]["estimate"] < rows[3]["upper"]


def test_models_of_other_units_are_refused(levels_and_trends):
    with pytest.raises(ValueError, match="same units"):
        hbi.infer({"a": line(levels_and_trends, TIMES[None]), "b": line(TIMES[None], TIMES[None])})


def test_learners_are_told_from_those_who_repeat_themselves():
    learner = Agent(QLearning())
    creature = Agent(QLearning(alpha_pos=0.0, alpha_neg=0.0), habits={"p": Perseveration()})
    rng = np.random.default_rng(3)
    alpha, beta = 1 / (1 + np.exp(-rng.normal(-0.5, 0.3, 12))), np.exp(rng.normal(1.3, 0.2, 12))
    rates = {f"model.alpha_{s}": jnp.asarray(alpha) for s in ("pos", "neg")}
    values = rates | {"model.beta": jnp.asarray(beta)}
    learned, _ = simulate(learner, Bandit(), jr.split(jr.key(0), 12), 120, values)
    kappa = {"habits.p.kappa": jnp.asarray(rng.normal(1.5, 0.3, 6))}
    repeated, _ = simulate(creature, Bandit(), jr.split(jr.key(1), 6), 120, kappa)
    events = jax.tree.map(lambda a, b: jnp.concatenate([a, b], axis=-1), learned, repeated)
    made = lambda agent, names: Problem(
        agent, events, jnp.arange(18), {}, Bandit().env, free(agent, names), 18, Flat()
    )
    models = {
        "learner": made(learner, ["alpha_pos=alpha_neg", "beta"]),
        "habit": made(creature, ["kappa"]),
    }
    found = hbi.infer(models, tolerance=1e-2)
    assert found.converged
    assert np.mean(found.responsibility[:12, 0] > 0.5) >= 11 / 12
    assert np.mean(found.responsibility[12:, 1] > 0.5) >= 5 / 6
    pooled = hbi.infer({"learner": models["learner"]}, tolerance=1e-2)
    error = lambda h: abs(h.groups[0].a[1] - np.log(beta).mean())
    assert error(found) < error(pooled)
    assert abs(found.groups[1].a[0] - 1.5) < 0.3
