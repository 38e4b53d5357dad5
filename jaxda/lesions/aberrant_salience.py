"""Dopamine transients that nothing in the world has caused."""

from typing import ClassVar

from jaxtyping import Array, Float

from ..bijectors import POSITIVE, UNIT
from ..models._base import Model
from ..params import param
from ..priors import Beta, LogNormal
from ..types import Event
from ._base import AbstractLesion, M


class AberrantSalience(AbstractLesion):
    """A spontaneous transient of `size` comes in a share `dose` of all events.

    The broadcast is delta + xi with xi ~ Bernoulli(dose) * size; what is learned follows its
    mean, delta + dose * size. So a stimulus that predicts nothing settles at dose * size, and
    every other at as much above its worth. Adaptive responses may also be blunted: delta is
    multiplied by `gain` ** dose, `gain` being what is left of them at a dose of 1; then the
    surplus is dose * size / gain ** dose. `size` is in units of reward. Transients come from
    the cells, so where a loss of cells is added they shrink with everything else.
    """

    targets: ClassVar = ("learning_rate",)
    stage: ClassVar = 1
    source: ClassVar = (
        "Kapur 2003, Am. J. Psychiatry 160:13; Maia & Frank 2017, Biol. Psychiatry 81:52"
    )
    caution: ClassVar = (
        "A claim of a model. In people the excess of dopamine lies in associative more than in "
        "limbic striatum, and treatment-resistant patients do not show it."
    )
    confounded: ClassVar = (
        (("dose", "size"), "without blunting only the product dose * size enters"),
    )

    dose: Float[Array, ""] = param(
        UNIT, 0.0, prior=Beta(1.1, 5.0), doc="Spontaneous transients per event."
    )
    size: Float[Array, ""] = param(
        POSITIVE, 1.0, prior=LogNormal(0.0, 0.3), doc="Size of a spontaneous transient."
    )
    gain: Float[Array, ""] = param(
        UNIT, 1.0, prior=Beta(5.0, 1.1), doc="What is left of adaptive responses at a dose of 1."
    )

    def tissue(self, model: M) -> M:
        return model

    def signal(
        self, model: Model, rpe: Float[Array, "channels *lanes"], event: Event
    ) -> Float[Array, "channels *lanes"]:
        return self.gain**self.dose * rpe + self.dose * self.size

    def joined(self, dose: Float[Array, ""]) -> Float[Array, ""]:
        return self.dose + dose - self.dose * dose
