"""TD(lambda) on microstimuli, a blurred memory of cue and reward (Ludvig, Sutton & Kehoe 2008)."""

from typing import ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ..bijectors import POSITIVE, UNIT
from ..params import param
from ..priors import Beta, LogNormal
from ..types import Env, Event, Offer, Policy, dot
from ._base import AbstractModel
from ._stimuli import comes_on, stimuli


class _State(eqx.Module):
    weight: Float[Array, "features *lanes"]
    eligibility: Float[Array, "features *lanes"]
    height: Float[Array, "traces *lanes"]
    stimuli: tuple[int, ...] = eqx.field(static=True)


class Microstimuli(AbstractModel[_State]):
    """Time is told from how far the traces of the last stimuli have decayed.

    Each stimulus, and the reward itself, starts a trace of height y = d^j, j bins ago, and with
    it the features x_i = y exp(-(y - i/m)^2 / (2 sigma^2)) / sqrt(2 pi), i = 1 ... m, which rise
    and fall one after another, the later the lower and the wider. V = w x; delta_t = r_t +
    gamma V_{t+1} - V_t; e <- gamma lam e + x_t; w += alpha delta_t e. A stimulus and a reward are
    on in the state that the event enters. Which stimulus belongs to a state is
    `Env.stimuli`; where a task names none, state 1 has one. With `iti` "cleared" traces and
    eligibility are gone when a trial begins and V = 0 past its end; with "kept" they run on
    through the interval and trials are one stream.

    The trace of the reward lives in the bins after it: a task that ends trials with the reward
    has none of it. m, sigma and d cannot be told apart by the error alone; d and the
    discount are per bin, so they belong to a bin width (defaults: 50 ms).
    """

    tasks: ClassVar = ("pavlovian", "pavlovian_cues")
    free: ClassVar = ("alpha", "lam")
    source: ClassVar = (
        "Ludvig, Sutton & Kehoe 2008, Neural Comput. 20:3034; 2012, Learn. Behav. 40:305"
    )
    identifiability: ClassVar = (
        "m, sigma and d cannot be told apart from errors alone: report them as fixed."
    )
    confounded: ClassVar = (
        (("d", "sigma"), "The decay and the width of the traces both set how time is blurred."),
    )

    alpha: Float[Array, ""] = param(
        UNIT, 0.01, prior=Beta(1.1, 5.0), role="learning_rate", doc="Learning rate."
    )
    gamma: Float[Array, ""] = param(
        UNIT, 0.98, prior=Beta(20.0, 1.0), role="discount", doc="Discount per time bin."
    )
    lam: Float[Array, ""] = param(
        UNIT, 0.95, prior=Beta(1.1, 1.1), role="eligibility", doc="Decay of the eligibility trace."
    )
    d: Float[Array, ""] = param(
        UNIT, 0.985, prior=Beta(50.0, 1.0), doc="Factor by which a trace decays per time bin."
    )
    sigma: Float[Array, ""] = param(
        POSITIVE, 0.08, prior=LogNormal(-2.5, 0.3), doc="Width of a feature, in trace height."
    )
    m: int = eqx.field(static=True, default=50)
    iti: Literal["cleared", "kept"] = eqx.field(static=True, default="cleared")

    def __check_init__(self):
        if isinstance(self.m, bool) or not isinstance(self.m, int) or self.m < 1:
            raise ValueError(f"m is {self.m!r}; it is a whole number of at least 1.")
        if self.iti not in ("cleared", "kept"):
            raise ValueError(f"iti is {self.iti!r}; it is 'cleared' or 'kept'.")

    def features(self, height: Float[Array, " traces"]) -> Float[Array, " features"]:
        """Features `[traces * m]` of traces of a given `height`, trace by trace."""
        y, centre = height[:, None], (jnp.arange(self.m, dtype=float) + 1) / self.m
        bump = jnp.exp(-0.5 * ((y - centre) / self.sigma) ** 2) / jnp.sqrt(2 * jnp.pi)
        return (y * bump).reshape(-1)

    def init(self, env: Env) -> _State:
        table = stimuli(env)
        traces = max(table) + 2
        zero = jnp.zeros((traces * self.m,))
        return _State(weight=zero, eligibility=zero, height=jnp.zeros((traces,)), stimuli=table)

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(jnp.zeros((1, *offer.cue.shape)))

    def _now(
        self, state: _State, offer: Offer
    ) -> tuple[Float[Array, " traces"], Float[Array, " features"]]:
        """Heights of the traces and eligibility as the event finds them."""
        height, eligibility = state.height, state.eligibility
        if self.iti == "cleared":
            height = jnp.where(offer.onset, 0.0, height)
            eligibility = jnp.where(offer.onset, 0.0, eligibility)
        # A trial may begin in a state that has a stimulus.
        own = _launched(comes_on(state.stimuli, offer.cue) & offer.onset, jnp.zeros((), bool))
        return jnp.where(own, 1.0, height), eligibility

    def _next(self, state: _State, event: Event) -> Float[Array, " traces"]:
        height, _ = self._now(state, event.offer)
        on = _launched(comes_on(state.stimuli, event.successor), event.reward != 0)
        return jnp.where(on, 1.0, self.d * height)

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        now = dot(state.weight, self.features(self._now(state, event.offer)[0]))
        ahead = dot(state.weight, self.features(self._next(state, event)))
        if self.iti == "cleared":
            ahead = jnp.where(event.terminal, 0.0, ahead)
        return (event.reward + self.gamma * ahead - now)[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        height, before = self._now(state, event.offer)
        eligibility = self.gamma * self.lam * before + self.features(height)
        return _State(
            weight=state.weight + self.alpha * dopamine[0] * eligibility,
            eligibility=eligibility,
            height=self._next(state, event),
            stimuli=state.stimuli,
        )

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"value": dot(state.weight, self.features(self._now(state, offer)[0]))}


def _launched(on: Bool[Array, " stimuli"], reward: Bool[Array, ""]) -> Bool[Array, " traces"]:
    """Which traces start: one per stimulus, and the last for the reward."""
    return jnp.concatenate([on, reward[None]])
