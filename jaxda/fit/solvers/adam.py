"""Adam (Kingma & Ba 2015), as `optax.adam`."""

from typing import ClassVar

import optax

from ._base import AbstractSolver


class Adam(AbstractSolver):
    """First-order steps of a fixed rate; slow and sturdy, a cross-check for the others."""

    searches: ClassVar = False

    rate: float = 0.1

    def transformation(self) -> optax.GradientTransformation:
        return optax.adam(self.rate)
