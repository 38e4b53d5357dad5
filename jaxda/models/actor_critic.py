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
    # Eligibility of states and of items; None where trials end at once.
    states: Float[Array, "cues *lanes"] | None = None
    acts: Float[Array, "items *lanes"] | None = None


class ActorCritic(AbstractModel[_State]):
    """One error teaches a critic of states and an actor that prefers items.

    delta = r - V;  V += alpha_c * delta;  theta += alpha_a * delta * g;
    P(a) = softmax(beta * theta), theta = 0 at the start. With `actor` "plain" g is 1 for the
    item taken and 0 for the others; with "score" g is the gradient of log P,
    beta * (1[taken] - P), which keeps the sum of theta over the items of a bandit. Neither
    has a fixed point: the gap grows with the logarithm of time.

    In a decision process delta = r + gamma * V(s') - V(s), with V = 0 past the end, and both
    learn along traces that begin at 0 with each trial: z_v <- gamma * lam_v * z_v + x(s),
    z_theta <- gamma * lam_theta * z_theta + g, V += alpha_c * delta * z_v and
    theta += alpha_a * delta * z_theta. On trials that end at once gamma and the traces do nothing.
    """

    tasks: ClassVar = ("choice", "go_nogo", "mdp")
    free: ClassVar = ("alpha_a", "alpha_c")
    source: ClassVar = (
        "Barto, Sutton & Anderson 1983, IEEE Trans. Syst. Man Cybern. 13:834; "
        "O'Doherty et al. 2004, Science 304:452"
    )
    identifiability: ClassVar = (
        "The two rates separate only through the course of learning, as preferences never settle."
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
    gamma: Float[Array, ""] = param(
        UNIT, 0.95, prior=Beta(20.0, 1.0), role="discount", doc="Discount per event."
    )
    lam_v: Float[Array, ""] = param(
        UNIT, 0.0, prior=Beta(1.1, 1.1), role="eligibility", doc="Decay of the critic's trace."
    )
    lam_theta: Float[Array, ""] = param(
        UNIT, 0.0, prior=Beta(1.1, 1.1), role="eligibility", doc="Decay of the actor's trace."
    )
    actor: Literal["plain", "score"] = eqx.field(static=True, default="plain")

    def __check_init__(self):
        if self.actor not in ("plain", "score"):
            raise ValueError(f"actor is {self.actor!r}; it is 'plain' or 'score'.")

    def init(self, env: Env) -> _State:
        value, none = jnp.full((env.n_cues,), self.v0), jnp.zeros((env.n_items,))
        if not env.sequential:
            return _State(value=value, preference=none)
        return _State(value=value, preference=none, states=jnp.zeros((env.n_cues,)), acts=none)

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(self.beta * offered(state.preference, offer.options))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        target = event.reward
        if state.states is not None:
            there = pick(state.value, event.successor)
            target = target + self.gamma * jnp.where(event.terminal, 0.0, there)
        return (target - pick(state.value, event.cue))[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        delta, here = dopamine[0], one_hot(event.cue, state.value.shape[0])
        toward = event.chosen(state.preference.shape[0])
        if self.actor == "score":
            toward = self.beta * (toward - self._expected(state, event.offer))
        states, acts = state.states, state.acts
        if states is not None and acts is not None:
            kept = jnp.where(event.onset, 0.0, self.gamma)
            states = here = kept * self.lam_v * states + here
            acts = toward = kept * self.lam_theta * acts + toward
        return _State(
            value=state.value + self.alpha_c * delta * here,
            preference=state.preference + self.alpha_a * delta * toward,
            states=states,
            acts=acts,
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
