"""Many sessions at once from code written for one.

`evaluate` runs a function of one session for all *lanes* (sessions) of a batch, like `jax.vmap`,
but lays the numbers out for a CPU: a small array such as the values of two arms becomes one
vector over lanes per element. Every operation of a trial is then elementwise over lanes and
XLA fuses the trial into a few loops; stacked in one array, the same program is several times
slower, above all its gradient. Arrays of more than `_SMALL` elements keep one array with the
lanes on its last axis.

The function is traced once, and its operations are replayed on vectors over lanes. What is not
spelt out here is handed to `jax.vmap`, so any JAX program is allowed.
"""

import collections
import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.extend as jex
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array

from .keys import words


_SMALL = 8


def _small(shape: Sequence[int]) -> bool:
    """Whether each element has a vector of its own. Without any, an array tells its type."""
    return 0 < math.prod(shape) <= _SMALL


# A number that is the same in all lanes and known without running anything is one of numpy.
Part = Any


@dataclasses.dataclass(frozen=True)
class _Cell:
    """A part inside a numpy array, which would take a bare one apart."""

    part: Part


class Spread(eqx.Module):
    """An array of one session, `shape`, in all lanes.

    `parts` holds either one vector per element, in C order, or a single array `[*shape,
    lanes]`. A part that is the same in all lanes may lack its lanes.
    """

    parts: tuple[Part, ...]
    shape: tuple[int, ...] = eqx.field(static=True)

    @property
    def small(self) -> bool:
        """Whether every element has a part of its own."""
        return _small(self.shape)

    def cells(self) -> np.ndarray:
        """The parts of a small array, in its shape."""
        return np.array([*map(_Cell, self.parts), None], object)[:-1].reshape(self.shape)

    def stacked(self, n_lanes: int) -> Array:
        """One array `[*shape, lanes]`."""
        if not self.small:
            (part,) = self.parts
            part = part if part.ndim > len(self.shape) else part[..., None]
            return jnp.broadcast_to(part, (*self.shape, n_lanes))
        wide = [jnp.broadcast_to(p, (n_lanes,)) for p in self.parts]
        return (jnp.stack(wide) if len(wide) > 1 else wide[0]).reshape(*self.shape, n_lanes)


def spread(x: Part, lanes: bool = True) -> Spread:
    """An array `[*shape, lanes]`, or `[*shape]` if it is the same in all lanes."""
    shape = x.shape[:-1] if lanes else x.shape
    if not _small(shape):
        return Spread((x,), shape)
    size = math.prod(shape)
    flat = x.reshape(size, *x.shape[len(shape) :])
    return Spread(tuple(flat[i] for i in range(size)), shape)


def spread_events(tree: Any) -> Any:
    """Leaves `[events, *shape, lanes]` as `Spread`s that a scan over events takes apart."""

    def one(x: Array) -> Spread:
        shape = x.shape[1:-1]
        if not _small(shape):
            return Spread((x,), shape)
        size = math.prod(shape)
        flat = x.reshape(x.shape[0], size, x.shape[-1])
        return Spread(tuple(flat[:, i] for i in range(size)), shape)

    return jax.tree.map(one, tree)


def stack_events(tree: Any) -> Any:
    """The `Spread`s that a scan over events has put together, as `[events, *shape, lanes]`."""

    def one(s: Spread) -> Array:
        if not s.small:
            return s.parts[0]
        events, lanes = s.parts[0].shape
        stacked = jnp.stack(s.parts, axis=1) if len(s.parts) > 1 else s.parts[0]
        return stacked.reshape(events, *s.shape, lanes)

    return jax.tree.map(one, tree, is_leaf=_is_spread)


