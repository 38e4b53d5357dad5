"""Fisher scoring as an Optax transformation: damped Gauss-Newton steps of a likelihood.

Coordinates come first and lanes last: `[free]` for one fit, `[free, lanes]` for many at once.
"""

import functools
from typing import Any, NamedTuple

import jax.numpy as jnp
import optax
from jaxtyping import Array, Float


# A step must give this share of the gain that it promised.
_LEAST_RATIO = 1e-4
# Farther than this in one step no coordinate is still near where its gradient was taken.
_LONGEST = 2.0
# How much a failed step raises the damping; twice as much with each further one.
_GROWTH = 3.0
# With more damping than this no step changes a number.
MOST_DAMPING = 1e12


class ScoringState(NamedTuple):
    """Where a fit stands: the last point that was accepted and what is known there.

    `decrement` is the Newton decrement of that point squared, g' F^-1 g without damping: twice
    the loss that a full step promises to gain. `promised` is the gain that the step under trial
    promises.
    """

    x: Float[Array, "free *lanes"]
    value: Float[Array, "*lanes"]
    grad: Float[Array, "free *lanes"]
    fisher: Float[Array, "free free *lanes"]
    damping: Float[Array, "*lanes"]
    growth: Float[Array, "*lanes"]
    promised: Float[Array, "*lanes"]
    decrement: Float[Array, "*lanes"]


# The same rule is the same object, so what was compiled for it is found again.
@functools.cache
def fisher_scoring(damping: float = 0.3) -> optax.GradientTransformationExtraArgs:
    """Levenberg-Marquardt steps with Nielsen's gain-ratio damping.

    `update(grad, state, params, value=..., fisher=...)` takes the loss, its gradient and the
    information at `params`. Where the loss there is no better than promised at the last
    accepted point, the updates lead back to that point and on by a shorter step.

    Source: Levenberg 1944; Marquardt 1963; Nielsen 1999 (damping by the gain ratio); the
    information in place of the Hessian: Fisher scoring.
    """

    def init(params: Array) -> ScoringState:
        none = jnp.zeros_like(params[0])
        return ScoringState(
            x=params,
            value=none + jnp.inf,
            grad=jnp.zeros_like(params),
            fisher=jnp.zeros((len(params), *params.shape), params.dtype),
            damping=none + damping,
            growth=none + _GROWTH,
            promised=none,
            decrement=none + jnp.inf,
        )

    def update(
        updates: Array,
        state: ScoringState,
        params: Array | None = None,
        *,
        value: Array,
        fisher: Array,
        **extra: Any,
    ) -> tuple[Array, ScoringState]:
        assert params is not None
        first = jnp.isinf(state.value)
        # Near an optimum the decrease is below the rounding of the loss itself.
        slack = 4 * jnp.finfo(value.dtype).eps * jnp.maximum(1.0, jnp.abs(value))
        fell = state.value - value
        usable = jnp.isfinite(value) & jnp.all(jnp.isfinite(updates), axis=0)
        taken = usable & (first | (fell >= _LEAST_RATIO * state.promised - slack))
        ratio = jnp.where(fell <= slack, 1.0, fell / jnp.maximum(state.promised, slack))
        eased = state.damping * jnp.maximum(1 / 3, 1 - (2 * jnp.minimum(ratio, 1.0) - 1) ** 3)
        eased = jnp.maximum(jnp.where(first, state.damping, eased), 1e-9)
        damped = jnp.where(taken, eased, state.damping * state.growth)
        growth = jnp.where(taken, _GROWTH, 2 * state.growth)
        keep = lambda new, old: jnp.where(taken, new, old)
        curvature = _with_secant(fisher, params - state.x, updates - state.grad)
        fisher = keep(jnp.where(first, fisher, curvature), state.fisher)
        x, value = keep(params, state.x), keep(value, state.value)
        grad = keep(updates, state.grad)

        full = solve(fisher, grad, 1e-9)
        step = solve(fisher, grad, damped)
        longest = jnp.max(jnp.abs(step), axis=0)
        step = step * jnp.minimum(1.0, _LONGEST / jnp.maximum(longest, 1e-30))
        bend = jnp.sum(step * jnp.sum(fisher * step[None], axis=1), axis=0)
        promised = jnp.sum(grad * step, axis=0) - 0.5 * bend
        decrement = keep(jnp.sum(grad * full, axis=0), state.decrement)
        moved = ScoringState(x, value, grad, fisher, damped, growth, promised, decrement)
        return x - step - params, moved

    return optax.GradientTransformationExtraArgs(init, update)


def _with_secant(
    fisher: Float[Array, "free free *lanes"],
    step: Float[Array, "free *lanes"],
    change: Float[Array, "free *lanes"],
) -> Float[Array, "free free *lanes"]:
    """The information with the curvature that was found along the last step (a BFGS update).

    The information leaves out the second derivatives of the predictions, and where they matter
    bare scoring creeps along one direction. It stays positive: without positive curvature along
    the step nothing is changed.
    """
    pull = jnp.sum(fisher * step[None], axis=1)
    expected, found = jnp.sum(step * pull, axis=0), jnp.sum(step * change, axis=0)
    usable = (expected > 0) & (found > 1e-3 * expected)
    inverse = lambda x: jnp.where(usable, 1 / jnp.where(usable, x, 1.0), 0.0)
    lost = pull[:, None] * pull[None] * inverse(expected)
    return fisher - lost + change[:, None] * change[None] * inverse(found)


def solve(
    fisher: Float[Array, "free free *lanes"],
    grad: Float[Array, "free *lanes"],
    damping: Float[Array, "*lanes"] | float,
) -> Float[Array, "free *lanes"]:
    """(F + damping (1 + diag F))^-1 g in every lane, by an LDL' decomposition.

    The coordinates of a fit are all of size one, so the damping also has an absolute part:
    without it nothing would hold back a step along what the records say nothing about.
    """
    n = len(grad)
    # Written out over lanes: a call of LAPACK per lane takes longer than the fit.
    a = [[fisher[i, j] for j in range(i + 1)] for i in range(n)]
    d: list[Array] = []
    y: list[Array] = []
    for i in range(n):
        row = a[i]
        for j in range(i):
            for k in range(j):
                row[j] = row[j] - a[j][k] * row[k]
        left = row[i] + damping * (1 + row[i])
        solved = grad[i]
        for j in range(i):
            scaled = row[j] / d[j]
            left = left - scaled * row[j]
            row[j] = scaled
            solved = solved - scaled * y[j]
        d.append(jnp.maximum(left, 1e-30))
        y.append(solved)
    x = [each / pivot for each, pivot in zip(y, d, strict=True)]
    for i in reversed(range(n)):
        for j in range(i + 1, n):
            x[i] = x[i] - a[j][i] * x[j]
    return jnp.stack(x)
