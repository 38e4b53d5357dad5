"""A Kalman filter that tracks drifting payoffs (Daw et al. 2006)."""

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
    mean: Float[Array, "items *lanes"]
    variance: Float[Array, "items *lanes"]


class Kalman(AbstractModel[_State]):
    """A belief N(mu, v) about the payoff of every item, in units of payoff.

    After an outcome of item c, with gain k = v(c) / (v(c) + sigma_o^2): mu(c) += k * delta,
    delta = r - mu(c), and v(c) <- (1 - k) v(c). Then the walk is expected to go on, for all
    items: mu <- lam * mu + (1 - lam) * theta, v <- lam^2 * v + sigma_d^2.
    P(a) = softmax(beta * mu), from the belief before the outcome; the first one is N(mu0, v0), not
    diffused. The gain follows from the belief: the agent learns faster what it has not seen for
    long. Time stands still where there is no feedback.

    Defaults are those of the walks of `restless_gaussian`, payoffs of 1 to 100; for other
    payoffs set theta, mu0, the sds and beta. Free at most two of lam, theta, sigma_d, mu0 and v0
    (and leave sigma_o fixed): simulated choices do not give back three of the parameters of the
    article. The bounds of hBayesDM (`bandit4arm2_kalman_filter`) are lam 0 to 1, theta 0 to 100,
    mu0 0 to 100, sigma_d 0 to 15, v0 0 to 15 squared and beta 0 to 1.
    """

    tasks: ClassVar = ("choice", "go_nogo")
    free: ClassVar = ("beta", "sigma_d")
    source: ClassVar = "Daw et al. 2006, Nature 441:876"
    confounded: ClassVar = (
        (
            ("sigma_o", "sigma_d", "v0"),
            "only their ratios enter the gain: sigma_d / sigma_o and v0 / sigma_o^2",
        ),
    )

    lam: Float[Array, ""] = param(
        UNIT, 0.9836, prior=Beta(20.0, 1.0), doc="Decay of the walk toward its center, per trial."
    )
    theta: Float[Array, ""] = param(
        REAL, 50.0, prior=Normal(50.0, 20.0), doc="Center of the walk, in units of payoff."
    )
    sigma_o: Float[Array, ""] = param(
        POSITIVE, 4.0, prior=Gamma(4.0, 1.0), doc="Sd of payoffs around their mean; fix it."
    )
    sigma_d: Float[Array, ""] = param(
        POSITIVE, 2.8, prior=Gamma(2.0, 2.0), doc="Sd of the steps of the walk."
    )
    mu0: Float[Array, ""] = param(
        REAL, 50.0, prior=Normal(50.0, 20.0), doc="Mean of the first belief."
    )
    v0: Float[Array, ""] = param(
        POSITIVE, 16.0, prior=Gamma(1.5, 20.0), doc="Variance of the first belief."
    )
    beta: Float[Array, ""] = param(
        POSITIVE,
        0.1,
        prior=Gamma(1.2, 0.2),
        role="choice_gain",
        doc="Inverse temperature, per unit of payoff.",
    )

    def init(self, env: Env) -> _State:
        each = jnp.ones((env.n_items,))
        return _State(mean=self.mu0 * each, variance=self.v0 * each)

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(self.beta * offered(state.mean, offer.options))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        return (event.reward - dot(event.chosen(state.mean.shape[0]), state.mean))[None]

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        gain = event.chosen(state.mean.shape[0]) * self._gain(state.variance)
        mean = state.mean + gain * dopamine[0]
        variance = (1 - gain) * state.variance
        return _State(
            mean=self.lam * mean + (1 - self.lam) * self.theta,
            variance=self.lam**2 * variance + self.sigma_d**2,
        )

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        variance = offered(state.variance, offer.options)
        return {
            "mean": offered(state.mean, offer.options),
            "variance": variance,
            "gain": self._gain(variance),
        }

    def _gain(self, variance: Float[Array, "size *lanes"]) -> Float[Array, "size *lanes"]:
        return variance / (variance + self.sigma_o**2)
