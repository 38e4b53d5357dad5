"""OpAL*: opponent actors under a meta-critic of richness (Jaskir & Frank 2023)."""

import math
from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import POSITIVE, REAL, SIGNED, UNIT
from ..params import param
from ..priors import Beta, Gamma, Normal
from ..types import Env, Event, Offer, Policy, dot
from ._actors import check_actors, first_weights, taught, weights
from ._base import AbstractModel


class _State(eqx.Module):
    value: Float[Array, "items *lanes"]
    go: Float[Array, "items *lanes"]
    nogo: Float[Array, "items *lanes"]
    wins: Float[Array, "*lanes"]
    losses: Float[Array, "*lanes"]


class OpALStar(AbstractModel[_State]):
    """OpAL whose dopamine at choice follows how rich the environment is.

    A meta-critic counts wins and losses over all choices, from (1, 1); with X ~ Beta(wins,
    losses), its mean E and variance var before the trial,

        rho_t = rho + S * k * (E - 1/2),  S = 1 where |E - 1/2| > phi * sqrt(var), otherwise 0;
        Act = beta_g * G - beta_n * N,  beta_g = beta * max(0, 1 + rho_t),
        beta_n = beta * max(0, 1 - rho_t);
        delta = r - V(c);  V(c) += alpha_c * delta;  f = delta / (win - lose);
        G(c) *= 1 + alpha_g(t) * f;  N(c) *= 1 - alpha_n(t) * f;
        alpha(t) = alpha / (1 + 1 / (anneal * var)),

    with weights kept as logarithms (see `opal`). Annealing ends the collapse of the weights.
    `win` and `lose` are the outcomes of the task; the meta-critic counts (r - lose) /
    (win - lose) within [0, 1] as a win. It counts outcomes, not errors: a lesion of the broadcast
    does not reach it, and tonic dopamine shifts `rho`, which is 0 in the paper.

    `convention`: the article and its code differ, by a lot (mean G of an item that pays 0.8 after
    100 trials: 1.5 or 4.0). "code" multiplies `anneal` by 10 and divides both counts by the
    number of options before mean and variance are taken, except on the first trial; "paper"
    does neither. `modulation` "none" keeps rho_t = rho (OpAL+). `actors` "additive" drops G and
    N from the update (No-Hebb). `gate` "hard" is the published S, which tells a fit nothing
    about phi; "sigmoid" is sigmoid((|E - 1/2| - phi * sd) / epsilon).
    """

    tasks: ClassVar = ("choice",)
    free: ClassVar = ("alpha_c", "alpha_g=alpha_n", "beta")
    source: ClassVar = "Jaskir & Frank 2023, eLife 12:e85107"
    identifiability: ClassVar = (
        "As for OpAL, and k, phi and anneal are fixed in the literature: choices of one session "
        "do not determine them."
    )
    confounded: ClassVar = (
        (("beta", "gain_go", "gain_nogo"), "only the products beta * gain enter the policy"),
    )

    alpha_c: Float[Array, ""] = param(
        UNIT, 0.05, prior=Beta(1.1, 1.1), role="critic_rate", doc="Critic learning rate."
    )
    alpha_g: Float[Array, ""] = param(
        UNIT, 0.5, prior=Beta(1.1, 1.1), role="go_rate", doc="D1 actor rate before annealing."
    )
    alpha_n: Float[Array, ""] = param(
        UNIT, 0.5, prior=Beta(1.1, 1.1), role="nogo_rate", doc="D2 actor rate before annealing."
    )
    beta: Float[Array, ""] = param(
        POSITIVE, 2.0, prior=Gamma(1.2, 5.0), role="choice_gain", doc="Inverse temperature."
    )
    rho: Float[Array, ""] = param(
        SIGNED,
        0.0,
        prior=Normal(0.0, 0.5),
        role="tonic_balance",
        doc="Dopaminergic state at choice before modulation: Go over NoGo.",
    )
    k: Float[Array, ""] = param(
        POSITIVE, 20.0, prior=Gamma(4.0, 5.0), doc="Gain from richness to dopamine at choice."
    )
    phi: Float[Array, ""] = param(
        POSITIVE, 1.0, prior=Gamma(4.0, 0.25), doc="Standard deviations from 1/2 that are certain."
    )
    anneal: Float[Array, ""] = param(
        POSITIVE, 10.0, prior=Gamma(4.0, 2.5), doc="How soon actors stop learning: T, in trials."
    )
    gain_go: Float[Array, ""] = param(
        POSITIVE, 1.0, prior=Gamma(2.0, 0.5), role="go_gain", doc="Gain of D1 cells at choice."
    )
    gain_nogo: Float[Array, ""] = param(
        POSITIVE, 1.0, prior=Gamma(2.0, 0.5), role="nogo_gain", doc="Gain of D2 cells at choice."
    )
    v0: Float[Array, ""] = param(REAL, 0.5, prior=Normal(0.5, 0.5), doc="Initial critic value.")
    convention: Literal["code", "paper"] = eqx.field(static=True, default="code")
    modulation: Literal["dynamic", "none"] = eqx.field(static=True, default="dynamic")
    actors: Literal["hebbian", "additive"] = eqx.field(static=True, default="hebbian")
    gate: Literal["hard", "sigmoid"] = eqx.field(static=True, default="hard")
    epsilon: float = eqx.field(static=True, default=0.05)
    win: float = eqx.field(static=True, default=1.0)
    lose: float = eqx.field(static=True, default=0.0)

    def __check_init__(self):
        check_actors(self.actors)
        if self.convention not in ("code", "paper"):
            raise ValueError(f"convention is {self.convention!r}; it is 'code' or 'paper'.")
        if self.modulation not in ("dynamic", "none"):
            raise ValueError(f"modulation is {self.modulation!r}; it is 'dynamic' or 'none'.")
        if self.gate not in ("hard", "sigmoid"):
            raise ValueError(f"gate is {self.gate!r}; it is 'hard' or 'sigmoid'.")
        if not (math.isfinite(self.epsilon) and self.epsilon > 0):
            raise ValueError(f"epsilon is {self.epsilon}; it is a finite number above 0.")
        if not (math.isfinite(self.win - self.lose) and self.win > self.lose):
            raise ValueError(f"win is {self.win}; it is a finite number above lose, {self.lose}.")

    def init(self, env: Env) -> _State:
        start, one = first_weights(env.n_items, self.actors), jnp.ones(())
        return _State(jnp.full((env.n_items,), self.v0), start, start, one, one)

    def policy(self, state: _State, offer: Offer) -> Policy:
        go, nogo = self._actors(state, offer)
        rho = self._balance(state, go.shape[0])
        beta_g = self.beta * self.gain_go * jnp.maximum(1 + rho, 0.0)
        beta_n = self.beta * self.gain_nogo * jnp.maximum(1 - rho, 0.0)
        return Policy(beta_g * go - beta_n * nogo)

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        return (event.reward - dot(event.chosen(state.value.shape[0]), state.value))[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        delta, chosen = dopamine[0], event.chosen(state.value.shape[0])
        n_options = state.value.shape[0] if event.options is None else event.options.shape[0]
        _, variance = self._richness(state, n_options)
        horizon = self.anneal * (10.0 if self.convention == "code" else 1.0)
        # alpha(t) / alpha = 1 / (1 + 1 / (T var)), in a form with one division.
        change = horizon * variance / (1 + horizon * variance) * delta / (self.win - self.lose)
        won = jnp.clip((event.reward - self.lose) / (self.win - self.lose), 0.0, 1.0)
        return _State(
            value=state.value + self.alpha_c * delta * chosen,
            go=taught(state.go, chosen, self.alpha_g * change, self.actors),
            nogo=taught(state.nogo, chosen, -self.alpha_n * change, self.actors),
            wins=state.wins + won,
            losses=state.losses + (1 - won),
        )

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        go, nogo = self._actors(state, offer)
        return {"go": go, "nogo": nogo, "rho": self._balance(state, go.shape[0])}

    def _actors(
        self, state: _State, offer: Offer
    ) -> tuple[Float[Array, "actions *lanes"], Float[Array, "actions *lanes"]]:
        go = weights(state.go, offer.options, self.actors)
        return go, weights(state.nogo, offer.options, self.actors)

    def _richness(
        self, state: _State, n_options: int
    ) -> tuple[Float[Array, "*lanes"], Float[Array, "*lanes"]]:
        """Mean and variance of the probability of a win."""
        n = state.wins + state.losses
        mean = state.wins / n
        if self.convention == "code":
            n = jnp.where(n > 2.5, n / n_options, n)
        return mean, mean * (1 - mean) / (n + 1)

    def _balance(self, state: _State, n_options: int) -> Float[Array, "*lanes"]:
        if self.modulation == "none":
            return self.rho
        mean, variance = self._richness(state, n_options)
        sure = jnp.abs(mean - 0.5) - self.phi * jnp.sqrt(variance)
        if self.gate == "hard":
            gate = jnp.where(sure > 0, 1.0, 0.0)
        else:
            gate = jax.nn.sigmoid(sure / self.epsilon)
        return self.rho + gate * self.k * (mean - 0.5)
