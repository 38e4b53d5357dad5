"""Expected SARSA: values of the policy, without the noise of the next action (van Seijen 2009)."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import POSITIVE, REAL, UNIT
from ..params import param
from ..priors import Beta, Gamma, Normal
from ..types import Env, Event, Offer, Policy, dot, offered
from ._base import AbstractModel
from ._sequences import ahead


class _State(eqx.Module):
    q: Float[Array, "items *lanes"]
    # Actions per state of a decision process; 0 where trials end at once.
    n_actions: int = eqx.field(static=True)


class ExpectedSarsa(AbstractModel[_State]):
    """Values of the items under the model's own softmax.

    delta = r + gamma * sum_b P(b | s') Q(s', b) - Q(s, a), the sum being 0 past the end;
    Q(s, a) += alpha * delta;  P(a) = softmax(beta * Q). It has the fixed point of SARSA with less
    variance, and learns at once. P is the model's own: a habit that bends the choices, such as a
    lapse, is unknown to it. On trials that end at once it is Q-learning with one rate; as beta
    grows it becomes Q-learning everywhere.
    """

    tasks: ClassVar = ("choice", "go_nogo", "mdp")
    free: ClassVar = ("alpha", "beta")
    source: ClassVar = "van Seijen et al. 2009, IEEE ADPRL 177; Sutton & Barto 2018, sec. 6.6"

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
        n_actions = env.n_actions if env.sequential else 0
        return _State(q=jnp.full((env.n_items,), self.q0), n_actions=n_actions)

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(self.beta * offered(state.q, offer.options))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        target = event.reward
        if state.n_actions:
            there = ahead(state.q, state.n_actions, event)
            p = jax.nn.softmax(self.beta * there, axis=0)
            target = target + self.gamma * dot(p, there)
        return (target - dot(event.chosen(state.q.shape[0]), state.q))[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        chosen = event.chosen(state.q.shape[0])
        return _State(q=state.q + self.alpha * dopamine[0] * chosen, n_actions=state.n_actions)

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"q": offered(state.q, offer.options)}
