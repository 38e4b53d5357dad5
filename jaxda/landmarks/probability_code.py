"""Optimists and pessimists place an uncertain cue differently (Dabney et al. 2020)."""

from typing import ClassVar

import numpy as np

from ..theory.expectiles import bernoulli_expectiles
from ._base import AbstractLandmark, Measured, Panel, agree, line, theory
from ._play import agent, play, task


_P, _TAUS = (0.1, 0.5, 0.9), (0.2, 0.5, 0.8)
_TRIALS, _LATE, _AGENTS, _RATE = 3_000, 500, 2_000, 0.05


class ProbabilityCode(AbstractLandmark):
    """Where channels place a cue of 50 % between cues of 10 % and of 90 %."""

    title: ClassVar = "Half a chance: much to an optimist, little to a pessimist"
    claim: ClassVar = (
        "A channel's response to a cue is the expectile of its outcome, tau p / (tau p + (1 - tau) "
        "(1 - p)): between the cues of 10 and of 90 % that of 50 % stands at 0.26, 0.50 and 0.74 "
        "for tau = 0.2, 0.5 and 0.8. Optimistic and pessimistic codes of probability coexist."
    )
    source: ClassVar = "Dabney et al. 2020, Nature 577:671"
    models: ClassVar = ("expectile",)

    def measure(self) -> Measured:
        what = task("variable_probability", probabilities=_P, delay=0)
        who = agent("expectile", rate=_RATE, gamma=1.0, taus=_TAUS)
        keep = lambda event, readout: (readout.rpe, event.cue)
        n_events = what.events_for(_TRIALS)
        errors, states = play(who, what, n_events, keep, name="probability_code", n_agents=_AGENTS)
        errors = errors.reshape(_TRIALS, 2, len(_TAUS), _AGENTS)[-_LATE:, 0]
        kind = states.reshape(_TRIALS, 2, _AGENTS)[-_LATE:, 1] - 1
        response = np.array(
            [np.moveaxis(errors, 1, -1)[kind == c].mean(axis=0) for c in range(len(_P))]
        )
        laws = np.array([bernoulli_expectiles(p, np.asarray(_TAUS)) for p in _P])
        place = lambda x: (x[1] - x[0]) / (x[2] - x[0])
        checks = [
            agree("responses to three cues by three channels", laws, response, 0.02),
            agree("place of the 50 % cue, by law", (0.26, 0.50, 0.74), place(laws), 0.005),
            agree("place of the 50 % cue, learned", (0.26, 0.50, 0.74), place(response), 0.02),
        ]
        fine = np.linspace(0.02, 0.98, 100)
        panel = Panel(
            "Response to the cue",
            "probability of reward p",
            "prediction error δ at the cue (rewards)",
            [
                *(line(_P, response[:, i], f"τ = {t:g}") for i, t in enumerate(_TAUS)),
                *(
                    theory(
                        fine,
                        [bernoulli_expectiles(p, np.asarray([t]))[0] for p in fine],
                        "" if i else "expectiles",
                    )
                    for i, t in enumerate(_TAUS)
                ),
            ],
        )
        caption = (
            f"Channels of expectile (rates sum to {_RATE}, γ = 1), mean of the last {_LATE} of "
            f"{_TRIALS:,} trials of {_AGENTS:,} sessions; intervals are smaller than the lines. "
            "Three cues at random, reward of 1 one bin after the cue's own."
        )
        return Measured(checks, [panel], caption)