class Recorded:
    """What a scan records of each event, every part of it stored once.

    The body gives `keep` a tree of `Spread`s and stores what it returns; `whole` makes the tree
    of it again. What is constant, or came in with the event, is not stored at all.
    """

    def keep(self, tree: Any, given: Any, n_lanes: int) -> list[Array]:
        """The parts to store, of one event; `given` are `Spread`s that came with it."""
        spreads, self._tree = jax.tree.flatten(tree, is_leaf=_is_spread)
        self._shapes = [s.shape for s in spreads]
        self._places: list[list[tuple[str, Any]]] = []
        brought = {id(x): i for i, x in enumerate(jax.tree.leaves(given))}
        seen: dict[int, int] = {}
        alike: collections.Counter[Any] = collections.Counter()
        stored: list[Array] = []
        for s in spreads:
            full = (*(() if s.small else s.shape), n_lanes)
            self._places.append([])
            for part in s.parts:
                if isinstance(part, np.ndarray | np.generic):
                    self._places[-1].append(("known", np.asarray(part)))
                elif id(part) in brought:
                    self._places[-1].append(("given", brought[id(part)]))
                else:
                    if id(part) not in seen:
                        seen[id(part)] = len(stored)
                        # A scan begins with zeros for all that it stores. Those of a shape that
                        # another has too would be made by copying, which takes longer.
                        ones = (1,) * alike[full, part.dtype]
                        alike[full, part.dtype] += 1
                        stored.append(_to_lanes(part, full).reshape(*ones, *full))
                    self._places[-1].append(("stored", seen[id(part)]))
        return stored

    def whole(self, stored: Sequence[Array], given: Any, n_events: int, n_lanes: int) -> Any:
        """The tree `[events, *shape, lanes]` that was recorded."""
        brought = jax.tree.leaves(given)

        def part(source: str, at: Any, shape: tuple[int, ...]) -> Array:
            if source == "known":
                return jnp.broadcast_to(at[..., None], (n_events, *at.shape, n_lanes))
            if source == "given":
                return brought[at]
            return stored[at].reshape(n_events, *(() if _small(shape) else shape), n_lanes)

        spreads = [
            Spread(tuple(part(*place, shape) for place in places), shape)
            for places, shape in zip(self._places, self._shapes, strict=True)
        ]
        return stack_events(jax.tree.unflatten(self._tree, spreads))


def _to_lanes(part: Part, full: tuple[int, ...]) -> Array:
    return jnp.broadcast_to(part if part.ndim == len(full) else part[..., None], full)


def _of_cells(cells: np.ndarray, width: "_Width") -> Spread:
    parts = tuple(cell.part for cell in cells.reshape(-1))
    if _small(cells.shape):
        return Spread(parts, cells.shape)
    wide = jnp.stack([width.wide(p) for p in parts])
    return Spread((wide.reshape(*cells.shape, width.lanes),), cells.shape)


def _is_spread(x: Any) -> bool:
    return isinstance(x, Spread)


def widen(tree: Any, n_lanes: int) -> Any:
    """Every part of every `Spread` with its lanes, as a scan needs of what it carries."""

    def wide(s: Spread) -> Spread:
        if not s.small:
            return Spread((s.stacked(n_lanes),), s.shape)
        return Spread(tuple(jnp.broadcast_to(p, (n_lanes,)) for p in s.parts), s.shape)

    return jax.tree.map(wide, tree, is_leaf=_is_spread)


def stacked(tree: Any, n_lanes: int) -> Any:
    """Every `Spread` as one array `[*shape, lanes]`."""
    return jax.tree.map(lambda s: s.stacked(n_lanes), tree, is_leaf=_is_spread)


def evaluate(fn: Callable[..., Any], n_lanes: int, *args: Any) -> Any:
    """`fn(*args)` in every lane. Leaves of `args` and of the result are `Spread`."""
    flat, treedef = jax.tree.flatten(args, is_leaf=_is_spread)
    single = [jax.ShapeDtypeStruct(s.shape, s.parts[0].dtype) for s in flat]
    closed, out_shape = jax.make_jaxpr(
        lambda *leaves: fn(*jax.tree.unflatten(treedef, leaves)), return_shape=True
    )(*single)
    outs = _run(closed, flat, _Width(n_lanes))
    return jax.tree.unflatten(jax.tree.structure(out_shape), outs)


