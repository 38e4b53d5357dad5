"""TD(lambda) on a delay line, a whole trial at a time (Sutton 1988)."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..bijectors import UNIT
from ..params import param
from ..priors import Beta
from ..types import Env, Event, Offer, Policy, one_hot
from ._base import AbstractModel
from ._td import nothing_to_choose


class _State(eqx.Module):
    """Values of all bins but that of the interval."""

    value: Float[Array, "bins *lanes"]


def _padded(x: Float[Array, "bins"], before: int, after: int) -> Float[Array, "more"]:
    # A literal 0, unlike that of `jnp.pad`, stays one over lanes.
    return jax.lax.pad(x, np.zeros((), x.dtype), [(before, after, 0)])


class DelayLine(AbstractModel[_State]):
    """TD(lambda) with all errors of a trial at once; the channels of dopamine are its time bins.

    Where each state is visited once per trial, no error of a trial depends on what is learned
    in that trial: delta_b = r_b + gamma V_{b+1} - V_b, from values before the trial, and
    V_b += alpha y_b with y_b = delta_b + gamma lam y_{b+1}. This is `td_lambda` exactly, as one
    event per trial.

    Bin b begins b - 1 bins after the cue came on; channel b is the error at its end, `b * dt`
    seconds after the cue (channel 0: the cue itself). The value of bin 0, the interval, is
    pinned at 0. `Event.elapsed` says when the reward came, in seconds since the cue; the line
    has `Env.n_cues` bins of `dt` seconds (the task's own `dt`), and a reward later than its end
    is not met. Cue 0 is no cue: the line does not start, and a reward is a surprise.
    """

    tasks: ClassVar = ("pavlovian_trial",)
    free: ClassVar = ("alpha", "lam")
    source: ClassVar = (
        "Sutton 1988, Mach. Learn. 3:9; Schultz, Dayan & Montague 1997, Science 275:1593"
    )

    alpha: Float[Array, ""] = param(
        UNIT, 0.1, prior=Beta(1.1, 1.1), role="learning_rate", doc="Learning rate."
    )
    gamma: Float[Array, ""] = param(
        UNIT, 0.98, prior=Beta(20.0, 1.0), role="discount", doc="Discount per time bin."
    )
    lam: Float[Array, ""] = param(
        UNIT, 0.9, prior=Beta(1.1, 1.1), role="eligibility", doc="Decay of the eligibility trace."
    )
    dt: float = eqx.field(static=True, default=0.2)

    def __check_init__(self):
        if not 0 < self.dt < float("inf"):
            raise ValueError(f"dt is {self.dt}; it is a finite number of seconds above 0.")

    def init(self, env: Env) -> _State:
        return _State(jnp.zeros((env.n_cues - 1,)))

    def policy(self, state: _State, offer: Offer) -> Policy:
        return nothing_to_choose(offer)

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        ahead, here = _padded(state.value, 0, 1), _padded(state.value, 1, 0)
        due = one_hot(jnp.round(event.elapsed / self.dt).astype(int), ahead.shape[0])
        foretold = jnp.where(event.cue > 0, self.gamma * ahead - here, 0.0)
        return due * event.reward + foretold

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        alpha = jnp.where(event.cue > 0, self.alpha, 0.0)
        decay = self.gamma * self.lam

        # Unrolled, or as an associative scan, it is slower.
        def back(
            later: Float[Array, ""], at: tuple[Float[Array, ""], Float[Array, ""]]
        ) -> tuple[Float[Array, ""], Float[Array, ""]]:
            delta, value = at
            total = delta + decay * later
            return total, value + alpha * total

        end = jnp.zeros_like(decay)
        _, value = jax.lax.scan(back, end, (dopamine[1:], state.value), reverse=True)
        return _State(value)

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"value": _padded(state.value, 1, 0)}
