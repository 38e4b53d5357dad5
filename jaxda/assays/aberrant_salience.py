"""What a stimulus that predicts nothing is worth where dopamine has transients of its own."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from ..keys import fold_name
from ..params import get
from ..rollout import Agent, simulate
from ..tasks.conditioning import Conditioning
from ._base import AbstractAssay, Outcomes
from ._changes import patient
from ._settings import number
from ._striatum import log_normal


# Showings of each stimulus, how likely the relevant one is rewarded, and the trials at the end
# that are averaged.
SHOWINGS, REWARDED, LAST = 300, 0.8, 200
LEARNING_RATE = 0.05


class AberrantSalience(AbstractAssay):
    """Two stimuli by turns: one is rewarded in 80 % of 300 trials, the other never.

    A Rescorla-Wagner learner has spontaneous transients of `size` (units of reward) in a share
    `rate` of events, and adaptive responses `gain` times normal. An occupancy `blocked` of D2
    receptors takes the share `efficacy` * `blocked` of what the transients do; what has been
    learned is not erased. Values are means over the last 200 of the 600 trials. The size of
    transients differs between individuals, log-normal with `variation` as the standard
    deviation of the logarithm: a choice of jaxda.

    Raises:
        ValueError: if a setting is out of its domain, or a gain is given without transients,
            where it would only slow learning down.
    """

    title: ClassVar = "Aberrant salience of a stimulus that predicts nothing"
    outcomes: ClassVar = {
        "irrelevant_value": "value of the stimulus that is never rewarded, rewards",
        "relevant_value": "value of the stimulus that is rewarded in 80 % of trials, rewards",
        "ratio": "irrelevant over relevant value",
        "contrast": "relevant less irrelevant value, rewards",
    }
    species: ClassVar = "any"
    source: ClassVar = (
        "Kapur 2003, Am. J. Psychiatry 160:13; Maia & Frank 2017, Biol. Psychiatry 81:52"
    )
    models: ClassVar = ("rescorla_wagner",)

    rate: float = eqx.field(static=True, default=0.0)
    size: float = eqx.field(static=True, default=1.0)
    gain: float = eqx.field(static=True, default=1.0)
    blocked: float = eqx.field(static=True, default=0.0)
    efficacy: float = eqx.field(static=True, default=1.0)
    variation: float = eqx.field(static=True, default=0.1)

    def __check_init__(self):
        number(self, "rate", 0, 1)
        number(self, "size", 0, ends="()")
        number(self, "gain", 0, 1, "(]")
        number(self, "blocked", 0, 1)
        number(self, "efficacy", 0, 1)
        number(self, "variation", 0, 1)
        if self.gain < 1 and not self.rate:
            raise ValueError(f"gain is {self.gain:g} and rate is 0: nothing lasting depends on it.")

    def run(self, keys: Key[Array, " individuals"]) -> Outcomes:
        """Every outcome, a number per individual."""
        relevant, irrelevant = np.asarray(self.course(keys)[-LAST:].mean(axis=0))
        return {
            "irrelevant_value": irrelevant,
            "relevant_value": relevant,
            "ratio": irrelevant / relevant,
            "contrast": relevant - irrelevant,
        }

    def course(
        self, keys: Key[Array, " individuals"]
    ) -> Float[Array, "trials stimuli individuals"]:
        """Values of the relevant and the irrelevant stimulus before every trial, in rewards."""
        # The lesion has its gain at a dose of 1; here it is what is left at this rate.
        gain = self.gain ** (1 / self.rate) if self.rate else 1.0
        size = self.size * (1 - self.efficacy * self.blocked)
        agent = patient(
            "rescorla_wagner",
            {"alpha": LEARNING_RATE},
            {"aberrant_salience": self.rate},
            {"size": size, "gain": gain},
        )
        return _course(agent, keys, jnp.asarray(self.variation, dtype=float))


@eqx.filter_jit
def _course(
    agent: Agent, keys: Key[Array, " individuals"], variation: Float[Array, ""]
) -> Float[Array, "trials stimuli individuals"]:
    own = jax.vmap(lambda key: fold_name(key, "transients"))(keys)
    sizes = get(agent, "lesion.size") * log_normal(own, ("size",), 1.0)["size"] ** variation
    rows = (("training", "A", SHOWINGS, 1.0, REWARDED), ("training", "B", SHOWINGS, 0.0, 1.0))
    task = Conditioning(phases=rows)
    return simulate(
        agent,
        task,
        keys,
        task.n_events,
        {"lesion.size": sizes},
        record=lambda event, readout: readout.latents["weight"],
    )
