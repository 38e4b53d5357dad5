"""Additive Go and NoGo weights that take turns: a baseline with known defects."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import POSITIVE, REAL, UNIT
from ..params import param
from ..priors import Beta, Gamma, Normal
from ..types import Env, Event, Offer, Policy, offered, one_hot, pick
from ._base import AbstractModel


class _State(eqx.Module):
    value: Float[Array, "cues *lanes"]
    go: Float[Array, "items *lanes"]
    nogo: Float[Array, "items *lanes"]


class NoteGoNogo(AbstractModel[_State]):
    """Positive errors raise Go (D1), negative errors raise NoGo (D2), and nothing lowers them.

    delta = r - V;  V += alpha_c * delta;  go(c) += alpha_go * max(delta, 0);
    nogo(c) += alpha_nogo * max(-delta, 0);  P(a) = softmax(beta * (go - nogo)). All weights
    start at 0. Before the error is added, both weights of the item taken lose the fraction
    `decay`, which is 0 in the baseline.

    Kept to show what "D1 learns from gains, D2 from losses" taken literally does. Both weights
    grow without bound, at alpha * p(1 - p) per trial once V = p. With equal rates and one
    option go - nogo = alpha * (V - v0) / alpha_c: the pair knows nothing that the critic does
    not. With unequal rates go - nogo drifts, up if alpha_go is the larger, whatever the
    option is worth. Hebbian factors (OpAL, Collins & Frank 2014) or decay (Moller & Bogacz
    2019) mend this: with `decay` > 0 the weights settle at alpha E[max(+-delta, 0)] / decay.
    """

    tasks: ClassVar = ("choice", "go_nogo")
    free: ClassVar = ("alpha_go", "alpha_nogo", "alpha_c")
    source: ClassVar = "half-wave reading of Frank, Seeberger & O'Reilly 2004, Science 306:1940"
    confounded: ClassVar = (
        (("alpha_go", "alpha_nogo", "beta"), "only the products beta * alpha enter the policy"),
    )

    alpha_go: Float[Array, ""] = param(
        UNIT, 0.1, prior=Beta(1.1, 1.1), role="go_rate", doc="D1 learning rate."
    )
    alpha_nogo: Float[Array, ""] = param(
        UNIT, 0.1, prior=Beta(1.1, 1.1), role="nogo_rate", doc="D2 learning rate."
    )
    alpha_c: Float[Array, ""] = param(
        UNIT, 0.1, prior=Beta(1.1, 1.1), role="critic_rate", doc="Critic learning rate."
    )
    beta: Float[Array, ""] = param(
        POSITIVE, 2.0, prior=Gamma(1.2, 5.0), role="choice_gain", doc="Inverse temperature."
    )
    v0: Float[Array, ""] = param(REAL, 0.0, prior=Normal(0.5, 0.5), doc="Initial critic value.")
    decay: Float[Array, ""] = param(
        UNIT, 0.0, prior=Beta(1.0, 20.0), doc="Loss of both weights of the item taken."
    )

    def init(self, env: Env) -> _State:
        start = jnp.zeros((env.n_items,))
        return _State(value=jnp.full((env.n_cues,), self.v0), go=start, nogo=start)

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(self.beta * offered(state.go - state.nogo, offer.options))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        return (event.reward - pick(state.value, event.cue))[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        delta, chosen = dopamine[0], event.chosen(state.go.shape[0])
        here = one_hot(event.cue, state.value.shape[0])
        kept = 1 - self.decay * chosen
        return _State(
            value=state.value + self.alpha_c * delta * here,
            go=kept * state.go + self.alpha_go * jnp.maximum(delta, 0.0) * chosen,
            nogo=kept * state.nogo + self.alpha_nogo * jnp.maximum(-delta, 0.0) * chosen,
        )

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {
            "go": offered(state.go, offer.options),
            "nogo": offered(state.nogo, offer.options),
        }
