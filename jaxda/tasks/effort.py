"""Working for better food beside free plain food (Salamone et al. 1991)."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..types import Env, Offer, Outcome, pick, taken
from ._base import AbstractTask
from ._checks import count, finite


# What a trial offers.
_PELLETS, _CHOW, _BOTH = 0, 1, 2


class _Plan(eqx.Module):
    offered: Int[Array, "..."]
    consuming: Bool[Array, "..."]
    shown: Bool[Array, "..."]


class Effort(AbstractTask[Int[Array, ""], _Plan]):
    """Trials of two events: what is chosen first costs, then pays.

    Item 0, `pellets`, and item 1, `chow`, are pairs (cost, payoff): the reward of the first
    event is -cost, that of the second, in which the item is consumed and nothing is left to
    choose, the payoff. Of each three `training` trials one offers only pellets, one only chow and
    one both, in random order; all later trials offer both and show no feedback, so that a drug
    can be tried on what was learned without it. Where only one item is offered both actions
    take it. The cue is 0 when choosing and 1 when consuming.
    """

    kind: ClassVar = "choice"
    n_draws: ClassVar = 0
    source: ClassVar = (
        "Salamone et al. 1991, Psychopharmacology 104:515; Moller & Bogacz 2019, PLoS Comput. "
        "Biol. 15:e1006285"
    )

    pellets: tuple[float, float] = eqx.field(static=True, default=(0.6, 1.0), converter=tuple)
    chow: tuple[float, float] = eqx.field(static=True, default=(0.0, 0.4), converter=tuple)
    training: int = eqx.field(static=True, default=150)

    def __check_init__(self):
        for name, food in (("pellets", self.pellets), ("chow", self.chow)):
            if len(food) != 2:
                raise ValueError(f"{name} has {len(food)} numbers; it is a cost and a payoff.")
            finite(f"the cost of {name}", food[0], 0.0)
            finite(f"the payoff of {name}", food[1])
        count("training", self.training, 0)

    @property
    def env(self) -> Env:
        return Env(n_cues=2, n_items=2, n_actions=2)

    @property
    def events_per_trial(self) -> int:
        return 2

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan:
        event = jnp.arange(n_events)
        trial = event // 2
        order = lambda i: jr.permutation(jr.fold_in(key, i), 3)
        offered = jax.vmap(order)(jnp.arange(-(-n_events // 6))).reshape(-1)
        shown = trial < self.training
        return _Plan(
            offered=jnp.where(shown, jnp.repeat(offered, 2)[:n_events], _BOTH),
            consuming=event % 2 == 1,
            shown=shown,
        )

    def init(self) -> Int[Array, ""]:
        return jnp.zeros((), int)

    def offer(self, world: Int[Array, ""], plan: _Plan) -> Offer:
        left = jnp.where(plan.offered == _CHOW, 1, 0)
        right = jnp.where(plan.offered == _PELLETS, 0, 1)
        options = jnp.where(plan.consuming, world, jnp.stack([left, right]))
        return Offer(
            cue=plan.consuming.astype(int),
            options=options,
            onset=~plan.consuming,
        )

    def truth(self, world: Int[Array, ""], plan: _Plan) -> dict[str, Array]:
        """`cost [2]` and `payoff [2]` of the items, and what the trial offers (`offered`)."""
        foods = jnp.asarray((self.pellets, self.chow), dtype=float)
        return {"offered": plan.offered, "cost": foods[:, 0], "payoff": foods[:, 1]}

    def outcome(
        self,
        world: Int[Array, ""],
        plan: _Plan,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[Int[Array, ""], Outcome]:
        item = taken(offer.options, action)
        cost = pick(jnp.asarray((self.pellets[0], self.chow[0]), dtype=float), item)
        payoff = pick(jnp.asarray((self.pellets[1], self.chow[1]), dtype=float), item)
        return item, Outcome(
            reward=jnp.where(plan.consuming, payoff, -cost),
            successor=jnp.where(plan.consuming, 0, 1),
            terminal=plan.consuming,
            feedback=plan.shown,
            elapsed=jnp.ones(()),
            valid=jnp.ones((), bool),
        )
