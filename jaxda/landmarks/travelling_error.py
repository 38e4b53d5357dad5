"""The error travels from the reward back to the cue, by an exact law (TD(0) and TD(lambda))."""

from typing import ClassVar

import numpy as np

from ..theory.wave import errors
from ._base import AbstractLandmark, Measured, Panel, agree, equal, line, theory
from ._play import agent, play, task


_DELAY, _TRIALS, _ALPHA, _GAMMA = 10, 200, 0.2, 0.9


class TravellingError(AbstractLandmark):
    """Errors of every state in every trial against the compound binomial law of the wave."""

    title: ClassVar = "The error travels back to the cue"
    claim: ClassVar = (
        "With an unpredictable cue the error moves back alpha / (1 - lambda) states per trial and "
        "ends as a burst of gamma^(K+1) R at the cue; a long trace leaves no visible wave."
    )
    source: ClassVar = (
        "Montague, Dayan & Sejnowski 1996, J. Neurosci. 16:1936; "
        "Pan, Schmidt, Wickens & Hyland 2005, J. Neurosci. 25:6235"
    )
    models: ClassVar = ("td_lambda",)

    def measure(self) -> Measured:
        checks, panels = [], []
        for lam in (0.0, 0.9):
            found, law = _errors(lam), errors(_TRIALS, _DELAY, _ALPHA, _GAMMA, lam)
            checks.append(
                agree(f"error of every state and trial, lambda {lam:g}", law, found, 1e-12)
            )
            trials = (0, 10, 30, 60, 199)
            bins = np.arange(_DELAY + 2)
            marks = [line(bins, found[n], f"trial {n + 1}") for n in trials]
            marks += [theory(bins, law[n], "exact law" if n == 0 else "") for n in trials]
            where = "time since the cue came on (bins of 0.2 s; 0 is the cue, 11 the reward)"
            panels.append(Panel(f"λ = {lam:g}", where, "prediction error δ (rewards)", marks))
            if lam == 0:
                # Before the cue is reached, the error undiscounted is where its mass stands.
                back = np.arange(_DELAY, -1, -1)
                mass = found[_DELAY, 1:] / _GAMMA**back
                checks.append(
                    equal("states back after 10 trials, αn", _ALPHA * _DELAY, back @ mass, 1e-12)
                )
                checks.append(
                    equal("burst at the cue, γ^(K+1)", _GAMMA ** (_DELAY + 1), found[-1, 0], 1e-9)
                )
        caption = (
            f"One deterministic session of TD(λ) with α = {_ALPHA}, γ = {_GAMMA} per bin, a reward "
            f"of 1 {_DELAY} bins after the cue, and the value of the interval pinned at 0. Dashed: "
            "the exact law."
        )
        return Measured(checks, panels, caption)


def _errors(lam: float) -> np.ndarray:
    trace = task("pavlovian_trace", delay=_DELAY, omission=0.0)
    learner = agent("td_lambda", alpha=_ALPHA, gamma=_GAMMA, lam=lam)
    keep = lambda event, readout: readout.rpe[0]
    found = play(learner, trace, trace.events_for(_TRIALS), keep, name="travelling_error")
    return found.reshape(_TRIALS, -1)
