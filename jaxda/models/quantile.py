"""A population of dopamine channels that learns quantiles (Dabney et al. 2018, 2020)."""

from typing import ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import REAL, UNIT
from ..params import param
from ..priors import Beta, Normal
from ._population import AbstractPopulation


class Quantile(AbstractPopulation):
    """As `Expectile`, but a channel learns from the sign of its error only.

    delta_i = u(r) + gamma V_i(s') - V_i(s);  V_i(s) += alpha_i sign(delta_i) with alpha_i =
    rate * tau_i if delta_i > 0, else rate * (1 - tau_i). V_i settles where the share of
    rewards below it is tau_i: the tau_i-quantile. `rate` is in units of utility per event, so
    it takes about V / rate events to get anywhere.

    What is broadcast is the error itself; its sign is taken by the learner. A lesion that
    scales the error therefore changes what is measured and nothing that is learned.
    Settings, and what is said there of successors, are those of `Expectile`.
    """

    tasks: ClassVar = ("magnitude", "pavlovian", "pavlovian_cues")
    free: ClassVar = ("rate",)
    source: ClassVar = (
        "Dabney, Rowland, Bellemare & Munos 2018, AAAI; Dabney et al. 2020, Nature 577:671"
    )
    identifiability: ClassVar = (
        "The sum of the two steps of a channel is only speed, and values are known only up to the "
        "utility function."
    )

    rate: Float[Array, ""] = param(
        UNIT,
        0.04,
        prior=Beta(1.1, 5.0),
        role="learning_rate",
        doc="Sum of the two steps of a channel, utility; drawn steps: the most each can be.",
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
        return jnp.sign(delta)
