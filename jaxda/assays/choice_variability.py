"""How often a learner takes what it holds to be worse, and leaves what has just paid."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from .. import rollout
from ..catalog import load
from ..rollout import Agent
from ._base import AbstractAssay, Outcomes
from ._changes import patient


_LEARNER = {"alpha_pos": 0.3, "alpha_neg": 0.3, "beta": 5.0, "q0": 0.5}
_P, _TRIALS = (0.7, 0.3), 200


class ChoiceVariability(AbstractAssay):
    """Q-learning (alpha = .3, beta = 5) on two arms that pay with .7 and .3, 200 trials.

    `lesions` are doses by name, `values` parameters that a condition changes without a
    mechanism.

    Raises:
        ValueError: if a lesion or parameter is unknown or out of its domain.
    """

    title: ClassVar = "Variability of choices between two arms"
    outcomes: ClassVar = {
        "non_greedy": "share of choices of the arm with the lower value, fraction",
        "win_shift": "share of rewarded choices after which the other arm is chosen, fraction",
        "best": "share of choices of the arm that pays more, fraction",
    }
    species: ClassVar = "any"
    source: ClassVar = "Hauser, Fiore, Moutoussis & Dolan 2016, Trends Neurosci. 39:63"
    models: ClassVar = ("q_learning",)

    lesions: dict[str, float] | None = eqx.field(static=True, default=None)
    values: dict[str, float] | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        patient("q_learning", _LEARNER, self.lesions, self.values)

    def run(self, keys: Key[Array, " individuals"]) -> Outcomes:
        """Every outcome, a number per individual."""
        agent = patient("q_learning", _LEARNER, self.lesions, self.values)
        return jax.tree.map(lambda x: np.asarray(x, float), _played(agent, keys))


@eqx.filter_jit
def _played(
    who: Agent, keys: Key[Array, " individuals"]
) -> dict[str, Float[Array, " individuals"]]:
    what = load("tasks", "bandit")(p=_P)
    arm, paid, ahead = rollout.simulate(
        who,
        what,
        keys,
        _TRIALS,
        record=lambda event, readout: (
            event.action,
            event.reward > 0,
            readout.latents["q"][1] - readout.latents["q"][0],
        ),
    )
    worse = jnp.where(arm == 1, ahead < 0, ahead > 0)
    left = (arm[1:] != arm[:-1]) & paid[:-1]
    return {
        "non_greedy": worse.mean(axis=0),
        # Who was never paid has left nothing.
        "win_shift": left.sum(axis=0) / jnp.maximum(paid[:-1].sum(axis=0), 1),
        "best": (arm == 0).mean(axis=0),
    }
