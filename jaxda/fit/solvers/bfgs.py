"""BFGS with a classical trust region, as `optimistix.BFGS`."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optimistix
from jaxtyping import Array, Float

from ...devices import gathered, on_lanes
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
        rule: Any = optimistix.BFGS(rtol=tolerance, atol=tolerance)
        each = eqx.filter_vmap(lambda unit: problem.of_units(unit[None]))(
            jnp.arange(problem.n_units)
        )
        begin = jnp.moveaxis(starts, 0, 1)
        found = on_lanes(_descended, None, rule, steps, each, begin, axis=0)
        x = jnp.moveaxis(gathered(found), 1, 0)
        value, grad = jax.vmap(problem.value_and_grad)(x)
        steep = steepness(value, grad)
        progress(steps, steps)
        return Minimum(x, value, steep, steep <= tolerance)


@eqx.filter_jit
def _descended(
    _: None, rule: Any, steps: int, each: Problem, starts: Float[Array, "units restarts free"]
) -> Float[Array, "units restarts free"]:
    """Where every start of every unit leads, `each` having an axis of units before its own."""

    def one(mine: Problem, start: Array) -> Array:
        loss = lambda x, _: mine.loss(x[None])[0]
        found: Any = optimistix.minimise(loss, rule, start, max_steps=steps, throw=False)
        return found.value

    with jax.numpy_dtype_promotion("standard"):
        return eqx.filter_vmap(eqx.filter_vmap(one, in_axes=(None, 0)))(each, starts)
