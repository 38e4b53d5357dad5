"""Q-learning with a softmax policy (Watkins & Dayan 1992), one rate or two."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import POSITIVE, REAL, UNIT
from ..params import param
from ..priors import Beta, Gamma, Normal
from ..types import Env, Event, Offer, Policy, dot, offered
from ._base import AbstractModel


class _State(eqx.Module):
    q: Float[Array, "items *lanes"]


class QLearning(AbstractModel[_State]):
    """Values of the items, learned from the chosen one.

    delta = r - Q(c);  Q(c) += alpha_pos * delta if delta > 0 else alpha_neg * delta;
    Q(i) <- (1 - forget) * Q(i) for the items not chosen (decay is toward 0);
    P(a) = softmax(beta * Q). With one rate this is the Q-learning
    of Sutton & Barto (2018, eq. 2.3) on trials that end at once; two rates after Frank et
    al. (2007) and Niv et al. (2012). The broadcast error is signed, so a lesion that scales
    it leaves the choice of rate alone.
    """

    tasks: ClassVar = ("choice",)
    free: ClassVar = ("alpha_pos=alpha_neg", "beta")
    source: ClassVar = (
        "Watkins & Dayan 1992, Mach. Learn. 8:279; Niv et al. 2012, J. Neurosci. 32:551"
    )

    alpha_pos: Float[Array, ""] = param(
        UNIT, 0.3, prior=Beta(1.1, 1.1), role="learning_rate", doc="Rate for positive errors."
    )
    alpha_neg: Float[Array, ""] = param(
        UNIT, 0.3, prior=Beta(1.1, 1.1), role="learning_rate", doc="Rate for negative errors."
    )
    beta: Float[Array, ""] = param(
        POSITIVE, 3.0, prior=Gamma(1.2, 5.0), role="choice_gain", doc="Inverse temperature."
    )
    forget: Float[Array, ""] = param(
        UNIT, 0.0, prior=Beta(1.1, 1.1), doc="Decay of the items not chosen, per event."
    )
    q0: Float[Array, ""] = param(REAL, 0.5, prior=Normal(0.5, 0.5), doc="Initial value.")

    def init(self, env: Env) -> _State:
        return _State(q=jnp.full((env.n_items,), self.q0))

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(self.beta * offered(state.q, offer.options))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        chosen = event.chosen(state.q.shape[0])
        return (event.reward - dot(chosen, state.q))[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        chosen, delta = event.chosen(state.q.shape[0]), dopamine[0]
        alpha = jnp.where(delta > 0, self.alpha_pos, self.alpha_neg)
        kept = state.q * (1 - self.forget * (1 - chosen))
        return _State(q=kept + alpha * delta * chosen)

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"q": offered(state.q, offer.options)}
