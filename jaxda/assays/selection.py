"""Choosing A and avoiding B after probabilistic selection, with what acts in either phase."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from .. import rollout
from ..catalog import load
from ..lesions._base import AbstractLesion, M
from ..models._base import Model
from ..params import get, put, specs
from ..rollout import Agent
from ..types import Event
from ._base import AbstractAssay, Outcomes
from ._changes import changed
from ._settings import choice


_ACTOR = {"alpha_c": 0.1, "alpha_g": 0.2, "alpha_n": 0.2, "beta": 1.0, "v0": 0.5}
_TRIALS_PER_PAIR = 60
# What acts on choices and not on what is learned from them.
_AT_CHOICE = ("choice_gain", "tonic_balance", "go_gain", "nogo_gain", "tonic_gain")


class Selection(AbstractAssay):
    """OpAL trained on three pairs, 60 trials each, then tested on pairs never trained.

    A critic per pair, alpha_c = .1, alpha_g = alpha_n = .2, beta = 1, v0 = .5; each item pays
    independently. `lesions` are doses by name, `values` parameters that a condition changes
    without a mechanism. They hold `where` the condition does: to "learn", at "test" (the
    agents were trained healthy, and only the parameters of choice change), or in "both".
    Outcomes are probabilities of choosing, averaged over the pairs, for less noise.

    Raises:
        ValueError: if a lesion or parameter is unknown or out of its domain, or `where` is.
    """

    title: ClassVar = "Probabilistic selection: choosing A, avoiding B"
    outcomes: ClassVar = {
        "choose_a": "probability of choosing A in pairs never trained",
        "avoid_b": "probability of avoiding B in pairs never trained",
    }
    species: ClassVar = "any"
    source: ClassVar = (
        "Frank, Seeberger & O'Reilly 2004, Science 306:1940; Collins & Frank 2014, Psychol. Rev. "
        "121:337"
    )
    models: ClassVar = ("opal",)

    lesions: dict[str, float] | None = eqx.field(static=True, default=None)
    values: dict[str, float] | None = eqx.field(static=True, default=None)
    where: str = eqx.field(static=True, default="both")

    def __check_init__(self) -> None:
        choice(self, "where", ("learn", "test", "both"))
        changed("opal", _ACTOR, self.lesions, self.values)

    def run(self, keys: Key[Array, " individuals"]) -> Outcomes:
        """Every outcome, a number per individual."""
        healthy = changed("opal", _ACTOR)
        ill = changed("opal", _ACTOR, self.lesions, self.values)
        if self.where == "both":
            found = _played(ill, keys)
        else:
            learner, tested = (ill, healthy) if self.where == "learn" else (healthy, ill)
            found = _trained(learner, tested, keys)
        choose, avoid = np.asarray(found, float)
        return {"choose_a": choose, "avoid_b": avoid}


class _Learned(AbstractLesion):
    """The broadcast of `lesion` for a model to whose tissue it has been done already."""

    targets: ClassVar = ()
    source: ClassVar = "see lesion"

    lesion: AbstractLesion
    dose: Float[Array, ""] = eqx.field(converter=jnp.asarray, default=0.0)

    def tissue(self, model: M) -> M:
        return model

    def signal(
        self, model: Model, rpe: Float[Array, "channels *lanes"], event: Event
    ) -> Float[Array, "channels *lanes"]:
        return self.lesion.signal(model, rpe, event)

    def joined(self, dose: Float[Array, ""]) -> Float[Array, ""]:
        raise TypeError("what has been learned cannot be joined.")


def _task() -> Any:
    return load("tasks", "pst")(
        blocks=_TRIALS_PER_PAIR // 20, repeats=1, feedback="bernoulli", criterion=()
    )


def _gap(policy: Any) -> Float[Array, "..."]:
    return policy.logits[1] - policy.logits[0]


@eqx.filter_jit
def _played(who: Agent, keys: Key[Array, " individuals"]) -> Float[Array, "2 individuals"]:
    """Outcomes of agents that are the same at learning and at test."""
    what = _task()
    keep = lambda event, readout: (event.options.astype(jnp.int8), _gap(readout.policy))
    options, gap = rollout.simulate(who, what, keys, what.n_events, record=keep)
    return _at_test(options[what.n_training :], gap[what.n_training :])


@eqx.filter_jit
def _trained(
    learner: Agent, tested: Agent, keys: Key[Array, " individuals"]
) -> Float[Array, "2 individuals"]:
    """Outcomes of agents that learn as `learner` and, at test, choose as `tested`."""
    what = _task()
    events = rollout.simulate(
        learner, what, keys, what.n_events, record=lambda event, readout: event
    )
    model, other = (a.lesion.tissue(a.model) for a in (learner, tested))
    at_choice = [n for n, s in specs(model).items() if s.role in _AT_CHOICE]
    model = put(model, {n: get(other, n) for n in at_choice})
    seen = Agent(model, lesion=_Learned(learner.lesion))
    gap = rollout.replay(seen, what.env, events, record=lambda event, readout: _gap(readout.policy))
    assert events.options is not None
    return _at_test(events.options[what.n_training :], gap[what.n_training :])


def _at_test(
    options: Float[Array, "trials 2 individuals"], gap: Float[Array, "trials individuals"]
) -> Float[Array, "2 individuals"]:
    """Probabilities of choosing A and of avoiding B, items 0 and 1, among the others.

    `gap` is the logit of the second option over the first.
    """
    second = jax.nn.sigmoid(gap)
    taken = jnp.stack([1 - second, second], axis=1)
    low, high = options.min(axis=1), options.max(axis=1)

    def chosen(item: int) -> Float[Array, " individuals"]:
        tested = (low == item) & (high > 1)
        share = jnp.sum(jnp.where(options == item, taken, 0.0), axis=1)
        return jnp.sum(share * tested, axis=0) / jnp.sum(tested, axis=0)

    return jnp.stack([chosen(0), 1 - chosen(1)])
