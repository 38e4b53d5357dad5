"""Go/no-go learning with a Pavlovian bias (Guitart-Masip et al. 2012; Cavanagh et al. 2013)."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import POSITIVE, REAL, UNIT
from ..params import param
from ..priors import Beta, LogNormal, Normal
from ..types import Env, Event, Offer, Policy, dot, offered, one_hot, pick
from ._base import AbstractModel


class _State(eqx.Module):
    q: Float[Array, "items *lanes"]
    value: Float[Array, "cues *lanes"]


class PavlovianBias(AbstractModel[_State]):
    """What a cue promises pulls toward acting, what it threatens toward holding back.

    w_go = Q_go + b + pi * V(cue), w_nogo = Q_nogo; P(go) = (1 - xi) * sigmoid(w_go - w_nogo)
    + xi / 2. With u = rho_rew * r for outcomes r >= 0 and rho_pun * r below: V(cue) += epsilon *
    (u - V(cue)) and Q(taken) += epsilon * (u - Q(taken)), both from 0. The channels of dopamine
    are these two errors, (u - V, u - Q). This is model `gng_m4` of hBayesDM.

    There is no inverse temperature, rho_rew and rho_pun play its part. A response bias b alone
    changes the Pavlovian index too: holding back to win loses more by it than holding back to
    avoid, so an index read from accuracies is no measure of pi.
    """

    tasks: ClassVar = ("go_nogo",)
    free: ClassVar = ("xi", "epsilon", "b", "pi", "rho_rew=rho_pun")
    source: ClassVar = (
        "Guitart-Masip et al. 2012, NeuroImage 62:154; Cavanagh et al. 2013, J. Neurosci. 33:8541"
    )
    identifiability: ClassVar = (
        "The response bias b moves the Pavlovian index as pi does: read pi from a fit and not "
        "from accuracies."
    )

    xi: Float[Array, ""] = param(
        UNIT, 0.1, prior=Beta(1.0, 10.0), role="lapse", doc="Probability of a random response."
    )
    epsilon: Float[Array, ""] = param(
        UNIT, 0.2, prior=Beta(1.1, 1.1), role="learning_rate", doc="Learning rate."
    )
    b: Float[Array, ""] = param(REAL, 0.0, prior=Normal(0.0, 2.0), doc="Bias toward go.")
    pi: Float[Array, ""] = param(
        REAL,
        0.3,
        prior=Normal(0.0, 2.0),
        role="pavlovian_bias",
        doc="Weight of the value of the cue on go.",
    )
    rho_rew: Float[Array, ""] = param(
        POSITIVE,
        6.0,
        prior=LogNormal(1.0, 1.0),
        role="reward_sensitivity",
        doc="Value of a reward of 1; there is no other temperature.",
    )
    rho_pun: Float[Array, ""] = param(
        POSITIVE,
        6.0,
        prior=LogNormal(1.0, 1.0),
        role="punishment_sensitivity",
        doc="Value lost by a punishment of 1.",
    )

    def init(self, env: Env) -> _State:
        return _State(q=jnp.zeros((env.n_items,)), value=jnp.zeros((env.n_cues,)))

    def policy(self, state: _State, offer: Offer) -> Policy:
        pull = self.b + self.pi * pick(state.value, offer.cue)
        w = offered(state.q, offer.options) + jnp.stack([jnp.zeros_like(pull), pull])
        kept = jnp.log1p(-self.xi) + jax.nn.log_softmax(w, axis=0)
        return Policy(jnp.logaddexp(kept, jnp.log(self.xi / 2)))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        felt = jnp.where(event.reward >= 0, self.rho_rew, self.rho_pun) * event.reward
        value, q = pick(state.value, event.cue), dot(event.chosen(state.q.shape[0]), state.q)
        return jnp.stack([felt - value, felt - q])

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        here, chosen = one_hot(event.cue, state.value.shape[0]), event.chosen(state.q.shape[0])
        return _State(
            q=state.q + self.epsilon * dopamine[1] * chosen,
            value=state.value + self.epsilon * dopamine[0] * here,
        )

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {
            "q": offered(state.q, offer.options),
            "value": pick(state.value, offer.cue),
        }
