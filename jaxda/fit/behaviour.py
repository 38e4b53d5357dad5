"""Behaviour trial by trial, and statistics of it that a model has to reproduce.

A statistic is a function in `STATISTICS` from sessions trial by trial to one value per session
at each of its levels. Plain NumPy; missing values are NaN.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax
import numpy as np

from ..types import Env, Event


_QUANTILES = (0.1, 0.3, 0.5, 0.7, 0.9)
# What a task may say of an event: which action is right, or what each action is worth.
_RIGHT, _WORTH = ("correct", "good"), ("p", "magnitude", "mean")
TOLD = (*_RIGHT, *_WORTH)


class Trials(NamedTuple):
    """Sessions trial by trial, `[trials, lanes]`.

    Of the first event of each trial: `cue`, `item` that was taken (-1: nobody acted), `best`
    item on offer (-1: not known), `block` of new material; then `second`, the cue of the second
    event (-1: there is none), `reward` summed over the trial (NaN: no feedback) and `events`, how
    many there were (0: the trial did not take place). `latency [events, lanes]` in s is that of
    every action (NaN: none). One step ahead, `past` is what was really done before each trial.
    """

    cue: np.ndarray
    item: np.ndarray
    best: np.ndarray
    block: np.ndarray
    second: np.ndarray
    reward: np.ndarray
    events: np.ndarray
    latency: np.ndarray
    past: "Trials | None" = None

    @property
    def recorded(self) -> "Trials":
        """What was done before each trial."""
        return self.past or self


class Design(NamedTuple):
    """What statistics know of a task: its kind and sizes, blocks of trials, and what is a win.

    `bins[t]` is the block of trial t. A win is a reward above `win`, the mean of all recorded
    rewards: with two outcomes the better of them.
    """

    kind: str
    env: Env
    bins: np.ndarray
    win: float


# Values `[lanes]` (NaN: none) by the name of the level and its place on an axis.
Levels = dict[tuple[str, float], np.ndarray]


def mean(values: np.ndarray, counts: np.ndarray | None = None) -> np.ndarray:
    """Mean over the first axis of what counts and is a number; NaN where there is nothing."""
    there = np.isfinite(values) if counts is None else np.isfinite(values) & counts
    n = there.sum(axis=0)
    total = np.where(there, values, 0.0).sum(axis=0)
    return np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0)


def _by_block(values: np.ndarray, design: Design) -> Levels:
    out: Levels = {}
    for b in np.unique(design.bins):
        trial = np.flatnonzero(design.bins == b) + 1
        name = f"trials {trial[0]} to {trial[-1]}"
        out[name, float(trial.mean())] = mean(values[trial - 1])
    return out


def _right(seen: Trials) -> np.ndarray:
    """Whether the better item was taken; NaN where nobody acted or nobody knows."""
    return np.where((seen.item >= 0) & (seen.best >= 0), seen.item == seen.best, np.nan)


def better(seen: Trials, design: Design) -> Levels:
    """Share of choices of the better option in blocks of trials, where there was feedback."""
    told = np.isfinite(seen.recorded.reward)
    return _by_block(np.where(told, _right(seen), np.nan), design)


def reward(seen: Trials, design: Design) -> Levels:
    """Mean reward per trial in blocks of trials."""
    return _by_block(seen.reward, design) if seen.past is None and design.env.acts else {}


def steps(seen: Trials, design: Design) -> Levels:
    """Mean number of actions per trial in blocks of trials, where trials differ."""
    if seen.past is not None or not design.env.sequential:
        return {}
    return _by_block(np.where(seen.events > 0, seen.events, np.nan), design)


def by_cue(seen: Trials, design: Design) -> Levels:
    """Share of choices of the better option at each cue, feedback or not."""
    if design.env.n_cues < 2 or design.kind == "set_size":
        return {}
    right, cues = _right(seen), range(design.env.n_cues)
    return {(f"cue {c}", float(c)): mean(right, seen.cue == c) for c in cues}


def stay(seen: Trials, design: Design) -> Levels:
    """Share of trials on which the item was taken that was taken at the cue's last trial.

    After a win and after a loss there (win-stay, and one minus lose-shift).
    """
    if design.kind not in ("choice", "set_size", "go_nogo"):
        return {}
    past = seen.recorded
    counts = (past.item >= 0) & np.isfinite(past.reward)
    stayed = {won: np.full(past.cue.shape, np.nan) for won in (True, False)}
    for cue in range(design.env.n_cues):
        here = (past.cue == cue) & counts
        last = _last(here)
        at = lambda x, last=last: np.take_along_axis(x, np.maximum(last, 0), axis=0)
        both = here & (seen.item >= 0) & (last >= 0) & (at(past.block) == past.block)
        for won in stayed:
            mine = both & ((at(past.reward) > design.win) == won)
            stayed[won][mine] = (seen.item == at(past.item))[mine]
    return {
        ("after a win", 0.0): mean(stayed[True]),
        ("after a loss", 1.0): mean(stayed[False]),
    }


def _last(mask: np.ndarray) -> np.ndarray:
    """Index of the last marked trial before each trial, -1 where there is none."""
    marked = np.where(mask, np.arange(len(mask))[:, None], -1)
    before = np.maximum.accumulate(marked, axis=0)[:-1]
    return np.concatenate([np.full_like(marked[:1], -1), before])


def two_step_stay(seen: Trials, design: Design) -> Levels:
    """Share of repeated first choices, by reward and transition of the trial before (Daw 2011)."""
    if design.kind != "two_stage":
        return {}
    past, out = seen.recorded, {}
    before = past._replace(**{n: getattr(past, n)[:-1] for n in ("item", "second", "reward")})
    counts = (before.item >= 0) & (seen.item[1:] >= 0) & np.isfinite(before.reward)
    common = before.second == 1 + before.item
    same = np.where(counts, seen.item[1:] == before.item, np.nan)
    for i, (won, word) in enumerate(((True, "win"), (False, "loss"))):
        for j, (usual, way) in enumerate(((True, "common"), (False, "rare"))):
            chosen = ((before.reward > design.win) == won) & (common == usual)
            out[f"{word}, {way}", 2.0 * i + j] = mean(same, chosen)
    return out


def latency(seen: Trials, design: Design) -> Levels:
    """Quantiles of the latencies of each session, in s."""
    if not design.env.timed:
        return {}
    out = np.full((len(_QUANTILES), seen.latency.shape[1]), np.nan)
    for lane, x in enumerate(seen.latency.T):
        if np.isfinite(x).any():
            out[:, lane] = np.quantile(x[np.isfinite(x)], _QUANTILES)
    return {(f"{q:.0%} quantile", q): x for q, x in zip(_QUANTILES, out, strict=True)}


# By what a reader is told; a statistic that does not apply has no levels.
STATISTICS: dict[str, Callable[[Trials, Design], Levels]] = {
    "P(better option)": better,
    "reward per trial": reward,
    "actions per trial": steps,
    "P(better option) at the cue": by_cue,
    "P(stay)": stay,
    "P(stay at the first stage)": two_step_stay,
    "latency (s)": latency,
}


def best_items(truth: Mapping[str, np.ndarray], events: Event, env: Env) -> np.ndarray:
    """The item `[events, lanes]` that is best to take; -1 where none is or nobody says."""
    shape = (events.valid.shape[0], env.n_actions, events.valid.shape[1])
    right = next((truth[n] for n in _RIGHT if n in truth), None)
    if right is not None:
        action = right.reshape(shape[0], -1, shape[2])[:, 0]
        known = np.isfinite(action)
    else:
        worth = [w for n in _WORTH if (w := truth.get(n)) is not None and w.shape == shape]
        if env.n_actions < 2 or not worth:
            return np.full(events.valid.shape, -1)
        each = np.prod(worth, axis=0)
        action = np.argmax(np.nan_to_num(each, nan=-np.inf), axis=1)
        known = np.sum(each == each.max(axis=1, keepdims=True), axis=1) == 1
    index = np.where(known, action, 0).astype(int)
    return np.where(known, _items(events, index), -1)


def _items(events: Event, action: np.ndarray) -> np.ndarray:
    """The item that `action [events, lanes]` takes."""
    if events.options is None:
        return action
    return np.take_along_axis(np.asarray(events.options), action[:, None], axis=1)[:, 0]


def by_trial(events: Event, best: np.ndarray, trials: int) -> Trials:
    """Events `[events, lanes]` as the first `trials` trials."""
    e = jax.tree.map(np.asarray, events)
    trial = np.cumsum(e.onset, axis=0) - 1
    kept = e.valid & (trial >= 0) & (trial < trials)
    at, lane = np.nonzero(kept)
    row = trial[at, lane]
    shape = (trials, e.valid.shape[1])
    first = np.full(shape, -1)
    begins = e.onset[at, lane]
    first[row[begins], lane[begins]] = at[begins]

    def total(x: np.ndarray) -> np.ndarray:
        flat = np.bincount(row * shape[1] + lane, x[at, lane].astype(float), shape[0] * shape[1])
        return flat.reshape(shape)

    count = total(kept).astype(int)
    gather = lambda x, index: np.take_along_axis(x, np.maximum(index, 0), axis=0)
    of_first = lambda x: np.where(first >= 0, gather(x, first), -1)
    item = np.where(e.valid & e.choice, _items(e, e.action), -1)
    told = total(e.feedback)
    follows = np.minimum(first + 1, len(e.valid) - 1)
    fresh = np.zeros(kept.shape, int) if e.fresh is None else np.cumsum(e.fresh, axis=0)
    return Trials(
        cue=of_first(e.cue),
        item=of_first(item),
        best=of_first(best),
        block=of_first(fresh),
        second=np.where(count > 1, gather(e.cue, follows), -1),
        reward=np.where(told > 0, total(np.where(e.feedback, e.reward, 0.0)), np.nan),
        events=count,
        latency=np.where(kept & e.choice, e.latency, np.nan),
    )
