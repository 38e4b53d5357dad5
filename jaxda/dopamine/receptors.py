"""Occupancy of dopamine receptors: at rest, in time, and under drugs that compete.

Dopamine C binds a receptor of dissociation constant K_D (both nM): at rest o = C / (C + K_D), in
time do/dt = k_off (C / K_D (1 - o) - o). An antagonist that occupies theta of the receptors
where there is no dopamine raises K_D to K_D / (1 - theta) (Cheng & Prusoff 1973). How fast and
how tightly D2 receptors bind is contested by a factor of 100, and decides whether a pause can be
seen at all; constants are in `jaxda.dopamine.presets`.
"""

import math
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, ArrayLike, Float

from ._domain import Floats, constant, within
from .presets import find_receptors


def remaining_tone(antagonist: Float[Array, "..."], dopamine_over_kd: float) -> Float[Array, "..."]:
    """Occupancy by dopamine relative to no drug, at antagonist occupancy `antagonist`.

    The antagonist raises the apparent K_D to K_D / (1 - antagonist) (Cheng & Prusoff 1973);
    `dopamine_over_kd` is the dopamine concentration in units of K_D. 1 at 0, 0 at 1.
    """
    unblocked = 1 - antagonist
    return unblocked * (1 + dopamine_over_kd) / (1 + dopamine_over_kd * unblocked)


class Receptor(eqx.Module):
    """One kind of receptor: `kd` in nM and `k_off` in 1/s, or None where only affinity is known.

    Raises:
        ValueError: if a known constant is not positive and finite.
    """

    kd: Float[Array, "..."] = constant()
    k_off: Float[Array, "..."] | None = constant(None)

    def __check_init__(self) -> None:
        within("kd", self.kd, 0, np.inf, "()")
        if self.k_off is not None:
            within("k_off", self.k_off, 0, np.inf, "()")

    def blocked(self, antagonist: ArrayLike) -> "Receptor":
        """As dopamine sees it under an antagonist of occupancy `antagonist` in [0, 1)."""
        return Receptor(blocked_kd(self.kd, antagonist), self.k_off)


class Receptors(NamedTuple):
    """D1-like and D2-like receptors that belong together, and their family ("" for any)."""

    d1: Receptor
    d2: Receptor
    family: str


def receptors(name: str) -> Receptors:
    """The preset `name` of `presets.RECEPTORS`.

    Raises:
        ValueError: if there is none.
    """
    preset = find_receptors(name)

    def of(kind: str) -> Receptor:
        given: list[Any] = [preset.values.get(f"{kind}_{name}") for name in ("kd", "k_off")]
        return Receptor(*given)

    return Receptors(of("d1"), of("d2"), preset.family)


# At rest


def occupancy(ligand: ArrayLike, half: ArrayLike) -> Float[Array, "..."]:
    """Share of sites that `ligand` occupies; half of them at `half`, in the same unit.

    Of receptors by dopamine, of transporters by a blocker, or by dose, with its ED50.

    Raises:
        ValueError: if a known ligand is below 0, or half is not positive.
    """
    ligand, half = within("ligand", ligand, 0, np.inf, "[)"), within("half", half, 0, np.inf, "()")
    return ligand / (ligand + half)


def blocked_kd(kd: ArrayLike, antagonist: ArrayLike) -> Float[Array, "..."]:
    """K_D / (1 - antagonist): what dopamine sees; `antagonist` occupancy without dopamine.

    Raises:
        ValueError: if a known occupancy is outside [0, 1).
    """
    return jnp.asarray(kd, float) / (1 - within("antagonist", antagonist, 0, 1, "[)"))


def activity(
    dopamine: ArrayLike,
    kd: ArrayLike,
    drug: ArrayLike,
    efficacy: ArrayLike = 0.0,
) -> Float[Array, "..."]:
    """Occupancy by dopamine plus `efficacy` times that by a drug which competes with it.

    `drug` is the occupancy by the drug where there is no dopamine, in [0, 1]. Efficacy 0 is an
    antagonist, 1 a full agonist. A partial agonist lowers activity where dopamine occupies more
    than its efficacy, and raises it where dopamine occupies less.

    Raises:
        ValueError: if a known number is out of its domain.
    """
    free = 1 - within("drug", drug, 0, 1)
    e = within("efficacy", efficacy, 0, 1)
    c, kd = within("dopamine", dopamine, 0, np.inf, "[)"), within("kd", kd, 0, np.inf, "()")
    x = c / kd
    return (x * free + e * (1 - free)) / (1 + x * free)


def equal_sensitivity(kd_1: ArrayLike, kd_2: ArrayLike) -> Float[Array, "..."]:
    """Dopamine at which both occupancies change alike, sqrt(kd_1 kd_2)."""
    return jnp.sqrt(jnp.asarray(kd_1, float) * jnp.asarray(kd_2, float))


# In time


def half_life(receptor: Receptor) -> Float[Array, "..."]:
    """Time in s in which half of what is bound lets go, where there is no dopamine.

    Raises:
        ValueError: if the rates of the receptor are not known.
    """
    return math.log(2) / _rate(receptor)


def bind(
    receptor: Receptor,
    times: Float[Floats, " times"],
    dopamine: Float[Floats, "... times"],
    start: ArrayLike | None = None,
) -> Float[Array, "... times"]:
    """Occupancy at `times` (s), which increase, along a course of `dopamine` (nM).

    It begins at `start`, or in equilibrium with the first value. Dopamine is read as linear
    between times and its mean is used for each step: of second order in the step, and stable
    for any. Differentiable. Constants may have batch axes.

    Raises:
        ValueError: if the rates of the receptor are not known.
    """
    k_off = _rate(receptor)
    times, dopamine = jnp.asarray(times, float), jnp.asarray(dopamine, float)
    first = dopamine[..., 0]
    begin = first / (first + receptor.kd) if start is None else jnp.asarray(start, float)
    mean = jnp.moveaxis((dopamine[..., 1:] + dopamine[..., :-1]) / 2, -1, 0)
    shape = jnp.broadcast_shapes(begin.shape, mean.shape[1:], receptor.kd.shape, k_off.shape)
    begin = jnp.broadcast_to(begin, shape)
    later = _bound(begin, mean, jnp.diff(times), receptor.kd, k_off)
    return jnp.moveaxis(jnp.concatenate([begin[None], later]), 0, -1)


@jax.jit
def _bound(begin: Array, mean: Array, steps: Array, kd: Array, k_off: Array) -> Array:
    """Occupancy after each of `steps` (s), in which dopamine is `mean` (nM)."""

    def step(o: Array, at: tuple[Array, Array]) -> tuple[Array, Array]:
        c, dt = at
        rest = c / (c + kd)
        o = rest + (o - rest) * jnp.exp(-k_off * (1 + c / kd) * dt)
        return o, o

    return lax.scan(step, begin, (mean, steps))[1]


def _rate(receptor: Receptor) -> Float[Array, "..."]:
    if receptor.k_off is None:
        raise ValueError("only the affinity of this receptor is known, not how fast it binds.")
    return receptor.k_off
