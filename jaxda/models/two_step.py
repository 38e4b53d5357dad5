"""Two-step hybrid of model-free and model-based control (Daw et al. 2011)."""

from typing import ClassVar, Literal

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
    first: Float[Array, "items *lanes"]
    last: Float[Array, "items *lanes"]


class TwoStep(AbstractModel[_State]):
    """Weighted model-based and model-free values at the first stage, SARSA(lambda) learning.

    Items 0-1 are the first-stage actions, 2-3 and 4-5 those of the second-stage states; the
    first action leads to state 1 (the second to state 2) with probability `common`, which
    the agent knows. Q_MB(A) = sum_S P(S|A) max_B Q2(S,B); Q_net = w Q_MB + (1-w) Q_MF;
    logit(A) = beta1 (Q_net(A) + p rep(A)), second stage beta2 Q2. When the trial ends,
    delta1 = Q2(S,B) - Q_MF(A) and delta2 = r - Q2(S,B);
    Q_MF(A) += alpha1 (delta1 + lam delta2), Q2(S,B) += alpha2 delta2.

    `order` "daw" computes both errors before any update; "hbayesdm" computes the lambda term
    after the second-stage update, so its lambda acts on (1 - alpha2) delta2:
    lam_daw = lam_hbayesdm (1 - alpha2). Nothing else differs between the two: perseveration p is
    inside beta1 in both, and pi of hBayesDM, which is outside, is beta1 p. The channels of
    dopamine are (delta1, delta2), both broadcast at the outcome; at the first stage nothing is
    broadcast.
    """

    tasks: ClassVar = ("two_stage",)
    free: ClassVar = ("alpha1", "alpha2", "lam", "beta1", "beta2", "w", "p")
    source: ClassVar = "Daw et al. 2011, Neuron 69:1204"
    identifiability: ClassVar = (
        "w and beta1 both scale what the model-based values do: report beta1 * w and beta1 * (1 - "
        "w). lam of the two orders differ by the factor 1 - alpha2."
    )

    alpha1: Float[Array, ""] = param(
        UNIT, 0.54, prior=Beta(1.1, 1.1), role="learning_rate", doc="First-stage learning rate."
    )
    alpha2: Float[Array, ""] = param(
        UNIT, 0.42, prior=Beta(1.1, 1.1), role="learning_rate", doc="Second-stage learning rate."
    )
    lam: Float[Array, ""] = param(
        UNIT, 0.57, prior=Beta(1.1, 1.1), role="eligibility", doc="Eligibility of the first action."
    )
    beta1: Float[Array, ""] = param(
        POSITIVE,
        5.19,
        prior=Gamma(1.2, 5.0),
        role="choice_gain",
        doc="First-stage inverse temperature.",
    )
    beta2: Float[Array, ""] = param(
        POSITIVE,
        3.69,
        prior=Gamma(1.2, 5.0),
        role="choice_gain",
        doc="Second-stage inverse temperature.",
    )
    w: Float[Array, ""] = param(
        UNIT, 0.39, prior=Beta(1.1, 1.1), role="model_based_weight", doc="Weight of Q_MB."
    )
    p: Float[Array, ""] = param(
        REAL, 0.11, prior=Normal(0.0, 1.0), doc="Perseveration of the first action, in value units."
    )
    common: float = eqx.field(static=True, default=0.7)
    order: Literal["daw", "hbayesdm"] = eqx.field(static=True, default="daw")

    def __check_init__(self):
        if self.order not in ("daw", "hbayesdm"):
            raise ValueError(f"order is {self.order!r}; it is 'daw' or 'hbayesdm'.")
        if not 0 <= self.common <= 1:
            raise ValueError(f"common is {self.common}; it is a probability, from 0 to 1.")

    def init(self, env: Env) -> _State:
        zero = jnp.zeros((env.n_items,))
        return _State(q=zero, first=zero, last=zero)

    def policy(self, state: _State, offer: Offer) -> Policy:
        first, second = jnp.maximum(*state.q[2:4]), jnp.maximum(*state.q[4:6])
        common, rare = self.common, 1 - self.common
        based = jnp.stack([common * first + rare * second, rare * first + common * second])
        free = offered(state.q, offer.options)
        net = self.w * based + (1 - self.w) * free + self.p * offered(state.last, offer.options)
        return Policy(jnp.where(offer.cue == 0, self.beta1 * net, self.beta2 * free))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        second = dot(event.chosen(state.q.shape[0]), state.q)
        first = dot(state.first, state.q)
        outcome = event.terminal.astype(second.dtype)
        return outcome * jnp.stack([second - first, event.reward - second])

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        chosen = event.chosen(state.q.shape[0])
        reached = self.lam if self.order == "daw" else self.lam * (1 - self.alpha2)
        learned = (
            state.q
            + self.alpha1 * (dopamine[0] + reached * dopamine[1]) * state.first
            + self.alpha2 * dopamine[1] * chosen
        )
        return _State(
            q=jnp.where(event.terminal, learned, state.q),
            first=jnp.where(event.terminal, state.first, chosen),
            last=jnp.where(event.terminal, state.last, chosen),
        )

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"q": offered(state.q, offer.options)}
