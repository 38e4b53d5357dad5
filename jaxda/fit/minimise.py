"""Many small fits at once: one loop in which no fit waits for another.

Every iteration evaluates loss and gradient of all lanes (restart x unit) in one sweep. A lane
whose point descends enough takes it and asks its solver for a new direction; another halves
its step. So line searches are never nested, and a slow lane costs the others nothing but the
sweeps it still needs.
"""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int

from ..devices import gathered, on_lanes


_ARMIJO = 1e-4
_SHRINK = 0.3
# A step this far below the solver's own has met the limit of the arithmetic.
_SHORTEST = 1e-9
# Farther than this in one step no coordinate is still near where its gradient was taken.
_LONGEST = 5.0


@runtime_checkable
class Objective(Protocol):
    """What can be minimised, a pytree: a loss for each of many units, with its gradient."""

    def value_and_grad(
        self, x: Float[Array, "units free"]
    ) -> tuple[Float[Array, " units"], Float[Array, "units free"]]: ...

    def shares(self) -> "Objective":
        """The same for the units that each device has, as `devices.on_lanes` takes it."""
        ...


class _Lanes(eqx.Module):
    x: Float[Array, "*lanes free"]
    value: Float[Array, "*lanes"]
    grad: Float[Array, "*lanes free"]
    direction: Float[Array, "*lanes free"]
    step: Float[Array, "*lanes"]
    memory: Any
    best_x: Float[Array, "*lanes free"]
    best: Float[Array, "*lanes"]
    steepness: Float[Array, "*lanes"]
    done: Bool[Array, "*lanes"]
    sweeps: Int[Array, "*lanes"]


class Minimum(eqx.Module):
    """Where each lane ended: `[restarts, units]`, coordinates with a last axis of free names.

    `steepness` is the largest absolute gradient at `x`, over max(1, |value|).
    """

    x: Float[Array, "restarts units free"]
    value: Float[Array, "restarts units"]
    steepness: Float[Array, "restarts units"]
    converged: Bool[Array, "restarts units"]


def _select(flag: Array, new: Any, old: Any) -> Any:
    wide = lambda f, x: f.reshape(f.shape + (1,) * (x.ndim - f.ndim))
    return jax.tree.map(lambda n, o: jnp.where(wide(flag, n), n, o), new, old)


def _bounded(direction: Array) -> Array:
    longest = jnp.max(jnp.abs(direction), axis=-1, keepdims=True)
    return direction * jnp.minimum(1.0, _LONGEST / jnp.maximum(longest, 1e-30))


def steepness(value: Array, grad: Array) -> Array:
    """The largest absolute gradient, over max(1, |value|)."""
    return jnp.max(jnp.abs(grad), axis=-1) / jnp.maximum(1.0, jnp.abs(value))


def _propose(rule: optax.GradientTransformation, grad: Array, memory: Any, x: Array) -> Any:
    """The solver's next direction in every lane; a new memory if none is given."""
    # Optax mixes int32 and int64 inside, which strict promotion would refuse.
    with jax.numpy_dtype_promotion("standard"):
        if memory is None:
            memory = jax.vmap(jax.vmap(rule.init))(x)
        return jax.vmap(jax.vmap(rule.update))(grad, memory, x)


def _start(rule: optax.GradientTransformation, x: Array) -> _Lanes:
    """Lanes whose first sweep will take the point where they stand."""
    worst = jnp.full(x.shape[:-1], jnp.inf, x.dtype)
    return _Lanes(
        x=x,
        value=worst,
        grad=jnp.zeros_like(x),
        direction=jnp.zeros_like(x),
        step=jnp.ones_like(worst),
        memory=_propose(rule, jnp.zeros_like(x), None, x)[1],
        best_x=x,
        best=worst,
        steepness=worst,
        done=jnp.zeros(worst.shape, bool),
        sweeps=jnp.zeros(worst.shape, int),
    )


@eqx.filter_jit
def _advance(
    problem: Objective,
    rule: optax.GradientTransformation,
    searches: bool,
    tolerance: Array,
    until: Array,
    start: _Lanes,
) -> _Lanes:
    def sweep(s: _Lanes) -> _Lanes:
        x = s.x + s.step[..., None] * s.direction
        value, grad = jax.vmap(problem.value_and_grad)(x)
        finite = jnp.isfinite(value) & jnp.all(jnp.isfinite(grad), axis=-1)
        slope = jnp.sum(s.grad * s.direction, axis=-1)
        # Near an optimum the decrease is below the rounding of the loss itself.
        slack = 4 * jnp.finfo(value.dtype).eps * jnp.maximum(1.0, jnp.abs(value))
        down = value <= s.value + _ARMIJO * s.step * slope + slack
        taken = finite & (down | (not searches)) & ~s.done
        direction, memory = _propose(rule, grad, s.memory, x)
        if searches:
            # Where the secant pair shows no positive curvature the memory is worthless.
            turned = jnp.sum((grad - s.grad) * (x - s.x), axis=-1) <= 0
            fresh_direction, fresh = _propose(rule, grad, None, x)
            uphill = jnp.sum(direction * grad, axis=-1) >= 0
            again = turned | uphill | ~jnp.all(jnp.isfinite(direction), axis=-1)
            direction = _select(again, fresh_direction, direction)
            memory = _select(again, fresh, memory)
        shorter = s.step * jnp.where(taken, 1.0, _SHRINK)
        steep = steepness(value, grad)
        better = taken & (value <= s.best)
        moved = _Lanes(
            x=_select(taken, x, s.x),
            value=_select(taken, value, s.value),
            grad=_select(taken, grad, s.grad),
            direction=_select(taken, _bounded(direction), s.direction),
            step=jnp.where(taken, 1.0, shorter),
            memory=_select(taken, memory, s.memory),
            best_x=_select(better, x, s.best_x),
            best=_select(better, value, s.best),
            steepness=_select(better, steep, s.steepness),
            done=s.done | (better & (steep <= tolerance)) | (shorter < _SHORTEST),
            sweeps=s.sweeps + 1,
        )
        return moved

    return jax.lax.while_loop(lambda s: jnp.any((s.sweeps < until) & ~s.done), sweep, start)


def minimise(
    problem: Objective,
    starts: Float[Array, "restarts units free"],
    rule: optax.GradientTransformation,
    *,
    searches: bool,
    steps: int,
    tolerance: float,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Minimum:
    """Minimise the loss of every unit from every start by an Optax rule.

    With `searches` a step is shortened until it descends; otherwise every step is taken and the
    best point kept. At most `steps` sweeps; a lane has converged when its largest gradient
    component is at most `tolerance` times max(1, |loss|). `progress(sweeps, steps)` is called
    now and then.
    """
    lanes, share = _start(rule, starts), problem.shares()
    limit = jnp.asarray(tolerance, lanes.value.dtype)
    chunk = max(1, steps // 20)
    for until in range(chunk, steps + chunk, chunk):
        until = min(until, steps)
        given = rule, searches, limit, jnp.asarray(until), lanes
        lanes = on_lanes(_advance, share, *given, axis=1)
        swept = int(jnp.max(lanes.sweeps))
        progress(swept, steps)
        if bool(jnp.all(lanes.done)) or swept >= steps:
            break
    lanes = gathered(lanes)
    return Minimum(lanes.best_x, lanes.best, lanes.steepness, lanes.steepness <= limit)
