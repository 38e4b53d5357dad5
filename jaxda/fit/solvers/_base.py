"""The solver interface: an Optax transformation, and whether its steps are searched along."""

import abc
from typing import ClassVar

import equinox as eqx
import optax


class AbstractSolver(eqx.Module):
    """What proposes the next step of one fit, over coordinates `[free]`.

    With `searches` the step is shortened until it descends; otherwise every step is taken and
    the best point kept.
    """

    searches: ClassVar[bool]

    @abc.abstractmethod
    def transformation(self) -> optax.GradientTransformation:
        """The Optax transformation whose updates are added to the coordinates."""
