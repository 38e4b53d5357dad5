"""Loss, gradient and Fisher information of many units in one pass over their events.

The pass goes forward: beside the state of every lane it carries the derivative of the state by
each free coordinate, and adds up what every event says before it meets the next. With few
parameters this costs less than going back through a session, and the memory it takes does not
depend on the length of one.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..lanes import spread_events, stacked
from ..rollout import glance, observations, opening, predicted
from ..types import Event, Readout
from .forward import Traced
from .objective import Problem


class Information(NamedTuple):
    """What one pass tells of every unit.

    `loss` is that of the problem and `grad` its derivative by the coordinates. `fisher` is the
    information of the records, expected where the observation knows it and else the sum of
    squared scores, plus the curvature of the penalty as far as it is convex.
    """

    loss: Float[Array, " units"]
    grad: Float[Array, "units free"]
    fisher: Float[Array, "units free free"]


class _Sums(NamedTuple):
    """Of the information, a triangle: `fisher[i][j]` with j up to i."""

    logp: Float[Array, " lanes"]
    score: list[Float[Array, " lanes"]]
    fisher: list[list[Float[Array, " lanes"]]]


def information(problem: Problem, x: Float[Array, "units free"]) -> Information:
    """Loss, gradient and information of every unit at coordinates `x`."""
    of_units = lambda each: jax.ops.segment_sum(
        jnp.moveaxis(each, -1, 0), problem.owner, num_segments=problem.n_units
    )
    sums, n = _of_sessions(problem, x[problem.owner].T), x.shape[-1]
    whole = [jnp.stack([sums.fisher[max(i, j)][min(i, j)] for j in range(n)]) for i in range(n)]
    logp, score, fisher = map(of_units, (sums.logp, jnp.stack(sums.score), jnp.stack(whole)))
    value, grad, curvature = problem.penalty.derivatives(problem.frees, x)
    diagonal = jnp.eye(x.shape[-1], dtype=bool)
    convex = jnp.where(diagonal, jnp.maximum(curvature, 0.0), curvature)
    return Information(value - logp, grad - score, convex + fisher)


def _of_sessions(problem: Problem, coords: Float[Array, "free lanes"]) -> _Sums:
    """Log-likelihood of each session, its gradient and its information."""
    env, frees, (n, n_lanes) = problem.env, problem.frees, coords.shape
    # Numbers known while tracing stay out of what is passed around, and so remain known.
    trees: dict[str, Any] = {}

    def begin(*coords: Array) -> list[Array]:
        moved = {f.name: c for f, c in zip(frees, coords, strict=True)}
        placed, state = opening(problem.agent, env, problem.natural(moved), n_lanes)
        leaves, trees["placed"] = jax.tree.flatten(placed)
        trees["known"] = [x if isinstance(x, np.ndarray | np.generic) else None for x in leaves]
        state, trees["state"] = jax.tree.flatten(state)
        return [*(x for x, k in zip(leaves, trees["known"], strict=True) if k is None), *state]

    opened = Traced(begin, *coords)
    one = jnp.ones((n_lanes,), coords.dtype)
    start, start_along = opened.push(
        list(coords), [[one if i == d else None for i in range(n)] for d in range(n)]
    )
    size = trees["state"].num_leaves
    placed, placed_along = start[:-size], [each[:-size] for each in start_along]
    state, state_along = start[-size:], [each[-size:] for each in start_along]
    events, trees["events"] = jax.tree.flatten(spread_events(problem.events))

    def show(*parts: Array) -> list[Array]:
        rest = iter(parts)
        leaves = [next(rest) if known is None else known for known in trees["known"]]
        state = [next(rest) for _ in range(size)]
        after, seen = glance(
            jax.tree.unflatten(trees["placed"], leaves),
            env,
            jax.tree.unflatten(trees["state"], state),
            jax.tree.unflatten(trees["events"], list(rest)),
            n_lanes,
            lambda event, readout: (event, predicted(event, readout)),
        )
        # Observations meet many events at once; here it is one.
        shown = jax.tree.map(lambda x: x[None], stacked(seen, n_lanes))
        seen, trees["seen"] = jax.tree.flatten(shown)
        return [*jax.tree.leaves(after), *seen]

    shown = Traced(show, *placed, *state, *(e[0] for e in events))
    filled = lambda moving, values, along: [
        jnp.zeros_like(x) if m and d is None else d
        for m, x, d in zip(moving, values, along, strict=True)
    ]
    still: list[Array | None] = [None] * len(events)
    moves = lambda along: [d is not None for d in along]
    # A part of the state that has no derivative yet may get one with an event.
    moving = [
        shown.lasting(moves(p), moves(s), moves(still))
        for p, s in zip(placed_along, state_along, strict=True)
    ]
    state_along = [filled(m, state, s) for m, s in zip(moving, state_along, strict=True)]

    def step(carry: Any, event: list[Array]) -> Any:
        state, state_along, sums = carry
        ways = [[*p, *s, *still] for p, s in zip(placed_along, state_along, strict=True)]
        out, along = shown.push([*placed, *state, *event], ways)
        state = out[:size]
        state_along = [filled(m, state, a[:size]) for m, a in zip(moving, along, strict=True)]
        shown_event, seen = jax.tree.unflatten(trees["seen"], out[size:])
        smooth = [jnp.issubdtype(x.dtype, jnp.inexact) for x in out[size:]]
        slopes = zip(*(filled(smooth, out[size:], a[size:]) for a in along), strict=True)
        seen_along = jax.tree.unflatten(
            trees["seen"],
            [jnp.stack(d) if s else None for d, s in zip(slopes, smooth, strict=True)],
        )[1]
        return (state, state_along, _added(sums, problem, shown_event, seen, seen_along)), None

    zero = jnp.zeros_like(coords[0])
    begun = _Sums(zero, [zero] * n, [[zero] * (i + 1) for i in range(n)])
    return jax.lax.scan(step, (state, state_along, begun), events)[0][2]


def _added(sums: _Sums, problem: Problem, event: Event, seen: Readout, along: Readout) -> _Sums:
    """The sums with what the records of an event say."""
    logp, score, fisher = sums
    for observation in observations(problem.env, seen):
        there = event.valid & observation.present(event)
        value, slope, parts = observation.derivatives(event, seen, along)
        logp = logp + jnp.where(there, value, 0.0)[0]
        score = [s + jnp.where(there, each, 0.0)[0] for s, each in zip(score, slope, strict=True)]
        for weight, way in parts:
            pulled = [jnp.where(there, weight * each, 0.0)[0] for each in way]
            fisher = [
                [f + p * way[j, 0] for j, f in enumerate(row)]
                for p, row in zip(pulled, fisher, strict=True)
            ]
    return _Sums(logp, score, fisher)
