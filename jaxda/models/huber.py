"""A population of dopamine channels between quantiles and expectiles (Dabney et al. 2018)."""

from typing import ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import POSITIVE, REAL, UNIT
from ..params import param
from ..priors import Beta, LogNormal, Normal
from ._population import AbstractPopulation


class Huber(AbstractPopulation):
    """As `Expectile`, but errors count no more than `width`, the bend of the Huber loss.

    delta_i = u(r) + gamma V_i(s') - V_i(s);  V_i(s) += alpha_i clip(delta_i / width, -1, 1)
    with alpha_i = rate * tau_i if delta_i > 0, else rate * (1 - tau_i). Narrow, it is the
    quantile code; where no error exceeds `width`, it is the expectile code at the rate
    rate / width. Between the two, V_i solves tau E[min(u - e, width)+] =
    (1 - tau) E[min(e - u, width)+]. Settings, and what is said there of successors, are those
    of `Expectile`.
    """

    tasks: ClassVar = ("magnitude", "pavlovian", "pavlovian_cues")
    free: ClassVar = ("rate",)
    source: ClassVar = (
        "Dabney, Rowland, Bellemare & Munos 2018, AAAI; Dabney et al. 2020, Nature 577:671"
    )
    identifiability: ClassVar = (
        "The sum of the two rates of a channel is only speed, and values are known only up to the "
        "utility function."
    )

    rate: Float[Array, ""] = param(
        UNIT,
        0.04,
        prior=Beta(1.1, 5.0),
        role="learning_rate",
        doc="Sum of the two largest steps of a channel, utility; drawn: the most each can be.",
    )
    width: Float[Array, ""] = param(
        POSITIVE,
        1.0,
        prior=LogNormal(0.0, 1.0),
        doc="Error beyond which only the sign counts, utility.",
    )
    gamma: Float[Array, ""] = param(
        UNIT, 0.98, prior=Beta(20.0, 1.0), role="discount", doc="Discount per time bin."
    )
    v0: Float[Array, ""] = param(REAL, 0.0, prior=Normal(0.0, 5.0), doc="Initial value.")
    channels: int = eqx.field(static=True, default=19)
    asymmetry: Literal["grid", "drawn"] = eqx.field(static=True, default="grid")
    taus: tuple[float, ...] = eqx.field(static=True, default=(), converter=tuple)
    seed: int = eqx.field(static=True, default=0)
    utility: Literal["linear", "hill", "log1p"] = eqx.field(static=True, default="linear")

    def _drive(self, delta: Float[Array, "channels *lanes"]) -> Float[Array, "channels *lanes"]:
        return jnp.clip(delta / self.width, -1.0, 1.0)
