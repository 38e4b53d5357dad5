"""The measures of a session, summed while it is played."""

import functools
import operator
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array

from ..rollout import Fold
from ..tasks._base import Task
from ..types import Env, Event, Readout, one_hot, pick, taken
from .measures import MEASURES, Amount, Measure, Played, Seen


# What a task may say of an event: which action is right, or what each action is worth.
_RIGHT, _WORTH = ("correct", "good"), ("p", "magnitude", "mean")


class Tally(NamedTuple):
    """How sessions of a task are measured: `begin` and `fold` are for `simulate`."""

    measures: tuple[str, ...]
    sums: tuple[Amount, ...]
    begin: Any
    fold: Fold

    def parts(self, name: str) -> tuple[int, int]:
        """Which of the sums are the amount and the count of a measure."""
        measure = MEASURES[name]
        return self.sums.index(measure.amount), self.sums.index(measure.count)


def tally(task: Task, behind: Mapping[str, Any], trials: int, win: float = 0.0) -> Tally:
    """The tally of the first `trials` trials of a session of `task`.

    `behind` is what the task says of an event, as arrays or their shapes; a reward above `win`
    is a win. The total that `simulate` returns holds the sums first, in the order of `sums`.
    """
    env = task.env
    played = Played(task.kind, env, _says(behind, env))
    measures = {n: m for n, m in MEASURES.items() if m.applies(played)}
    sums = tuple(dict.fromkeys(f for m in measures.values() for f in (m.amount, m.count)))
    stays = any(_looks_back(m) for m in measures.values())
    ends = task.events_per_trial is None

    zero = lambda *shape: jnp.zeros(shape)
    past = (zero(env.n_cues), zero(env.n_cues)) if stays else ()
    begin = tuple(zero() for _ in sums), past, jnp.zeros((), int) if ends else ()

    def fold(total: Any, event: Event, readout: Readout, behind: dict[str, Array]) -> Any:
        counted, past, trial = total
        inside = event.valid
        if ends:
            trial = trial + event.onset.astype(int)
            inside = inside & (trial <= trials)
        seen, past = _seen(env, event, inside, readout, behind, past, win)
        counted = tuple(x + _number(f(seen)) for x, f in zip(counted, sums, strict=True))
        return counted, past, trial

    return Tally(tuple(measures), sums, begin, fold)


def _number(amount: Any) -> Array:
    if isinstance(amount, tuple):
        return jnp.where(amount[0], amount[1], 0.0)
    return amount.astype(float)


def _looks_back(measure: Measure) -> bool:
    return measure.amount in (MEASURES["win_stay"].amount, MEASURES["lose_stay"].amount)


def _says(behind: Mapping[str, Any], env: Env) -> bool:
    worth = [n for n in _WORTH if n in behind and behind[n].shape == (env.n_actions,)]
    return bool(worth) or any(n in behind for n in _RIGHT)


def _better(env: Env, event: Event, behind: Mapping[str, Array]) -> tuple[Array, Array]:
    """Whether the task says which action is right, and whether it was taken."""
    right = next((behind[n] for n in _RIGHT if n in behind), None)
    if right is not None:
        action = right.reshape(-1)[0].astype(float)
        return jnp.isfinite(action), action == event.action.astype(float)
    each = [behind[n] for n in _WORTH if n in behind and behind[n].shape == (env.n_actions,)]
    if env.n_actions < 2 or not each:
        return jnp.zeros((), bool), jnp.zeros((), bool)
    worth = [functools.reduce(operator.mul, (w[a] for w in each)) for a in range(env.n_actions)]
    most = functools.reduce(jnp.maximum, worth)
    best = [w == most for w in worth]
    alone = functools.reduce(operator.add, (b.astype(int) for b in best)) == 1
    taken = functools.reduce(operator.or_, (b & (event.action == a) for a, b in enumerate(best)))
    return alone, taken


def _mean_size(signal: Array) -> Array:
    return jnp.mean(jnp.abs(signal), axis=0) if signal.shape[0] > 1 else jnp.abs(signal[0])


def _seen(
    env: Env,
    event: Event,
    inside: Array,
    readout: Readout,
    behind: Mapping[str, Array],
    past: Any,
    win: float,
) -> tuple[Seen, Any]:
    onset, told = inside & event.onset, inside & event.feedback
    acted = inside & event.choice
    known, better = _better(env, event, behind)
    never = jnp.zeros((), bool)
    after_win = after_loss = stayed = never
    if past:
        # Of every cue the item of its last trial, and 1 after a win, -1 after a loss, 0 at first.
        items, stands = past
        if event.fresh is not None:
            stands = jnp.where(event.fresh, 0.0, stands)
        item = taken(event.options, event.action).astype(float)
        stood, last = (items[0], stands[0]), None
        if env.n_cues > 1:
            last = one_hot(event.cue, env.n_cues) > 0
            stood = pick(items, event.cue), pick(stands, event.cue)
        counts = acted & told
        stayed = item == stood[0]
        after_win, after_loss = counts & (stood[1] > 0), counts & (stood[1] < 0)
        here = counts if last is None else counts & last
        items = jnp.where(here, item, items)
        stands = jnp.where(here, jnp.where(event.reward > win, 1.0, -1.0), stands)
        past = items, stands
    seen = Seen(
        onset=onset,
        event=inside,
        acted=acted,
        told=told,
        judged=onset & acted & told & known,
        better=better,
        after_win=after_win,
        after_loss=after_loss,
        stayed=stayed,
        reward=event.reward,
        error=_mean_size(readout.rpe),
        dopamine=_mean_size(readout.dopamine),
        latency=event.latency,
    )
    return seen, past
