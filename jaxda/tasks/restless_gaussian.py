"""Arms whose payoffs drift around a center (Daw et al. 2006)."""

import math
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ..keys import normal
from ..types import Env, Offer, Outcome, pick
from ._base import AbstractTask, single_choice, trial_outcome
from ._checks import above, count, finite


class _Plan(eqx.Module):
    mean: Float[Array, "..."]


class RestlessGaussian(AbstractTask[None, _Plan]):
    """Arm a pays points around mean[a], which walks around `theta`.

    mean <- lam * mean + (1 - lam) * theta + noise, of sd `sigma_d`. Payoffs have sd `sigma_o`
    around the mean and are rounded to whole points between `lower` and `upper`; the means
    themselves have no walls. Walks start at a draw from the distribution that they have in the
    long run, N(theta, sigma_d^2 / (1 - lam^2)), of sd 15.5 with the defaults. The publication has
    two sessions of 150 trials.
    """

    kind: ClassVar = "choice"
    n_draws: ClassVar = 1
    source: ClassVar = "Daw et al. 2006, Nature 441:876"

    arms: int = eqx.field(static=True, default=4)
    lam: float = eqx.field(static=True, default=0.9836)
    theta: float = eqx.field(static=True, default=50.0)
    sigma_d: float = eqx.field(static=True, default=2.8)
    sigma_o: float = eqx.field(static=True, default=4.0)
    lower: float = eqx.field(static=True, default=1.0)
    upper: float = eqx.field(static=True, default=100.0)

    def __check_init__(self):
        count("arms", self.arms, 2)
        if not 0 <= self.lam < 1:
            raise ValueError(f"lam is {self.lam}; it is at least 0 and below 1.")
        finite("theta", self.theta)
        finite("sigma_d", self.sigma_d, 0)
        finite("sigma_o", self.sigma_o, 0)
        finite("lower", self.lower)
        above("upper", self.upper, self.lower)

    @property
    def env(self) -> Env:
        return Env(n_cues=1, n_items=self.arms, n_actions=self.arms)

    @property
    def events_per_trial(self) -> int:
        return 1

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan:
        start, noise = jr.split(key)
        spread = self.sigma_d / math.sqrt(1 - self.lam**2)
        first = self.theta + spread * jr.normal(start, (self.arms,))

        def step(mean: Array, move: Array) -> tuple[Array, Array]:
            return self.lam * mean + (1 - self.lam) * self.theta + move, mean

        moves = self.sigma_d * jr.normal(noise, (n_events, self.arms))
        return _Plan(mean=jax.lax.scan(step, first, moves)[1])

    def init(self) -> None:
        return None

    def offer(self, world: None, plan: _Plan) -> Offer:
        return single_choice()

    def outcome(
        self,
        world: None,
        plan: _Plan,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[None, Outcome]:
        points = pick(plan.mean, action) + self.sigma_o * normal(draws[0])
        return None, trial_outcome(jnp.clip(jnp.round(points), self.lower, self.upper))
