"""A common textbook snippet of TD(0), kept as a baseline with its defects."""

from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float

from ..bijectors import UNIT
from ..params import param
from ..priors import Beta
from ._note_line import AbstractNoteLine


class NoteTDZero(AbstractNoteLine):
    """One array of values, walked through from the start of each episode to its last index but one.

    rpe = r[t] + gamma V[t+1] - V[t]; V[t] += alpha rpe, for t = 0 ... n - 2. The values are
    right where the array fits the task: V[t] = gamma^(k-t) for a reward of 1 at index k. What
    is wrong, or silent, in it:

    - The loop never comes to the last index, so a reward there is lost and nothing is learned.
      Whoever writes it must append an index for the end. `padded` (the default) does so;
      without, the array has exactly the states of the task, and the last reward is lost.
    - Nothing comes before index 0, which is learned like any other: the start of the episode
      predicts the reward. The error of getting there, which would be the burst at a cue, is
      not computed, so that the record can never show one.
    - States are positions only: no transitions, no terminal state, and rewards are by
      convention those on leaving a state.

    Where the defects do not matter this is `td_zero` with its interval "learned".
    """

    tasks: ClassVar = ("pavlovian",)
    free: ClassVar = ("alpha",)
    source: ClassVar = "A common textbook snippet; compare Sutton & Barto 2018, ch. 6"

    alpha: Float[Array, ""] = param(
        UNIT, 0.1, prior=Beta(1.1, 1.1), role="learning_rate", doc="Learning rate."
    )
    gamma: Float[Array, ""] = param(
        UNIT, 0.95, prior=Beta(20.0, 1.0), role="discount", doc="Discount per time bin."
    )
    padded: bool = eqx.field(static=True, default=True)
