"""Less learning per burst: dopamine stays at the reward, and delays cost more."""

from typing import ClassVar

import numpy as np
from jaxtyping import Array, Key

from ..assays.delayed_cue import DelayedCue
from ..keys import named_keys
from ._base import (
    AbstractLandmark,
    Check,
    Measured,
    Panel,
    agree,
    at_least,
    at_most,
    bars,
    equal,
    line,
    theory,
)


_ALPHA, _GAMMA, _LEAK, _STEPS = 0.1, 0.98, 0.01, 6
# By uptake: error at reward and cue, cue over reward, discount of a step, and of five.
_KNOWN = {
    1.0: (0.091, 0.500, 5.5, 0.891, 0.561),
    1.14: (0.102, 0.463, 4.5, 0.880, 0.527),
    1.5: (0.130, 0.383, 2.9, 0.852, 0.449),
}
_WORDS = {1.0: "control", 1.14: "uptake × 1.14", 1.5: "uptake × 1.5"}


class DopamineTransferDeficit(AbstractLandmark):
    """Leaky TD with the learning rate of three transporter densities."""

    title: ClassVar = "More transporters: dopamine transfers less to the cue"
    claim: ClassVar = (
        "With forgetting at a rate μ a step costs the factor c = αγ/(α + μ) and the reward keeps "
        "an error of μ/(α + μ). If bursts that are taken up faster teach less, the response to "
        "the cue is smaller, that to the reward larger and the gradient of delay steeper: one "
        "parameter, three signs."
    )
    source: ClassVar = (
        "Tripp & Wickens 2008, J. Child Psychol. Psychiatry 49:691; transporters: Fusar-Poli et "
        "al. 2012, Am. J. Psychiatry 169:264"
    )
    models: ClassVar = ("value_decay",)
    caution: ClassVar = (
        "Transporters in ADHD are contested: 14 % up on average, more after stimulants and fewer "
        "in people who were never treated, for whom the signs turn round. That a rate is divided "
        "by uptake is a formalisation of jaxda's."
    )

    def measure(self) -> Measured:
        keys = named_keys(0, [("dopamine_transfer_deficit", "1")])
        assays = {uptake: DelayedCue(uptake=uptake, variation=0.0) for uptake in _KNOWN}
        seen = {u: [x[:, 0] for x in assay.profile(keys)] for u, assay in assays.items()}
        found = {
            u: {name: float(x[0]) for name, x in assay.run(keys).items()}
            for u, assay in assays.items()
        }
        checks = [check for u in _KNOWN for check in _numbers(u, found[u], seen[u][1])]
        checks += _lesions(keys, found[1.0])
        panels = [_course(seen), _ends(found), _gradient(seen)]
        caption = (
            "Simulation, no medical advice; one learner each and nothing random, so no interval. "
            "Leaky TD over six steps (model value_decay): α = .1 over uptake (Vmax relative to "
            "normal), γ = .98, μ = .01 per trial, 400 trials with a reward of 1. Dashed: "
            "cᵏ. In people with ADHD monetary delay discounting is steeper by d = .43 (25 "
            "comparisons, N = 3913; Jackson & MacKillop 2016); the model knows the sign and no "
            "effect size."
        )
        return Measured(checks, panels, caption)


def _numbers(uptake: float, found: dict[str, float], values: np.ndarray) -> list[Check]:
    reward, cue, ratio, step, five = _KNOWN[uptake]
    label = _WORDS[uptake]
    discount = _discount(uptake)
    got = values[1:-1] / values[2:]
    return [
        equal(f"{label}: error at the reward", reward, found["reward"], 0.02 * reward),
        equal(f"{label}: error at the cue", cue, found["cue"], 0.02 * cue),
        equal(f"{label}: cue over reward", ratio, found["cue_over_reward"], 0.02 * ratio),
        equal(f"{label}: factor of a step", step, got.mean(), 0.002),
        equal(f"{label}: factor of five steps", five, 1 - found["discounting"], 0.02 * five),
        agree(f"{label}: every step, αγ/(α + μ)", np.full(got.shape, discount), got, 1e-6),
    ]


def _discount(uptake: float) -> float:
    alpha = _ALPHA / uptake
    return alpha * _GAMMA / (alpha + _LEAK)


def _lesions(keys: Key[Array, " individuals"], control: dict[str, float]) -> list[Check]:
    """The signs with the area of saturated bursts, and round again with fewer transporters."""
    checks = []
    for factor, less, more in ((1.14, at_most, at_least), (0.86, at_least, at_most)):
        assay = DelayedCue(lesions={"dat_uptake": float(np.log(factor))}, variation=0.0)
        got = {name: float(x[0]) for name, x in assay.run(keys).items()}
        label = f"lesion dat_uptake × {factor:g}, over control"
        checks += [
            less(f"{label}: cue", 1.0, got["cue"] / control["cue"]),
            more(f"{label}: reward", 1.0, got["reward"] / control["reward"]),
            more(f"{label}: discounting", 1.0, got["discounting"] / control["discounting"]),
        ]
    return checks


def _course(seen: dict[float, list[np.ndarray]]) -> Panel:
    step = np.arange(_STEPS + 1)
    marks = [line(step, seen[u][0], _WORDS[u]) for u in _KNOWN]
    return Panel("Error after learning", "step after the cue", "error (rewards)", marks, zero=True)


def _ends(found: dict[float, dict[str, float]]) -> Panel:
    marks = [
        bars([0, 1], [found[u]["cue"], found[u]["reward"]], _WORDS[u], color=i)
        for i, u in enumerate(_KNOWN)
    ]
    title, what = "Cue and reward", "error (rewards)"
    return Panel(title, "moment", what, marks, ticks=("cue", "reward"), zero=True)


def _gradient(seen: dict[float, list[np.ndarray]]) -> Panel:
    delay, marks = np.arange(_STEPS), []
    for u in _KNOWN:
        values = seen[u][1][:0:-1]
        marks.append(line(delay, values / values[0], _WORDS[u]))
    for u in _KNOWN:
        marks.append(theory(delay, _discount(u) ** delay, "cᵏ" if u == 1.0 else ""))
    title, x, y = "Gradient of delay", "steps before the reward", "value (of the last state)"
    return Panel(title, x, y, marks)
