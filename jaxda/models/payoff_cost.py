"""Go learns payoffs, NoGo learns costs (Moller & Bogacz 2019)."""

from typing import ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import POSITIVE, SIGNED, UNIT
from ..params import param
from ..priors import Beta, Gamma, Normal
from ..types import Env, Event, Offer, Policy, dot, offered
from ._base import AbstractModel


class _State(eqx.Module):
    go: Float[Array, "items *lanes"]
    nogo: Float[Array, "items *lanes"]


class PayoffCost(AbstractModel[_State]):
    """Two pathways with opposite errors, an asymmetry and a decay.

        delta = r - (G - N) / 2;  f(x) = x if x > 0 else epsilon * x;
        G(c) += alpha_g * f(delta) - lam * G(c);  N(c) += alpha_n * f(-delta) - lam * N(c),
        both floored at 0; thalamus T = gain_go * D * G - gain_nogo * (1 - k_n * D) * N;
        P(a) = softmax(beta * T).

    D = (1 + rho) / 2 is tonic dopamine at choice, 1/2 at rest, and k_n the share of D2 receptors
    that are free: at D = 1/2 a D2 antagonist with k_n left is the same as gain_nogo = 2 - k_n.
    Where each trial has a cost and then a payoff, lam is much smaller than alpha and
    epsilon = 1 - 2 lam / alpha, G approaches the payoff and N the cost (exactly:
    `jaxda.theory.opponent`). With one stochastic outcome per trial they hold mean plus and minus
    spread instead.

    The article adds Gaussian noise to T and does not act while every T < 0; the softmax
    between what is on offer is the form that is fitted. `decay` acts on the item taken
    ("chosen") or on all items on every event ("all"). Learning takes about 1 / lam
    events, 1 / (2 lam) trials of a cost and a payoff.
    """

    tasks: ClassVar = ("choice",)
    free: ClassVar = ("alpha_g=alpha_n", "epsilon", "beta")
    source: ClassVar = "Moller & Bogacz 2019, PLoS Comput. Biol. 15:e1006285"
    identifiability: ClassVar = (
        "After learning only alpha (1 + epsilon) / lam and alpha (1 - epsilon) / lam show: of "
        "alpha, epsilon and lam fix one, or use the course of learning."
    )
    confounded: ClassVar = (
        (("k_n", "gain_nogo"), "both only scale N at choice"),
        (("beta", "rho", "gain_go"), "only the weights of G and N at choice enter the policy"),
        (("beta", "rho", "gain_nogo"), "only the weights of G and N at choice enter the policy"),
        (("beta", "rho", "k_n"), "only the weights of G and N at choice enter the policy"),
        (("beta", "gain_go", "gain_nogo"), "only the products beta * gain enter the policy"),
        (("beta", "gain_go", "k_n"), "only the weights of G and N at choice enter the policy"),
        (("rho", "gain_go", "gain_nogo"), "only the weights of G and N at choice enter the policy"),
        (("rho", "gain_go", "k_n"), "only the weights of G and N at choice enter the policy"),
    )

    alpha_g: Float[Array, ""] = param(
        UNIT, 0.1, prior=Beta(1.1, 1.1), role="go_rate", doc="D1 learning rate."
    )
    alpha_n: Float[Array, ""] = param(
        UNIT, 0.1, prior=Beta(1.1, 1.1), role="nogo_rate", doc="D2 learning rate."
    )
    epsilon: Float[Array, ""] = param(
        UNIT, 0.6, prior=Beta(2.0, 2.0), doc="Effect of unfavourable over favourable errors."
    )
    lam: Float[Array, ""] = param(
        UNIT, 0.02, prior=Beta(1.0, 20.0), doc="Decay of the weights, per event."
    )
    rho: Float[Array, ""] = param(
        SIGNED,
        0.0,
        prior=Normal(0.0, 0.5),
        role="tonic_balance",
        doc="Tonic dopamine at choice, 2 D - 1.",
    )
    k_n: Float[Array, ""] = param(
        UNIT, 1.0, prior=Beta(2.0, 1.0), role="d2_availability", doc="Share of D2 receptors free."
    )
    beta: Float[Array, ""] = param(
        POSITIVE, 2.0, prior=Gamma(1.2, 5.0), role="choice_gain", doc="Inverse temperature."
    )
    gain_go: Float[Array, ""] = param(
        POSITIVE, 1.0, prior=Gamma(2.0, 0.5), role="go_gain", doc="Gain of D1 cells at choice."
    )
    gain_nogo: Float[Array, ""] = param(
        POSITIVE, 1.0, prior=Gamma(2.0, 0.5), role="nogo_gain", doc="Gain of D2 cells at choice."
    )
    w0: Float[Array, ""] = param(
        POSITIVE, 0.1, prior=Gamma(2.0, 0.1), doc="Initial weights, in units of reward."
    )
    decay: Literal["chosen", "all"] = eqx.field(static=True, default="chosen")

    def __check_init__(self):
        if self.decay not in ("chosen", "all"):
            raise ValueError(f"decay is {self.decay!r}; it is 'chosen' or 'all'.")

    def init(self, env: Env) -> _State:
        start = jnp.full((env.n_items,), self.w0)
        return _State(go=start, nogo=start)

    def policy(self, state: _State, offer: Offer) -> Policy:
        tone = 0.5 * (1 + self.rho)
        favour = self.beta * self.gain_go * tone
        against = self.beta * self.gain_nogo * (1 - self.k_n * tone)
        return Policy(offered(favour * state.go - against * state.nogo, offer.options))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        chosen = event.chosen(state.go.shape[0])
        return (event.reward - 0.5 * dot(chosen, state.go - state.nogo))[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        delta, chosen = dopamine[0], event.chosen(state.go.shape[0])
        rectified = lambda x: jnp.where(x > 0, x, self.epsilon * x)
        lost = self.lam * (chosen if self.decay == "chosen" else jnp.ones_like(chosen))
        learn = lambda w, change: jnp.maximum(w * (1 - lost) + chosen * change, 0.0)
        return _State(
            go=learn(state.go, self.alpha_g * rectified(delta)),
            nogo=learn(state.nogo, self.alpha_n * rectified(-delta)),
        )

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {
            "go": offered(state.go, offer.options),
            "nogo": offered(state.nogo, offer.options),
        }
