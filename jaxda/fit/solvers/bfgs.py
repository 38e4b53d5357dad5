"""BFGS with a classical trust region, as `optimistix.BFGS`."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optimistix
from jaxtyping import Array, Float

from ..minimise import Minimum, steepness
from ..objective import Problem
from ._base import AbstractSolver


class BFGS(AbstractSolver):
    """Quasi-Newton steps of an independent implementation, a cross-check for the others.

    Fits advance together, so all wait for the slowest. One has converged where its largest
    gradient is at most `tolerance` times max(1, |loss|).
    """

    def minimise(
        self,
        problem: Problem,
        starts: Float[Array, "restarts units free"],
        *,
        steps: int,
        tolerance: float,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Minimum:
        solver: Any = optimistix.BFGS(rtol=tolerance, atol=tolerance)
        n_units = problem.n_units

        def one(unit: Array, start: Array) -> Array:
            mine = problem.of_units(unit[None])
            loss = lambda x, _: mine.loss(x[None])[0]
            found: Any = optimistix.minimise(loss, solver, start, max_steps=steps, throw=False)
            return found.value

        fit = jax.jit(jax.vmap(jax.vmap(one, in_axes=(0, 0)), in_axes=(None, 0)))
        with jax.numpy_dtype_promotion("standard"):
            x = fit(jnp.arange(n_units), starts)
        value, grad = jax.vmap(problem.value_and_grad)(x)
        steep = steepness(value, grad)
        progress(steps, steps)
        return Minimum(x, value, steep, steep <= tolerance)
