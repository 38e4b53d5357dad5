"""Questions asked backwards: descent from several starts, and the landscape around an optimum."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float


class Descent(NamedTuple):
    """Where each lane ended, and what it met on its way there.

    `x` coordinates, `value` of what is minimised, `gradient` there, `history` of the value.
    """

    x: Float[np.ndarray, "lanes coordinates"]
    value: Float[np.ndarray, " lanes"]
    gradient: Float[np.ndarray, "lanes coordinates"]
    history: Float[np.ndarray, "lanes steps"]


def descend(
    loss: Callable[..., Float[Array, ""]],
    starts: Float[Array, "lanes coordinates"],
    given: Any = (),
    steps: int = 100,
) -> Descent:
    """Minimise `loss(x, *given)` in every lane, with L-BFGS of Optax and its line search.

    `given` is a tuple of trees with lanes as the first axis.
    """
    rule = optax.lbfgs(memory_size=10)

    def run(start: Array, given: Any) -> Any:
        of = lambda x: loss(x, *given)
        again = optax.value_and_grad_from_state(of)

        def step(carry: Any, _: Any) -> Any:
            x, memory = carry
            value, gradient = again(x, state=memory)
            change, memory = rule.update(
                gradient, memory, x, value=value, grad=gradient, value_fn=of
            )
            return (optax.apply_updates(x, change), memory), value

        (x, _), history = jax.lax.scan(step, (start, rule.init(start)), length=steps)
        return (x, *jax.value_and_grad(of)(x), history)

    # Optax mixes types inside, which strict promotion would refuse.
    with jax.numpy_dtype_promotion("standard"):
        found = jax.jit(jax.vmap(run))(starts, given)
    return Descent(*(np.asarray(part) for part in found))


def best(found: Descent, of: int) -> np.ndarray:
    """The lane that came lowest of each `of` lanes in a row."""
    value = np.where(np.isfinite(found.value), found.value, np.inf).reshape(-1, of)
    return np.arange(len(value)) * of + value.argmin(axis=1)


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
