"""Habits from an error of action, not of reward (Miller, Shenhav & Ludvig 2019)."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..bijectors import POSITIVE, UNIT
from ..params import param
from ..priors import Beta, Gamma
from ..types import Env, Event, Offer, Policy, offered, one_hot
from ._base import AbstractModel


class _State(eqx.Module):
    strength: Float[Array, "items *lanes"]


class ActionPredictionError(AbstractModel[_State]):
    """Strengths of the items, which become how often each is taken.

    delta(a) = 1[a was taken] - A(a) for every action a on offer, one channel of dopamine per
    action;  A(a) += alpha * delta(a);  P(a) = softmax(beta * A). A starts at 0. Reward enters
    nowhere: left to itself this model repeats what it happened to do first, and it can learn a
    task only by watching another system act. As its habits settle the error of the action that
    is taken falls, to 2q(1 - q) on average where one of two actions is taken with probability q.

    It is the algorithm of the habit `choice_kernel`, here with its error broadcast, so that it
    can be measured and lesioned. Recordings in the tail of the striatum of mice fit such an error
    (Greenstreet et al. 2025). What the core withholds without feedback is withheld here too:
    nothing is learned in a test phase.
    """

    tasks: ClassVar = ("choice", "go_nogo", "mdp")
    free: ClassVar = ("alpha", "beta")
    source: ClassVar = (
        "Miller, Shenhav & Ludvig 2019, Psychol. Rev. 126:292; Greenstreet et al. 2025, Nature 643"
    )

    alpha: Float[Array, ""] = param(
        UNIT, 0.1, prior=Beta(1.1, 1.1), role="learning_rate", doc="Rate of the strengths."
    )
    beta: Float[Array, ""] = param(
        POSITIVE, 2.0, prior=Gamma(1.2, 5.0), role="choice_gain", doc="Inverse temperature."
    )

    def init(self, env: Env) -> _State:
        return _State(strength=jnp.zeros((env.n_items,)))

    def policy(self, state: _State, offer: Offer) -> Policy:
        return Policy(self.beta * offered(state.strength, offer.options))

    def rpe(self, state: _State, event: Event) -> Float[Array, "channels *lanes"]:
        strength = offered(state.strength, event.options)
        return one_hot(event.action, strength.shape[0]) - strength

    def update(
        self, state: _State, event: Event, dopamine: Float[Array, "channels *lanes"]
    ) -> _State:
        n_items, moves = state.strength.shape[0], dopamine
        if event.options is not None:
            both = zip(event.options, dopamine, strict=True)
            moves = sum(one_hot(item, n_items) * error for item, error in both)
        return _State(strength=state.strength + self.alpha * moves)

    def latents(self, state: _State, offer: Offer) -> dict[str, Float[Array, "..."]]:
        return {"strength": offered(state.strength, offer.options)}
