"""A textbook snippet of the shift from reward to cue, kept as a baseline with its defects."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import UNIT
from ..params import param
from ..priors import Beta
from ..types import Offer, pick
from ._note_line import AbstractNoteLine, NoteState


class NoteConditioning(AbstractNoteLine):
    """TD(0) on a line of bins from the start of the trial, with a log at `cs_step` and `us_step`.

    rpe = r[t] + gamma V[t+1] - V[t]; V[t] += alpha rpe, in every bin but the last of the array
    (`padded`: the array has one index more than the task has states). It is said to show the
    error moving from the reward to the cue. It does not:

    - `cs_step` decides what is written down and nothing else: there is no cue in the dynamics.
      The latent `logged` is 1 in the two bins that the snippet would write down.
    - The line starts with the trial, so the start of the trial predicts the reward perfectly,
      and the value runs back past the supposed cue to the first bin. What is seen at
      `cs_step` is a wave going by, at most 4.9 % of the reward with the defaults (US 10 bins
      later), and gone afterwards: no burst stays at the cue.
    - The error on entering the first bin, where a burst would be, is not computed.

    An unpredictable cue needs an interval whose value does not learn it (`td_zero` "pinned")
    or errors relative to the average reward (`average_reward_td`). In `pavlovian_trace` the
    snippet's trial of 30 bins with a reward at 20 has `delay` 19 and `tail` 8.
    """

    tasks: ClassVar = ("pavlovian",)
    free: ClassVar = ("alpha",)
    source: ClassVar = (
        "A common textbook snippet; compare Schultz, Dayan & Montague 1997, Science 275:1593"
    )

    alpha: Float[Array, ""] = param(
        UNIT, 0.2, prior=Beta(1.1, 1.1), role="learning_rate", doc="Learning rate."
    )
    gamma: Float[Array, ""] = param(
        UNIT, 0.9, prior=Beta(20.0, 1.0), role="discount", doc="Discount per time bin."
    )
    padded: bool = eqx.field(static=True, default=True)
    cs_step: int = eqx.field(static=True, default=10)
    us_step: int = eqx.field(static=True, default=20)

    def __check_init__(self):
        for name, step in (("cs_step", self.cs_step), ("us_step", self.us_step)):
            if step < 0:
                raise ValueError(f"{name} is {step}; it is the number of a bin, from 0.")

    def latents(self, state: NoteState, offer: Offer) -> dict[str, Float[Array, "..."]]:
        logged = (offer.cue == self.cs_step) | (offer.cue == self.us_step)
        return {"value": pick(state.value, offer.cue), "logged": jnp.where(logged, 1.0, 0.0)}