class _Width:
    """The number of lanes, and what has been computed in them.

    Models ask for the same one-hot in their policy, error and update. XLA would find that out
    by itself, but the gradient would already store each of them.
    """

    def __init__(self, lanes: int):
        self.lanes = lanes
        self._known: dict[Any, tuple[Any, Array]] = {}

    def once(self, what: Any, compute: Callable[..., Array], *operands: Part) -> Array:
        """`compute(*operands)`, where `what` and the operands determine the result."""
        key = (what, *map(_identity, operands))
        if key not in self._known:
            # Operands stay alive with their identity.
            self._known[key] = operands, compute(*operands)
        return self._known[key][1]

    def wide(self, x: Part, *shape: int) -> Array:
        """`x` broadcast to `[*shape, lanes]`."""
        full = (*shape, self.lanes)
        return x if x.shape == full else self.once(full, lambda x: jnp.broadcast_to(x, full), x)


def _identity(x: Any) -> Any:
    return (x.dtype, x.item()) if isinstance(x, np.generic) else id(x)


def _constant(x: Any) -> Spread:
    # As numpy, it is still known to be constant while a scan is traced.
    traced = isinstance(x, jax.core.Tracer) or jnp.issubdtype(x.dtype, jax.dtypes.extended)
    return spread(x if traced else np.asarray(x), False)


def _run(closed: Any, args: Sequence[Spread], width: _Width) -> list[Spread]:
    jaxpr = closed.jaxpr
    env: dict[Any, Spread] = {}

    def read(atom: Any) -> Spread:
        if isinstance(atom, jex.core.Literal):
            return spread(np.asarray(atom.val, atom.aval.dtype), False)  # type: ignore[attr-defined]
        return env[atom]

    env.update(zip(jaxpr.constvars, map(_constant, closed.consts), strict=True))
    env.update(zip(jaxpr.invars, args, strict=True))
    for eqn in jaxpr.eqns:
        outs = _apply(eqn, [read(v) for v in eqn.invars], width)
        env.update(zip(eqn.outvars, outs, strict=True))
    return [read(v) for v in jaxpr.outvars]


def _apply(eqn: Any, args: list[Spread], width: _Width) -> list[Spread]:
    name = eqn.primitive.name
    small = all(s.small for s in args) and all(_small(v.aval.shape) for v in eqn.outvars)
    if name in ("pjit", "jit", "closed_call"):
        return _run(eqn.params["jaxpr"], args, width)
    if name == "iota" and not small:
        return [Spread((eqn.primitive.bind(**eqn.params),), eqn.params["shape"])]
    if name == "scan":
        return _scan(eqn.params, args, width.lanes)
    if name in _RANDOM and args[0].parts[0].dtype.name == "key<fry>":
        return [spread(_RANDOM[name](eqn.params, *[s.stacked(width.lanes) for s in args]))]
    if name in _ELEMENTWISE:
        return [(_each if small else _whole)(eqn, args, width)]
    if name in _SHAPED and small:
        cells = _SHAPED[name](eqn.params, *[s.cells() for s in args])
        return [_of_cells(cells, width)]
    if name in _FOLDS and small:
        return [_of_cells(_fold(_FOLDS[name], eqn.params["axes"], args[0].cells()), width)]
    if name in _LEADING and not small:
        wide = [s.stacked(width.lanes) for s in args]
        return [spread(x) for x in jax.tree.leaves(eqn.primitive.bind(*wide, **eqn.params))]
    if name in _RESHAPED and not small:
        return [spread(_RESHAPED[name](eqn.params, args[0].stacked(width.lanes)))]
    return _mapped(eqn, args, width.lanes)


def _each(eqn: Any, args: list[Spread], width: _Width) -> Spread:
    cells: Any = np.broadcast_arrays(*[s.cells() for s in args])
    out = np.empty(cells[0].shape, object)
    for index in np.ndindex(out.shape):
        out[index] = _Cell(_element(eqn, [c[index].part for c in cells], width))
    return _of_cells(out, width)


