"""Fisher scoring of many units from many starts, in lanes that do not wait for each other.

A slot belongs to a unit and works through its starts one after the other: the next begins
where the last has converged, so the slots of a sweep stay busy although fits differ in length.
Small cohorts get several slots a unit.
"""

import math
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Int

from .. import devices
from ..platform import shapes
from .information import information
from .minimise import Minimum, steepness
from .objective import Problem
from .scoring import MOST_DAMPING, ScoringState


# Iterations between two looks from outside.
_CHUNK = 8
# Lanes come in so many, a vector of them: what is left over is computed one by one.
_VECTOR = 16


class _Slots(eqx.Module):
    x: Float[Array, "free lanes"]
    memory: ScoringState
    start: Int[Array, " lanes"]
    spent: Int[Array, " lanes"]
    found: Float[Array, "starts free lanes"]
    value: Float[Array, "starts lanes"]
    grad: Float[Array, "starts free lanes"]
    converged: Bool[Array, "starts lanes"]


def sweep(
    problem: Problem,
    starts: Float[Array, "restarts units free"],
    rule: optax.GradientTransformationExtraArgs,
    *,
    steps: int,
    tolerance: float,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Minimum:
    """Minimise the loss of every unit from every start.

    A start takes at most `steps` iterations; it has converged where a full step promises to
    lower the loss by at most `tolerance` nats. `progress(done, total)` counts starts.
    """
    n_starts, n_units, _ = starts.shape
    width = _slots(problem, starts) * len(devices.chosen())
    parts = []
    for first in range(0, n_units, width):
        units = np.arange(first, min(first + width, n_units))
        at_once, real = _at_once(n_starts, len(units), width), len(units)
        units = np.resize(units, -real % (_VECTOR // math.gcd(_VECTOR, at_once)) + real)
        lanes = np.tile(units, at_once)
        everyone = np.array_equal(lanes, np.arange(n_units))
        part = problem if everyone else problem.of_units(lanes)
        begin = starts[:, units].reshape(n_starts // at_once, -1, starts.shape[-1])
        tell = lambda done, at=first * n_starts, most=real * n_starts: progress(
            at + min(done, most), n_units * n_starts
        )
        found = _sweep(part, begin, rule, steps, tolerance, tell)
        by_unit = lambda a, u=units.size, n=real: a.reshape(n_starts, u, *a.shape[2:])[:, :n]
        parts.append(jax.tree.map(by_unit, found))
    return jax.tree.map(lambda *a: jnp.concatenate(a, axis=1), *parts)


def _slots(problem: Problem, starts: Float[Array, "restarts units free"]) -> int:
    """Slots of a device: as many as have room in its cache with all that an event changes."""
    directions = 1 + starts.shape[-1]
    each = (problem.carried() + directions) * directions * starts.dtype.itemsize
    room = shapes().cache // each // _VECTOR * _VECTOR
    return min(shapes().slots, max(room, 4 * _VECTOR))


def _at_once(n_starts: int, n_units: int, width: int) -> int:
    """Starts of a unit that run side by side, a divisor of their number."""
    room = max(1, width // n_units)
    return max(k for k in range(1, min(room, n_starts) + 1) if n_starts % k == 0)


def _sweep(
    problem: Problem,
    starts: Float[Array, "starts lanes free"],
    rule: optax.GradientTransformationExtraArgs,
    steps: int,
    tolerance: float,
    progress: Callable[[int], None],
) -> Minimum:
    points = jnp.moveaxis(starts, -1, 1)
    n_starts, n_lanes = starts.shape[:2]
    slots, share = _begun(points, rule), problem.shares()
    limit, most = jnp.asarray(tolerance, starts.dtype), jnp.asarray(steps)
    while True:
        slots = devices.on_lanes(_advance, share, rule, points, limit, most, slots, axis=-1)
        at = np.minimum(np.asarray(slots.start), n_starts)
        left = n_starts - at
        progress(int(at.sum()))
        if not left.any():
            break
        if n_starts > 1 and left.sum() <= n_lanes and 2 * (left > 0).sum() <= n_lanes:
            slots = _alone(problem, rule, points, limit, most, slots, left)
            progress(n_starts * n_lanes)
            break
    slots = devices.gathered(slots)
    grad = jnp.moveaxis(slots.grad, 1, -1)
    x = jnp.moveaxis(slots.found, 1, -1)
    return Minimum(x, slots.value, steepness(slots.value, grad), slots.converged)


def _begun(points: Float[Array, "starts free lanes"], rule: Any) -> _Slots:
    none = jnp.full((len(points), points.shape[-1]), jnp.inf, points.dtype)
    count = jnp.zeros(points.shape[-1], int)
    return _Slots(
        x=points[0],
        memory=rule.init(points[0]),
        start=count,
        spent=count,
        found=points,
        value=none,
        grad=jnp.full_like(points, jnp.inf),
        converged=jnp.zeros(none.shape, bool),
    )


def _alone(
    problem: Problem,
    rule: optax.GradientTransformationExtraArgs,
    points: Float[Array, "starts free lanes"],
    tolerance: Array,
    steps: Array,
    slots: _Slots,
    left: Int[np.ndarray, " lanes"],
) -> _Slots:
    """The slots at the end, where each start that is left gets a lane of its own.

    When few of those are left they go on in a narrower sweep.
    """
    n_starts, n_lanes = len(points), len(left)
    lane = np.repeat(np.arange(n_lanes), left)
    start = np.concatenate([np.arange(n_starts - k, n_starts) for k in left])
    at_first = jnp.moveaxis(points[start, :, lane], 0, -1)
    state = jax.tree.map(np.array, (at_first, rule.init(at_first), np.zeros(len(lane), int)))
    # What had begun goes on as if nothing had happened, so no fit depends on the others.
    begun = start == n_starts - left[lane]
    _put(state, begun, (slots.x, slots.memory, slots.spent), lane[begun])
    wide = shapes().wide * len(devices.chosen())
    narrow = -(-n_lanes // shapes().narrower // _VECTOR) * _VECTOR if n_lanes >= wide else 0
    reached = lambda s: (s.found, s.value, s.grad, s.converged)
    results = jax.tree.map(np.array, reached(slots))
    todo = np.arange(len(lane))
    while len(todo):
        width = narrow if len(todo) <= narrow else n_lanes
        fill = todo[np.arange(width) % len(todo)]
        # As many rows as before, so nothing is compiled again; all but the last count as done.
        rows = jnp.broadcast_to(jnp.asarray(state[0][:, fill]), (*points.shape[:2], width))
        real = np.arange(width) < len(todo)
        begin = jnp.asarray(np.where(real, n_starts - 1, n_starts))
        here = jax.tree.map(lambda a, fill=fill: jnp.asarray(a[..., fill]), state)
        again = eqx.tree_at(
            lambda s: (s.x, s.memory, s.spent, s.start), _begun(rows, rule), (*here, begin)
        )
        some = problem.of_units(lane[fill]).shares()
        busy = real
        while busy.any() and (width == narrow or busy.sum() > narrow):
            given = rule, rows, tolerance, steps, again
            again = devices.on_lanes(_advance, some, *given, axis=-1)
            busy = np.asarray(again.start) < n_starts
        done = np.flatnonzero(real & ~busy)
        at = start[todo[done]], ..., lane[todo[done]]
        for all_, new in zip(results, reached(again), strict=True):
            all_[at] = np.moveaxis(np.asarray(new)[-1], -1, 0)[done]
        ahead = np.flatnonzero(busy)
        _put(state, todo[ahead], (again.x, again.memory, again.spent), ahead)
        todo = todo[ahead]
    return eqx.tree_at(reached, slots, jax.tree.map(jnp.asarray, results))


def _put(into: Any, lanes: np.ndarray, tree: Any, of: np.ndarray) -> None:
    """Write lanes `of` of a tree into `lanes` of another."""

    def put(old: np.ndarray, new: Array) -> None:
        old[..., lanes] = np.asarray(new)[..., of]

    jax.tree.map(put, into, tree)


@eqx.filter_jit
def _advance(
    problem: Problem,
    rule: optax.GradientTransformationExtraArgs,
    starts: Float[Array, "starts free lanes"],
    tolerance: Array,
    steps: Array,
    slots: _Slots,
) -> _Slots:
    n_starts = len(starts)
    order = jnp.arange(n_starts)

    def iterate(s: _Slots) -> _Slots:
        seen = information(problem, s.x.T)
        fisher = jnp.moveaxis(seen.fisher, 0, -1)
        updates, memory = rule.update(seen.grad.T, s.memory, s.x, value=seen.loss, fisher=fisher)
        spent = s.spent + 1
        # What the arithmetic cannot resolve cannot be asked for.
        rounding = 8 * jnp.finfo(tolerance.dtype).eps * jnp.maximum(1.0, jnp.abs(memory.value))
        converged = memory.decrement <= 2 * jnp.maximum(tolerance, rounding)
        over = converged | (memory.damping > MOST_DAMPING) | (spent >= steps)
        mine = (order[:, None] == s.start) & over
        wide = mine[:, None]
        after = jnp.where(over, s.start + 1, s.start)
        onward = jnp.sum(jnp.where((order[:, None] == after)[:, None], starts, 0.0), axis=0)
        x = jnp.where(over, onward, s.x + updates)
        choose = lambda new, old: jnp.where(over, new, old)
        return _Slots(
            x=x,
            memory=jax.tree.map(choose, rule.init(x), memory),
            start=after,
            spent=jnp.where(over, 0, spent),
            found=jnp.where(wide, memory.x, s.found),
            value=jnp.where(mine, memory.value, s.value),
            grad=jnp.where(wide, memory.grad, s.grad),
            converged=jnp.where(mine, converged, s.converged),
        )

    def busy(at: tuple[Array, _Slots]) -> Array:
        return (at[0] < _CHUNK) & jnp.any(at[1].start < n_starts)

    step = lambda at: (at[0] + 1, iterate(at[1]))
    return jax.lax.while_loop(busy, step, (jnp.zeros((), int), slots))[1]
