"""Batches spread over the devices of a process, through one place.

A device gets a block of lanes (sessions, subjects, chains) and runs on it the very program that
a single device would run: blocks exchange nothing, so none waits for another and no number
depends on how many devices there are. `on_each` runs a function of one block on every device at
once; `in_tiles` cuts any number of lanes into tiles of one width and sends them through it.

A process has as many host devices as `platform.configure` was told, and all visible GPUs.
"""

import contextlib
import contextvars
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Int

from .platform import shapes


_AXIS = "lanes"
_chosen: contextvars.ContextVar[tuple[jax.Device, ...]] = contextvars.ContextVar("devices")


def chosen() -> tuple[jax.Device, ...]:
    """The devices that batches are spread over: all, unless `use` says otherwise."""
    return _chosen.get(()) or tuple(jax.local_devices())


@contextlib.contextmanager
def use(devices: Sequence[jax.Device]) -> Iterator[None]:
    """Spread batches over these devices only."""
    before = _chosen.set(tuple(devices))
    try:
        yield
    finally:
        _chosen.reset(before)


@functools.cache
def _mesh(devices: tuple[jax.Device, ...]) -> Mesh:
    # Explicit axes, the default, would type-check shardings inside a scan.
    return Mesh(np.array(devices), (_AXIS,), axis_types=(AxisType.Auto,))


@eqx.filter_jit
def _each(fn: Callable[..., Any], mesh: Mesh, args: Any) -> Any:
    arrays, static = eqx.partition(args, eqx.is_array)

    def block(arrays: Any) -> Any:
        mine = jax.tree.map(lambda x: x[0], arrays)
        return jax.tree.map(lambda x: jnp.asarray(x)[None], fn(*eqx.combine(mine, static)))

    here = PartitionSpec(_AXIS)
    # Scans carry constants into loops, which the check would have to be told one by one.
    return jax.shard_map(block, mesh=mesh, in_specs=here, out_specs=here, check_vma=False)(arrays)


def on_each(fn: Callable[..., Any], *args: Any) -> Any:
    """`fn` of one block on every chosen device at once.

    Arrays in `args`, and what is returned, have an axis before those of the block: the devices.
    Leaves that are no arrays are the same for all. `fn` is compiled once for all devices, and
    found again where it is the same object.
    """
    mesh = _mesh(chosen())
    return _each(fn, mesh, place(args))


def on_lanes(fn: Callable[..., Any], share: Any, *args: Any, axis: int) -> Any:
    """`fn(share, *args)` with the lanes of `args`, on their `axis`, dealt out to the devices.

    `share` is what `fn` takes on one device, and has an axis of devices before its own where
    there are several. Scalars are the same for all. Lanes that do not divide are filled up with
    the last one, for which `share` must have room, and cut off again. What is returned has its
    lanes on the same axis; if that is the last one (-1), it looks like the last of `args`.
    """
    if len(chosen()) == 1:
        return fn(share, *args)
    return _lanes(fn, _mesh(chosen()), axis, share, args)


def dealt(n_lanes: int) -> Int[np.ndarray, "devices lanes"]:
    """Which lanes each device has, as `on_lanes` deals them out."""
    n = len(chosen())
    return np.minimum(np.arange(n * -(-n_lanes // n)), n_lanes - 1).reshape(n, -1)


def copies(tree: Any) -> Any:
    """What all devices take alike, as the `share` of `on_lanes`."""
    n = len(chosen())
    if n == 1:
        return tree
    copy = lambda x: jnp.broadcast_to(x, (n, *x.shape)) if eqx.is_array(x) else x
    return jax.tree.map(copy, tree)


def gathered(tree: Any) -> Any:
    """Arrays that were spread over several devices, on the one that is the default."""
    if len(chosen()) == 1:
        return tree
    return jax.tree.map(lambda x: jnp.asarray(np.asarray(x)), tree)


@eqx.filter_jit
def _lanes(fn: Callable[..., Any], mesh: Mesh, axis: int, share: Any, args: Any) -> Any:
    stacks, fixed = eqx.partition(share, eqx.is_array)
    arrays, static = eqx.partition(args, eqx.is_array)
    count = next(x.shape[axis] for x in jax.tree.leaves(arrays) if x.ndim)
    short = -count % mesh.size

    def fill(x: Array) -> Array:
        if not (short and x.ndim):
            return x
        return jnp.take(x, np.minimum(np.arange(count + short), count - 1), axis=axis)

    def where(x: Array) -> PartitionSpec:
        before = axis if axis >= 0 else x.ndim + axis
        return PartitionSpec(*(None,) * before, _AXIS) if x.ndim else PartitionSpec()

    def part(stacks: Any, arrays: Any) -> Any:
        mine = jax.tree.map(lambda x: x[0], stacks)
        return fn(eqx.combine(mine, fixed), *eqx.combine(arrays, static))

    specs = jax.tree.map(where, arrays)
    out = PartitionSpec(*(None,) * axis, _AXIS) if axis >= 0 else specs[-1]
    run = jax.shard_map(
        part, mesh=mesh, in_specs=(PartitionSpec(_AXIS), specs), out_specs=out, check_vma=False
    )
    cut = lambda x: jax.lax.slice_in_dim(x, 0, count, axis=axis % x.ndim) if short else x
    return jax.tree.map(cut, run(stacks, jax.tree.map(fill, arrays)))


def place(tree: Any) -> Any:
    """Arrays whose first axis is that of the devices, each part where it will be needed."""
    there = NamedSharding(_mesh(chosen()), PartitionSpec(_AXIS))
    put = lambda x: jax.device_put(x, there) if eqx.is_array(x) else x
    return jax.tree.map(put, tree)


def parts(tree: Any) -> list[Any]:
    """What `on_each` returned, for each device; it stays where it was made."""
    leaves, treedef = jax.tree.flatten(tree)
    shards = [sorted(x.addressable_shards, key=lambda s: s.index[0].start or 0) for x in leaves]
    return [
        jax.tree.unflatten(treedef, [s.data[0] for s in each]) for each in zip(*shards, strict=True)
    ]


@jax.jit
def _cut(tree: Any, at: Int[Array, "devices lanes"]) -> Any:
    """Those lanes of every array, for each device."""
    return jax.tree.map(lambda x: jnp.moveaxis(x[..., at], -2, 0), tree)


class Tile(NamedTuple):
    """A run of lanes, and what was computed in it; padding at the end is cut off."""

    first: int
    lanes: int
    result: Any


def in_tiles(
    fn: Callable[..., Any], args: Any, n_lanes: int, width: int | None = None
) -> Iterator[Tile]:
    """`fn(*args)` of tiles of lanes, in order; lanes are the last axis of all that goes in.

    Every tile has the same width, at most `width` (by default what suits the platform), and is
    padded with its last lane. The width does not depend on the devices, so the results do not
    either, to the last bit. Results have lanes on their last axis, and are NumPy's.
    """
    count = max(1, -(-n_lanes // (width or shapes().tile)))
    wide, n = -(-n_lanes // count), len(chosen())
    args = jax.tree.map(jnp.asarray, args)
    for round in range(0, count, n):
        at = (round + np.arange(n))[:, None] * wide + np.arange(wide)
        at = np.minimum(at, n_lanes - 1)
        done = on_each(fn, *_cut(args, at))
        for i, mine in enumerate(parts(done)[: count - round]):
            first = (round + i) * wide
            lanes = min(wide, n_lanes - first)
            trim = lambda x, lanes=lanes: np.asarray(x)[..., :lanes]
            yield Tile(first, lanes, jax.tree.map(trim, mine))
