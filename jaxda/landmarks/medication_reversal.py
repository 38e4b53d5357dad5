"""Dips that are filled make a reversal slow: the overdose of a spared circuit."""

from typing import Any, ClassVar

import numpy as np

from ..catalog import load
from ..keys import named_keys
from ._base import AbstractLandmark, Measured, Panel, agree, at_least, bars, equal, line


_AGENTS = 2000
_FILLED = 0.4
_ARMS: dict[str, dict[str, Any]] = {
    "intact": {},
    "α⁺ × .4": {"positive": 0.4},
    "α⁻ × .4": {"negative": _FILLED},
    "α⁻ × .2": {"negative": 0.2},
}
# Trials to criterion of an independent simulation.
_KNOWN = (19.2, 24.8, 25.8, 35.2)
_DOSES = (0.0, 0.25, 0.5, 0.75, 1.0)


class MedicationReversal(AbstractLandmark):
    """Trials to criterion after a reversal, by what is left of bursts and dips, and by dose."""

    title: ClassVar = "Levodopa in a spared circuit: what no longer pays is kept for longer"
    claim: ClassVar = (
        "A learner whose dips are filled needs a third more trials to follow a reversal than an "
        "intact one; so does one without bursts, by a little less. Medication that restores the "
        "dorsal striatum so impairs what the ventral one, spared by the disease, had left."
    )
    source: ClassVar = (
        "Cools, Barker, Sahakian & Robbins 2001, Cereb. Cortex 11:1136; Graef et al. 2010 (within "
        "subjects)"
    )
    models: ClassVar = ("q_learning",)
    caution: ClassVar = (
        "That the ventral striatum is overdosed is an inference from behaviour. In foraging, drugs "
        "changed learning from gains and not from losses (Rutledge et al. 2009)."
    )

    def measure(self) -> Measured:
        arms = {name: _trials(**settings) for name, settings in _ARMS.items()}
        mean = np.array([x.mean() for x in arms.values()])
        doses = [_trials(lesions={"levodopa": d}) for d in _DOSES]
        by_dose = np.array([x.mean() for x in doses])
        known = np.array(_KNOWN)
        checks = [
            equal("trials to criterion, intact", _KNOWN[0], mean[0], 1.0),
            agree("the others over intact", known[1:] / known[0], mean[1:] / mean[0], 0.05),
            equal("levodopa at full effect, as α⁻ × .4", mean[2], by_dose[-1], 1e-9),
            at_least("trials more by a quarter of a dose, least", 0.3, np.diff(by_dose).min()),
        ]
        error = lambda samples: np.array([1.96 * x.std() / np.sqrt(x.size) for x in samples])
        e, d = error(arms.values()), error(doses)
        marks = [bars(range(4), mean, "", low=mean - e, high=mean + e)]
        words = "trials to criterion"
        panels = [Panel("After the reversal", "learner", words, marks, tuple(_ARMS), zero=True)]
        trial, share = np.arange(1, 100), {n: _met(x) for n, x in arms.items()}
        marks = [line(trial, y, n) for n, y in share.items()]
        since, who = "trials since the reversal", "share of agents"
        panels.append(Panel("Who has met it", since, who, marks, zero=True))
        marks = [line(_DOSES, by_dose, "", low=by_dose - d, high=by_dose + d)]
        panels.append(Panel("Levodopa", "share of the full effect", words, marks))
        caption = (
            "Simulation of a model of learning (no species), no medical advice. Q-learning, α = .3 "
            "for positive errors (α⁺, bursts) and negative ones (α⁻, dips), β = 5, initial values "
            ".5; two arms that pay in 80 and 20 % of trials for 60 trials, then swapped; "
            "criterion: 8 choices in a row of the "
            f"better arm within 100 trials. The same {_AGENTS} agents throughout, 95 % intervals. "
            "Right: levodopa shrinks negative errors by up to 60 %."
        )
        return Measured(checks, panels, caption)


def _trials(**settings: Any) -> np.ndarray:
    keys = named_keys(0, [("reversal", str(i + 1)) for i in range(_AGENTS)])
    return load("assays", "reversal")(**settings).run(keys)["trials_to_criterion"]


def _met(trials: np.ndarray) -> np.ndarray:
    """Share of agents that have met the criterion by trial 1, 2, ... 99.

    The hundredth also stands for those that never met it.
    """
    return np.array([(trials <= t).mean() for t in range(1, 100)])
