"""Tonic dopamine read as a gain on choice, softmax(beta * tonic * Q)."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import bounded
from ..models._base import Model
from ..params import map_role, param
from ..priors import Normal
from ..types import Event
from ._base import AbstractLesion, M


class TonicGain(AbstractLesion):
    """Every choice gain is multiplied by tonic = exp(`dose`).

    It is gain modulation of choice (Humphries et al. 2012) and holds no latency: probabilities
    sum to 1 at every level. Dose and an inverse temperature enter only as their product, so
    they cannot both be free.
    """

    targets: ClassVar = ("choice_gain",)
    source: ClassVar = "Humphries, Khamassi & Gurney 2012, Front. Neurosci. 6:9"
    caution: ClassVar = (
        "Contradicted: mice with high tonic dopamine couple choice to reward history more "
        "weakly (Beeler et al. 2010). The default reading is the lesion `tonic`."
    )
    confounded: ClassVar = (
        (("beta", "dose"), "only the product beta * tonic enters the policy"),
        (("beta1", "beta2", "dose"), "only the products beta * tonic enter the policy"),
    )

    dose: Float[Array, ""] = param(
        bounded(-2.5, 2.5), 0.0, prior=Normal(0.0, 0.5), doc="Log of the tonic gain."
    )

    def tissue(self, model: M) -> M:
        return map_role(model, "choice_gain", lambda beta: jnp.exp(self.dose) * beta)

    def signal(
        self, model: Model, rpe: Float[Array, "channels *lanes"], event: Event
    ) -> Float[Array, "channels *lanes"]:
        return rpe

    def joined(self, dose: Float[Array, ""]) -> Float[Array, ""]:
        return self.dose + dose