def _element(eqn: Any, operands: list[Part], width: _Width) -> Part:
    name, known = eqn.primitive.name, [isinstance(x, np.generic) for x in operands]
    if name == "select_n" and known[0]:
        return operands[1 + int(operands[0])]
    if name in _KNOWN and all(known):
        return _KNOWN[name](eqn.params, *operands)
    if any(x.ndim for x in operands):
        operands = [width.wide(x) for x in operands]
    bind = functools.partial(eqn.primitive.bind, **eqn.params)
    return width.once((eqn.primitive, *eqn.params.items()), bind, *operands)


def _whole(eqn: Any, args: list[Spread], width: _Width) -> Spread:
    shape = eqn.outvars[0].aval.shape
    wide = [width.wide(s.stacked(width.lanes), *shape) for s in args]
    return Spread((eqn.primitive.bind(*wide, **eqn.params),), shape)


def _scan(params: dict[str, Any], args: list[Spread], n_lanes: int) -> list[Spread]:
    n_consts, n_carry = params["num_consts"], params["num_carry"]
    consts, begin = args[:n_consts], args[n_consts : n_consts + n_carry]
    xs = args[n_consts + n_carry :]

    def step(carry: list[Spread], x: list[Spread]) -> Any:
        out = _run(params["jaxpr"], [*consts, *carry, *x], _Width(n_lanes))
        return widen(out[:n_carry], n_lanes), widen(out[n_carry:], n_lanes)

    events = spread_events([s.stacked(n_lanes) for s in xs])
    how = {name: params[name] for name in ("length", "reverse", "unroll")}
    end, out = jax.lax.scan(step, widen(begin, n_lanes), events, **how)
    return [*end, *map(spread, stack_events(out))]


def _mapped(eqn: Any, args: list[Spread], n_lanes: int) -> list[Spread]:
    """Any operation, through `jax.vmap`."""
    params = eqn.primitive.get_bind_params(eqn.params)
    literal = [isinstance(v, jex.core.Literal) for v in eqn.invars]

    def one(*given: Array) -> Sequence[Array]:
        rest = iter(given)
        operands = [s.parts[0] if k else next(rest) for k, s in zip(literal, args, strict=True)]
        out = eqn.primitive.bind(*operands, **params)
        return out if eqn.primitive.multiple_results else [out]

    given = [s.stacked(n_lanes) for k, s in zip(literal, args, strict=True) if not k]
    outs = jax.vmap(one, in_axes=-1, out_axes=-1, axis_size=n_lanes)(*given)
    return [spread(x) for x in outs]


def _fold(op: Callable, axes: Sequence[int], cells: np.ndarray) -> np.ndarray:
    kept = [a for a in range(cells.ndim) if a not in axes]
    flat = np.moveaxis(cells, kept, range(len(kept))).reshape(*(cells.shape[a] for a in kept), -1)
    out = np.empty(flat.shape[:-1], object)
    for index in np.ndindex(out.shape):
        first, *rest = (cell.part for cell in flat[index])
        out[index] = _Cell(functools.reduce(op, rest, first))
    return out


def _broadcast(params: dict[str, Any], cells: np.ndarray) -> np.ndarray:
    shape, dims = params["shape"], params["broadcast_dimensions"]
    own = [1] * len(shape)
    for at, size in zip(dims, cells.shape, strict=True):
        own[at] = size
    return np.broadcast_to(cells.reshape(own), shape)


def _iota(params: dict[str, Any]) -> np.ndarray:
    shape, along = params["shape"], params["dimension"]
    numbers = np.arange(shape[along], dtype=params["dtype"])
    out = np.empty(shape, object)
    for index in np.ndindex(out.shape):
        out[index] = _Cell(numbers[index[along]])
    return out


def _slice(params: dict[str, Any], cells: np.ndarray) -> np.ndarray:
    strides = params["strides"] or (1,) * cells.ndim
    at = zip(params["start_indices"], params["limit_indices"], strides, strict=True)
    return cells[tuple(slice(*step) for step in at)]


