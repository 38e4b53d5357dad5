"""What tonic dopamine at choice makes of a benefit and of a cost that have been learned."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from ..keys import normal, uniforms
from ..rollout import Agent
from ..types import Env, Offer
from ._base import AbstractAssay, Outcomes
from ._changes import patient, settled
from ._settings import number


# Go and NoGo weights as learned: cheap and dear bring the same, rich and poor cost the same.
_GO = (1.0, 1.0, 1.3, 0.7)
_NOGO = (0.7, 1.3, 1.0, 1.0)
_BETA = 2.0
# Between individuals, of the logarithm of how far apart the weights are; our choice.
_SPREAD = 0.15
_OWN = 2**30


class CostBenefit(AbstractAssay):
    """OpAL that has learned four options chooses between two of them.

    Cheap and dear have the Go weight 1 and NoGo weights of .7 and 1.3; rich and poor have Go
    weights of 1.3 and .7 and the NoGo weight 1; beta = 2. `rho` is dopamine at choice,
    `lesions` are doses by name, after it. The difference .6 varies between individuals,
    log-normally with a standard deviation of .15 (a choice of this package).

    Raises:
        ValueError: if rho does not lie between -1 and 1, or a lesion is unknown or its dose
            out of its domain.
    """

    title: ClassVar = "Costs and benefits at choice"
    outcomes: ClassVar = {
        "cheap": "probability of cheap over dear at equal benefit",
        "rich": "probability of rich over poor at equal cost",
    }
    species: ClassVar = "any"
    source: ClassVar = (
        "Collins & Frank 2014, Psychol. Rev. 121:337; Beeler, Daw, Frazier & Zhuang 2010, Front. "
        "Behav. Neurosci. 4:170"
    )
    models: ClassVar = ("opal",)

    rho: float = eqx.field(static=True, default=0.0)
    lesions: dict[str, float] | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        number(self, "rho", -1, 1, "()")
        self._actor()

    def run(self, keys: Key[Array, " individuals"]) -> Outcomes:
        """Every outcome, a number per individual."""
        cheap, rich = np.asarray(_chosen(settled(self._actor()).model, keys), float)
        return {"cheap": cheap, "rich": rich}

    def _actor(self) -> Agent:
        return patient("opal", {"beta": _BETA}, self.lesions, {"rho": self.rho})


@eqx.filter_jit
def _chosen(model: Any, keys: Key[Array, " individuals"]) -> Float[Array, "2 individuals"]:
    """Probabilities of the cheap and of the rich option."""
    state = model.init(Env(n_cues=1, n_items=4, n_actions=2))
    spread = jnp.exp(_SPREAD * normal(uniforms(keys, jnp.array([_OWN]), 1)[0, 0]))

    def of(spread: Float[Array, ""]) -> Float[Array, "2"]:
        # The model keeps logarithms.
        weights = [jnp.log(1 + spread * (jnp.asarray(w) - 1)) for w in (_GO, _NOGO)]
        learned = eqx.tree_at(lambda s: (s.go, s.nogo), state, tuple(weights))
        first = []
        for pair in ((0, 1), (2, 3)):
            offer = Offer(jnp.zeros((), int), jnp.asarray(pair, int), jnp.ones((), bool))
            first.append(jax.nn.softmax(model.policy(learned, offer).logits)[0])
        return jnp.stack(first)

    return jax.vmap(of, out_axes=-1)(spread)
