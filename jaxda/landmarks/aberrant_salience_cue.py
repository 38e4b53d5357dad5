"""A stimulus that predicts nothing gains value from transients that nothing has caused."""

from typing import ClassVar

import numpy as np

from ..assays._base import individuals
from ..assays.aberrant_salience import LAST, REWARDED, AberrantSalience
from ._base import (
    AbstractLandmark,
    Measured,
    Panel,
    agree,
    at_most,
    equal,
    line,
    points,
    theory,
)


_PEOPLE = 2_000
_RATES, _GAINS = (0.0, 0.1, 0.2, 0.3), (1.0, 0.6)
_BLOCKED = (0.0, 0.2, 0.4, 0.65, 0.72, 0.78)
_RATE = 0.3


class AberrantSalienceCue(AbstractLandmark):
    """Values of a rewarded and a never rewarded stimulus, by rate, gain and D2 blockade."""

    title: ClassVar = "A stimulus that predicts nothing becomes salient"
    claim: ClassVar = (
        "Spontaneous transients at a rate lambda and of size A give an irrelevant stimulus the "
        "value lambda A / g, g the gain of adaptive responses. The difference to a rewarded "
        "stimulus stays; their ratio rises from 0. An antagonist takes its share of the value "
        "that is still to be learned."
    )
    source: ClassVar = (
        "Kapur 2003, Am. J. Psychiatry 160:13; Maia & Frank 2017, Biol. Psychiatry 81:52"
    )
    models: ClassVar = ("rescorla_wagner",)
    caution: ClassVar = (
        "A claim of a model: no experiment has counted such transients in people. The excess of "
        "dopamine in schizophrenia lies in associative more than in limbic striatum, and "
        "patients who resist treatment do not show it. Dopamine is not pleasure."
    )

    def measure(self) -> Measured:
        keys = individuals("aberrant_salience_cue", _PEOPLE)
        settled = lambda **s: {n: x.mean() for n, x in AberrantSalience(**s).run(keys).items()}
        worth = {
            gain: [settled(rate=r, gain=gain if r else 1.0) for r in _RATES] for gain in _GAINS
        }
        held = [settled(rate=_RATE, blocked=theta)["irrelevant_value"] for theta in _BLOCKED]
        at = _RATES.index(_RATE)
        of = lambda what: [worth[gain][at][what] for gain in _GAINS]
        none = worth[1.0][0]
        checks = [
            equal(
                "value of an irrelevant stimulus without transients", 0, none["irrelevant_value"], 0
            ),
            agree("λ = .3: its value at g = 1, .6", (0.3, 0.5), of("irrelevant_value"), 0.02),
            agree("λ = .3: irrelevant over relevant", (0.27, 0.38), of("ratio"), 0.02),
            agree(
                "λ = .3: relevant less irrelevant", [none["contrast"]] * 2, of("contrast"), 0.005
            ),
            equal("the same without transients", REWARDED, none["contrast"], 0.02),
            equal("value left at 72 % occupancy", 0.28, held[_BLOCKED.index(0.72)] / held[0], 0.01),
            at_most("greatest rise of value with occupancy", 0.0, np.diff(held).max()),
        ]

        panels, trials = [], np.arange(1, 601)
        marks = []
        for i, (label, settings) in enumerate(
            (
                ("no transients", {}),
                ("λ = .3", {"rate": 0.3}),
                ("λ = .3, g = .6", {"rate": 0.3, "gain": 0.6}),
            )
        ):
            course = np.asarray(AberrantSalience(**settings).course(keys)).mean(axis=-1)
            marks.append(line(trials[::5], course[::5, 1], label, color=i))
        panels.append(Panel("A stimulus that is never rewarded", "trial", "value (rewards)", marks))
        marks = []
        for i, gain in enumerate(_GAINS):
            values = [w["irrelevant_value"] for w in worth[gain]]
            marks.append(points(_RATES, values, f"g = {gain:g}", color=i))
            label = "λA / g" if i == 0 else ""
            marks.append(theory(_RATES, np.asarray(_RATES) / gain, label))
        where = "transients per event (λ)"
        panels.append(Panel("Where it settles", where, "irrelevant value (rewards)", marks))
        marks = [
            line(_RATES, [w["ratio"] for w in worth[gain]], f"g = {gain:g}", color=i)
            for i, gain in enumerate(_GAINS)
        ]
        panels.append(Panel("Signal to noise", where, "irrelevant over relevant value", marks))
        marks = [
            points(_BLOCKED, held, "λ = .3"),
            theory((0, 0.78), (held[0], 0.22 * held[0]), "(1 − θ) λA"),
        ]
        title, what = "D2 antagonist from the start", "irrelevant value (rewards)"
        panels.append(Panel(title, "occupied D2 receptors (θ)", what, marks, zero=True))
        caption = (
            "Simulation, no medical advice. Rescorla–Wagner, α = .05, 300 trials of each of two "
            f"stimuli, one rewarded with 1 in {REWARDED:.0%} of them; transients of size A = 1 "
            f"(log-normal, 10 %) in a share λ of events. Means over the last {LAST} trials of "
            f"{_PEOPLE} simulated people (standard errors below .002)."
        )
        return Measured(checks, panels, caption)
