"""What is read from a population of dopamine channels, some of which are silent."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, PRNGKeyArray

from ..keys import fold_name
from ..lesions.channel_loss import ChannelLoss
from ..models.expectile import Expectile
from ..rollout import Agent, simulate
from ..tasks.variable_magnitude import VariableMagnitude
from ._base import AbstractAssay, Outcomes
from ._settings import choice, number


CHANNELS = 19
TAUS = tuple(round(0.05 * (i + 1), 2) for i in range(CHANNELS))
# Rewards of five sizes, equally often: what the channels learn.
SIZES = (0.0, 0.25, 0.5, 0.75, 1.0)
RATE, TRIALS = 0.02, 800
_BATCH = 250
LOSSES = ("random", "optimistic", "pessimistic")


class PopulationDecode(AbstractAssay):
    """The mean that is read from 19 expectile channels, optimism .05 to .95.

    Channels learn for 800 trials from rewards of 0, .25, .5, .75 and 1, equally often, at a rate
    of .02. A share `lost` of them is silent from the start, the "optimistic", the "pessimistic"
    or "random" ones (`which`), in an order that every individual draws. What is read is the
    mean value of the channels, each weighted by what is left of it; the value of a silent
    channel is not read. Where all are lost nothing can be read: `lost` is below 1.

    Raises:
        ValueError: if a setting is out of its domain.
    """

    title: ClassVar = "A reward distribution read from what is left of a population"
    outcomes: ClassVar = {"decoded_mean": "mean that is read from the channels, rewards"}
    species: ClassVar = "any"
    source: ClassVar = "after Dabney et al. 2020, Nature 577:671"
    models: ClassVar = ("expectile",)

    lost: float = eqx.field(static=True, default=0.0)
    which: str = eqx.field(static=True, default="random")

    def __check_init__(self):
        number(self, "lost", 0, 1, "[)")
        choice(self, "which", LOSSES)

    def run(self, keys: Key[Array, " individuals"]) -> Outcomes:
        """Every outcome, a number per individual."""
        random = self.which == "random"
        cut = ChannelLoss(
            jnp.asarray(self.lost, dtype=float),
            which=self.which,  # type: ignore[arg-type]
            order=jnp.arange(CHANNELS, dtype=float) if random else None,
        )
        return {"decoded_mean": np.asarray(_decoded(cut, keys))}


@eqx.filter_jit
def _decoded(cut: ChannelLoss, keys: Key[Array, " individuals"]) -> Float[Array, " individuals"]:
    model = Expectile(rate=jnp.asarray(RATE), taus=TAUS)
    task = VariableMagnitude(magnitudes=SIZES, probabilities=(1 / 5,) * 5, cued=0.0)

    def one(key: PRNGKeyArray) -> Float[Array, ""]:
        mine = cut
        if cut.order is not None:
            # Nobody else's: a whole order cannot go among the values of lanes.
            order = jax.random.permutation(fold_name(key, "order"), cut.order)
            mine = eqx.tree_at(lambda c: c.order, cut, order)
        value = simulate(
            Agent(model, mine),
            task,
            key[None],
            TRIALS,
            record=lambda event, readout: readout.latents["value"],
        )[-1, :, 0]
        weight = mine.weights(model, CHANNELS)
        return jnp.sum(weight * value) / jnp.sum(weight)

    # In batches: all values of all trials at once would be hundreds of megabytes.
    return jax.lax.map(one, keys, batch_size=_BATCH)
