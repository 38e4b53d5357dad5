"""What a cue for a drug comes to be worth, whether it can be blocked, and what that does."""

import functools
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from ..lesions._combined import compose
from ..lesions.basal_reward import BasalReward
from ..lesions.drug_reward import DrugReward
from ..models.rescorla_wagner import RescorlaWagner
from ..models.td_zero import TDZero
from ..params import put
from ..rollout import Agent, start
from ..tasks._checks import count
from ..types import Env, Offer
from ._base import AbstractAssay, Outcomes
from ._exposure import events, exposed, learning_rates
from ._settings import number


_ALPHA, _GAMMA = 0.05, 0.95
# States 1 to 3 lead to the drug, 4 to 6 to food; on leaving the last of each there is a reward
# of 1.
_DRUG, _FOOD = 3, 6
_LINE = Env(n_cues=7, n_items=1, n_actions=1, acts=False)
_COMPOUND_TRIALS = 1_000
# Cue 0 is A alone, cue 1 the compound of A and X.
_PAIR = Env(n_cues=2, n_items=1, n_actions=1, acts=False, features=((1.0, 0.0), (1.0, 1.0)))
# Of a choice between the drug at a price and food.
_BETA, _PRICE, _WORTH_OF_FOOD = 3.0, 0.5, 0.95


