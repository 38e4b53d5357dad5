"""The solver interface: how the loss of every unit is minimised from every start."""

import abc
from collections.abc import Callable

import equinox as eqx
from jaxtyping import Array, Float

from ..minimise import Minimum
from ..objective import Problem


class AbstractSolver(eqx.Module):
    """Fits all units of a problem from all their starts; it says itself when it has converged."""

    @abc.abstractmethod
    def minimise(
        self,
        problem: Problem,
        starts: Float[Array, "restarts units free"],
        *,
        steps: int,
        tolerance: float,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Minimum:
        """The minimum of every unit that each start leads to, after at most `steps` iterations."""
