"""A population of dopamine channels that learns expectiles (Dabney et al. 2020)."""

from typing import ClassVar, Literal

import equinox as eqx
from jaxtyping import Array, Float

from ..bijectors import REAL, UNIT
from ..params import param
from ..priors import Beta, Normal
from ._population import AbstractPopulation


class Expectile(AbstractPopulation):
    """Channel i predicts with its own optimism tau_i and broadcasts its own error.

    delta_i = u(r) + gamma V_i(s') - V_i(s);  V_i(s) += alpha_i delta_i with alpha_i =
    rate * tau_i if delta_i > 0, else rate * (1 - tau_i). The fixed point of V_i is the
    tau_i-expectile e of the utilities, tau E[(u - e)+] = (1 - tau) E[(e - u)+]: neither a
    sample nor a quantile (`jaxda.theory.expectiles.decode` finds the distribution).

    With `asymmetry` "grid" the optimisms are `taus` or, without any, (i + 1/2) / channels;
    "drawn" takes both rates of a channel from U(0, rate), always the same for one `seed`,
    and tau_i = alpha_pos / (alpha_pos + alpha_neg) (the simulation of the paper). `utility`
    u(r) is linear, Hill r^.5 / (r^.5 + 5^.5), or log(1 + r). Within a trial a channel learns
    from its own value of the next state, and the interval before the cue stays at 0; that is
    right for a deterministic successor only: a random one would have to be sampled from the
    decoded distribution, and a channel's own value is no such sample.
    """

    tasks: ClassVar = ("magnitude", "pavlovian", "pavlovian_cues")
    free: ClassVar = ("rate",)
    source: ClassVar = "Dabney et al. 2020, Nature 577:671"
    identifiability: ClassVar = (
        "The sum of the two rates of a channel is only speed, and optimism is known only up to "
        "the utility function: fix the utility."
    )

    rate: Float[Array, ""] = param(
        UNIT,
        0.04,
        prior=Beta(1.1, 5.0),
        role="learning_rate",
        doc="Sum of the two rates of a channel; drawn rates: the most each can be.",
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
        return delta
