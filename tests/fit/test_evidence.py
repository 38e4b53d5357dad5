"""Laplace's evidence: exact where the posterior is Gaussian, close to integrals where not."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from jax.scipy.special import betaln

from jaxda.bijectors import POSITIVE, REAL, UNIT, bounded
from jaxda.fit.evidence import CoordinatePrior, laplace_evidence
from jaxda.fit.objective import Problem
from jaxda.fit.penalties import CataloguePrior, Flat, Gaussian
from jaxda.models.q_learning import QLearning
from jaxda.params import Free, free
from jaxda.priors import Beta, Gamma, LogNormal, Normal
from jaxda.rollout import Agent, simulate
from jaxda.tasks.bandit import Bandit
from jaxda.types import Env, Event


class Measured(Problem):
    """Units whose coordinates were each measured with normal error of sd 0.5."""

    y: jax.Array = eqx.field(kw_only=True)

    def log_likelihood(self, x):
        return jnp.sum(normal(self.y, x, 0.25), axis=-1)


class Tossed(Measured):
    """Units whose `y` are heads and tails of a coin with a rate of their own."""

    def log_likelihood(self, x):
        heads = self.y[:, 0] * jax.nn.log_sigmoid(x[:, 0])
        return heads + self.y[:, 1] * jax.nn.log_sigmoid(-x[:, 0])


def normal(y, mean, variance):
    return -0.5 * (jnp.square(y - mean) / variance + jnp.log(2 * jnp.pi * variance))


def measured(y, frees, penalty, kind=Measured):
    flag, one, zero = jnp.ones((1, 1), bool), jnp.ones((1, 1)), jnp.zeros((1, 1), int)
    events = Event(zero, None, flag, zero, flag, one, one, zero, flag, flag, one, flag)
    nobody = (Agent(QLearning()), events, jnp.zeros(1, int), {}, Env(1, 2, 2))
    return kind(*nobody, frees, len(y), penalty, y=y)


def test_measured_normal_coordinates_have_the_evidence_of_a_sum_of_normals():
    # In coordinates these priors are N(.3, 1) and N(-1, 4): the Jacobian undoes the logarithm.
    frees = (
        Free("rate", ("model.beta",), POSITIVE, LogNormal(0.3, 1.0)),
        Free("bias", ("model.q0",), REAL, Normal(-1.0, 2.0)),
    )
    y = jnp.asarray([[0.0, 1.0], [3.0, -2.5], [-4.0, 6.0]])
    expected = normal(y[:, 0], 0.3, 1.25) + normal(y[:, 1], -1.0, 4.25)
    found = laplace_evidence(measured(y, frees, CoordinatePrior()), jnp.zeros((3, 2)))
    assert jnp.allclose(found.log_evidence, expected, atol=1e-12)
    group = Gaussian(
        jnp.broadcast_to(jnp.asarray([0.3, -1.0]), (3, 2)),
        jnp.broadcast_to(jnp.diag(jnp.asarray([1.0, 0.25])), (3, 2, 2)),
    )
    grouped = laplace_evidence(measured(y, frees, group), y)
    assert jnp.allclose(grouped.log_evidence, expected, atol=1e-12)
    assert jnp.allclose(grouped.mode.x, found.mode.x, atol=1e-9)


@pytest.mark.parametrize(
    "domain, prior",
    [
        (UNIT, Beta(1.1, 1.1)),
        (bounded(0.2, 0.7), Beta(2.0, 5.0)),
        (POSITIVE, Gamma(1.2, 5.0)),
        (bounded(0.0, 10.0), Gamma(1.2, 5.0)),
        (bounded(-1.0, 1.0), Normal(0.0, 0.5)),
        (bounded(0.0, 3.0), LogNormal(0.0, 1.0)),
    ],
)
def test_a_prior_in_coordinates_integrates_to_one_over_its_domain(domain, prior):
    x = jnp.linspace(-60.0, 60.0, 24001)[:, None]
    density = jnp.exp(-CoordinatePrior().value((Free("p", ("p",), domain, prior),), x))
    assert float(jnp.sum(density) * 0.005) == pytest.approx(1.0, abs=1e-6)


@pytest.fixture(scope="module")
def sessions():
    values = {"model.beta": jnp.asarray(3.0), "model.alpha_pos": jnp.asarray(0.4)}
    events, _ = simulate(Agent(QLearning()), Bandit(), jr.split(jr.key(0), 1), 100, values)
    return events


def q_learner(events, names, penalty):
    agent = Agent(QLearning())
    frees = free(agent, names)
    n = events.valid.shape[-1]
    return Problem(agent, events, jnp.arange(n), {}, Bandit().env, frees, n, penalty)


def test_evidence_of_a_learner_is_near_a_brute_force_integral(sessions):
    names = ["alpha_pos=alpha_neg", "beta"]
    p = q_learner(sessions, names, CataloguePrior())
    found, near = (laplace_evidence(p, jnp.full((1, 2), x)) for x in (9.0, 0.0))
    assert jnp.all(found.mode.proper)
    assert jnp.allclose(found.mode.x, near.mode.x, atol=1e-6)
    axis = jnp.linspace(-7.0, 7.0, 51)
    grid = jnp.stack(jnp.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    # Every node of the grid is a unit, that is a lane, of its own.
    lanes = jax.tree.map(lambda e: jnp.repeat(e, len(grid), axis=-1), sessions)
    density = -q_learner(lanes, names, CoordinatePrior()).loss(grid)
    brute = jax.nn.logsumexp(density) + 2 * jnp.log(axis[1] - axis[0])
    # A hundred trials leave the posterior a little skewed.
    assert float(found.log_evidence[0]) == pytest.approx(float(brute), abs=0.25)


def test_evidence_of_coin_tosses_is_a_ratio_of_beta_functions():
    frees = (Free("rate", ("model.beta",), UNIT, Beta(2.0, 3.0)),)
    heads, tails = jnp.asarray([30.0, 400.0, 5.0]), jnp.asarray([50.0, 100.0, 60.0])
    p = measured(jnp.stack([heads, tails], axis=1), frees, CataloguePrior(), Tossed)
    found = laplace_evidence(p, jnp.zeros((3, 1))).log_evidence
    exact = betaln(2 + heads, 3 + tails) - betaln(2.0, 3.0)
    # The skew that is left out is of the order of one over the fewer of the two.
    assert jnp.allclose(found, exact, atol=0.02)
    assert abs(found[1] - exact[1]) < 0.002


def test_without_a_prior_there_is_no_evidence(sessions):
    with pytest.raises(ValueError, match="Without a prior"):
        laplace_evidence(q_learner(sessions, ["beta"], Flat()), jnp.zeros((1, 1)))


def test_a_unit_without_a_mode_has_no_evidence():
    frees = (Free("bias", ("model.q0",), REAL, Normal(0.0, 1.0)),)
    y = jnp.asarray([[0.0], [jnp.nan]])
    found = laplace_evidence(measured(y, frees, CoordinatePrior()), jnp.zeros((2, 1)))
    assert np.isfinite(found.log_evidence[0]) and np.isnan(found.log_evidence[1])
