"""Actor-critic (Barto, Sutton & Anderson 1983), by preference or by policy gradient."""

from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import POSITIVE, REAL, UNIT
from ..params import param
from ..priors import Beta, Gamma, Normal
from ..types import Env, Event, Offer, Policy, offered, one_hot, pick
from ._base import AbstractModel


class _State(eqx.Module):
    value: Float[Array, "cues *lanes"]
    preference: Float[Array, "items *lanes"]


class ActorCritic(AbstractModel[_State]):
    """One error teaches a critic of states and an actor that prefers items.

    delta = r - V;  V += alpha_c * delta;  theta += alpha_a * delta * g;
    P(a) = softmax(beta * theta), theta = 0 at the start. With `actor` "plain" g is 1 for the
    item taken and 0 for the others; with "score" g is the gradient of log P,
    beta * (1[taken] - P), which keeps the sum of theta over the items of a bandit. Neither
    has a fixed point: the gap grows with the logarithm of time.
    """

    tasks: ClassVar = ("choice",)
    free: ClassVar = ("alpha_a", "alpha_c")
    source: ClassVar = (
        "Barto, Sutton & Anderson 1983, IEEE Trans. Syst. Man Cybern. 13:834; "
        "O'Doherty et al. 2004, Science 304:452"
    )
    confounded: ClassVar = (
        (
            ("alpha_a", "beta"),
            "only alpha_a * beta (plain) or alpha_a * beta^2 (score) enters the policy",
        ),
    )

    alpha_a: Float[Array, ""] = param(
        UNIT, 0.3, prior=Beta(1.1, 1.1), role="actor_rate", doc="Actor learning rate."
    )
    alpha_c: Float[Array, ""] = param(
        UNIT, 0.1, prior=Beta(1.1, 1.1), role="critic_rate", doc="Critic learning rate."
    )
    beta: Float[Array, ""] = param(
        POSITIVE, 2.0, prior=Gamma(1.2, 5.0), role="choice_gain", doc="Inverse temperature."
    )
    v0: Float[Array, ""] = param(REAL, 0.0, prior=Normal(0.5, 0.5), doc="Initial critic value.")
    actor: Literal["plain", "score"] = eqx.field(static=True, default="plain")

    def __check_init__(self):
        if self.actor not in ("plain", "score"):
            raise ValueError(f"actor is {self.actor!r}; it is 'plain' or 'score'.")

    def init(self, env: Env) -> _State:
        return _State(value=jnp.full((env.n_cues,), self.v0), preference=jnp.zeros((env.n_items,)))

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(self.beta * offered(state.preference, offer.options))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        return (event.reward - pick(state.value, event.cue))[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        delta, here = dopamine[0], one_hot(event.cue, state.value.shape[0])
        toward = event.chosen(state.preference.shape[0])
        if self.actor == "score":
            toward = self.beta * (toward - self._expected(state, event.offer))
        return _State(
            value=state.value + self.alpha_c * delta * here,
            preference=state.preference + self.alpha_a * delta * toward,
        )

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {
            "preference": offered(state.preference, offer.options),
            "value": pick(state.value, offer.cue),
        }

    def _expected(self, state: _State, offer: Offer) -> Float[Array, "items *lanes"]:
        """Probability of taking each item, 0 for those that are not on offer."""
        p = jax.nn.softmax(self.policy(state, offer).logits, axis=0)
        if offer.options is None:
            return p
        n_items = state.preference.shape[0]
        return sum(one_hot(o, n_items) * pa for o, pa in zip(offer.options, p, strict=True))
