"""How long the action took."""

import functools
import math
import operator
from collections.abc import Callable
from typing import NamedTuple

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
    """log of the integral of the unnormalised density of the law over all times.

    Without a bait the law is the generalised inverse Gaussian of order 1: 2 mode K_1(w), with
    mode sqrt(cost / rate) and w = 2 sqrt(cost rate).
    """
    if law.bait is not None:
        assert law.interval is not None
        return _log_baited(law.cost, law.rate, law.bait, law.interval)
    log_mode = (jnp.log(law.cost) - jnp.log(law.rate)) / 2
    return math.log(2) + log_mode + log_k1(2 * jnp.sqrt(law.cost * law.rate))


def log_density(law: LatencyLaw, latency: Float[Array, "..."]) -> Float[Array, "..."]:
    """Log of the unnormalised density at a latency in s."""
    exponent = -law.cost / latency - law.rate * latency
    if law.bait is None or law.interval is None:
        return exponent
    return exponent - law.bait * jnp.exp(-latency / law.interval)


class _Range(NamedTuple):
    """Where in log time a law with a bait has its mass, and its greatest density there."""

    low: Array
    high: Array
    peak: Array


def _log_mass(law: LatencyLaw, x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Log density in log time `x`."""
    return x + log_density(law, jnp.exp(x))


def _one_by_one(fn: Callable[[Array], Array], places: Float[Array, " nodes"]) -> Array:
    """The greatest `fn` of all `places`, without room for all of them."""
    first = fn(places[0])
    return jax.lax.scan(lambda m, k: (jnp.maximum(m, fn(k)), None), first, places[1:])[0]


def _at_once(fn: Callable[[Array], Array], places: Float[Array, " nodes"]) -> Array:
    """The same for a few lanes in a loop, where every step counts."""
    return jnp.max(jax.vmap(fn)(places), axis=0)


def _range(law: LatencyLaw, greatest: Callable[..., Array]) -> _Range:
    """Bounds beyond which the density in log time is below exp(-40) of its peak.

    The bait takes at most exp(-bait) away from the law without it, which bounds the search;
    a second look leaves no more than a node on either side.
    """
    assert law.bait is not None
    middle = (jnp.log(law.cost) - jnp.log(law.rate)) / 2
    rise = (_FAINT + law.bait) / (2 * jnp.sqrt(law.cost * law.rate))
    reach = jnp.log1p(rise + jnp.sqrt(rise * (rise + 2)))
    step = reach / _NODES
    places = jnp.arange(-_NODES, _NODES + 1).astype(law.cost.dtype)
    mass = lambda k: _log_mass(law, middle + k * step)
    peak = greatest(mass, places)
    reached = lambda k, sign: jnp.where(mass(k) > peak - _FAINT, sign * k + 1, -_NODES)
    low = middle - step * greatest(lambda k: reached(k, -1), places)
    high = middle + step * greatest(lambda k: reached(k, 1), places)
    # Any grid gives the same integral, so the grid has no derivative.
    return jax.lax.stop_gradient(_Range(low, high, peak))


def _baited_grid(
    law: LatencyLaw,
) -> tuple[Float[Array, "nodes ..."], Float[Array, "nodes ..."], Float[Array, "..."]]:
    """As `_grid`, for a law with a bait."""
    here = _range(law, _at_once)
    step = (here.high - here.low) / (2 * _NODES - 1)
    x = here.low[None] + step[None] * lift(jnp.arange(2 * _NODES).astype(step.dtype), step[None])
    wide = jax.tree.map(lambda a: a[None], law)
    middle = (jnp.log(law.cost) - jnp.log(law.rate)) / 2
    return x - middle, _log_mass(wide, x) - here.peak, step


@jax.custom_jvp
def _log_baited(
    cost: Float[Array, "*any"],
    rate: Float[Array, "*any"],
    bait: Float[Array, "*any"],
    interval: Float[Array, "*any"],
) -> Float[Array, "*any"]:
    """log of the normaliser of a law with a bait."""
    return _moments(LatencyLaw(cost, rate, bait, interval))[0]


@_log_baited.defjvp
def _log_baited_jvp(primals: tuple[Array, ...], tangents: tuple[Array, ...]) -> tuple[Array, Array]:
    log_z, each = _moments(LatencyLaw(*primals))
    terms = [d * m for d, m in zip(tangents, each, strict=True)]
    return log_z, -functools.reduce(operator.add, terms)


def _moments(law: LatencyLaw) -> tuple[Array, tuple[Array, ...]]:
    """log of the normaliser, and its derivative by cost, rate, bait and interval, negated."""
    bait, interval = law.bait, law.interval
    assert bait is not None and interval is not None
    here = _range(law, _one_by_one)
    step = (here.high - here.low) / (2 * _NODES)

    def node(sums: Array, k: Array) -> tuple[Array, None]:
        x = here.low + k * step
        tau, weight = jnp.exp(x), jnp.exp(_log_mass(law, x) - here.peak)
        spared = jnp.exp(-tau / interval)
        each = [jnp.ones_like(tau), 1 / tau, tau, spared, bait * spared * tau / interval**2]
        return sums + weight[None] * jnp.stack(each), None

    # One node after the other: a record times a node each would not fit in memory.
    nodes = jnp.arange(2 * _NODES + 1).astype(law.cost.dtype)
    (total, *rest), _ = jax.lax.scan(node, jnp.zeros((5, *law.cost.shape), law.cost.dtype), nodes)
    return here.peak + jnp.log(step * total), tuple(m / total for m in rest)


def draw(law: LatencyLaw, u: Float[Array, "*lanes"]) -> Float[Array, "*lanes"]:
    """The latency, in s, at quantile `u` of the law of one action."""
    x, terms, step = _grid(law) if law.bait is None else _baited_grid(law)
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
        mine = jax.tree.map(taken, law)
        return log_density(mine, event.latency) - log_normaliser(mine)

    def derivatives(
        self, event: Event, readout: Readout, along: Readout
    ) -> tuple[Array, Array, list[tuple[Array, Array]]]:
        law, ways = readout.policy.latency, along.policy.latency
        assert law is not None and ways is not None
        if law.bait is not None:
            return super().derivatives(event, readout, along)
        mine = lambda x, a, i: jnp.where(event.action == i, jnp.take(x, i, axis=a), 0.0)
        taken = lambda x, a: functools.reduce(
            operator.add, [mine(x, a, i) for i in range(x.shape[a])]
        )
        cost, rate = taken(law.cost, 1), taken(law.rate, 1)
        by_cost, by_rate = taken(ways.cost, 2), taken(ways.rate, 2)
        tau = event.latency
        w = 2 * jnp.sqrt(cost * rate)
        first, second = _integrals(w)
        log_z = math.log(2) + (jnp.log(cost) - jnp.log(rate)) / 2 + jnp.log(first) - w
        # log K_1 has the slope -K_0 / K_1 - 1 / w, and K_0 / K_1 a known slope in turn.
        slope = -second / first
        ratio = -slope - 1 / w
        bend = 1 - ratio**2 - ratio / w + 1 / w**2
        excess_cost = -1 / tau - (1 + w * slope) / (2 * cost)
        excess_rate = -tau - (w * slope - 1) / (2 * rate)
        # Covariance of 1 / tau and tau, the statistics that cost and rate multiply.
        inverse = (bend * w**2 - slope * w - 2) / (4 * cost**2)
        time = (bend * w**2 - slope * w + 2) / (4 * rate**2)
        both = bend + slope / w
        share = both / inverse
        parts = [
            (jnp.maximum(inverse, 0.0), by_cost + share * by_rate),
            (jnp.maximum(time - share * both, 0.0), by_rate),
        ]
        score = excess_cost * by_cost + excess_rate * by_rate
        return -cost / tau - rate * tau - log_z, score, parts
