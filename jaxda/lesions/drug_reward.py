"""A drug that releases dopamine whatever was expected."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import bounded
from ..models._base import Model
from ..params import param
from ..priors import LogNormal
from ..types import Event
from ._base import AbstractLesion, M


# How softly the error is kept from falling below the surge.
_SOFTNESS = 0.01
# Surges well above this are beyond compensation; below, the error is let through in part.
_ONSET = 0.002


class DrugReward(AbstractLesion):
    """Taking the drug adds a surge D = `dose`, below which the error never falls.

    Redish has max(b + D, D) for an error b: the surge cannot be predicted away, so value grows
    by alpha D with every dose for ever. Here D + w tau softplus(b / tau) + (1 - w) b, with tau
    = .01 and w = 1 - exp(-(D / .002)^2): smooth, the error itself without drug, and within
    .007 of the maximum where D is above .006. The blend is jaxda's.

    The drug is taken at the events of `cues`, or at all that are rewarded if none is given.
    Each channel of the broadcast gets the whole surge. Two drugs are one with the sum of the
    surges.
    """

    targets: ClassVar = ("learning_rate",)
    source: ClassVar = "Redish 2004, Science 306:1944"
    caution: ClassVar = (
        "It predicts that a drug cannot be blocked; cocaine was: a tone trained first blocked "
        "conditioning to a light (Panlilio, Thorndike & Schindler 2007)."
    )
    stage: ClassVar = 0

    dose: Float[Array, ""] = param(
        bounded(0.0, 2.0), 0.0, prior=LogNormal(-3.0, 1.0), doc="Surge D, in rewards."
    )
    cues: tuple[int, ...] = eqx.field(static=True, default=(), converter=tuple)

    def tissue(self, model: M) -> M:
        return model

    def signal(
        self, model: Model, rpe: Float[Array, "channels *lanes"], event: Event
    ) -> Float[Array, "channels *lanes"]:
        kept = jnp.exp(-jnp.square(self.dose / _ONSET))
        floored = _SOFTNESS * jax.nn.softplus(rpe / _SOFTNESS)
        surged = self.dose + (1 - kept) * floored + kept * rpe
        taken = event.reward > 0
        if self.cues:
            taken = jnp.any(jnp.stack([event.cue == cue for cue in self.cues]), axis=0)
        return jnp.where(taken, surged, rpe)

    def joined(self, dose: Float[Array, ""]) -> Float[Array, ""]:
        return self.dose + dose
