"""Tonic dopamine at choice: costs and benefits, and what is risked."""

from typing import Any, ClassVar

import numpy as np

from ._base import (
    AbstractLandmark,
    Check,
    Measured,
    Panel,
    agree,
    at_least,
    at_most,
    bars,
    line,
    points,
    theory,
)
from ._group import Mean, group


_AGENTS = 2000
_RHO = (-0.4, 0.0, 0.4)
# Probability of cheap over dear, and of rich over poor.
_KNOWN = {"cheap": (0.843, 0.769, 0.673), "rich": (0.673, 0.769, 0.843)}
_BENEFIT = {"cheap": "cheap over dear", "rich": "rich over poor"}
_DRIVE = (0.35, 0.5, 0.65)
# Probability of the risky lever; at odds of an eighth where D is .35 and .65.
_RISKY = {"risky_half": (0.736, 0.834, 0.898), "risky_quarter": (0.490, 0.540, 0.585)}
_EIGHTH = (0.357, 0.336)
_ODDS = {"risky_half": "1/2", "risky_quarter": "1/4", "risky_eighth": "1/8"}
_DRUGS: dict[str, dict[str, float]] = {
    "none": {},
    "D1 blocked": {"d1_blockade": 0.3},
    "D2 blocked": {"d2_blockade": 0.65},
    "D2 agonist": {"d2_agonist": 1.0},
}
_TONES = (0.25, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0)


class TonicTwoByTwo(AbstractLandmark):
    """Choices of costs, benefits and risks, and latencies, by tonic dopamine."""

    title: ClassVar = "Tonic dopamine: costs count less, benefits more, and more is risked"
    claim: ClassVar = (
        "High tone at choice makes cheap against dear matter less and rich against poor more, low "
        "tone the reverse; it raises the choice of a large rare reward at odds of 1/2 and 1/4, "
        "not at 1/8, and blocking D1 or D2 receptors lowers it. Actions come faster as the root of "
        "the tone."
    )
    source: ClassVar = (
        "Collins & Frank 2014, Psychol. Rev. 121:337; Beeler et al. 2010, Front. Behav. Neurosci. "
        "4:170; Moller & Bogacz 2019, PLoS Comput. Biol. 15:e1006285; St Onge & Floresco 2009, "
        "Neuropsychopharmacology 34:681"
    )
    models: ClassVar = ("opal", "payoff_cost", "niv_vigor")
    caution: ClassVar = (
        "Two models: opponent actors with Hebbian weights give no rise of risk, payoff-cost actors "
        "do. In rats the direction of amphetamine turns round where the odds ascend, prefrontal D1 "
        "and D2 receptors act oppositely, and in humans a D2 antagonist raised risk taking (Burke "
        "2018). The rule of learning was chosen to meet an independent simulation."
    )

    def measure(self) -> Measured:
        choice = [group("cost_benefit", _AGENTS, rho=rho) for rho in _RHO]
        risk = [group("risk", _AGENTS, drive=d) for d in _DRIVE]
        drugs = {name: group("risk", _AGENTS, lesions=d) for name, d in _DRUGS.items()}
        speed = [group("vigor", 500, lesions={"tonic": float(np.log(t))}) for t in _TONES]
        rate = np.array([s["rate"].mean for s in speed])
        rate /= rate[_TONES.index(1.0)]
        checks = [*_choices(choice), *_risks(risk), *_under_drugs(drugs)]
        checks.append(agree("rate of acting over normal, √tone", np.sqrt(_TONES), rate, 0.02))

        marks: list[Any] = []
        for color, (name, words) in enumerate(_BENEFIT.items()):
            marks += _shown(_RHO, [c[name] for c in choice], words, color)
            marks.append(points(_RHO, _KNOWN[name], "", color=color))
        panels = [Panel("Cost and benefit", "balance at choice ρ", "probability", marks)]
        marks = []
        for color, (name, odds) in enumerate(_ODDS.items()):
            marks += _shown(_DRIVE, [r[name] for r in risk], f"odds {odds}", color)
            known = _RISKY.get(name, _EIGHTH)
            marks.append(points(_DRIVE if name in _RISKY else (0.35, 0.65), known, "", color=color))
        title, words = "Risk", "probability of the risky lever"
        panels.append(Panel(title, "tonic dopamine at choice D", words, marks))
        marks = []
        for color, (name, odds) in enumerate(list(_ODDS.items())[:2]):
            m = [d[name] for d in drugs.values()]
            ends: dict[str, Any] = {"low": [x.low for x in m], "high": [x.high for x in m]}
            y = [x.mean for x in m]
            marks.append(bars(range(len(m)), y, f"odds {odds}", color=color, **ends))
        ticks = tuple(n.replace(" ", "\n") for n in _DRUGS)
        panels.append(Panel("Risk under drugs", "drug", words, marks, ticks, zero=True))
        fine, where = np.linspace(0.2, 3.1, 60), "tonic dopamine (times normal)"
        marks = [points(_TONES, rate, "model"), theory(fine, np.sqrt(fine), "√tone")]
        panels.append(Panel("Vigour", where, "rate of acting (times normal)", marks))
        caption = (
            "Simulation of models of learning (no species), no medical advice. Cost and benefit: "
            "OpAL, β = 2, Go and NoGo weights .6 apart. Risk: payoff-cost actors, α = .045, "
            "ε = .45, λ = .02, β = 10, on a lever that pays 1 at the odds or one that pays 1/4 for "
            "sure; 400 trials, the second half counts. Drugs: 30 % of D1 or 65 % of D2 receptors "
            f"blocked, D2 agonist at full effect. The same {_AGENTS} agents throughout (vigour: "
            "500), 95 % intervals. Points: independent simulation."
        )
        return Measured(checks, panels, caption)


def _choices(found: list[dict[str, Mean]]) -> list[Check]:
    return [
        agree(f"P({words}) at ρ −.4, 0, .4", _KNOWN[name], [c[name].mean for c in found], 0.02)
        for name, words in _BENEFIT.items()
    ]


def _risks(found: list[dict[str, Mean]]) -> list[Check]:
    means = lambda n: [r[n].mean for r in found]
    checks = [
        agree(f"P(risky) at odds {_ODDS[n]}, D .35, .5, .65", known, means(n), 0.02)
        for n, known in _RISKY.items()
    ]
    ends = [found[i]["risky_eighth"].mean for i in (0, -1)]
    checks.append(agree("P(risky) at odds 1/8, D .35 and .65", _EIGHTH, ends, 0.02))
    checks.append(at_most("its rise from D .35 to .65", 0.0, ends[1] - ends[0]))
    return checks


def _under_drugs(found: dict[str, dict[str, Mean]]) -> list[Check]:
    checks = []
    for name, sign in {"D1 blocked": -1, "D2 blocked": -1, "D2 agonist": 1}.items():
        more = [found[name][n].mean - found["none"][n].mean for n in _RISKY]
        if sign > 0:
            checks.append(at_least(f"{name}: least rise of P(risky)", 0.01, min(more)))
        else:
            checks.append(at_most(f"{name}: least fall of P(risky)", -0.01, max(more)))
    return checks


def _shown(x: Any, found: list[Mean], words: str, color: int) -> list[Any]:
    low, high = [m.low for m in found], [m.high for m in found]
    return [line(x, [m.mean for m in found], words, low=low, high=high, color=color)]
