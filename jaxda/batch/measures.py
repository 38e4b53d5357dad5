"""What is measured of every session of a batch, event by event. Imports no JAX.

A measure is an amount and a count, both functions of one event as a `Seen`; its value in a
session is the sum of amounts over the sum of counts, and missing where nothing counted. Either
gives a flag, which adds 1, or a pair of a flag and the number that is added where it is true. To
add a measure is to add an entry to `MEASURES`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple


if TYPE_CHECKING:
    from ..types import Env


class Seen(NamedTuple):
    """One event: flags and numbers, `[]`.

    `onset` begins a trial, `event` is one at all, `acted` has a choice, `told` has feedback.
    `judged` is a choice at the begin of a trial, with feedback, of which the task says what is
    right; `better` that it was. `after_win` and `after_loss` are choices with feedback at a cue
    at whose last trial a reward above the limit came, or did not; `stayed` is the item of then.
    `error` and `dopamine` are mean absolute values over channels, of what is broadcast and of
    what arrives; `latency` is in s.
    """

    onset: Any
    event: Any
    acted: Any
    told: Any
    judged: Any
    better: Any
    after_win: Any
    after_loss: Any
    stayed: Any
    reward: Any
    error: Any
    dopamine: Any
    latency: Any


class Played(NamedTuple):
    """What is played: the kind of the task, its sizes, and whether it says what is right."""

    kind: str
    env: "Env"
    judged: bool


Amount = Callable[[Seen], Any]


class Measure(NamedTuple):
    """A measure with its title; `applies` says of which tasks, `count` what it is a mean over."""

    title: str
    amount: Amount
    count: Amount
    applies: Callable[[Played], bool]


def _trials(seen: Seen) -> Any:
    return seen.onset & seen.told


def _told(seen: Seen) -> Any:
    return seen.told


def _stays(played: Played) -> bool:
    return played.kind in ("choice", "set_size", "go_nogo") and played.env.n_actions > 1


MEASURES: dict[str, Measure] = {
    "better": Measure(
        "P(better option)",
        lambda s: s.judged & s.better,
        lambda s: s.judged,
        lambda p: p.judged and p.env.n_actions > 1,
    ),
    "reward": Measure(
        "reward per trial", lambda s: (s.told, s.reward), _trials, lambda p: p.env.acts
    ),
    "win_stay": Measure(
        "P(stay after a win)",
        lambda s: s.after_win & s.stayed,
        lambda s: s.after_win,
        _stays,
    ),
    "lose_stay": Measure(
        "P(stay after a loss)",
        lambda s: s.after_loss & s.stayed,
        lambda s: s.after_loss,
        _stays,
    ),
    "error": Measure("mean |error|", lambda s: (s.told, s.error), _told, lambda p: True),
    "dopamine": Measure("mean |dopamine|", lambda s: (s.told, s.dopamine), _told, lambda p: True),
    "latency": Measure(
        "latency (s)",
        lambda s: (s.acted, s.latency),
        lambda s: s.acted,
        lambda p: p.env.timed,
    ),
    "actions": Measure(
        "actions per trial",
        lambda s: s.event,
        lambda s: s.onset,
        lambda p: p.env.sequential and p.env.acts,
    ),
}
