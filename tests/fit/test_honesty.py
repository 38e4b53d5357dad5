"""What an estimate is worth, by hand; and profile intervals where they are known."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.bijectors import POSITIVE, REAL, UNIT
from jaxda.catalog import load
from jaxda.fit.evidence import coordinate_moments
from jaxda.fit.honesty import gap_to_second, identified
from jaxda.fit.objective import Problem
from jaxda.fit.penalties import Flat
from jaxda.fit.profile import profile
from jaxda.models.q_learning import QLearning
from jaxda.params import Free
from jaxda.priors import Beta, Gamma, LogNormal, Normal
from jaxda.rollout import Agent
from jaxda.types import Env, Event


A, B = Free("a", ("a",), REAL, Normal(1.0, 2.0)), Free("b", ("b",), REAL, Normal(0.0, 1.0))


def test_rank_condition_and_what_is_open():
    sure = np.diag([4.0, 100.0])
    # Only the sum is known; and nothing at all of b.
    only_sum, nothing_of_b = 50 * np.ones((2, 2)), np.diag([9.0, 0.0])
    found = identified((A, B), np.stack([sure, only_sum, nothing_of_b]))
    assert found.rank.tolist() == [2, 1, 1]
    assert found.condition[0] == pytest.approx(25.0) and np.isinf(found.condition[1:]).all()
    assert found.open[0] == "" and found.open[2] == "+1·b"
    assert set(found.open[1].split()) in ({"+1·a", "-1·b"}, {"+1·b", "-1·a"})


def test_spread_of_priors_in_coordinates():
    frees = (
        A,
        Free("l", ("l",), POSITIVE, LogNormal(0.3, 0.7)),
        Free("u", ("u",), UNIT, Beta(1.0, 1.0)),
        Free("g", ("g",), POSITIVE, Gamma(1.0, 3.0)),
    )
    # A uniform share is logistic, and the logarithm of an exponential is Gumbel.
    expected = [2.0, 0.7, np.pi / np.sqrt(3), np.pi / np.sqrt(6)]
    np.testing.assert_allclose(coordinate_moments(frees)[1], expected, rtol=1e-4)


def test_gap_to_the_second_optimum():
    value = np.asarray([[1.0, 5.0], [1.0004, 5.5], [3.0, 7.0]])
    found = gap_to_second(value, 1e-3)
    np.testing.assert_allclose(found, [2.0, 0.5])
    assert np.isnan(gap_to_second(value[:2, :1], 1e-3)[0])


class Tossed(Problem):
    """Units whose `y` are heads and tails of a coin, with a rate a + b of both coordinates."""

    y: jax.Array = eqx.field(kw_only=True)

    def log_likelihood(self, x):
        rate = x[:, 0] + (x[:, 1] if x.shape[1] > 1 else 0.0)
        heads = self.y[:, 0] * jax.nn.log_sigmoid(rate)
        return heads + self.y[:, 1] * jax.nn.log_sigmoid(-rate)

    def of_units(self, units):
        return dataclasses.replace(self, y=self.y[units], n_units=len(units))


def tossed(y, frees):
    flag, one, zero = jnp.ones((1, 1), bool), jnp.ones((1, 1)), jnp.zeros((1, 1), int)
    events = Event(zero, None, flag, zero, flag, one, one, zero, flag, flag, one, flag)
    nobody = (Agent(QLearning()), events, jnp.zeros(1, int), {}, Env(1, 2, 2))
    return Tossed(*nobody, frees, len(y), Flat(), y=jnp.asarray(y))


def test_profile_of_a_coin_is_the_interval_of_its_likelihood():
    y = [[12.0, 4.0], [6.0, 0.0]]
    problem = tossed(y, (A,))
    # The first maximum is at the log odds; the second coin never fell on tails, so its likelihood
    # rises without end and its interval is open above.
    x = np.asarray([[np.log(3.0)], [8.0]])
    se = np.asarray([[np.sqrt(1 / 12 + 1 / 4)], [np.nan]])
    found = profile(problem, x, se, load("solvers", "lbfgs")(), steps=100, tolerance=1e-8)
    loss = lambda u, t: float(-tossed([y[u]], (A,)).log_likelihood(jnp.asarray([[t]]))[0])
    for end in (found.lower[0, 0], found.upper[0, 0], found.lower[1, 0]):
        u = 1 if end == found.lower[1, 0] else 0
        assert loss(u, end) - loss(u, x[u, 0]) == pytest.approx(1.9207, abs=0.03)
    assert found.lower[0, 0] < np.log(3.0) < found.upper[0, 0]
    assert np.isinf(found.upper[1, 0])


def test_a_profile_shows_what_cannot_be_told_apart():
    problem = tossed([[12.0, 4.0]], (A, B))
    x = np.asarray([[np.log(3.0), 0.0]])
    found = profile(
        problem, x, np.full((1, 2), np.nan), load("solvers", "lbfgs")(), steps=100, tolerance=1e-8
    )
    # Whatever a is, b can make up for it.
    assert np.all(found.rise < 1e-3) and np.isinf(found.lower).all() and np.isinf(found.upper).all()