class DrugConditioning(AbstractAssay):
    """Two chains of three states, one to a drug and one to food, taken in turn; then blocking.

    TD(0) with alpha = .05 and gamma = .95; drug and food are worth 1. Taking the drug adds the
    surge `dopamine` (lesion `drug_reward`, 0: it is like food). With use, a basal level kappa
    (lesion `basal_reward`) rises from 0 to `basal`: kappa += `habituation` (`basal` - kappa) in
    each of `trials` trials. Blocking: a stimulus A of the same model without time
    (Rescorla-Wagner) is trained with the drug for `trials` trials, then A and X together for
    1000 more. Elasticity is that of choosing the drug against food (worth .95) in its own
    price, d ln P / d price at a price of .5 with beta = 3, from the value that was learned.
    Individuals differ by their learning rate (`variation`: see `_exposure.learning_rates`).

    Raises:
        ValueError: if a setting is out of its domain.
    """

    title: ClassVar = "Conditioning with a drug: value, blocking, price"
    outcomes: ClassVar = {
        "value": "value of the state in which the drug is taken, rewards",
        "growth": "growth of that value at the end, rewards per trial",
        "residual": "error that arrives when the drug is taken, at the end, rewards",
        "trained_value": "strength of A after training alone, rewards",
        "blocked_value": "strength of X after training with A, rewards",
        "natural_value": "value of the state in which food is taken, rewards",
        "elasticity": "d ln P(drug) / d price, per reward",
    }
    species: ClassVar = "any"
    source: ClassVar = (
        "Redish 2004, Science 306:1944; basal level after Dezfouli et al. 2009, Neural Comput. "
        "21:2869"
    )
    models: ClassVar = ("td_zero", "rescorla_wagner")

    dopamine: float = eqx.field(static=True, default=0.0)
    basal: float = eqx.field(static=True, default=0.0)
    habituation: float = eqx.field(static=True, default=0.001)
    trials: int = eqx.field(static=True, default=2000)
    variation: float = eqx.field(static=True, default=0.1)

    def __check_init__(self) -> None:
        number(self, "dopamine", 0, 2)
        number(self, "basal", 0, 2)
        number(self, "habituation", 0, 1)
        count("trials", self.trials, 8)
        number(self, "variation", 0, 0.5)

    def run(self, keys: Key[Array, " individuals"]) -> Outcomes:
        """Every outcome, a number per individual."""
        # So many are enough to see how it grows at the end.
        value, food, residual = self.course(keys, last=max(self.trials // 8, 2))
        trained, blocked = self.blocking(keys)
        return {
            "value": value[-1],
            "growth": (value[-1] - value[0]) / (len(value) - 1),
            "residual": residual[-1],
            "trained_value": trained,
            "blocked_value": blocked,
            "natural_value": food[-1],
            "elasticity": elasticity(value[-1]),
        }

    def course(
        self, keys: Key[Array, " individuals"], last: int | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Values of drug and food before each trial, and the error that arrives with the drug.

        Each `[trials, individuals]`: of all trials, or of the `last` of them.
        """
        rates = learning_rates(keys, _ALPHA, self.variation)
        before = 0 if last is None else self.trials - last
        value, food, residual = _chains(rates, self._dose, self._basal(self.trials), before)
        return np.asarray(value), np.asarray(food), np.asarray(residual)

    def blocking(self, keys: Key[Array, " individuals"]) -> tuple[np.ndarray, np.ndarray]:
        """Strengths `[individuals]` of A after it was trained, and of X after both were."""
        rates = learning_rates(keys, _ALPHA, self.variation)
        kappa = self._basal(self.trials + _COMPOUND_TRIALS)
        trained, blocked = _compound(rates, self._dose, kappa[: self.trials], kappa[self.trials :])
        return np.asarray(trained), np.asarray(blocked)

    @property
    def _dose(self) -> Float[Array, ""]:
        return jnp.asarray(self.dopamine, float)

    def _basal(self, n: int) -> Float[Array, " trials"]:
        """The basal level of each trial."""
        return self.basal * (1 - (1 - self.habituation) ** jnp.arange(n, dtype=float))


def elasticity(value: np.ndarray) -> np.ndarray:
    """d ln P / d price = -beta (1 - P), with P = logistic(beta (value - price - food))."""
    other = 1 / (1 + np.exp(_BETA * (np.asarray(value) - _PRICE - _WORTH_OF_FOOD)))
    return -_BETA * other


_SURGE, _LEVEL = "lesion.parts.DrugReward.dose", "lesion.parts.BasalReward.dose"


@functools.partial(jax.jit, static_argnames="before")
def _chains(
    rates: Float[Array, " individuals"],
    dose: Float[Array, ""],
    kappa: Float[Array, " trials"],
    before: int,
) -> tuple[Float[Array, "kept individuals"], ...]:
    """What `course` tells of the trials after the first `before`."""
    trial = events(
        cue=(1, 2, _DRUG, 4, 5, _FOOD),
        reward=(0.0, 0.0, 1.0, 0.0, 0.0, 1.0),
        successor=(2, _DRUG, 0, 5, _FOOD, 0),
        terminal=(False, False, True, False, False, True),
    )
    user = Agent(
        TDZero(gamma=jnp.asarray(_GAMMA)), compose(DrugReward(cues=(_DRUG,)), BasalReward())
    )

    def one(alpha: Float[Array, ""]) -> tuple[Float[Array, " trials"], ...]:
        agent = put(user, {"model.alpha": alpha, _SURGE: dose})
        record = lambda seen: (
            seen[2].latents["value"],
            seen[5].latents["value"],
            seen[2].dopamine[0],
        )
        state, early, late = start(agent, _LINE), kappa[:before], kappa[before:]
        state, _ = exposed(agent, state, trial, {_LEVEL: early}, lambda seen: None)
        return exposed(agent, state, trial, {_LEVEL: late}, record)[1]

    return jax.vmap(one, out_axes=-1)(rates)


@jax.jit
def _compound(
    rates: Float[Array, " individuals"],
    dose: Float[Array, ""],
    alone: Float[Array, " trials"],
    together: Float[Array, " more"],
) -> tuple[Float[Array, " individuals"], Float[Array, " individuals"]]:
    trial = lambda cue: events(cue=(cue,), reward=(1.0,), successor=(0,), terminal=(True,))
    user = Agent(RescorlaWagner(), compose(DrugReward(), BasalReward()))
    shown = Offer(jnp.zeros((), int), None, jnp.ones((), bool))
    strengths = lambda agent, state: agent.model.latents(state.model, shown)["weight"]

    def one(alpha: Float[Array, ""]) -> tuple[Float[Array, ""], Float[Array, ""]]:
        agent = put(user, {"model.alpha": alpha, _SURGE: dose})
        nothing = lambda seen: None
        state, _ = exposed(agent, start(agent, _PAIR), trial(0), {_LEVEL: alone}, nothing)
        trained = strengths(agent, state)[0]
        state, _ = exposed(agent, state, trial(1), {_LEVEL: together}, nothing)
        return trained, strengths(agent, state)[1]

    return jax.vmap(one)(rates)
