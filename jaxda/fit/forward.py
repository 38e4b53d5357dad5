"""Derivatives that go forward along a few directions at once, and none where there is none.

`jax.jvp` gives every output a derivative, zeros included, and whoever carries state through
many steps then carries the zeros. Here a function is traced once; what can depend on what is
read from its trace, and only that is differentiated.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.extend as jex
import jax.numpy as jnp
from jaxtyping import Array


class Traced:
    """A function of flat arrays to flat arrays, traced at the shapes of `args`."""

    def __init__(self, fn: Callable[..., list[Array]], *args: Array):
        self._closed = jax.make_jaxpr(fn)(*args)

    def moved(self, moving: Sequence[bool]) -> list[bool]:
        """Which outputs can change smoothly when the inputs marked as `moving` do."""
        return _reached(self._closed.jaxpr, moving)

    def push(
        self, given: Sequence[Array], along: Sequence[Array | None]
    ) -> tuple[list[Array], list[Array | None]]:
        """Outputs, and their derivatives `[directions, ...]` along those of the inputs.

        A derivative that is None is zero in all directions.
        """
        moving = [d is not None for d in along]
        moved = self.moved(moving)

        def fn(parts: list[Array]) -> tuple[list[Array], list[Array]]:
            rest = iter(parts)
            full = [next(rest) if m else x for x, m in zip(given, moving, strict=True)]
            out = jex.core.jaxpr_as_fun(self._closed)(*full)
            return _some(out, moved), _some(out, [not m for m in moved])

        primals = _some(given, moving)
        smooth, linear, rough = jax.linearize(fn, primals, has_aux=True)
        directions = [d for d in along if d is not None]
        slopes = jax.vmap(linear)(directions)
        outs = (iter(rough), iter(smooth))
        slope = iter(slopes)
        return [next(outs[m]) for m in moved], [next(slope) if m else None for m in moved]


def _some(items: Sequence[Any], flags: Sequence[bool]) -> list[Any]:
    return [x for x, flag in zip(items, flags, strict=True) if flag]


def _reached(jaxpr: Any, moving: Sequence[bool]) -> list[bool]:
    known = dict(zip(jaxpr.invars, moving, strict=True))
    read = lambda v: not isinstance(v, jex.core.Literal) and known.get(v, False)
    smooth = lambda v: jnp.issubdtype(v.aval.dtype, jnp.inexact)
    for eqn in jaxpr.eqns:
        flags = _through(eqn, [read(v) for v in eqn.invars])
        known |= {v: f and smooth(v) for v, f in zip(eqn.outvars, flags, strict=True)}
    return [read(v) and smooth(v) for v in jaxpr.outvars]


def _through(eqn: Any, moving: list[bool]) -> list[bool]:
    params = eqn.params
    if not any(moving):
        return [False] * len(eqn.outvars)
    if eqn.primitive.name == "scan":
        n_consts, n_carry = params["num_consts"], params["num_carry"]
        while True:
            out = _reached(params["jaxpr"].jaxpr, moving)
            carry = [a or b for a, b in zip(moving[n_consts:], out[:n_carry], strict=False)]
            if carry == moving[n_consts : n_consts + n_carry]:
                return out
            moving = [*moving[:n_consts], *carry, *moving[n_consts + n_carry :]]
    inner = params.get("jaxpr", params.get("call_jaxpr"))
    inner = getattr(inner, "jaxpr", inner)
    if inner is not None and len(inner.invars) == len(moving):
        return _reached(inner, moving)
    return [True] * len(eqn.outvars)
