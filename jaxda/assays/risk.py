"""A large reward that comes now and then against a small one that always comes."""

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
from ._changes import patient, settled
from ._settings import number


# Chosen so that an independent simulation of P(risky) at three drives is met within .02.
_RULE = {"alpha_g": 0.045, "alpha_n": 0.045, "epsilon": 0.45, "lam": 0.02, "beta": 10.0, "w0": 0.1}
_ODDS = {"half": 0.5, "quarter": 0.25, "eighth": 0.125}
_SMALL, _TRIALS = 0.25, 400


class Risk(AbstractAssay):
    """Payoff-cost actors on a lever that pays 1 at the odds, or one that always pays 1/4.

    That is four pellets or one. A block of 400 trials each at odds of 1/2, 1/4 and 1/8, of
    which nothing carries over; outcomes are the probability of the risky lever in the second
    half of a block. alpha = .045, epsilon = .45, lambda = .02, beta = 10 per large reward, first
    weights .1. `drive` is tonic dopamine at choice, D in D G - (1 - D) N, .5 at rest;
    `lesions` are doses by name. At even value, odds of 1/4, about half of the choices are risky
    at rest.

    Raises:
        ValueError: if the drive does not lie between 0 and 1, or a lesion is unknown or its
            dose out of its domain.
    """

    title: ClassVar = "Risky lever: large and rare against small and sure"
    outcomes: ClassVar = {
        "risky_half": "probability of the risky lever at odds of 1/2",
        "risky_quarter": "probability of the risky lever at odds of 1/4",
        "risky_eighth": "probability of the risky lever at odds of 1/8",
    }
    species: ClassVar = "any"
    source: ClassVar = (
        "Moller & Bogacz 2019, PLoS Comput. Biol. 15:e1006285; task after St Onge & Floresco 2009, "
        "Neuropsychopharmacology 34:681"
    )
    models: ClassVar = ("payoff_cost",)

    drive: float = eqx.field(static=True, default=0.5)
    lesions: dict[str, float] | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        number(self, "drive", 0, 1, "()")
        self._actor()

    def run(self, keys: Key[Array, " individuals"]) -> Outcomes:
        """Every outcome, a number per individual."""
        found = np.asarray(_played(settled(self._actor()), keys), float)
        return dict(zip((f"risky_{name}" for name in _ODDS), found, strict=True))

    def _actor(self) -> Agent:
        return patient("payoff_cost", _RULE, self.lesions, {"rho": 2 * self.drive - 1})


@eqx.filter_jit
def _played(who: Agent, keys: Key[Array, " individuals"]) -> Float[Array, "odds individuals"]:
    """Probability of the risky lever in the second half of each block."""
    rows = tuple((n, _TRIALS, n, None, (1.0, p), (_SMALL, 1.0)) for n, p in _ODDS.items())
    levers = load("tasks", "schedule")(phases=rows)
    keep = lambda event, readout: jax.nn.softmax(readout.policy.logits, axis=0)[1]
    risky = rollout.simulate(who, levers, keys, levers.n_events, record=keep)
    blocks = risky.reshape(len(_ODDS), _TRIALS, -1)
    return jnp.mean(blocks[:, _TRIALS // 2 :], axis=1)
