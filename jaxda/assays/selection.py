"""Choosing A and avoiding B after probabilistic selection, with what acts in either phase."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from .. import rollout
from ..catalog import load
from ..rollout import Agent
from ..types import Env, Offer
from ._base import AbstractAssay, Outcomes
from ._changes import patient, settled
from ._settings import choice


_ACTOR = {"alpha_c": 0.1, "alpha_g": 0.2, "alpha_n": 0.2, "beta": 1.0, "v0": 0.5}
_TRIALS_PER_PAIR = 60


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
        patient("opal", _ACTOR, self.lesions, self.values)

    def run(self, keys: Key[Array, " individuals"]) -> Outcomes:
        """Every outcome, a number per individual."""
        healthy = settled(patient("opal", _ACTOR))
        ill = settled(patient("opal", _ACTOR, self.lesions, self.values))
        learner = healthy if self.where == "test" else ill
        tested = healthy if self.where == "learn" else ill
        found = _played(learner, tested.model, keys)
        choose, avoid = np.asarray(found, float)
        return {"choose_a": choose, "avoid_b": avoid}


@eqx.filter_jit
def _played(
    learner: Agent, tested: Any, keys: Key[Array, " individuals"]
) -> Float[Array, "2 individuals"]:
    """Outcomes of agents that learn as `learner` and, at test, choose by the policy of `tested`."""
    blocks = _TRIALS_PER_PAIR // 20
    what = load("tasks", "pst")(blocks=blocks, repeats=1, feedback="bernoulli", criterion=())
    keep = lambda event, readout: (
        event.options.astype(jnp.int8),
        *(readout.latents[n].astype(jnp.float32) for n in ("go", "nogo")),
    )
    played = rollout.simulate(learner, what, keys, what.n_events, record=keep)
    options, *learned = (x[what.n_training :].swapaxes(0, 1) for x in played)
    learned = [x.astype(float) for x in learned]
    # Both options of every trial at once, in the place of items; the model keeps logarithms.
    state = tested.init(Env(n_cues=1, n_items=2, n_actions=2))
    state = eqx.tree_at(lambda s: (s.go, s.nogo), state, tuple(map(jnp.log, learned)))
    offer = Offer(jnp.zeros((), int), None, jnp.ones((), bool))
    return _at_test(options, jax.nn.softmax(tested.policy(state, offer).logits, axis=0))


def _at_test(
    options: Int[Array, "2 trials individuals"], taken: Float[Array, "2 trials individuals"]
) -> Float[Array, "2 individuals"]:
    """Probabilities of choosing A and of avoiding B, items 0 and 1, among the others.

    `taken` is how likely each of the options is to be chosen.
    """
    low, high = options.min(axis=0), options.max(axis=0)

    def chosen(item: int) -> Float[Array, " individuals"]:
        tested = (low == item) & (high > 1)
        share = jnp.sum(jnp.where(tested & (options == item), taken, 0.0), axis=(0, 1))
        return share / jnp.sum(tested.astype(float), axis=0)

    return jnp.stack([chosen(0), 1 - chosen(1)])
