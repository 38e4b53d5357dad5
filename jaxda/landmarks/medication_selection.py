"""Medication turns choosing A and avoiding B round, and what of it is learning."""

from typing import Any, ClassVar

import numpy as np

from ._base import AbstractLandmark, Check, Measured, Panel, agree, at_least, at_most, line, points
from ._group import Mean, group


_AGENTS = 2000
_OFF: dict[str, Any] = {"values": {"alpha_g": 0.08, "rho": -0.4}}
_ON: dict[str, Any] = {"values": {"alpha_n": 0.08, "rho": 0.4}}
_STATES: dict[str, dict[str, Any]] = {"off": _OFF, "control": {}, "on": _ON}
# Choosing A and avoiding B, and the same where only rho differs, at test, by -.5 and .5.
_KNOWN = ((0.757, 0.779), (0.834, 0.735), (0.853, 0.696))
_RHO_AT_TEST = ((0.797, 0.748), (0.859, 0.720))
# The same by mechanism: f survive, and levodopa.
_SURVIVE = 0.3
_LOST: dict[str, float] = {"snc_loss": 1 - _SURVIVE}
_TICKS = ("off", "control", "on")
_WORDS = {"choose_a": "choose A", "avoid_b": "avoid B"}


class MedicationSelection(AbstractLandmark):
    """Probabilistic selection of opponent actors off medication, healthy, and on it."""

    title: ClassVar = "Off medication B is avoided, on medication A is chosen: a contested result"
    claim: ClassVar = (
        "Less learning by Go (off) and less by NoGo (on), each with the balance at choice, make "
        "choosing A rise from off to on by .05 or more and avoiding B fall as much. Loss of cells "
        "and levodopa land at the same place. At test alone the shift is smaller, the sign the "
        "same."
    )
    source: ClassVar = (
        "Frank, Seeberger & O'Reilly 2004, Science 306:1940; Collins & Frank 2014, Psychol. Rev. "
        "121:337"
    )
    models: ClassVar = ("opal",)
    caution: ClassVar = (
        "Contested. Grogan et al. 2017 found no effect of medication in three experiments; "
        "Smittenaar et al. 2012 and Shiner et al. 2012 found it at test and not in learning; in "
        "foraging, drugs changed learning from gains only (Rutledge et al. 2009). The sizes are "
        "those of the model, not of patients."
    )

    def measure(self) -> Measured:
        found = {
            where: {
                state: group("selection", _AGENTS, where=where, **change)
                for state, change in _STATES.items()
            }
            for where in ("learn", "test", "both")
        }
        lesions = {
            "off": group("selection", _AGENTS, lesions=_LOST),
            "control": found["both"]["control"],
            "on": group("selection", _AGENTS, lesions=_LOST | {"levodopa": 1.0}),
        }
        balance = [
            group("selection", _AGENTS, values={"rho": rho}, where="test") for rho in (-0.5, 0.5)
        ]
        checks = _checks(found, lesions, balance)
        marks = lambda seen: [
            mark
            for color, (outcome, words) in enumerate(_WORDS.items())
            for mark in _course(seen, outcome, words, color)
        ]
        panel = lambda title, seen: Panel(
            title, "medication", "probability", marks(seen), ticks=_TICKS
        )
        panels = [
            panel("At learning and at test", found["both"]),
            panel("At learning only", found["learn"]),
            panel("At test only", found["test"]),
            panel("By mechanism", lesions),
        ]
        caption = (
            "Simulation of a model of learning (no species), no medical advice. OpAL, α_C = .1 (a "
            "critic per pair), α_G = α_N = .2, β = 1, V0 = .5; 60 trials per pair with independent "
            f"feedback, then pairs never trained; the same {_AGENTS} agents in each state, 95 % "
            "intervals. Off: α_G × .4, ρ = −.4; on: α_N × .4, ρ = .4, acting where the title says. "
            f"By mechanism: loss of {1 - _SURVIVE:.0%} of the cells (off), and with levodopa at "
            "full effect (on)."
        ).replace("0%", "0 %")
        return Measured(checks, panels, caption)


def _checks(
    found: dict[str, dict[str, dict[str, Mean]]],
    lesions: dict[str, dict[str, Mean]],
    balance: list[dict[str, Mean]],
) -> list[Check]:
    table = lambda rows: np.array([[row[n].mean for n in _WORDS] for row in rows])
    both = found["both"]
    checks = [
        agree(
            "choosing A and avoiding B: off, control, on",
            _KNOWN,
            table(both.values()),
            0.02,
        ),
        agree("the same by mechanism", _KNOWN, table(lesions.values()), 0.02),
        agree("rho −.5 and .5, at test only", _RHO_AT_TEST, table(balance), 0.02),
    ]
    for name, seen in {"at learning and test": both, "by mechanism": lesions}.items():
        more = table([seen["on"]]) - table([seen["off"]])
        checks.append(at_least(f"{name}: choosing A, on less off", 0.05, more[0, 0]))
        checks.append(at_most(f"{name}: avoiding B, on less off", -0.05, more[0, 1]))
    for where in ("learn", "test"):
        more = table([found[where]["on"]]) - table([found[where]["off"]])
        checks.append(at_least(f"at {where} only: choosing A, on less off", 0.02, more[0, 0]))
        checks.append(at_most(f"at {where} only: avoiding B, on less off", -0.01, more[0, 1]))
    return checks


def _course(
    seen: dict[str, dict[str, Mean]], outcome: str, words: str, color: int
) -> tuple[Any, Any]:
    states = [seen[state][outcome] for state in _STATES]
    x, mean = range(len(states)), [m.mean for m in states]
    ends: dict[str, Any] = {"low": [m.low for m in states], "high": [m.high for m in states]}
    return line(x, mean, words, color=color), points(x, mean, "", color=color, **ends)
