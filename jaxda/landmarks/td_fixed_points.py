"""Where TD learning ends: discounted values of the moments, by closed forms."""

from typing import ClassVar

import numpy as np

from ..theory import cue
from ._base import AbstractLandmark, Check, Measured, agree, equal
from ._play import agent, play, task


_DELAY, _GAMMA, _ITI = 10, 0.9, 20
_RATES = cue.rates_towards_zero(10, 0.05, 0.4)


class TDFixedPoints(AbstractLandmark):
    """Values after long learning against gamma^(K-t) R and (I - gamma P)^-1 r."""

    title: ClassVar = "Where TD learning ends"
    claim: ClassVar = (
        "A certain reward R ends as V(t) = gamma^(K-t) R with no error inside the trial, for any "
        "lambda; with intervals that are learned, values are those of the Markov chain of "
        "states, (I - gamma P)^-1 r."
    )
    source: ClassVar = "Sutton 1988, Mach. Learn. 3:9; Sutton & Barto 2018, ch. 6"
    models: ClassVar = ("td_zero", "td_lambda", "delay_line", "note_td_zero")
    pictured: ClassVar = False

    def measure(self) -> Measured:
        return Measured([*_certain(), *_chain(), *_snippet()])


def _certain() -> list[Check]:
    law = np.append(0.0, _GAMMA ** np.arange(_DELAY, -1, -1.0))
    checks, trials = [], 1_000
    for model, settings in (
        ("td_zero", {}),
        ("td_lambda", {"lam": 0.7}),
        ("td_lambda", {"lam": 0.7, "trace": "dutch"}),
    ):
        what = task("pavlovian_trace", delay=_DELAY, omission=0.0)
        who = agent(model, alpha=0.1, gamma=_GAMMA, **settings)
        keep = lambda e, r: (r.latents["value"], r.rpe[0])
        played = play(who, what, what.events_for(trials), keep, name="td_fixed_points")
        value, error = (x.reshape(trials, -1)[-1] for x in played)
        name = " ".join([model, *(str(s) for s in settings.values())])
        checks.append(agree(f"{name}: V(t) = γ^(K-t)", law, value, 1e-10))
        checks.append(agree(f"{name}: no error after the cue", 0 * law[1:], error[1:], 1e-10))
    what = task("pavlovian_trial", delay=_DELAY, omission=0.0)
    who = agent("delay_line", alpha=0.1, gamma=_GAMMA, lam=0.7)
    found = play(who, what, trials, lambda e, r: r.latents["value"], name="td_fixed_points")
    checks.append(agree("delay_line 0.7: V(t) = γ^(K-t)", law, found[-1, :, 0], 1e-10))
    return checks


def _chain() -> list[Check]:
    """Intervals of one length: each bin but the last leads to another bin of the interval."""
    n = _DELAY + 2
    moves = np.roll(np.eye(n), 1, axis=1)
    moves[0, :2] = 1 - 1 / _ITI, 1 / _ITI
    law = cue.values(moves, np.arange(n) == n - 1, _GAMMA)
    cycles = 3_500
    what = task("pavlovian_trace", delay=_DELAY, omission=0.0, iti=_ITI, interval="fixed")
    who = agent("td_zero", gamma=_GAMMA, iti="learned")
    found = play(
        who,
        what,
        what.events_for(cycles),
        lambda e, r: r.latents["value"],
        name="td_fixed_points",
        n_agents=len(_RATES),
        values={"model.alpha": _RATES},
    ).reshape(cycles, -1, len(_RATES))
    value = cue.at_zero(_RATES, found[-1, _ITI - 1 :])
    return [agree("td_zero, interval learned: V = (I - γP)⁻¹ r", law, value, 1e-9)]


def _snippet() -> list[Check]:
    """Ten states, a reward at index 8, 1,000 episodes."""
    what = task("pavlovian_trace", delay=7, omission=0.0)
    keep = lambda e, r: (r.rpe[0], r.latents["value"])
    n = what.events_for(1_001)
    played = play(agent("note_td_zero"), what, n, keep, name="td_fixed_points")
    error, value = (x.reshape(1_001, -1) for x in played)
    top = error[:1_000, 0].max()
    lost = task("pavlovian_trace", delay=8, omission=0.0)
    who = agent("note_td_zero", padded=False)
    nothing = play(who, lost, lost.events_for(100), keep, name="td_fixed_points")
    return [
        agree("snippet: V = 0.95^(8-t)", 0.95 ** np.arange(8, -1, -1.0), value[-1], 1e-10),
        equal("snippet: V at the start", 0.66342043, value[-1, 0], 5e-9),
        equal("snippet: largest error at the start", 0.097602, top, 5e-7),
        equal("... after 79 episodes", 0.097602, error[79, 0], 5e-7),
        equal("... and after 80", 0.097602, error[80, 0], 5e-7),
        agree("snippet: a reward on the last index is lost", np.zeros(2), _most(nothing), 0),
    ]


def _most(arrays: tuple[np.ndarray, ...]) -> list[float]:
    return [float(np.abs(x).max()) for x in arrays]
