"""How fast a lever is pressed at the opportunity cost of time."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from .. import rollout
from ..catalog import load
from ..keys import normal, uniforms
from ..rollout import Agent
from ._base import AbstractAssay, Outcomes
from ._changes import patient, settled
from ._settings import number


_PRESSES = 100
# Between individuals, of the logarithm of the cost of speed; our choice.
_SPREAD = 0.15
# Little noise, so that the mean latency is the best one, sqrt(c_v / R), 1 s for the healthy.
_SUBJECT = {"alpha": 0.0, "alpha_r": 0.0, "r0": 0.05, "c_v": 0.05, "beta": 20_000.0}
# No draw of the rollout is numbered so high.
_OWN = 2**30


class Vigor(AbstractAssay):
    """Average-reward vigour with a known reward rate of .05 per s: 100 presses of one lever.

    `cost` multiplies the cost of speed (.05 utility s); `lesions` are doses by name, which act
    on the reward rate as it is felt at action. The best latency is sqrt(cost / rate):
    1 / sqrt(tone) where tonic dopamine is `tone` times normal. Individuals differ by their cost
    of speed, log-normally with a standard deviation of .15 (a choice of this package).

    Raises:
        ValueError: if the cost is not above 0 and at most 100, or a lesion is unknown or its
            dose out of its domain.
    """

    title: ClassVar = "Vigour: latency and rate of pressing"
    outcomes: ClassVar = {
        "latency": "mean latency of a press, s",
        "rate": "presses, 1/min",
    }
    species: ClassVar = "any"
    source: ClassVar = (
        "Niv, Daw, Joel & Dayan 2007, Psychopharmacology 191:507; Mazzoni, Hristova & Krakauer "
        "2007, J. Neurosci. 27:7105"
    )
    models: ClassVar = ("niv_vigor",)

    lesions: dict[str, float] | None = eqx.field(static=True, default=None)
    cost: float = eqx.field(static=True, default=1.0)

    def __check_init__(self) -> None:
        number(self, "cost", 0, 100, "(]")
        patient("niv_vigor", _SUBJECT, self.lesions)

    def run(self, keys: Key[Array, " individuals"]) -> Outcomes:
        """Every outcome, a number per individual."""
        who = settled(patient("niv_vigor", _SUBJECT, self.lesions))
        latency = np.asarray(_pressed(who, jnp.asarray(self.cost, float), keys), float)
        return {"latency": latency, "rate": 60 / latency}


@eqx.filter_jit
def _pressed(
    who: Agent, cost: Float[Array, ""], keys: Key[Array, " individuals"]
) -> Float[Array, " individuals"]:
    """Mean latency of each individual, s."""
    each = jnp.exp(_SPREAD * normal(uniforms(keys, jnp.array([_OWN]), 1)[0, 0]))
    lever = load("tasks", "free_operant")(schedule="random", duration=0.0)
    latency = rollout.simulate(
        who,
        lever,
        keys,
        _PRESSES,
        {"model.c_v": _SUBJECT["c_v"] * cost * each},
        record=lambda event, readout: event.latency,
    )
    return jnp.mean(latency, axis=0)
