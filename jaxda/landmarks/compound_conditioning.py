"""Overshadowing, blocking, over-expectation and conditioned inhibition (Rescorla-Wagner)."""

from typing import ClassVar

import numpy as np

from ..theory.associative import limit
from ._base import AbstractLandmark, Measured, Panel, agree, line, theory
from ._play import agent, play, task


_ALPHA = 0.3
# Trials of each type in a phase: the strengths of a conditioned inhibitor settle slowly.
_REPEATS, _MANY, _SHOWN = 70, 300, 160
# Compounds of A and B in the last phase with their rewards, and the strengths before it.
_LAST = {
    "overshadowing": (((1, 1),), (1.0,), (0.0, 0.0)),
    "blocking": (((1, 1),), (1.0,), (1.0, 0.0)),
    "overexpectation": (((1, 1),), (1.0,), (1.0, 1.0)),
    "conditioned_inhibition": (((1, 0), (1, 1)), (1.0, 0.0), (0.0, 0.0)),
}
_TITLES = {
    "overshadowing": "Overshadowing: AB+",
    "blocking": "Blocking: A+, then AB+",
    "overexpectation": "Over-expectation: A+ B+, then AB+",
    "conditioned_inhibition": "Conditioned inhibition: A+ AB-",
}
_SALIENCE = (3.0, 1.0)


class CompoundConditioning(AbstractLandmark):
    """Strengths of two stimuli over each design, against the exact limits of the rule."""

    title: ClassVar = "Stimuli shown together compete"
    claim: ClassVar = (
        "In the limit (V_A, V_B) is (1/2, 1/2) by overshadowing, (1, 0) by blocking, (1/2, 1/2) "
        "from (1, 1) by over-expectation, and (1, -1) by conditioned inhibition; saliences of 3 "
        "and 1 overshadow to (3/4, 1/4)."
    )
    source: ClassVar = "Rescorla & Wagner 1972; Kamin 1969; Rescorla 1970, Learn. Motiv. 1:372"
    models: ClassVar = ("rescorla_wagner",)

    def measure(self) -> Measured:
        checks, panels = [], []
        for design, (compounds, rewards, start) in _LAST.items():
            found, law = _strengths(design), limit(compounds, rewards, start)
            name = design.replace("_", " ")
            checks.append(agree(f"{name}: V_A and V_B in the end", law, found[-1], 1e-9))
            n = _SHOWN if len(compounds) > 1 else len(found)
            trials = np.arange(n)
            marks = [line(trials + 1, found[trials, i], s) for i, s in enumerate("AB")]
            ends = trials[[0, -1]] + 1
            marks += [theory(ends, [v, v], "limit" if i == 0 else "") for i, v in enumerate(law)]
            panels.append(Panel(_TITLES[design], "trial", "associative strength (rewards)", marks))
        law = limit(((1, 1),), (1.0,), (0.0, 0.0), _SALIENCE)
        found = _strengths("overshadowing", salience=_SALIENCE)[-1]
        checks.append(agree("overshadowing with saliences 3 and 1", law, found, 1e-9))
        caption = (
            f"Rescorla-Wagner model with α = {_ALPHA} on one session of each design, with trial "
            f"types in random order (+ rewarded with 1, - not) and {_REPEATS} trials of each type "
            f"in a phase; of conditioned inhibition the first {_SHOWN} of {2 * _MANY} trials. "
            "Deterministic but for the order of trials; dashed: limits of "
            "the rule after endless training."
        )
        return Measured(checks, panels, caption)


def _strengths(design: str, salience: tuple[float, ...] = ()) -> np.ndarray:
    """Strengths of A and B before each trial, `[trials, 2]`."""
    repeats = _MANY if design == "conditioned_inhibition" else _REPEATS
    what = task("conditioning", design=design, repeats=repeats)
    who = agent("rescorla_wagner", alpha=_ALPHA, salience=salience)
    keep = lambda event, readout: readout.latents["weight"]
    return play(who, what, what.n_events, keep, name="compound_conditioning")[..., 0]
