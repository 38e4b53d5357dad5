"""What a successor representation knows at once, and what it has to walk through again."""

from typing import ClassVar

import numpy as np

from ..theory.successor import occupancy
from ._base import AbstractLandmark, Measured, Panel, agree, bars, equal, line, theory
from ._play import agent, play, task


_GAMMA, _TRAINING = 0.9, 120
_CHAINS = {1: 3, 3: 5, 2: 4, 4: 6}


class SuccessorRevaluation(AbstractLandmark):
    """Values of the two starts before and after the world has changed behind them.

    The same sessions for a successor representation and for TD(0), which is the sum of
    feature-specific errors.
    """

    title: ClassVar = "Changed rewards are known at once, changed paths are not"
    claim: ClassVar = (
        "M goes to (I - gamma T)^-1 and u . delta_M + delta_u is the scalar error. One visit to a "
        "changed end moves V(start) from .81 to 81, while that of TD stays; after a change of "
        "paths V keeps 8.1 and .81 where .81 and 8.1 would be right."
    )
    source: ClassVar = (
        "Dayan 1993, Neural Comput. 5:613; Gardner, Schoenbaum & Gershman 2018; Momennejad et al. "
        "2017, Nat. Hum. Behav. 1:680"
    )
    models: ClassVar = ("successor_representation", "feature_rpe")

    def measure(self) -> Measured:
        transitions = np.zeros((6, 6))
        for here, there in _CHAINS.items():
            transitions[here - 1, there - 1] = 1.0
        exact = occupancy(transitions, _GAMMA)
        one = dict(rewards=(1.0, 1.0), revalued=(100.0, 1.0), relearning=1, change="reward")
        far = dict(rewards=(10.0, 1.0), relearning=40, change="transition")
        sr, td = _play("successor_representation", one), _play("feature_rpe", one)
        sr_far, td_far = (_play(m, far) for m in ("successor_representation", "feature_rpe"))

        learned = np.stack([sr.last("expected", state, 0) for state in range(1, 7)])
        checks = [
            agree("M against (I - γT)⁻¹", exact, learned, 1e-9),
            agree("u · δM + δu = r + γV' - V", *sr.projection(), 1e-12),
            equal("start before the reward changed, SR", 0.81, sr.last("value", 1, 0), 1e-9),
            equal("start after the reward changed, SR", 81.0, sr.last("value", 1, 2), 1e-9),
            equal("start before the reward changed, TD", 0.81, td.last("value", 1, 0), 1e-9),
            equal("start after the reward changed, TD", 0.81, td.last("value", 1, 2), 1e-9),
        ]
        right, stale = np.array([0.81, 8.1]), np.array([8.1, 0.81])
        for name, it in (("SR", sr_far), ("TD", td_far)):
            got = [it.last("value", start, 2) for start in (1, 2)]
            checks.append(agree(f"starts after the paths changed, {name}", stale, got, 1e-9))
        middle = [sr_far.last("value", state, 2) for state in (3, 4)]
        checks.append(agree("where the paths were walked, SR", np.array([0.9, 9.0]), middle, 1e-9))

        value, places = "value V (rewards)", np.arange(2)
        first = [m.last("value", 1, p) for m in (sr, td) for p in (0, 2)]
        panels = [
            Panel(
                "What state 1 expects",
                "steps ahead (states 1, 3, 5)",
                "discounted visits",
                [
                    line(np.arange(3), sr.first("expected", 1, k)[[0, 2, 4]], f"visit {k + 1}")
                    for k in (1, 2, 4, 8, 16)
                ]
                + [theory(np.arange(3), exact[0, [0, 2, 4]], "exact, γ^steps")],
            ),
            Panel(
                "The end of chain 1 pays 100, not 1",
                "when",
                "value V of its start (rewards)",
                [
                    bars(places, first[:2], "successor representation"),
                    bars(places, first[2:], "TD(0)"),
                    theory(places, np.array([0.81, 81.0]), "right"),
                ],
                ticks=("before", "one visit to the end"),
                log="y",
            ),
            Panel(
                "The two paths cross",
                "where a trial starts",
                value,
                [
                    bars(places, [it.last("value", s, 2) for s in (1, 2)], label)
                    for label, it in (("successor representation", sr_far), ("TD(0)", td_far))
                ]
                + [theory(places, right, "right")],
                ticks=("start 1", "start 2"),
            ),
        ]
        caption = (
            f"Two chains of three states, γ = {_GAMMA} per step, one session each; {_TRAINING} "
            "trials per chain. Successor representation with α_M = 0.5 and α_u = 1, TD(0) with "
            "one-hot features and α = 0.5. Left: expectations from the start of chain 1, "
            "1 → 3 → 5, before a visit to it. Middle: the start of chain 1 before and after one "
            "trial, begun at state 3, in which its end paid 100 in place of 1. Right: the starts "
            "after 40 trials each, begun at 3 and 4, in which 3 led to 6 (paying 1) and 4 to 5 "
            "(paying 10). Deterministic but for the order of trials."
        )
        return Measured(checks, panels, caption)


class _Session:
    """What was recorded of one session: fields `[events, ...]`."""

    def __init__(self, recorded: dict[str, np.ndarray]):
        self.it = {name: x[..., 0] for name, x in recorded.items()}

    def last(self, what: str, state: int, phase: int) -> np.ndarray:
        """A latent at the last visit to a state in training (0), relearning (1) or test (2)."""
        mine = np.flatnonzero((self.it["cue"] == state) & (self.it["phase"] == phase))
        return np.asarray(self.it[what][mine[-1]])

    def first(self, what: str, state: int, k: int) -> np.ndarray:
        """A latent at visit `k` of a state."""
        return np.asarray(self.it[what][np.flatnonzero(self.it["cue"] == state)[k]])

    def projection(self) -> tuple[np.ndarray, np.ndarray]:
        """The scalar error, and the projection of the vector on what features are worth."""
        it = self.it
        # A state is not touched while the one before it learns, so its value stands ahead.
        ahead = np.where(it["terminal"][:-1], 0.0, it["value"][1:])
        scalar = it["reward"][:-1] + _GAMMA * ahead - it["value"][:-1]
        vector = np.sum(it["worth"] * it["rpe"][:, :-1], axis=1) + it["rpe"][:, -1]
        return scalar, vector[:-1]


def _play(model: str, settings: dict) -> _Session:
    what = task("revaluation", training=_TRAINING, tests=1, **settings)
    rates = {"alpha_m": 0.5, "alpha_u": 1.0} if model == "successor_representation" else {}
    who = agent(model, gamma=_GAMMA, **(rates or {"alpha": 0.5}))
    ends = np.cumsum([2 * _TRAINING, 2 * what.relearning]) * what.events_per_trial
    keep = lambda event, readout: {
        "cue": event.cue,
        "reward": event.reward,
        "terminal": event.terminal,
        "rpe": readout.rpe,
        **readout.latents,
    }
    found = play(who, what, what.n_events, keep, name="successor_revaluation")
    phase = np.searchsorted(ends, np.arange(what.n_events), side="right")
    return _Session({**found, "phase": phase[:, None]})
