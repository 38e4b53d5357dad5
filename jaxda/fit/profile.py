"""Profile-likelihood intervals: how far a parameter can go if all others may follow."""

import dataclasses
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..params import Free
from .evidence import penalised
from .objective import Problem
from .penalties import AbstractPenalty
from .solvers._base import AbstractSolver


# Half the 95 % quantile of chi-squared with one degree of freedom.
_RISE = 1.920729410347062
# Points on either side of the optimum, and how many standard errors the last lies away.
_POINTS, _REACH = 10, 5.0
# Stiff enough that a pinned coordinate moves by less than 1e-6 for a slope of one nat.
_STIFF = 1e6


class Profile(NamedTuple):
    """Ends of the 95 % intervals in coordinates, infinite where the loss never rises enough.

    `at` are the places of each parameter that were looked at and `rise` how much the loss, with
    all others free, lies there above the optimum.
    """

    lower: Float[np.ndarray, "units free"]
    upper: Float[np.ndarray, "units free"]
    at: Float[np.ndarray, "units free places"]
    rise: Float[np.ndarray, "units free places"]


class _Pinned(AbstractPenalty):
    """Another penalty, with some coordinates held at a value."""

    base: AbstractPenalty
    target: Float[Array, "units free"]
    held: Float[Array, "units free"]

    def value(
        self, frees: tuple[Free, ...], x: Float[Array, "units free"]
    ) -> Float[Array, " units"]:
        return self.base.value(frees, x) + self._spring(x)

    def of_units(self, units: Array) -> "_Pinned":
        return _Pinned(self.base.of_units(units), self.target[units], self.held[units])

    def derivatives(
        self, frees: tuple[Free, ...], x: Float[Array, "units free"]
    ) -> tuple[Float[Array, " units"], Float[Array, "units free"], Float[Array, "units free free"]]:
        value, grad, curvature = self.base.derivatives(frees, x)
        pull = _STIFF * self.held * (x - self.target)
        stiff = _STIFF * self.held[..., None] * jnp.eye(x.shape[-1], dtype=x.dtype)
        return value + self._spring(x), grad + pull, curvature + stiff

    def _spring(self, x: Array) -> Array:
        return 0.5 * _STIFF * jnp.sum(self.held * jnp.square(x - self.target), axis=-1)


def profile(
    problem: Problem,
    x: Float[np.ndarray, "units free"],
    se: Float[np.ndarray, "units free"],
    solver: AbstractSolver,
    *,
    steps: int,
    tolerance: float,
) -> Profile:
    """Intervals of every parameter of every unit around its optimum `x`.

    All units, parameters and places are fitted at once. `se` only says where to look: where it
    is unknown, two units of the coordinate are.

    Source: Venzon & Moolgavkar 1988, here by interpolation of the signed root of the rise.
    """
    n_units, n_free = x.shape
    scale = np.where(np.isfinite(se), np.clip(se, 1e-3, 4.0), 2.0)
    steps_out = np.linspace(-_REACH, _REACH, 2 * _POINTS + 1)
    steps_out = steps_out[steps_out != 0]
    n_places = len(steps_out)
    at = x[:, :, None] + scale[:, :, None] * steps_out

    unit = np.repeat(np.arange(n_units), n_free * n_places)
    which = np.tile(np.repeat(np.arange(n_free), n_places), n_units)
    held = np.eye(n_free)[which]
    start = np.where(held > 0, at.reshape(-1, 1), x[unit])
    pinned = problem.of_units(unit)
    penalty = _Pinned(pinned.penalty, jnp.asarray(start), jnp.asarray(held))
    held_fast = dataclasses.replace(pinned, penalty=penalty)
    found = solver.minimise(held_fast, jnp.asarray(start)[None], steps=steps, tolerance=tolerance)
    best = np.asarray(penalised(problem, jnp.asarray(x))[0])
    rise = np.asarray(found.value)[0].reshape(n_units, n_free, n_places) - best[:, None, None]

    lower, upper = np.full(x.shape, -np.inf), np.full(x.shape, np.inf)
    for u, p in np.ndindex(x.shape):
        # Near the optimum the root is a straight line, so little is lost between places.
        root = np.sign(steps_out) * np.sqrt(np.maximum(rise[u, p], 0.0))
        for side, out in ((-1, lower), (1, upper)):
            far = steps_out * side > 0
            away = np.concatenate([[0.0], np.abs(steps_out[far])[::side]])
            height = np.concatenate([[0.0], np.abs(root[far])[::side]])
            over = np.flatnonzero(height >= np.sqrt(_RISE))
            if over.size:
                j = int(over[0])
                share = (np.sqrt(_RISE) - height[j - 1]) / (height[j] - height[j - 1])
                step = away[j - 1] + share * (away[j] - away[j - 1])
                out[u, p] = x[u, p] + side * scale[u, p] * step
    return Profile(lower, upper, at, rise)
