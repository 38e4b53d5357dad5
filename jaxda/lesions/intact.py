"""No lesion."""

from typing import ClassVar

from jaxtyping import Array, Float

from ..bijectors import UNIT
from ..models._base import Model
from ..params import param
from ..priors import Beta
from ..types import Event
from ._base import AbstractLesion, M


class Intact(AbstractLesion):
    """The healthy control: every dose is the identity."""

    targets: ClassVar = ()
    source: ClassVar = "control"

    dose: Float[Array, ""] = param(UNIT, 0.0, prior=Beta(1.1, 1.1), doc="Has no effect.")

    def tissue(self, model: M) -> M:
        return model

    def signal(
        self, model: Model, rpe: Float[Array, "channels *lanes"], event: Event
    ) -> Float[Array, "channels *lanes"]:
        return rpe

    def joined(self, dose: Float[Array, ""]) -> Float[Array, ""]:
        return self.dose + dose - self.dose * dose
