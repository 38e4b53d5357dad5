"""Bernoulli bandit with fixed probabilities; two arms by default."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ..types import Env, Offer, Outcome, pick
from ._base import AbstractTask, single_choice, trial_outcome
from ._checks import between, finite


class Bandit(AbstractTask[None, None]):
    """Arm a pays `outcomes[1]` with probability `p[a]`, otherwise `outcomes[0]`."""

    kind: ClassVar = "choice"
    n_draws: ClassVar = 1
    source: ClassVar = "Sutton & Barto 2018, ch. 2"

    p: tuple[float, ...] = eqx.field(static=True, default=(0.7, 0.3), converter=tuple)
    outcomes: tuple[float, float] = eqx.field(static=True, default=(0.0, 1.0), converter=tuple)

    def __check_init__(self):
        if not self.p:
            raise ValueError("p is empty; it has a probability for each arm.")
        for p in self.p:
            between("each of p", p, 0, 1)
        if len(self.outcomes) != 2:
            raise ValueError(f"outcomes is {self.outcomes}; it is the rewards of a loss and a win.")
        for outcome in self.outcomes:
            finite("each of outcomes", outcome)

    @property
    def env(self) -> Env:
        return Env(n_cues=1, n_items=len(self.p), n_actions=len(self.p))

    @property
    def events_per_trial(self) -> int:
        return 1

    def plan(self, key: PRNGKeyArray, n_events: int) -> None:
        return None

    def init(self) -> None:
        return None

    def offer(self, world: None, plan: None) -> Offer:
        return single_choice()

    def truth(self, world: None, plan: None) -> dict[str, Array]:
        """`p [arms]`: how likely each arm is to pay `outcomes[1]`."""
        return {"p": jnp.asarray(self.p, dtype=float)}

    def outcome(
        self,
        world: None,
        plan: None,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[None, Outcome]:
        win = draws[0] < pick(jnp.asarray(self.p, dtype=float), action)
        return None, trial_outcome(jnp.where(win, self.outcomes[1], self.outcomes[0]))
