"""Sessions of a block by their numbers, through one compiled program.

All blocks of one model, task, lesion and drug share the program: doses, parameters and keys are
arrays over lanes, and every call has the same shape, whatever the grid.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jax.extend.random import threefry2x32_p
from jaxtyping import Array

from .. import agents, catalog, devices
from ..config import Config, Levels, Schedule
from ..dopamine.levodopa import Levodopa, precursor, response
from ..keys import fold_name, named_key, named_keys, uniforms
from ..params import resolve
from ..platform import shapes
from ..rollout import Agent, simulate
from ..tasks._base import Task
from ..types import Event, Readout
from .design import Block
from .tally import Tally, tally


# Lanes of a sweep are a multiple of this, so that no vector loop has a remainder, which might
# round otherwise: where a session lies among the lanes changes no bit of it.
_WHOLE = 64


class Players(NamedTuple):
    """Who plays what in a block, and how it is measured; `paths` lead to what differs."""

    agent: Agent
    task: Task
    tally: Tally
    n_events: int
    paths: dict[str, tuple[str, ...]]


def players(config: Config, block: Block) -> Players:
    """Build what a block needs, with every lesion that is dosed at dose 0."""
    batch, drug = block.batch, block.given.drug if block.given else ""
    part = batch.tasks[block.task]
    task = catalog.load("tasks", part.name)(**part.settings)
    under = dict(batch.background) | ({drug: 0.0} if drug else {})
    lesion = block.lesion or "intact"
    agent = agents.build(config.models[block.model], lesion, under)
    paths = {n: tuple(resolve(agent, p) for p in n.split("=")) for n in batch.parameters}
    if block.lesion:
        paths["dose"] = (agents.path_of_dose(agent, lesion),)
    if drug:
        paths["schedule"] = (agents.path_of_dose(agent, drug),)
    behind = jax.eval_shape(
        lambda key: task.truth(task.init(), jax.tree.map(lambda x: x[0], task.plan(key, 32))),
        jr.key(0),
    )
    measured = tally(task, behind, batch.trials, batch.win)
    return Players(agent, task, measured, task.events_for(batch.trials), paths)


def structure(block: Block) -> tuple[str, ...]:
    """What blocks with the same program have in common."""
    return (block.model, block.task, block.lesion, block.given.drug if block.given else "")


def shares(schedule: Schedule) -> np.ndarray:
    """The dose of a schedule's drug at each of its levels.

    Of levodopa it is the share of its full effect, Ce / (Ce + EC50) at the effect site.
    """
    if schedule.doses:
        return np.asarray(schedule.doses, float)
    minutes, doses = (jnp.asarray(x, float) for x in zip(*schedule.taken, strict=True))
    at = jnp.asarray(schedule.at, float)
    site = Levodopa().site(at, minutes, doses, response(schedule.response).ke0)
    return np.asarray(precursor(site, 1.0) - 1.0, float)


class Sessions(NamedTuple):
    """What is known of sessions before they are played, an entry for each.

    `columns` hold it for tables, `values` by path of a parameter, `words` are what their keys
    are made of beside draw and replicate.
    """

    columns: dict[str, np.ndarray]
    values: dict[str, np.ndarray]
    words: list[np.ndarray]


def sessions(config: Config, block: Block, playing: Players, numbers: np.ndarray) -> Sessions:
    """The sessions of a block with these numbers.

    All follows from names and values, never from a place in the block: another level, draw or
    replicate changes nothing of what there is.
    """
    *digits, draw, replicate = block.digits(numbers)
    columns: dict[str, np.ndarray] = {}
    # By the path of what varies, whatever it is called and whatever else varies.
    words: dict[str, np.ndarray] = {}
    for (name, levels), digit in zip(block.axes, digits, strict=True):
        columns[name] = np.asarray(levels, float)[digit]
        hashed = jr.key_data(named_keys(config.seed, [(name, repr(level)) for level in levels]))
        words[playing.paths[name][0]] = np.asarray(hashed)[:, 0][digit]
    for name, ends in block.drawn:
        columns[name] = _drawn(config, block.name, playing.paths[name][0], ends, draw)
    if block.given:
        time = columns.pop("schedule")
        if block.given.at:
            columns["time"] = time
        digit = digits[[name for name, _ in block.axes].index("schedule")]
        columns["drug_dose"] = shares(block.given)[digit]
    values = {
        path: columns["drug_dose" if name == "schedule" else name]
        for name, paths in playing.paths.items()
        for path in paths
    }
    columns |= {"draw": draw, "replicate": replicate}
    return Sessions(columns, values, [words[path] for path in sorted(words)])


def keys(config: Config, block: Block, given: Sessions) -> np.ndarray:
    """The keys of sessions as pairs of words `[sessions, 2]`."""
    base = named_key(config.seed, "batch", block.name, block.task)
    folds = [given.columns["draw"], given.columns["replicate"]]
    if not block.batch.paired:
        base = fold_name(base, block.label)
        # Two words at a time, so their number is even.
        folds = [*given.words, *given.words[: len(given.words) % 2], *folds]
    data = np.stack([f.astype(np.uint32) for f in folds])
    return np.asarray(_folded(jr.key_data(base), data))


def _drawn(config: Config, batch: str, path: str, levels: Levels, draw: np.ndarray) -> np.ndarray:
    """A value in a range for each draw: a hash of the names and its number."""
    assert levels.low is not None and levels.high is not None
    name = "dose" if path.startswith("lesion.") else path
    key = named_key(config.seed, "batch", batch, "draw", name)
    u = np.asarray(uniforms(key[None], jnp.asarray(draw), 1), float)[:, 0, 0]
    if levels.spacing == "log":
        return levels.low * (levels.high / levels.low) ** u
    return levels.low + (levels.high - levels.low) * u


@jax.jit
def _folded(base: Array, data: Array) -> Array:
    """Hashes of `base` and `data [words, sessions]`, word by word in pairs."""
    first, second = (jnp.broadcast_to(word, data.shape[1:]) for word in base)
    for pair in data.reshape(-1, 2, data.shape[1]):
        first, second = threefry2x32_p.bind(first, second, *pair)
    return jnp.stack([first, second], axis=-1)


class Shape(NamedTuple):
    """How a chunk is cut: into `tiles` of `width` lanes, over `devices`."""

    devices: int
    tiles: int
    width: int

    @property
    def lanes(self) -> int:
        return self.devices * self.tiles * self.width

    def numbers(self, first: int, n: int) -> np.ndarray:
        """`n` numbers from `first` on, the last of them repeated until all lanes have one."""
        return first + np.minimum(np.arange(self.lanes), n - 1)

    def cut(self, x: np.ndarray) -> np.ndarray:
        """Lanes on the first axis as `[devices, tiles, width, ...]`."""
        return x.reshape(self.devices, self.tiles, self.width, *x.shape[1:])


def shape(n_sessions: int, tiles: int | None = None) -> Shape:
    """The shape for so many sessions at once, or of `tiles` on every device."""
    n_devices = len(devices.chosen())
    most = max(_WHOLE, shapes().summed // _WHOLE * _WHOLE)
    count = -(-n_sessions // most)
    width = -(-n_sessions // count // _WHOLE) * _WHOLE
    return Shape(n_devices, tiles or -(-count // n_devices), width)


def program(playing: Players) -> Callable[..., tuple[Array, ...]]:
    """Sums of sessions, `[tiles, width]` each, by keys `[tiles, width, 2]` and values."""
    agent, task, measured, n_events, _ = playing
    nothing = lambda event, readout: ()

    def tile(given: tuple[Array, Mapping[str, Array]]) -> tuple[Array, ...]:
        keys, values = jr.wrap_key_data(given[0]), given[1]
        how: dict[str, Any] = {"record": nothing, "tally": (measured.begin, measured.fold)}
        _, (sums, _, _) = simulate(agent, task, keys, n_events, values, **how)
        return sums

    return lambda keys, values: jax.lax.map(tile, (keys, values))


def recorder(playing: Players) -> Callable[..., Any]:
    """Events, readouts and what was behind them, with the sums, of one tile."""
    agent, task, measured, n_events, _ = playing

    def kept(event: Event, readout: Readout) -> tuple[Event, dict[str, Array]]:
        return event, {"rpe": readout.rpe, "dopamine": readout.dopamine}

    def tile(keys: Array, values: Mapping[str, Array]) -> Any:
        how: dict[str, Any] = {"record": kept, "tally": (measured.begin, measured.fold)}
        played, (sums, _, _) = simulate(
            agent, task, jr.wrap_key_data(keys), n_events, values, truth=True, **how
        )
        return played, sums

    return lambda keys, values: tile(keys[0], jax.tree.map(lambda x: x[0], values))


def play(
    run: Callable[..., Any], cut: Shape, values: Mapping[str, np.ndarray], keys: np.ndarray
) -> Any:
    """What `run` makes of sessions on all devices, in NumPy, devices first."""
    real = np.dtype(jnp.zeros(()).dtype)
    lanes = {path: cut.cut(x.astype(real)) for path, x in values.items()}
    return jax.tree.map(np.asarray, devices.on_each(run, cut.cut(keys), lanes))


def measured(playing: Players, sums: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Measures of sessions from their sums, `[sessions]` each; NaN where nothing counted."""
    out = {}
    for name in playing.tally.measures:
        amount, count = (sums[i].astype(float) for i in playing.tally.parts(name))
        out[name] = np.divide(amount, count, out=np.full(len(count), np.nan), where=count > 0)
    return out
