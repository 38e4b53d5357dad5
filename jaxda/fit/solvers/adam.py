"""Adam (Kingma & Ba 2015), as `optax.adam`."""

import functools
from collections.abc import Callable

import optax
from jaxtyping import Array, Float

from ..minimise import Minimum, minimise
from ..objective import Problem
from ._base import AbstractSolver


class Adam(AbstractSolver):
    """First-order steps of a fixed rate; slow and sturdy, a cross-check for the others.

    It has converged where the largest gradient is at most `tolerance` times max(1, |loss|).
    """

    rate: float = 0.1

    def minimise(
        self,
        problem: Problem,
        starts: Float[Array, "restarts units free"],
        *,
        steps: int,
        tolerance: float,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Minimum:
        rule = optax.adam(self.rate)
        run = functools.partial(minimise, problem, starts, rule, searches=False)
        return run(steps=steps, tolerance=tolerance, progress=progress)
