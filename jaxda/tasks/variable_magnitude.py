"""Rewards of seven sizes, cued or not (Eshel et al. 2016; Dabney et al. 2020)."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ..types import Env, Offer, Outcome
from ._base import AbstractTask, trial_outcome
from ._checks import between, finite


class _Plan(eqx.Module):
    cue: Int[Array, "..."]
    magnitude: Float[Array, "..."]


class VariableMagnitude(AbstractTask[None, _Plan]):
    """Each trial pays one of `magnitudes` with the given `probabilities`, which are rescaled to 1.

    A fraction `cued` of trials is announced by an odour (cue 1); the others come out of the
    blue (cue 0). The odour says nothing about the size. Magnitudes are microlitres of water.
    """

    kind: ClassVar = "magnitude"
    n_draws: ClassVar = 0
    source: ClassVar = (
        "Eshel et al. 2016, Nat. Neurosci. 19:479; Dabney et al. 2020, Nature 577:671"
    )

    magnitudes: tuple[float, ...] = eqx.field(
        static=True, default=(0.1, 0.3, 1.2, 2.5, 5.0, 10.0, 20.0), converter=tuple
    )
    probabilities: tuple[float, ...] = eqx.field(
        static=True,
        default=(
            0.06612594,
            0.09090909,
            0.14847358,
            0.15489467,
            0.31159175,
            0.1509519,
            0.07705306,
        ),
        converter=tuple,
    )
    cued: float = eqx.field(static=True, default=0.5)

    def __check_init__(self):
        if not self.magnitudes or len(self.magnitudes) != len(self.probabilities):
            raise ValueError(
                f"{len(self.magnitudes)} magnitudes and {len(self.probabilities)} probabilities: "
                "each magnitude needs one."
            )
        for magnitude in self.magnitudes:
            finite("each of magnitudes", magnitude)
        for probability in self.probabilities:
            between("each of probabilities", probability, 0, 1)
        if not abs(sum(self.probabilities) - 1) < 1e-3:
            raise ValueError(f"probabilities sum to {sum(self.probabilities)}, not to 1.")
        between("cued", self.cued, 0, 1)

    @property
    def env(self) -> Env:
        return Env(n_cues=2, n_items=1, n_actions=1, acts=False)

    @property
    def events_per_trial(self) -> int:
        return 1

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan:
        cue, size = jr.split(key)
        edges = np.cumsum(self.probabilities) / np.sum(self.probabilities)
        u = jr.uniform(size, (n_events,))
        # Spelt out: a gather would take events one by one.
        magnitude = jnp.full((n_events,), self.magnitudes[0], dtype=float)
        for edge, more in zip(edges, self.magnitudes[1:], strict=False):
            magnitude = jnp.where(u >= edge, more, magnitude)
        return _Plan(
            cue=(jr.uniform(cue, (n_events,)) < self.cued).astype(int), magnitude=magnitude
        )

    def init(self) -> None:
        return None

    def offer(self, world: None, plan: _Plan) -> Offer:
        return Offer(plan.cue, None, jnp.ones((), bool))

    def truth(self, world: None, plan: _Plan) -> dict[str, Array]:
        """`magnitude`: what is coming."""
        return {"magnitude": plan.magnitude}

    def outcome(
        self,
        world: None,
        plan: _Plan,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[None, Outcome]:
        return None, trial_outcome(plan.magnitude)
