"""Opponent actor learning, OpAL (Collins & Frank 2014)."""

from typing import ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import POSITIVE, REAL, SIGNED, UNIT
from ..params import param
from ..priors import Beta, Gamma, Normal
from ..types import Env, Event, Offer, Policy, dot, one_hot
from ._actors import check_actors, first_weights, taught, weights
from ._base import AbstractModel


class _State(eqx.Module):
    value: Float[Array, "critics *lanes"]
    go: Float[Array, "items *lanes"]
    nogo: Float[Array, "items *lanes"]


class OpAL(AbstractModel[_State]):
    """A critic and two opponent actors, D1 (Go) and D2 (NoGo).

    delta = r - V;  V += alpha_c * delta;  G(c) += alpha_g * G(c) * delta;
    N(c) -= alpha_n * N(c) * delta;  Act = beta_g * G - beta_n * N with
    beta_g = beta * (1 + rho), beta_n = beta * (1 - rho) (eqs 5-8). G and N start at 1.

    Weights are kept as logarithms, so for rates below 1 and errors within [-1, 1] the floor
    at 0 of the paper is never met and no gradient dies; outside that range the factor is
    floored at 1e-6. `critic` is per "cue" (the paper) or per "item" (the simulations of
    Jaskir & Frank 2023).

    With `actors` "additive" the factors G and N drop out of the update and nothing is floored:
    the control without the Hebbian term. There a difference of Act is
    beta * ((1 + rho) * alpha_g + (1 - rho) * alpha_n) times the difference of the summed errors,
    so with equal rates G + N = 2 and dopamine at choice (rho) changes nothing.

    Known limits: once the critic predicts well the errors that remain pull both weights toward
    0, at about alpha^2 p (1 - p) / 2 per trial (Moller & Bogacz 2019); `opal_star` mends this.
    """

    tasks: ClassVar = ("choice", "go_nogo")
    free: ClassVar = ("alpha_c", "alpha_g=alpha_n", "beta")
    source: ClassVar = "Collins & Frank 2014, Psychol. Rev. 121:337"
    identifiability: ClassVar = (
        "alpha_g, alpha_n and rho are not recovered from one bandit session (alpha_g against rho "
        "r about -.93, alpha_n against rho .87): tie the rates or fix rho off drug, use rich and "
        "lean blocks and a test without feedback, which isolates rho."
    )
    confounded: ClassVar = (
        (("beta", "gain_go", "gain_nogo"), "only the products beta * gain enter the policy"),
        (("rho", "gain_go", "gain_nogo"), "rho is the balance of the two gains"),
        (("beta", "rho", "gain_go"), "only the two gains of choice enter the policy"),
        (("beta", "rho", "gain_nogo"), "only the two gains of choice enter the policy"),
    )

    alpha_c: Float[Array, ""] = param(
        UNIT, 0.1, prior=Beta(1.1, 1.1), role="critic_rate", doc="Critic learning rate."
    )
    alpha_g: Float[Array, ""] = param(
        UNIT, 0.3, prior=Beta(1.1, 1.1), role="go_rate", doc="D1 actor learning rate."
    )
    alpha_n: Float[Array, ""] = param(
        UNIT, 0.3, prior=Beta(1.1, 1.1), role="nogo_rate", doc="D2 actor learning rate."
    )
    beta: Float[Array, ""] = param(
        POSITIVE, 2.0, prior=Gamma(1.2, 5.0), role="choice_gain", doc="Inverse temperature."
    )
    rho: Float[Array, ""] = param(
        SIGNED,
        0.0,
        prior=Normal(0.0, 0.5),
        role="tonic_balance",
        doc="Dopaminergic state at choice: Go over NoGo.",
    )
    gain_go: Float[Array, ""] = param(
        POSITIVE, 1.0, prior=Gamma(2.0, 0.5), role="go_gain", doc="Gain of D1 cells at choice."
    )
    gain_nogo: Float[Array, ""] = param(
        POSITIVE, 1.0, prior=Gamma(2.0, 0.5), role="nogo_gain", doc="Gain of D2 cells at choice."
    )
    v0: Float[Array, ""] = param(REAL, 0.5, prior=Normal(0.5, 0.5), doc="Initial critic value.")
    critic: Literal["cue", "item"] = eqx.field(static=True, default="cue")
    actors: Literal["hebbian", "additive"] = eqx.field(static=True, default="hebbian")

    def __check_init__(self):
        check_actors(self.actors)
        if self.critic not in ("cue", "item"):
            raise ValueError(f"critic is {self.critic!r}; it is 'cue' or 'item'.")

    def init(self, env: Env) -> _State:
        critics = env.n_cues if self.critic == "cue" else env.n_items
        start = first_weights(env.n_items, self.actors)
        return _State(value=jnp.full((critics,), self.v0), go=start, nogo=start)

    def policy(self, state: _State, offer: Offer) -> Policy:
        go, nogo = self._actors(state, offer)
        beta_g = self.beta * (1 + self.rho) * self.gain_go
        beta_n = self.beta * (1 - self.rho) * self.gain_nogo
        return Policy(beta_g * go - beta_n * nogo)

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        return (event.reward - dot(self._judged(state, event), state.value))[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        delta, chosen = dopamine[0], event.chosen(state.go.shape[0])
        return _State(
            value=state.value + self.alpha_c * delta * self._judged(state, event),
            go=taught(state.go, chosen, self.alpha_g * delta, self.actors),
            nogo=taught(state.nogo, chosen, -self.alpha_n * delta, self.actors),
        )

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        go, nogo = self._actors(state, offer)
        return {"go": go, "nogo": nogo}

    def _actors(
        self, state: _State, offer: Offer
    ) -> tuple[Float[Array, "actions *lanes"], Float[Array, "actions *lanes"]]:
        go = weights(state.go, offer.options, self.actors)
        return go, weights(state.nogo, offer.options, self.actors)

    def _judged(self, state: _State, event: Event) -> Float[Array, "critics *lanes"]:
        n = state.value.shape[0]
        return one_hot(event.cue, n) if self.critic == "cue" else event.chosen(n)
