"""Tonic dopamine as a gain on learned values (Beeler et al. 2010; Humphries et al. 2012)."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import POSITIVE, REAL, UNIT
from ..params import param
from ..priors import Beta, Gamma, LogNormal, Normal
from ..types import Env, Event, Offer, Policy, dot, offered
from ._base import AbstractModel


class _State(eqx.Module):
    q: Float[Array, "items *lanes"]


class TonicGain(AbstractModel[_State]):
    """Q-learning with choice probabilities softmax(beta * tonic * Q), tonic >= 0.

    delta = r - Q(c);  Q(c) += alpha * delta. This is what a common textbook snippet,
    p = exp(beta * tonic * Q) / sum, computes and calls the vigour of Niv et al. (2007). It is a
    gain of choice and nothing else: at every tonic level the probabilities sum to 1, so there
    is no rate and no latency (those are in `niv_vigor`); a constant added to all values changes
    nothing; tonic = 0 chooses blindly. The snippet overflows where values are in the
    hundreds, and a negative level inverts preference; here the policy is normalised in log
    space and the level cannot be negative.

    `tonic` and `beta` enter as a product only: hold beta fixed to fit tonic. As an effect on
    any other model's choice it is the lesion `tonic_gain`.
    """

    tasks: ClassVar = ("choice",)
    free: ClassVar = ("alpha", "tonic")
    source: ClassVar = (
        "Beeler, Daw, Frazier & Zhuang 2010, Front. Behav. Neurosci. 4:170; "
        "Humphries, Khamassi & Gurney 2012, Front. Neurosci. 6:9"
    )
    confounded: ClassVar = ((("tonic", "beta"), "only the product beta * tonic enters the policy"),)

    alpha: Float[Array, ""] = param(
        UNIT, 0.3, prior=Beta(1.1, 1.1), role="learning_rate", doc="Learning rate."
    )
    beta: Float[Array, ""] = param(
        POSITIVE, 2.0, prior=Gamma(1.2, 5.0), role="choice_gain", doc="Inverse temperature."
    )
    tonic: Float[Array, ""] = param(
        POSITIVE,
        1.0,
        prior=LogNormal(0.0, 0.5),
        role="tonic_gain",
        doc="Tonic dopamine over normal, at choice.",
    )
    q0: Float[Array, ""] = param(REAL, 0.0, prior=Normal(0.5, 0.5), doc="Initial value.")

    def init(self, env: Env) -> _State:
        return _State(q=jnp.full((env.n_items,), self.q0))

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(self.beta * self.tonic * offered(state.q, offer.options))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        return (event.reward - dot(event.chosen(state.q.shape[0]), state.q))[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        chosen = event.chosen(state.q.shape[0])
        return _State(q=state.q + self.alpha * dopamine[0] * chosen)

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"q": offered(state.q, offer.options)}
