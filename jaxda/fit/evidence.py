"""The evidence of each unit's sessions, by Laplace's approximation.

Convention: the evidence is the integral, over real coordinates, of likelihood times prior
density of the coordinates. A prior of the catalogue is stated on the natural scale, so in
coordinates it has a Jacobian, and it is normalised over the domain of its parameter. A fit
maximises without the Jacobian; the expansion therefore stands at another point, the maximum
of the posterior of coordinates, which is sought from the estimate.
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from ..bijectors import Bijector
from ..devices import gathered, on_lanes
from ..params import Free
from .objective import Problem
from .penalties import AbstractPenalty, CataloguePrior, Flat, Gaussian


_LOG_2PI = math.log(2 * math.pi)
# No farther in one step, as a quadratic that has just been made is no good there.
_LONGEST = 3.0
# What a Newton step may still promise at a mode, in nats.
_DECREMENT = 1e-10
# And where it stops in double precision: there the next step is below rounding, so a mode and
# its curvature depend neither on the start nor on the units that are looked at beside it.
_EXACT = 1e-20
_FLATTEST, _SHORTEST = 1e-6, 1e-9


class CoordinatePrior(AbstractPenalty):
    """The priors of the catalogue as normalised densities of coordinates, with their Jacobian."""

    def value(
        self, frees: tuple[Free, ...], x: Float[Array, "units free"]
    ) -> Float[Array, " units"]:
        slopes = [_log_slope(f.domain, x[:, i]) for i, f in enumerate(frees)]
        mass = sum(_log_mass(f) for f in frees)
        return CataloguePrior().value(frees, x) - sum(slopes) + mass

    def of_units(self, units: Array) -> "CoordinatePrior":
        return self


class Mode(NamedTuple):
    """Where the loss of each unit is least, what it is there, and how it curves.

    `proper` is False where no minimum with positive curvature was reached.
    """

    x: Float[Array, "units free"]
    loss: Float[Array, " units"]
    hessian: Float[Array, "units free free"]
    proper: Bool[Array, " units"]


class _Descent(NamedTuple):
    x: Float[Array, "units free"]
    loss: Float[Array, " units"]
    hessian: Float[Array, "units free free"]
    step: Float[Array, "units free"]
    promised: Float[Array, " units"]
    scale: Float[Array, " units"]


class Evidence(NamedTuple):
    """Log evidence of each unit (NaN where its mode is not proper), and the mode behind it."""

    log_evidence: Float[Array, " units"]
    mode: Mode


def _log_slope(domain: Bijector, x: Float[Array, " units"]) -> Float[Array, " units"]:
    """Log of `domain.slope`, finite however far out."""
    if domain.name == "bounded":
        width = math.log(domain.upper - domain.lower)
        return width - jax.nn.softplus(x) - jax.nn.softplus(-x)
    return x if domain.name == "positive" else jnp.zeros_like(x)


def distribution(free: Free) -> Any:
    """The prior of a parameter on its natural scale, as a distribution of SciPy."""
    from scipy import stats

    family, a, b = free.prior.family, free.prior.a, free.prior.b
    if family == "beta":
        return stats.beta(a, b)
    if family == "gamma":
        return stats.gamma(a, scale=b)
    if family == "lognormal":
        return stats.lognorm(b, scale=math.exp(a))
    return stats.norm(a, b)


def _log_mass(free: Free) -> float:
    """Log of what the prior has in the domain of its parameter."""
    prior = distribution(free)
    return math.log(prior.cdf(free.domain.upper) - prior.cdf(free.domain.lower))


@functools.partial(jax.jit, static_argnums=0)
def _prior_densities(frees: tuple[Free, ...], x: Float[Array, "points 1"]) -> list[Array]:
    return [CoordinatePrior().value((f,), x) for f in frees]


def coordinate_moments(frees: Sequence[Free]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation `[free]` of coordinates under the catalogue's priors."""
    # Far enough for any prior that is proper in coordinates, and fine enough for all.
    grid = np.linspace(-60.0, 60.0, 24_001)
    columns = jnp.asarray(grid)[:, None]
    densities = _prior_densities(tuple(frees), columns)
    weight = np.exp(np.nan_to_num(-np.asarray(densities), nan=-np.inf))
    weight /= weight.sum(axis=1, keepdims=True)
    mean = weight @ grid
    return mean, np.sqrt(np.sum(weight * (grid - mean[:, None]) ** 2, axis=1))


@eqx.filter_jit
def curvature(
    problem: Problem, x: Float[Array, "units free"]
) -> tuple[Float[Array, " units"], Float[Array, "units free"], Float[Array, "units free free"]]:
    """Negative log-likelihood of every unit, its gradient and its Hessian.

    The penalty plays no part, so that all who need the likelihood share one compiled program.
    """
    return problem.curved(x)


@eqx.filter_jit
def _of_penalty(penalty: AbstractPenalty, frees: tuple[Free, ...], x: Array) -> Any:
    return penalty.derivatives(frees, x)


def penalised(
    problem: Problem, x: Float[Array, "units free"], share: Problem | None = None
) -> tuple[Float[Array, " units"], Float[Array, "units free"], Float[Array, "units free free"]]:
    """Loss, gradient and Hessian of every unit, by the program of `curvature`.

    Who asks again and again gives the `share` of each device, from `unpenalised`.
    """
    bare = gathered(on_lanes(curvature, share or unpenalised(problem), x, axis=0))
    return jax.tree.map(jnp.add, bare, _of_penalty(problem.penalty, problem.frees, x))


