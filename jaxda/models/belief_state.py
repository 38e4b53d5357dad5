"""TD on the belief about a hidden state: is a reward still coming? (Starkweather et al. 2017)."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..bijectors import UNIT
from ..params import param
from ..priors import Beta
from ..theory.delays import check_delays, delay_law, hazard
from ..types import Env, Event, Offer, Policy, dot
from ._base import AbstractModel
from ._stimuli import comes_on, stimuli


class _State(eqx.Module):
    weight: Float[Array, "states *lanes"]
    belief: Float[Array, "states *lanes"]
    stimuli: tuple[int, ...] = eqx.field(static=True)


class BeliefState(AbstractModel[_State]):
    """Values of hidden states, weighted by how likely each of them is.

    The animal knows how trials are made: after the cue the hidden state walks through one
    micro-state per bin until the reward, k bins after the cue with the probability of
    N(`mean`, `sd`) on `earliest` ... `latest` (s, bins of `dt`); then it waits in the
    interval, where a cue comes with probability `iti_hazard` per bin. A fraction `omission` of
    cues is followed by nothing: the hidden state stays in the interval. It sees a cue come on
    (any stimulus of the task), a reward, or nothing. With H_k the hazard of the reward and h that
    of the cue, nothing moves b_k (1 - H_k) on to k + 1 and keeps b_I (1 - h) in the interval,
    scaled to 1; a cue leaves 1 - omission in the first micro-state and the rest in the interval; a
    reward leaves the interval. What cannot be (nothing, when a reward was certain) is taken
    for the interval. delta = r + gamma w b' - w b; w += alpha delta b.

    What the animal believes of the task is given, not learned, and by default that of
    `uncertain_delay`; where it does not fit, results say what a mistaken animal would do.
    It knows one kind of cue.
    """

    tasks: ClassVar = ("pavlovian",)
    free: ClassVar = ("alpha",)
    source: ClassVar = "Starkweather et al. 2017, Nat. Neurosci. 20:581"

    alpha: Float[Array, ""] = param(
        UNIT, 0.1, prior=Beta(1.1, 1.1), role="learning_rate", doc="Learning rate."
    )
    gamma: Float[Array, ""] = param(
        UNIT, 0.98, prior=Beta(20.0, 1.0), role="discount", doc="Discount per time bin."
    )
    mean: float = eqx.field(static=True, default=2.0)
    sd: float = eqx.field(static=True, default=0.5)
    earliest: float = eqx.field(static=True, default=1.2)
    latest: float = eqx.field(static=True, default=2.8)
    dt: float = eqx.field(static=True, default=0.2)
    iti_hazard: float = eqx.field(static=True, default=0.015384615384615385)
    omission: float = eqx.field(static=True, default=0.0)

    def __check_init__(self):
        check_delays(self.mean, self.sd, self.earliest, self.latest, self.dt)
        if not 0 < self.iti_hazard <= 1:
            raise ValueError(f"iti_hazard is {self.iti_hazard}; it lies above 0 and up to 1.")
        if not 0 <= self.omission <= 1:
            raise ValueError(f"omission is {self.omission}; it lies between 0 and 1.")

    def law(self) -> tuple[float, ...]:
        """P(reward k bins after the cue) as the animal knows it, k = 1, 2, ..."""
        return delay_law(self.mean, self.sd, self.earliest, self.latest, self.dt)

    def init(self, env: Env) -> _State:
        interval = self._corner(-1)
        return _State(weight=0 * interval, belief=interval, stimuli=stimuli(env))

    def _corner(self, state: int, rest: float = 0.0) -> Float[Array, " states"]:
        """Belief in one state, and `rest` of it in the interval, which is the last."""
        corner = np.zeros(len(self.law()) + 1)
        corner[state] = 1 - rest
        corner[-1] += rest
        return jnp.asarray(corner, float)

    def _next(self, state: _State, event: Event) -> Float[Array, " states"]:
        """Belief after what is seen on leaving the event."""
        stay = jnp.asarray(1 - np.array(hazard(self.law())), float) * state.belief[:-1]
        # The last micro-state is left for certain.
        waits = (1 - self.iti_hazard) * state.belief[-1:]
        nothing = jnp.concatenate([jnp.zeros((1,)), stay[:-1], waits])
        total = jnp.sum(nothing)
        possible = total > 0
        nothing = jnp.where(possible, nothing / jnp.where(possible, total, 1.0), self._corner(-1))
        cue = jnp.any(comes_on(state.stimuli, event.successor))
        seen = jnp.where(cue, self._corner(0, self.omission), nothing)
        return jnp.where(event.reward != 0, self._corner(-1), seen)

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(jnp.zeros((1, *offer.cue.shape)))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        ahead = jnp.where(event.terminal, 0.0, dot(state.weight, self._next(state, event)))
        return (event.reward + self.gamma * ahead - dot(state.weight, state.belief))[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        return _State(
            weight=state.weight + self.alpha * dopamine[0] * state.belief,
            belief=self._next(state, event),
            stimuli=state.stimuli,
        )

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"value": dot(state.weight, state.belief), "interval": state.belief[-1]}
