"""How long the action took."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ..types import Env, Event, LatencyLaw, Readout, lift
from ._base import AbstractObservation


# Log-spaced seconds; the integrand is smooth, so the sum converges to machine precision.
_NODES, _SHORTEST, _LONGEST = 200, 1e-3, 1e3


def _grid() -> tuple[Float[Array, " nodes"], float]:
    first, last = math.log(_SHORTEST), math.log(_LONGEST)
    return jnp.linspace(first, last, _NODES), (last - first) / (_NODES - 1)


def log_normaliser(law: LatencyLaw) -> Float[Array, "..."]:
    """log of the integral of exp(-cost / tau - rate * tau) d tau over 1e-3 ... 1e3 s.

    The generalised inverse Gaussian of order 1; there is no K_nu in jax.scipy.special, so the
    integral is a sum on a log-spaced grid, with the Jacobian tau.
    """
    log_tau, step = _grid()
    log_tau = lift(log_tau, law.cost[None])
    tau = jnp.exp(log_tau)
    terms = log_tau - law.cost[None] / tau - law.rate[None] * tau
    return jax.nn.logsumexp(terms, axis=0) + jnp.log(step)


def draw(law: LatencyLaw, u: Float[Array, "*lanes"]) -> Float[Array, "*lanes"]:
    """The latency, in s, at quantile `u` of the law of one action."""
    log_tau, step = _grid()
    log_tau = lift(log_tau, law.cost[None])
    tau = jnp.exp(log_tau)
    mass = jax.nn.softmax(log_tau - law.cost / tau - law.rate * tau, axis=0)
    # Each node's mass lies evenly, in log time, over its own cell.
    above = jnp.cumsum(mass, axis=0)
    mass, above = mass / above[-1], above / above[-1]
    here = (u <= above) & (u > above - mass)
    within = jnp.sum(jnp.where(here, (u - above) / jnp.where(here, mass, 1.0), 0.0), axis=0) + 0.5
    node = jnp.sum(jnp.where(here, log_tau, 0.0), axis=0)
    return jnp.exp(node + within * step)


class Latency(AbstractObservation):
    """Density of the latency in seconds under the law of the action that was taken."""

    def applies(self, env: Env, readout: Readout) -> bool:
        return env.timed and readout.policy.latency is not None

    def present(self, event: Event) -> Bool[Array, "events lanes"]:
        return event.choice

    def log_prob(self, event: Event, readout: Readout) -> Float[Array, "events lanes"]:
        law = readout.policy.latency
        assert law is not None
        places = jnp.arange(law.cost.shape[1], dtype=event.action.dtype)[None, :, None]
        taken = lambda x: jnp.sum(jnp.where(event.action[:, None, :] == places, x, 0.0), axis=1)
        cost, rate = taken(law.cost), taken(law.rate)
        exponent = -cost / event.latency - rate * event.latency
        return exponent - log_normaliser(LatencyLaw(cost, rate))