def unpenalised(problem: Problem) -> Problem:
    """The likelihood of a problem, for each device that of its units."""
    return dataclasses.replace(problem, penalty=Flat()).shares()


def find_mode(problem: Problem, x: Float[Array, "units free"], steps: int = 60) -> Mode:
    """The minimum of the loss of every unit near `x`, by Newton steps with the exact Hessian.

    A step is bounded, goes downhill where the loss curves the other way, and is halved as
    long as it does not descend; every unit has a step of its own. Most need three to six.
    """
    # The first sweep takes the point where every unit stands.
    unknown = jnp.full(x.shape[0], jnp.inf, x.dtype)
    flat = jnp.zeros((*x.shape, x.shape[1]), x.dtype)
    s = _Descent(x, unknown, flat, jnp.zeros_like(x), unknown, jnp.ones_like(unknown))
    share = unpenalised(problem)
    for _ in range(steps):
        s, going = _descended(s, *penalised(problem, s.x + s.scale[:, None] * s.step, share))
        if not bool(going):
            break
    least = jnp.linalg.eigvalsh(s.hessian)[:, 0]
    proper = (least > 0) & (s.promised <= _DECREMENT)
    # So near the minimum the last step can be taken without another look.
    return Mode(jnp.where(proper[:, None], s.x + s.step, s.x), s.loss, s.hessian, proper)


def _wide(flag: Array, like: Array) -> Array:
    return flag.reshape(-1, *(1,) * (like.ndim - 1))


@jax.jit
def _descended(s: _Descent, loss: Array, grad: Array, hessian: Array) -> tuple[_Descent, Array]:
    """The descent after a look at the point under trial, and whether a unit still goes on."""
    x = s.x + s.scale[:, None] * s.step
    values, vectors = jnp.linalg.eigh(jnp.where(jnp.isfinite(hessian), hessian, 0.0))
    along = jnp.sum(vectors * grad[:, :, None], axis=1)
    size = jnp.maximum(jnp.abs(values), _FLATTEST)
    step = -jnp.sum(vectors * (along / size)[:, None, :], axis=-1)
    longest = jnp.max(jnp.abs(step), axis=-1, keepdims=True)
    step = step * jnp.minimum(1.0, _LONGEST / jnp.maximum(longest, 1e-30))
    promised = 0.5 * jnp.sum(jnp.square(along) / size, axis=-1)
    slack = 4 * jnp.finfo(x.dtype).eps * jnp.maximum(1.0, jnp.abs(loss))
    taken = (loss <= s.loss + slack) & jnp.isfinite(promised)
    there = _Descent(x, loss, hessian, step, promised, s.scale)
    keep = lambda n, o: jnp.where(_wide(taken, n), n, o)
    scale = jnp.where(taken, 1.0, 0.5 * s.scale)
    moved = jax.tree.map(keep, there, s)._replace(scale=scale)
    # Who has arrived waits for the others.
    still = _going(s)
    moved = jax.tree.map(lambda n, o: jnp.where(_wide(still, n), n, o), moved, s)
    return moved, jnp.any(_going(moved))


def _going(s: _Descent) -> Bool[Array, " units"]:
    limit = _EXACT if s.loss.dtype == jnp.float64 else _DECREMENT
    return (s.promised > limit) & (s.scale > _SHORTEST)


def laplace_evidence(problem: Problem, x: Float[Array, "units free"]) -> Evidence:
    """Log evidence of every unit of `problem`, `x` being its estimates in coordinates.

    -loss + (d/2) log 2 pi - (1/2) log det H at the mode of the posterior of coordinates (for
    example Kass & Raftery 1995, equation 5; Daunizeau et al. 2014). With the catalogue's
    priors the mode is that with the Jacobian; with a Gaussian group it is the estimate itself.

    Raises:
        ValueError: if the problem has no prior, since then there is no evidence.
    """
    prior, left_out = _normalised(problem.penalty)
    mode = find_mode(eqx.tree_at(lambda p: p.penalty, problem, prior), x)
    d = x.shape[-1]
    determinant = jnp.linalg.slogdet(mode.hessian)[1]
    log_evidence = left_out(mode.x) - mode.loss + 0.5 * d * _LOG_2PI - 0.5 * determinant
    return Evidence(jnp.where(mode.proper, log_evidence, jnp.nan), mode)


def _normalised(penalty: AbstractPenalty) -> tuple[AbstractPenalty, Callable[[Array], Array]]:
    """The penalty as a density of coordinates, and what its value leaves out."""
    if isinstance(penalty, Flat):
        raise ValueError("Without a prior there is no evidence; fit with a prior or with a group.")
    if isinstance(penalty, CataloguePrior):
        return CoordinatePrior(), lambda x: jnp.zeros(x.shape[0], x.dtype)
    if isinstance(penalty, Gaussian):
        return (
            penalty,
            lambda x: 0.5 * jnp.linalg.slogdet(penalty.precision)[1] - 0.5 * x.shape[-1] * _LOG_2PI,
        )
    return penalty, lambda x: jnp.zeros(x.shape[0], x.dtype)
