"""Dopamine channels that fall silent."""

from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..bijectors import UNIT
from ..models._base import Model
from ..models._population import AbstractPopulation
from ..params import param
from ..priors import Beta
from ..types import Event, lift
from ._base import AbstractLesion, M


# Channels that fade at one time: more than one, so that every dose has a slope.
_OVERLAP = 1.5


class ChannelLoss(AbstractLesion):
    """A share `dose` of the channels of the broadcast is silent.

    In a population of channels with optimisms of their own the error of channel i is multiplied
    by m_i: channels fade one after the other as the dose grows, each without a corner from 1 to
    0. `which` says who goes first: "optimistic" or "pessimistic" channels, or "random" ones in
    an order drawn with `seed` (or given as `order`: the place of each channel in the order of
    loss, 0 first). A silent channel learns nothing, and `weights` leave it out of what is read
    from the population, sum_i m_i V_i / sum_i m_i. Any other model broadcasts one signal, the
    pool of its cells: of that a share 1 - dose is left, whoever is lost.
    """

    targets: ClassVar = ("learning_rate",)
    source: ClassVar = "after Dabney et al. 2020, Nature 577:671"
    caution: ClassVar = (
        "Nobody has silenced dopamine cells by their optimism, and that they carry a "
        "distributional code is itself contested."
    )

    dose: Float[Array, ""] = param(
        UNIT, 0.0, prior=Beta(1.1, 1.1), doc="Share of channels that are silent."
    )
    which: Literal["random", "optimistic", "pessimistic"] = eqx.field(static=True, default="random")
    seed: int = eqx.field(static=True, default=0)
    order: Float[Array, " channels"] | None = None

    def __check_init__(self):
        if self.which not in ("random", "optimistic", "pessimistic"):
            raise ValueError(
                f"which is {self.which!r}; it is 'random', 'optimistic' or 'pessimistic'."
            )
        if isinstance(self.seed, bool) or self.seed != int(self.seed) or self.seed < 0:
            raise ValueError(f"seed is {self.seed!r}; it is a whole number, 0 or more.")
        if self.order is not None and self.which != "random":
            raise ValueError(f"an order is given, and which is {self.which!r}; leave out one.")

    def weights(self, model: Model, channels: int) -> Float[Array, " channels"]:
        """What is left of each channel, m_i in [0, 1]."""
        if channels == 1 or not isinstance(model, AbstractPopulation):
            return jnp.broadcast_to(1 - self.dose, (channels,))
        place = self.order if self.order is not None else jnp.asarray(self._places(model, channels))
        start = place * (channels - _OVERLAP) / (channels - 1)
        x = jnp.clip((channels * self.dose - start) / _OVERLAP, 0.0, 1.0)
        return 1 - x**3 * (10 - 15 * x + 6 * x**2)

    def tissue(self, model: M) -> M:
        return model

    def signal(
        self, model: Model, rpe: Float[Array, "channels *lanes"], event: Event
    ) -> Float[Array, "channels *lanes"]:
        return lift(self.weights(model, rpe.shape[0]), rpe) * rpe

    def joined(self, dose: Float[Array, ""]) -> Float[Array, ""]:
        return self.dose + dose - self.dose * dose

    def _places(self, model: AbstractPopulation, channels: int) -> np.ndarray:
        """Place of each channel in the order of loss."""
        if self.which == "random":
            return np.random.default_rng(self.seed).permutation(channels).astype(float)
        with jax.ensure_compile_time_eval():
            tau = np.asarray(model.optimism())
        places = np.argsort(np.argsort(tau, kind="stable")).astype(float)
        return places if self.which == "pessimistic" else channels - 1 - places
