"""Questions asked backwards: descent from several starts, and the landscape around an optimum."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..devices import dealt
from ..fit.solvers.lbfgs import LBFGS


class Questions(eqx.Module):
    """One loss asked of many units: `loss(x, *given)`, `given` with units as the first axis."""

    loss: Callable[..., Float[Array, ""]] = eqx.field(static=True)
    given: tuple[Any, ...]

    def value_and_grad(
        self, x: Float[Array, "units free"]
    ) -> tuple[Float[Array, " units"], Float[Array, "units free"]]:
        """Loss and gradient of every unit."""
        return jax.vmap(jax.value_and_grad(self.loss))(x, *self.given)

    def shares(self) -> "Questions":
        """The same for the units that each device has, as `devices.on_lanes` takes it."""
        mine = dealt(len(jax.tree.leaves(self.given)[0]))
        if len(mine) == 1:
            return self
        return Questions(self.loss, jax.tree.map(lambda g: jnp.asarray(g)[mine], self.given))


class Answers(NamedTuple):
    """The best of the starts of every unit.

    `x` coordinates, `value` of the loss, `gradient` its largest component, `apart` how far the
    values of other starts lie above.
    """

    x: Float[np.ndarray, "units free"]
    value: Float[np.ndarray, " units"]
    gradient: Float[np.ndarray, " units"]
    apart: Float[np.ndarray, " units"]


def answered(
    asked: Questions, starts: Float[Array, "starts units free"], steps: int = 150
) -> Answers:
    """Minimise every loss from every start, with L-BFGS of Optax."""
    found = LBFGS().minimise(asked, starts, steps=steps, tolerance=1e-6)
    value = np.asarray(found.value)
    lane, unit = value.argmin(axis=0), np.arange(value.shape[1])
    size = np.asarray(found.steepness) * np.maximum(1, np.abs(value))
    apart = np.ptp(value, axis=0)
    return Answers(np.asarray(found.x)[lane, unit], value[lane, unit], size[lane, unit], apart)


def level_line(
    loss: Callable[[Float[np.ndarray, "points 2"]], Float[np.ndarray, " points"]],
    centre: tuple[float, float],
    reach: tuple[float, float],
    level: float,
    within: tuple[tuple[float, float], tuple[float, float]],
    rays: int = 73,
) -> Float[np.ndarray, "2 rays"]:
    """The closed line around an optimum in the plane on which `loss` is `level`.

    Along each ray from `centre`, the first place where the loss is crossed, at most `reach`
    away in either coordinate; where that lies outside of `within`, the edge.
    """
    angle = np.linspace(0, 2 * np.pi, rays)
    share = np.linspace(0, 1, 61)
    ways = np.stack([np.cos(angle), np.sin(angle)])[:, :, None] * share
    place = np.stack([centre[i] + reach[i] * ways[i] for i in range(2)])
    low, high = (np.array([w[i] for w in within])[:, None, None] for i in range(2))
    inside = np.clip(place, low, high)
    value = loss(inside.reshape(2, -1).T).reshape(rays, -1)
    out = np.empty((2, rays))
    for i, course in enumerate(value):
        over = np.flatnonzero(course > level)
        j = int(over[0]) if over.size and over[0] else len(course) - 1
        part = (level - course[j - 1]) / (course[j] - course[j - 1]) if over.size else 1.0
        out[:, i] = inside[:, i, j - 1] + part * (inside[:, i, j] - inside[:, i, j - 1])
    return out
