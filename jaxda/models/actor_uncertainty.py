"""Opponent actors that learn the mean and the spread of reward (Mikhael & Bogacz 2016)."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import POSITIVE, UNIT
from ..params import param
from ..priors import Beta, Gamma
from ..types import Env, Event, Offer, Policy, dot, offered
from ._base import AbstractModel


class _State(eqx.Module):
    go: Float[Array, "items *lanes"]
    nogo: Float[Array, "items *lanes"]


class ActorUncertainty(AbstractModel[_State]):
    """The difference of two decaying half-wave learners holds the mean, their sum the spread.

        delta = r - (G - N);  G(c) += alpha_g * max(delta, 0) - lam * G(c);
        N(c) += alpha_n * max(-delta, 0) - lam * N(c);  P(a) = softmax(a * G - b * N).

    Weights start at 0 and never fall below it. With equal rates G - N tends to
    alpha mu / (alpha + lam), short of the mean mu, and G + N to alpha E|delta| / lam. The
    policy is exp(((a + b)(G - N) - (b - a)(G + N)) / 2): b > a avoids spread, a > b seeks it,
    and tonic dopamine raises a against b. Only the item taken decays. Once learned, behaviour
    tells a * alpha_g / lam, b * alpha_n / lam, alpha_g / lam and alpha_n / lam, and not the five
    parameters.
    """

    tasks: ClassVar = ("choice",)
    free: ClassVar = ("alpha_g=alpha_n", "a", "b")
    source: ClassVar = "Mikhael & Bogacz 2016, PLoS Comput. Biol. 12:e1005062"

    alpha_g: Float[Array, ""] = param(
        UNIT, 0.1, prior=Beta(1.1, 1.1), role="go_rate", doc="D1 learning rate."
    )
    alpha_n: Float[Array, ""] = param(
        UNIT, 0.1, prior=Beta(1.1, 1.1), role="nogo_rate", doc="D2 learning rate."
    )
    lam: Float[Array, ""] = param(
        UNIT, 0.02, prior=Beta(1.0, 20.0), doc="Decay of the weights, per choice."
    )
    a: Float[Array, ""] = param(
        POSITIVE, 2.0, prior=Gamma(1.2, 5.0), role="go_gain", doc="Gain of D1 cells at choice."
    )
    b: Float[Array, ""] = param(
        POSITIVE, 2.0, prior=Gamma(1.2, 5.0), role="nogo_gain", doc="Gain of D2 cells at choice."
    )

    def init(self, env: Env) -> _State:
        start = jnp.zeros((env.n_items,))
        return _State(go=start, nogo=start)

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(offered(self.a * state.go - self.b * state.nogo, offer.options))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        chosen = event.chosen(state.go.shape[0])
        return (event.reward - dot(chosen, state.go - state.nogo))[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        delta, chosen = dopamine[0], event.chosen(state.go.shape[0])
        kept = 1 - self.lam * chosen
        return _State(
            go=kept * state.go + chosen * self.alpha_g * jnp.maximum(delta, 0.0),
            nogo=kept * state.nogo + chosen * self.alpha_n * jnp.maximum(-delta, 0.0),
        )

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {
            "go": offered(state.go, offer.options),
            "nogo": offered(state.nogo, offer.options),
        }
