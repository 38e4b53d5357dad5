"""Responses to a cue and to its outcome grade with the probability of reward (Fiorillo et al.)."""

from typing import ClassVar

import numpy as np

from ..theory.cue import chance
from ._base import AbstractLandmark, Measured, Panel, agree, line, points, theory
from ._play import agent, play, task


_P = (0.0, 0.25, 0.5, 0.75, 1.0)
_DELAY, _DT, _TRIALS, _LATE, _AGENTS = 5, 0.4, 450, 150, 2_000
_ALPHA, _GAMMA, _LAM = 0.1, 0.98, 0.9


class FiorilloProbability(AbstractLandmark):
    """Mean errors of many sessions at the cue, on the way, and at the outcome."""

    title: ClassVar = "Uncertain rewards: graded bursts and dips"
    claim: ClassVar = (
        "With reward probability p the mean error is gamma^(K+1) p R at the cue, (1 - p) R at a "
        "reward and -p R where it is left out, so that outcomes cancel; nothing in between."
    )
    source: ClassVar = "Fiorillo, Tobler & Schultz 2003, Science 299:1898"
    models: ClassVar = ("td_lambda",)
    caution: ClassVar = (
        "The sustained ramp that was recorded between cue and outcome, largest at p = 0.5, does "
        "not arise in a delay line; it has been put down to averaging over trials with dips "
        "compressed (Niv, Duff & Dayan 2005)."
    )

    def measure(self) -> Measured:
        what = task("variable_probability", probabilities=_P, delay=_DELAY, dt=_DT)
        who = agent("td_lambda", alpha=_ALPHA, gamma=_GAMMA, lam=_LAM)
        keep = lambda event, readout: (readout.rpe[0], event.cue, event.reward)
        played = play(
            who,
            what,
            what.events_for(_TRIALS),
            keep,
            name="fiorillo_probability",
            n_agents=_AGENTS,
        )
        errors, states, rewards = (x.reshape(_TRIALS, -1, _AGENTS)[-_LATE:] for x in played)
        kind = (states[:, 1] - 1) // (_DELAY + 1)
        paid = rewards[:, -1] > 0
        mean = lambda where: errors.transpose(1, 0, 2)[:, where].mean(axis=1)
        gone = {p: mean((kind == c) & ~paid) for c, p in enumerate(_P) if p < 1}
        got = {p: mean((kind == c) & paid) for c, p in enumerate(_P) if p > 0}
        both = {p: mean(kind == c) for c, p in enumerate(_P)}
        laws = {p: chance(p, _DELAY, _GAMMA) for p in _P}
        between = np.stack([both[p][1:-1] for p in _P])
        at_cue = [both[p][0] for p in _P]
        at_reward, at_omission = [got[p][-1] for p in got], [gone[p][-1] for p in gone]
        tolerance = 0.015
        checks = [
            agree("at the cue, γ^(K+1) p", [laws[p][0] for p in _P], at_cue, tolerance),
            agree("at a reward, 1 - p", [laws[p][1] for p in got], at_reward, tolerance),
            agree("at an omission, -p", [laws[p][2] for p in gone], at_omission, tolerance),
            agree(
                "both outcomes together", np.zeros(len(_P)), [both[p][-1] for p in _P], tolerance
            ),
            agree("between cue and outcome", np.zeros_like(between), between, tolerance),
        ]
        time = np.arange(_DELAY + 2) * _DT
        words = "time since the cue (s)", "mean prediction error δ (rewards)"
        panels = [
            Panel(
                "Trials with reward", *words, [line(time, y, f"p = {p:g}") for p, y in got.items()]
            ),
            Panel(
                "Trials without",
                *words,
                [line(time, y, f"p = {p:g}") for p, y in gone.items()],
                zero=True,
            ),
            Panel(
                "By probability",
                "probability of reward p",
                words[1],
                [
                    points(_P, at_cue, "at the cue"),
                    points(list(got), at_reward, "at the reward"),
                    points(list(gone), at_omission, "at the omission"),
                    *(
                        theory(_P, [laws[p][i] for p in _P], "expected" if i == 0 else "")
                        for i in range(3)
                    ),
                ],
                zero=True,
            ),
        ]
        caption = (
            f"Errors of td_lambda (α = {_ALPHA}, γ = {_GAMMA} per bin of {_DT} s, λ = {_LAM}, "
            f"interval pinned at 0), mean of the last {_LATE} of {_TRIALS} trials of {_AGENTS:,} "
            "agents; no intervals, their half-widths are below 0.01. Five cues at random, outcome "
            f"{_DELAY} bins after the cue's own."
        )
        return Measured(checks, panels, caption)
