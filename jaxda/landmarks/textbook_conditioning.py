"""A textbook snippet leaves no burst at the cue that it is said to show."""

from typing import ClassVar

import numpy as np

from ..theory.wave import jumps
from ._base import AbstractLandmark, Measured, Panel, agree, at_most, equal, line
from ._play import agent, play, task


_TRIALS, _CS, _US, _ALPHA, _GAMMA = 200, 10, 20, 0.2, 0.9


class TextbookConditioning(AbstractLandmark):
    """The snippet and a cue that nothing foretells, side by side."""

    title: ClassVar = "No burst survives at the cue of a common snippet"
    claim: ClassVar = (
        "Where a delay line begins with the trial, the error passes the supposed cue as a "
        "transient of at most 4.9 % of the reward (trial 50 and 51) and is gone by trial 200. "
        "An unpredictable cue keeps gamma^(K+1) R."
    )
    source: ClassVar = (
        "A common textbook snippet; Montague, Dayan & Sejnowski 1996, J. Neurosci. 16:1936"
    )
    models: ClassVar = ("note_conditioning", "td_zero")

    def measure(self) -> Measured:
        # 30 indices: 29 states that the loop comes to, and the last that it does not.
        trace = task("pavlovian_trace", delay=_US - 1, tail=8, omission=0.0)
        snippet = agent("note_conditioning", alpha=_ALPHA, gamma=_GAMMA, cs_step=_CS, us_step=_US)
        keep = lambda e, r: (r.rpe[0], r.latents["value"], r.latents["logged"])
        n_events = trace.events_for(_TRIALS + 1)
        played = play(snippet, trace, n_events, keep, name="textbook_conditioning")
        found, value, logged = (x.reshape(_TRIALS + 1, -1) for x in played)
        steps = np.flatnonzero(logged[0])
        errors = found[:_TRIALS]
        cs, us = errors[:, _CS], errors[:, _US]
        law = [
            [_GAMMA ** (_US - b) * jumps(n, _US - b, _ALPHA, 0.0) for b in range(_US + 1)]
            for n in range(_TRIALS)
        ]
        at = (20, 30, 40, 60, 80, 100)
        table = (0.000708, 0.012368, 0.037467, 0.038420, 0.009674, 0.001173)
        end = (0.121564, 0.205891, 0.348678, 0.590490, 1.0)
        checks = [
            agree(
                "error of 21 states in 200 trials, binomial law", law, errors[:, : _US + 1], 1e-12
            ),
            agree("error after the reward", 0 * errors[:, _US + 1 :], errors[:, _US + 1 :], 0),
            agree("bins that are logged", (_CS, _US), steps, 0),
            equal("most at the supposed cue", 0.04875187, cs.max(), 5e-9),
            equal("... after 49 trials", 0.04875187, cs[49], 5e-9),
            equal("... after 50 trials", 0.04875187, cs[50], 5e-9),
            agree(f"supposed cue after {at} trials", table, cs[list(at)], 5e-7),
            at_most("supposed cue after 199 trials", 1e-9, cs[199]),
            agree("reward, 0.8^n", 0.8 ** np.arange(_TRIALS), us, 1e-12),
            equal("most at the first bin", 0.012073, errors[:, 0].max(), 5e-7),
            agree("value of bins 0, 5, 10, 15, 20", end, value[_TRIALS, [0, 5, 10, 15, 20]], 5e-7),
        ]

        unpredicted = task("pavlovian_trace", delay=_US - _CS, omission=0.0)
        pinned = agent("td_zero", alpha=_ALPHA, gamma=_GAMMA)
        n_events = unpredicted.events_for(_TRIALS)
        keep = lambda e, r: r.rpe[0]
        beside = play(pinned, unpredicted, n_events, keep, name="textbook_conditioning")
        beside = beside.reshape(_TRIALS, -1)
        asymptote = _GAMMA ** (_US - _CS + 1)
        checks.append(equal("unpredictable cue after 199 trials", asymptote, beside[-1, 0], 1e-6))

        trial = np.arange(_TRIALS) + 1
        words = "trial", "prediction error δ (rewards)"
        panels = [
            Panel(
                "Snippet: a line from the start of the trial",
                *words,
                [
                    line(trial, cs, "supposed cue, bin 10"),
                    line(trial, us, "reward, bin 20"),
                    line(trial, errors[:, 0], "first bin"),
                ],
            ),
            Panel(
                "A cue that nothing foretells",
                *words,
                [line(trial, beside[:, 0], "cue"), line(trial, beside[:, -1], "reward")],
            ),
        ]
        caption = (
            f"One deterministic session each. Left: note_conditioning, 30 bins, reward of 1 at bin "
            f"{_US}. Right: td_zero with the interval pinned at 0, reward {_US - _CS} bins after "
            f"the cue. TD(0), α = {_ALPHA}, γ = {_GAMMA} per bin."
        )
        return Measured(checks, panels, caption)
