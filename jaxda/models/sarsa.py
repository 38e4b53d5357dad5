"""SARSA: values of the policy that is followed (Rummery & Niranjan 1994)."""

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
    # The item taken just before, all 0 at the start of a trial, and what it brought.
    last: Float[Array, "items *lanes"]
    earned: Float[Array, "*lanes"]


class Sarsa(AbstractModel[_State]):
    """Values of the items, each learned from the item that was taken after it.

    delta = r + gamma * Q(s', a') - Q(s, a);  Q(s, a) += alpha * delta;
    P(a) = softmax(beta * Q). What follows is known one event later, when a' has been taken, so
    the channels of dopamine are two: (error of the event before, error of an event that ends its
    trial); the second has r for target. Both are computed before either is learned from.

    On trials that end at once the first channel is silent and this is Q-learning with one rate.
    Beside a cliff the two differ: SARSA counts the missteps of its own policy.
    """

    tasks: ClassVar = ("choice", "go_nogo", "mdp")
    free: ClassVar = ("alpha", "beta")
    source: ClassVar = (
        "Rummery & Niranjan 1994, CUED/F-INFENG/TR 166; Sutton & Barto 2018, sec. 6.4; "
        "Morris et al. 2006, Nat. Neurosci. 9:1057"
    )

    alpha: Float[Array, ""] = param(
        UNIT, 0.3, prior=Beta(1.1, 1.1), role="learning_rate", doc="Learning rate."
    )
    beta: Float[Array, ""] = param(
        POSITIVE, 3.0, prior=Gamma(1.2, 5.0), role="choice_gain", doc="Inverse temperature."
    )
    gamma: Float[Array, ""] = param(
        UNIT, 0.95, prior=Beta(20.0, 1.0), role="discount", doc="Discount per event."
    )
    q0: Float[Array, ""] = param(REAL, 0.5, prior=Normal(0.5, 0.5), doc="Initial value.")

    def init(self, env: Env) -> _State:
        none = jnp.zeros((env.n_items,))
        return _State(q=jnp.full((env.n_items,), self.q0), last=none, earned=jnp.zeros(()))

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(self.beta * offered(state.q, offer.options))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        here = dot(event.chosen(state.q.shape[0]), state.q)
        followed = self.gamma * here + state.earned - dot(state.last, state.q)
        return jnp.stack(
            [
                jnp.where(event.onset, 0.0, followed),
                jnp.where(event.terminal, event.reward - here, 0.0),
            ]
        )

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        chosen = event.chosen(state.q.shape[0])
        # A trial that broke off leaves nothing behind.
        before = jnp.where(event.onset, 0.0, state.last)
        return _State(
            q=state.q + self.alpha * (dopamine[0] * before + dopamine[1] * chosen),
            last=chosen,
            earned=event.reward,
        )

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"q": offered(state.q, offer.options)}
