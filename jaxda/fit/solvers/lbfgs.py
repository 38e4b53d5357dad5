"""L-BFGS (Liu & Nocedal 1989), as `optax.lbfgs`, with backtracking."""

import functools
from collections.abc import Callable

import optax
from jaxtyping import Array, Float

from ..minimise import Minimum, Objective, minimise
from ._base import AbstractSolver


class LBFGS(AbstractSolver):
    """Quasi-Newton steps from the last `memory` gradients.

    It has converged where the largest gradient is at most `tolerance` times max(1, |loss|).
    """

    memory: int = 10

    def minimise(
        self,
        problem: Objective,
        starts: Float[Array, "restarts units free"],
        *,
        steps: int,
        tolerance: float,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Minimum:
        # The search is the driver's: a nested one would make every fit wait for the slowest.
        rule = optax.lbfgs(learning_rate=1.0, memory_size=self.memory, linesearch=None)
        run = functools.partial(minimise, problem, starts, rule, searches=True)
        return run(steps=steps, tolerance=tolerance, progress=progress)
