"""Vigour under an average reward rate (Niv, Daw, Joel & Dayan 2007)."""

import math
from typing import ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import POSITIVE, UNIT
from ..params import param
from ..priors import Beta, Gamma, LogNormal
from ..types import Env, Event, LatencyLaw, Offer, Policy, dot, offered, one_hot, pick
from ._base import AbstractModel


# Reward units per second: keeps the law proper before the first reward has been met, and
# where no tonic dopamine is left.
_SLOWEST = 1e-4


class _State(eqx.Module):
    value: Float[Array, "cues *lanes"]
    worth: Float[Array, "items *lanes"]
    reward_rate: Float[Array, "*lanes"]


class NivVigor(AbstractModel[_State]):
    """Choosing what to do and how fast, at the opportunity cost of time.

    Q(S, a, tau) = worth(a) - c_v / tau - tau * tone * R; p(a, tau) ~ exp(beta Q) with base
    measure d tau, so a latency has density ~ exp(-beta c_v / tau - beta tone R tau): the
    generalised inverse Gaussian of order 1 with mode sqrt(c_v / (tone R)). Learning after
    each act: delta = r - c_u - c_v / tau - elapsed * R + V(S') - V(S); V(S) += alpha delta;
    R += alpha_r delta. `worth` learns E[r - c_u + V(S')] of each item from a second channel.

    That is for schedules on which haste makes no reward less likely ("ratio"). With `schedule`
    "interval" the subject believes that a reward of `utility` becomes available after an
    exponential time of mean `interval` and then waits: Q also has
    B(tau) = utility * (1 - exp(-tau / interval)), the most likely latency solves
    B'(tau) + c_v / tau^2 = tone * R, and `worth` learns what there is beyond the reward that is
    believed in. A reward that takes `consumption` s to eat costs that time as well: B has
    utility - tone * R * consumption in place of utility. `utility`, `interval` and `consumption`
    are known, not learned, and without effect on a ratio schedule.

    R is the average net reward per second and stands for tonic dopamine; `tone` multiplies it
    at the moment of action only (depletion: tone < 1), while what is learned about the world
    stays. Reward is in units of utility, time in seconds. There is no least latency: motor
    limits would pass for costs of speed. With a fixed R (alpha and alpha_r 0) the latencies of one
    action fix only beta * c_v and beta * tone * R.
    """

    tasks: ClassVar = ("free_operant",)
    free: ClassVar = ("beta", "c_v")
    source: ClassVar = "Niv, Daw, Joel & Dayan 2007, Psychopharmacology 191:507"
    identifiability: ClassVar = (
        "Fix the unit of utility. Latencies of one act on one schedule fix only beta * c_v and "
        "beta * tone * R: use two sizes of reward or two acts. A long latency is no evidence of a "
        "low R, since noisy subjects are slow and poor."
    )

    beta: Float[Array, ""] = param(
        POSITIVE, 50.0, prior=Gamma(1.5, 40.0), doc="Inverse temperature, per unit of utility."
    )
    c_v: Float[Array, ""] = param(
        POSITIVE,
        0.05,
        prior=LogNormal(-3.0, 1.0),
        role="vigor_cost",
        doc="Cost of speed, utility s.",
    )
    c_u: Float[Array, ""] = param(
        POSITIVE, 1e-6, prior=Gamma(1.0, 0.05), doc="Cost of an act, utility."
    )
    alpha: Float[Array, ""] = param(
        UNIT, 0.1, prior=Beta(1.1, 1.1), role="learning_rate", doc="Value learning rate."
    )
    alpha_r: Float[Array, ""] = param(
        UNIT, 0.01, prior=Beta(1.1, 20.0), role="rate_learning_rate", doc="Rate of R, per second."
    )
    r0: Float[Array, ""] = param(
        POSITIVE, 0.05, prior=LogNormal(-3.0, 1.0), doc="R at the start, utility per second."
    )
    tone: Float[Array, ""] = param(
        POSITIVE,
        1.0,
        prior=LogNormal(0.0, 0.5),
        role="tonic_rate",
        doc="Tonic gain of R at action.",
    )

    utility: Float[Array, ""] = param(
        POSITIVE, 1.0, prior=LogNormal(0.0, 0.5), doc="Reward believed to be due, utility."
    )
    interval: Float[Array, ""] = param(
        POSITIVE, 30.0, prior=LogNormal(3.4, 0.5), doc="Mean time believed to a reward, s."
    )
    schedule: Literal["ratio", "interval"] = eqx.field(static=True, default="ratio")
    consumption: float = eqx.field(static=True, default=0.0)

    def __check_init__(self):
        if not (math.isfinite(self.consumption) and self.consumption >= 0):
            raise ValueError(f"consumption is {self.consumption}; it is a time in s, 0 or more.")
        if self.schedule not in ("ratio", "interval"):
            raise ValueError(f"schedule is {self.schedule!r}; it is 'ratio' or 'interval'.")

    def init(self, env: Env) -> _State:
        return _State(jnp.zeros((env.n_cues,)), jnp.zeros((env.n_items,)), self.r0)

    def policy(self, state: _State, offer: Offer) -> Policy:
        logits = self.beta * offered(state.worth, offer.options)
        felt = jnp.maximum(self.tone * state.reward_rate, _SLOWEST)
        each = jnp.ones_like(logits)
        cost, rate = self.beta * self.c_v * each, self.beta * felt * each
        if self.schedule == "ratio":
            return Policy(logits, LatencyLaw(cost, rate))
        bait = self.beta * jnp.maximum(self.utility - felt * self.consumption, 0.0) * each
        return Policy(logits, LatencyLaw(cost, rate, bait, self.interval * each))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        here = pick(state.value, event.cue)
        ahead = jnp.where(event.terminal, 0.0, pick(state.value, event.successor))
        gain = event.reward - self.c_u + ahead
        effort = self.c_v / event.latency + event.elapsed * state.reward_rate
        chosen = event.chosen(state.worth.shape[0])
        beyond = gain - self._believed(event.latency)
        return jnp.stack([gain - effort - here, beyond - dot(chosen, state.worth)])

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        here = one_hot(event.cue, state.value.shape[0])
        chosen = event.chosen(state.worth.shape[0])
        return _State(
            value=state.value + self.alpha * dopamine[0] * here,
            worth=state.worth + self.alpha * dopamine[1] * chosen,
            reward_rate=state.reward_rate + self.alpha_r * dopamine[0],
        )

    def _believed(self, latency: Float[Array, "*lanes"]) -> Float[Array, "*lanes"]:
        """What the schedule is believed to pay after a latency, over what does not depend on it."""
        if self.schedule == "ratio":
            return jnp.zeros_like(latency)
        return self.utility * -jnp.expm1(-latency / self.interval)

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"reward_rate": state.reward_rate, "value": pick(state.value, offer.cue)}
