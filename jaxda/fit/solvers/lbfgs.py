"""L-BFGS (Liu & Nocedal 1989), as `optax.lbfgs`, with backtracking."""

from typing import ClassVar

import optax

from ._base import AbstractSolver


class LBFGS(AbstractSolver):
    """Quasi-Newton steps from the last `memory` gradients."""

    searches: ClassVar = True

    memory: int = 10

    def transformation(self) -> optax.GradientTransformation:
        # The search is the driver's: a nested one would make every fit wait for the slowest.
        return optax.lbfgs(learning_rate=1.0, memory_size=self.memory, linesearch=None)
