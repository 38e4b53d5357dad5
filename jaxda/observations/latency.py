"""How long the action took."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ..types import Env, Event, LatencyLaw, Readout, lift
from ._base import AbstractObservation


# The density is followed, in log time, down to exp(-40) of its peak on both sides. There it
# is smooth and has vanished, so a plain sum is exact to rounding however narrow the law is.
_NODES, _FAINT = 64, 40.0


def _grid(
    law: LatencyLaw,
) -> tuple[Float[Array, "nodes ..."], Float[Array, "nodes ..."], Float[Array, "..."]]:
    """Log time from the mode at the nodes, log of the density in log time there, and the step.

    With x = log tau - log mode and w = 2 sqrt(cost rate), the exponent is -w cosh x, here less
    its value at the mode, and the Jacobian of log time adds x.
    """
    w = 2 * jnp.sqrt(law.cost * law.rate)
    rise = _FAINT / w
    reach = jnp.log1p(rise + jnp.sqrt(rise * (rise + 2)))
    x = reach[None] * lift(jnp.linspace(-1.0, 1.0, 2 * _NODES), reach[None])
    return x, x - 2 * w[None] * jnp.square(jnp.sinh(x / 2)), 2 * reach / (2 * _NODES - 1)


@jax.custom_jvp
def log_k1(w: Float[Array, "*any"]) -> Float[Array, "*any"]:
    """log of K_1, the modified Bessel function of the second kind, for w > 0."""
    return jnp.log(_integrals(w)[0]) - w


@log_k1.defjvp
def _log_k1_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (w,), (dw,) = primals, tangents
    first, second = _integrals(w)
    return jnp.log(first) - w, -second / first * dw


def _integrals(w: Float[Array, "*any"]) -> tuple[Float[Array, "*any"], Float[Array, "*any"]]:
    """Integrals over x > 0 of exp(w - w cosh x) times cosh x, and times its square."""
    rise = _FAINT / w
    reach = jnp.log1p(rise + jnp.sqrt(rise * (rise + 2)))
    step = reach / _NODES

    def node(sums: tuple[Array, Array], t: Array) -> tuple[tuple[Array, Array], None]:
        x = reach * t
        weight = jnp.where(t == 0, 0.5, 1.0) * jnp.exp(-2 * w * jnp.square(jnp.sinh(x / 2)))
        c = jnp.cosh(x)
        return (sums[0] + weight * c, sums[1] + weight * c * c), None

    # One node after the other: a record times a node each would not fit in memory.
    nodes = jnp.arange(_NODES + 1).astype(w.dtype) / _NODES
    zero = jnp.zeros_like(w)
    (first, second), _ = jax.lax.scan(node, (zero, zero), nodes)
    return step * first, step * second


def log_normaliser(law: LatencyLaw) -> Float[Array, "..."]:
    """log of the integral of exp(-cost / tau - rate * tau) d tau over all times.

    The generalised inverse Gaussian of order 1: 2 mode K_1(w), with mode sqrt(cost / rate)
    and w = 2 sqrt(cost rate).
    """
    log_mode = (jnp.log(law.cost) - jnp.log(law.rate)) / 2
    return math.log(2) + log_mode + log_k1(2 * jnp.sqrt(law.cost * law.rate))


def draw(law: LatencyLaw, u: Float[Array, "*lanes"]) -> Float[Array, "*lanes"]:
    """The latency, in s, at quantile `u` of the law of one action."""
    x, terms, step = _grid(law)
    mass = jax.nn.softmax(terms, axis=0)
    # Each node's mass lies evenly, in log time, over its own cell.
    above = jnp.cumsum(mass, axis=0)
    mass, above = mass / above[-1], above / above[-1]
    here = (u <= above) & (u > above - mass)
    within = jnp.sum(jnp.where(here, (u - above) / jnp.where(here, mass, 1.0), 0.0), axis=0) + 0.5
    node = jnp.sum(jnp.where(here, x, 0.0), axis=0)
    return jnp.sqrt(law.cost / law.rate) * jnp.exp(node + within * step)


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