_SHAPED: dict[str, Callable[..., np.ndarray]] = {
    "broadcast_in_dim": _broadcast,
    "iota": _iota,
    "slice": _slice,
    "squeeze": lambda p, x: x.squeeze(tuple(p["dimensions"])),
    "expand_dims": lambda p, x: np.expand_dims(x, tuple(p["dimensions"])),
    "reshape": lambda p, x: x.reshape(p["new_sizes"]),
    "transpose": lambda p, x: x.transpose(p["permutation"]),
    "rev": lambda p, x: np.flip(x, tuple(p["dimensions"])),
    "concatenate": lambda p, *xs: np.concatenate(xs, axis=p["dimension"]),
    "stack": lambda p, *xs: np.stack(xs, axis=p["axis"]),
    "copy": lambda p, x: x,
    "copy_p": lambda p, x: x,
}

_FOLDS: dict[str, Callable[[Array, Array], Array]] = {
    "reduce_sum": jnp.add,
    "reduce_prod": jnp.multiply,
    "reduce_max": jnp.maximum,
    "reduce_min": jnp.minimum,
    "reduce_and": jnp.logical_and,
    "reduce_or": jnp.logical_or,
}

# Their parameters count axes from the first, so lanes on the last change nothing.
_LEADING = frozenset(
    (
        *_FOLDS,
        *("squeeze", "rev", "concatenate", "argmax", "argmin", "sort"),
        *("cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp"),
    )
)


def _whole_slice(params: dict[str, Any], x: Array) -> Array:
    strides = params["strides"]
    return jax.lax.slice(
        x,
        (*params["start_indices"], 0),
        (*params["limit_indices"], x.shape[-1]),
        strides and (*strides, 1),
    )


def _whole_broadcast(params: dict[str, Any], x: Array) -> Array:
    shape, dims = params["shape"], params["broadcast_dimensions"]
    return jax.lax.broadcast_in_dim(x, (*shape, x.shape[-1]), (*dims, len(shape)))


_RESHAPED: dict[str, Callable[[dict[str, Any], Array], Array]] = {
    "broadcast_in_dim": _whole_broadcast,
    "slice": _whole_slice,
    "reshape": lambda p, x: x.reshape(*p["new_sizes"], x.shape[-1]),
    "transpose": lambda p, x: x.transpose(*p["permutation"], x.ndim - 1),
}


def _random_bits(params: dict[str, Any], keys: Array) -> Array:
    first, second = words(keys, *_counts(params["shape"]))
    if params["bit_width"] == 64:
        return first.astype(jnp.uint64) << 32 | second.astype(jnp.uint64)
    return (first ^ second).astype(f"uint{params['bit_width']}")


def _random_split(params: dict[str, Any], keys: Array) -> Array:
    pairs = jnp.stack(words(keys, *_counts(params["shape"])), axis=-1)
    return jr.wrap_key_data(pairs, impl="threefry2x32")


def _counts(shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Places in an array, as the high and the low word that JAX counts them in."""
    places = jnp.arange(math.prod(shape), dtype=jnp.uint32).reshape(shape)
    return jnp.zeros_like(places), places


# The same numbers as those of `jax.random`, made with the lanes last from the start.
_RANDOM: dict[str, Callable[..., Array]] = {
    "random_bits": _random_bits,
    "random_split": _random_split,
}

# What decides for or against a part of the program, if it is known before it runs.
_KNOWN: dict[str, Callable[..., Part]] = {
    "and": lambda p, x, y: x & y,
    "or": lambda p, x, y: x | y,
    "not": lambda p, x: ~x,
    "convert_element_type": lambda p, x: x.astype(p["new_dtype"]),
}

_ELEMENTWISE = frozenset(
    name
    for line in (
        "add sub mul div rem neg sign abs max min clamp floor ceil round is_finite nextafter",
        "pow integer_pow square sqrt rsqrt cbrt exp exp2 expm1 log log1p logistic",
        "sin cos tan tanh sinh cosh asinh acosh atanh atan2 erf erfc erf_inv lgamma digamma",
        "eq ne lt le gt ge and or not xor select_n",
        "shift_left shift_right_logical shift_right_arithmetic",
        "convert_element_type bitcast_convert_type stop_gradient add_any",
    )
    for name in line.split()
)
