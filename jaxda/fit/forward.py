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

    def lasting(
        self, given: Sequence[bool], carried: Sequence[bool], each: Sequence[bool]
    ) -> list[bool]:
        """Which of what is carried moves, now or after any number of steps.

        A step takes what is given to all, what is carried, and what it has of its own, and returns
        what is carried first.
        """
        return _lasting(self._closed.jaxpr, given, carried, each)[0]

    def push(
        self, given: Sequence[Array], along: Sequence[Sequence[Array | None]]
    ) -> tuple[list[Array], list[list[Array | None]]]:
        """Outputs, and their derivatives along each direction.

        `along[d]` holds the derivatives of all inputs along direction d. One that is None is zero.
        """
        moving = [any(d is not None for d in each) for each in zip(*along, strict=True)]
        moved = self.moved(moving)

        def fn(parts: list[Array]) -> tuple[list[Array], list[Array]]:
            rest = iter(parts)
            full = [next(rest) if m else x for x, m in zip(given, moving, strict=True)]
            out = jex.core.jaxpr_as_fun(self._closed)(*full)
            return _some(out, moved), _some(out, [not m for m in moved])

        primals = _some(given, moving)
        smooth, linear, rough = jax.linearize(fn, primals, has_aux=True)
        closed = jax.make_jaxpr(linear)(primals)
        outs = (iter(rough), iter(smooth))
        out = [next(outs[m]) for m in moved]
        slopes = [iter(_run(closed, _some(each, moving))) for each in along]
        return out, [[next(slope) if m else None for m in moved] for slope in slopes]


def _run(closed: Any, args: Sequence[Array | None]) -> list[Array | None]:
    """A linear function, where an argument or result that is None is zero."""
    jaxpr = closed.jaxpr
    known: dict[Any, Any] = dict(zip(jaxpr.constvars, closed.consts, strict=True))
    linear: dict[Any, Any] = dict(zip(jaxpr.invars, args, strict=True))

    def read(v: Any) -> Array | None:
        if isinstance(v, jex.core.Literal):
            return jnp.asarray(v.val, v.aval.dtype)  # type: ignore[attr-defined]
        return linear[v] if v in linear else known[v]

    for eqn in jaxpr.eqns:
        depends = [not isinstance(v, jex.core.Literal) and v in linear for v in eqn.invars]
        outs = _pushed(eqn, [read(v) for v in eqn.invars], depends)
        linear.update(zip(eqn.outvars, outs, strict=True))
    return [read(v) for v in jaxpr.outvars]


def _pushed(eqn: Any, values: list[Array | None], depends: list[bool]) -> Sequence[Array | None]:
    name, some = eqn.primitive.name, [x for x in values if x is not None]
    if any(depends) and all(x is None for x, d in zip(values, depends, strict=True) if d):
        return [None] * len(eqn.outvars)
    if len(some) < len(values):
        if name in ("add", "add_any"):
            return some
        if name == "sub":
            return some if values[1] is None else [-some[0]]
        zero = lambda v: jnp.zeros(v.aval.shape, v.aval.dtype)
        given = zip(values, eqn.invars, strict=True)
        some = [zero(v) if x is None else x for x, v in given]
    out = eqn.primitive.bind(*some, **eqn.primitive.get_bind_params(eqn.params))
    return out if eqn.primitive.multiple_results else [out]


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
        first, last = params["num_consts"], params["num_consts"] + params["num_carry"]
        parts = moving[:first], moving[first:last], moving[last:]
        return _lasting(params["jaxpr"].jaxpr, *parts)[1]
    inner = params.get("jaxpr", params.get("call_jaxpr"))
    inner = getattr(inner, "jaxpr", inner)
    if inner is not None and len(inner.invars) == len(moving):
        return _reached(inner, moving)
    return [True] * len(eqn.outvars)


def _lasting(
    step: Any, given: Sequence[bool], carried: Sequence[bool], each: Sequence[bool]
) -> tuple[list[bool], list[bool]]:
    """What is carried that moves in the end, and the outputs of a step that do."""
    while True:
        out = _reached(step, [*given, *carried, *each])
        later = [a or b for a, b in zip(carried, out, strict=False)]
        if later == carried:
            return later, out
        carried = later
