"""Fisher scoring with Levenberg-Marquardt damping, the fastest for models with few parameters."""

from collections.abc import Callable

import optax
from jaxtyping import Array, Float

from ..minimise import Minimum
from ..objective import Problem
from ..scoring import fisher_scoring
from ..slots import sweep
from ._base import AbstractSolver


class Fisher(AbstractSolver):
    """Gauss-Newton steps by the expected information of the records, damped by `damping` at first.

    It has converged where a full step promises to lower the loss by at most `tolerance` nats.
    """

    damping: float = 0.3

    def transformation(self) -> optax.GradientTransformationExtraArgs:
        """The rule of its steps, to be combined with others of Optax."""
        return fisher_scoring(self.damping)

    def minimise(
        self,
        problem: Problem,
        starts: Float[Array, "restarts units free"],
        *,
        steps: int,
        tolerance: float,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Minimum:
        rule = self.transformation()
        return sweep(problem, starts, rule, steps=steps, tolerance=tolerance, progress=progress)
