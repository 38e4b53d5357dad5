"""Forgetting leaves a ramp of dopamine, by a closed form; so does any value that grows steeply."""

from typing import ClassVar

import numpy as np

from ..theory.decay import ramp, value_slope
from ._base import AbstractLandmark, Measured, Panel, agree, at_least, at_most, line, theory
from ._play import agent, play, task


_STEPS, _TRIALS, _ALPHA, _KAPPA = 6, 300, 0.6, 0.75
_GAMMA = 0.8 ** (1 / 6)
_TRIAL = (0.05646, 0.03256, 0.05256, 0.08487, 0.13701, 0.22121, 0.35714)
_STEP = (0.0989, 0.0479, 0.0699, 0.1021, 0.1491, 0.2177, 0.3179)
_SLOPE = (0.009, 0.026, 0.041)


class DopamineRamp(AbstractLandmark):
    """Lasting errors of every state of a line, with and without forgetting."""

    title: ClassVar = "Forgetting leaves a ramp up to the reward"
    claim: ClassVar = (
        "Where values fade by kappa per trial, the lasting error grows towards the reward by "
        "(1 - kappa (1 - alpha)) / (alpha kappa gamma) per state; without fading none is left."
    )
    source: ClassVar = (
        "Morita & Kato 2014, Front. Neural Circuits 8:36; Gershman 2014, Neural Comput. 26:467; "
        "Kim et al. 2020, Cell 183:1600"
    )
    models: ClassVar = ("value_decay", "td_lambda")
    caution: ClassVar = (
        "Ramps have two accounts here, forgetting and a value that grows faster than discounting "
        "explains; the error alone does not tell which. The closed form holds for forgetting once "
        "per trial and not for forgetting in each step."
    )

    def measure(self) -> Measured:
        settings = {"alpha": _ALPHA, "gamma": _GAMMA}
        trial = _errors("value_decay", kappa=_KAPPA, **settings)
        # A trial has seven events; in the first nothing is learned and nothing forgotten.
        step = _errors("value_decay", kappa=_KAPPA ** (1 / 7), decay="step", **settings)
        plain = _errors("td_lambda", lam=0.0, **settings)
        law = ramp(_STEPS, _ALPHA, _GAMMA, _KAPPA)
        rise = (1 - _KAPPA * (1 - _ALPHA)) / (_ALPHA * _KAPPA * _GAMMA)
        convex, gamma = (np.arange(11) / 10) ** 2, 0.9
        exact = gamma ** (10.0 - np.arange(11))
        checks = [
            agree("lasting errors, fading once per trial: closed form", law, trial, 1e-12),
            agree("the same, as numbers", _TRIAL, trial, 6e-6),
            agree("growth from state to state", np.full(5, rise), trial[2:] / trial[1:-1], 1e-9),
            at_least("smallest rise from state to state", 0.019, np.diff(trial[1:]).min()),
            agree("lasting errors, fading in each step", _STEP, step, 6e-5),
            at_most("largest error past the start without fading", 1e-12, np.abs(plain[1:]).max()),
            agree("errors along V = (t / 10)²", _SLOPE, value_slope(convex, gamma)[:3], 1e-12),
            agree("last error along V = (t / 10)²", 0.090, value_slope(convex, gamma)[-1], 1e-12),
            agree("errors along V = γ^(T - t)", np.zeros(10), value_slope(exact, gamma), 1e-15),
        ]
        at = np.arange(_STEPS + 1)
        ramps = [
            line(at, trial, "fading once per trial, κ = 0.75", color=0),
            line(at, step, "fading in each step, κ = 0.75^(1/7)", color=1),
            line(at, plain, "no fading (TD)", color=2),
            theory(at, law, "closed form"),
        ]
        slopes = [
            line(np.arange(10), value_slope(convex, gamma), "V = (t / 10)²"),
            line(np.arange(10), value_slope(exact, gamma), "V = γ^(10 - t)"),
        ]
        panels = [
            Panel(
                "Lasting errors with forgetting",
                "state on the way (0: start, 6: reward)",
                "prediction error δ (rewards)",
                ramps,
                zero=True,
            ),
            Panel(
                "Errors along a given value",
                "time t (bins; reward after 10)",
                "γ V(t + 1) - V(t) (rewards)",
                slopes,
                zero=True,
            ),
        ]
        caption = (
            f"Left: the last of {_TRIALS} trials of one deterministic session on a line of "
            f"{_STEPS} states with a reward of 1 at its end; α = {_ALPHA}, γ = 0.8^(1/6) per "
            "state. Dashed: Morita & Kato 2014. Right: arithmetic on two given values, γ = "
            f"{gamma} per bin: the error vanishes where value grows by 1/γ and rises where it "
            "grows faster (Gershman 2014; Kim et al. 2020)."
        )
        return Measured(checks, panels, caption)


def _errors(model: str, **settings: object) -> np.ndarray:
    """Errors of the last trial, start first."""
    trace = task("pavlovian_trace", delay=_STEPS - 1, omission=0.0)
    keep = lambda event, readout: readout.rpe[0]
    n_events = trace.events_for(_TRIALS)
    found = play(agent(model, **settings), trace, n_events, keep, name="dopamine_ramp")
    return found.reshape(_TRIALS, -1)[-1]
