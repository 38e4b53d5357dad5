"""Learning at a rate set by recent surprise (Pearce & Hall 1980; Li et al. 2011)."""

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
    associability: Float[Array, "items *lanes"]


class PearceHall(AbstractModel[_State]):
    """Values of the items, each with an associability A that follows surprise.

    delta = r - Q(c);  Q(c) += k * A(c) * delta;  A(c) <- eta * |delta| + (1 - eta) * A(c);
    P(a) = softmax(beta * Q). The value moves by the associability from before the event: the
    surprise of an outcome speeds up what is learned from the next one. In the long run A is the
    mean absolute error, so that noise keeps it up: it does not mark change as such.

    With eta = 0 this is Q-learning at the rate k * a0, so k and a0 are hard to tell apart while
    eta is small. k * A above 1 overshoots, which large rewards allow: scale them to about 1.
    """

    tasks: ClassVar = ("choice", "go_nogo")
    free: ClassVar = ("k", "eta", "beta")
    source: ClassVar = (
        "Pearce & Hall 1980, Psychol. Rev. 87:532; Li et al. 2011, Nat. Neurosci. 14:1250"
    )
    identifiability: ClassVar = (
        "k and the first associability enter early learning as a product; eta shows only "
        "where surprises change."
    )

    k: Float[Array, ""] = param(
        UNIT, 0.3, prior=Beta(1.1, 1.1), role="learning_rate", doc="Rate per unit of A."
    )
    eta: Float[Array, ""] = param(
        UNIT, 0.4, prior=Beta(1.1, 1.1), doc="Rate at which A follows surprise."
    )
    beta: Float[Array, ""] = param(
        POSITIVE, 3.0, prior=Gamma(1.2, 5.0), role="choice_gain", doc="Inverse temperature."
    )
    a0: Float[Array, ""] = param(
        POSITIVE, 1.0, prior=Gamma(2.0, 0.5), doc="Associability at the start."
    )
    q0: Float[Array, ""] = param(REAL, 0.0, prior=Normal(0.5, 0.5), doc="Initial value.")

    def init(self, env: Env) -> _State:
        each = jnp.ones((env.n_items,))
        return _State(q=self.q0 * each, associability=self.a0 * each)

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(self.beta * offered(state.q, offer.options))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        return (event.reward - dot(event.chosen(state.q.shape[0]), state.q))[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        chosen, delta = event.chosen(state.q.shape[0]), dopamine[0]
        a = state.associability
        return _State(
            q=state.q + self.k * a * delta * chosen,
            associability=a + self.eta * (jnp.abs(delta) - a) * chosen,
        )

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {
            "q": offered(state.q, offer.options),
            "associability": offered(state.associability, offer.options),
        }
