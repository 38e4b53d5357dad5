"""Working memory suffers from too little and from too much prefrontal dopamine."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ..assays._base import individuals
from ..assays.set_size import SetSize
from ..lesions.prefrontal_dopamine import PrefrontalDopamine
from ._base import (
    AbstractLandmark,
    Measured,
    Panel,
    agree,
    at_least,
    at_most,
    bars,
    equal,
    line,
    points,
)


_PEOPLE = 2_000
_LEVELS, _OMEGA = (0.25, 0.5, 2.0, 4.0), (0.141, 0.612, 0.612, 0.141)
_SWEEP = (0.25, 0.35, 0.5, 0.7, 1.0, 1.43, 2.0, 2.86, 4.0)
# One drug that doubles dopamine, at different levels before it.
_BEFORE = (0.35, 0.5, 1.0, 1.43, 2.0)


class PrefrontalInvertedU(AbstractLandmark):
    """Weight and decay of memory, and accuracy, by the level of prefrontal dopamine."""

    title: ClassVar = "Prefrontal dopamine: an inverted U"
    claim: ClassVar = (
        "Working memory is worth exp(-ln(C / C*)^2 / (2 * 0.7^2)) of what it is at the optimum "
        "C*: .61 at half and at twice, .14 at a quarter and at four times. Accuracy falls on both "
        "sides, so that the same drug helps where dopamine is low and harms where it is high."
    )
    source: ClassVar = "after Cools & D'Esposito 2011, Biol. Psychiatry 69:e113"
    models: ClassVar = ("rlwm",)
    caution: ClassVar = (
        "The shape is a qualitative finding; its width, and that it acts on weight and decay of "
        "memory, are choices of jaxda. Direct evidence on cortical dopamine in schizophrenia is "
        "sparse and inconclusive."
    )

    def measure(self) -> Measured:
        keys = individuals("prefrontal_inverted_u", _PEOPLE)

        def by_level(level: float) -> dict[str, float]:
            assay = SetSize(lesions={"prefrontal_dopamine": float(np.log(level))})
            return {name: float(x.mean()) for name, x in assay.run(keys).items()}

        found = {level: by_level(level) for level in sorted({*_SWEEP, *(2 * b for b in _BEFORE)})}
        best = found[1.0]
        of = lambda name, levels: np.asarray([found[level][name] for level in levels])
        kept = of("wm_weight_six", _LEVELS) / best["wm_weight_six"]
        accuracy = of("accuracy", _SWEEP)
        middle = _SWEEP.index(1.0)
        gain = of("accuracy", [2 * b for b in _BEFORE]) - of("accuracy", _BEFORE)
        omega = lambda dose: PrefrontalDopamine(dose).omega()
        slopes = jax.vmap(jax.grad(omega))(jnp.log(jnp.asarray([0.5, 1.0, 2.0])))
        # d omega / d ln C = -ln(C / C*) omega / .7^2.
        expected = -np.log([0.5, 1, 2]) * np.asarray([_OMEGA[1], 1, _OMEGA[1]]) / 0.49
        checks = [
            agree("weight of memory at C / C* = ¼, ½, 2, 4, of the optimum", _OMEGA, kept, 1e-3),
            agree("slope by ln C at C / C* = ½, 1, 2", expected, slopes, 2e-3),
            at_least(
                "least rise of accuracy up to the optimum", 0, np.diff(accuracy)[:middle].min()
            ),
            at_most("greatest rise of accuracy beyond", 0, np.diff(accuracy)[middle:].max()),
            equal(
                "accuracy at half less at twice",
                0,
                found[0.5]["accuracy"] - found[2.0]["accuracy"],
                1e-3,
            ),
            at_least("doubled from a third of the optimum: gain of accuracy", 0.02, gain[0]),
            at_most("doubled from twice the optimum: gain of accuracy", -0.02, gain[-1]),
        ]
        doubled, swept = np.linspace(-2.3, 2.3, 81), np.log2(_SWEEP)
        curve = np.asarray(jax.vmap(omega)(jnp.log(2.0) * doubled))
        weights = [
            line(doubled, curve, "ω"),
            points(swept, of("wm_weight_six", _SWEEP) / best["wm_weight_six"], "weight, RLWM"),
        ]
        marks = [
            line(swept, accuracy, "all trials", color=0),
            line(swept, of("accuracy_two_late", _SWEEP), "sets of 2, late", color=1),
            line(swept, of("accuracy_six_late", _SWEEP), "sets of 6, late", color=2),
        ]
        where = "prefrontal dopamine (log2 C / C*)"
        names = tuple(f"{b:g}" for b in _BEFORE)
        panels = [
            Panel("Memory in a choice", where, "share of the optimum", weights),
            Panel("Accuracy", where, "probability correct", marks),
            Panel(
                "Dopamine doubled",
                "C / C* before",
                "change of accuracy (share)",
                [bars(range(len(gain)), gain)],
                ticks=names,
                zero=True,
            ),
        ]
        caption = (
            "Simulation, no medical advice. RLWM at healthy medians (ρ = .962, φ = .18, K = 3, "
            "β = 25), sets of 2 to 6 stimuli shown nine times. Prefrontal dopamine multiplies ρ by "
            f"ω and divides φ by it. Means of {_PEOPLE} simulated people, the same at all "
            "levels (standard errors below .003)."
        )
        return Measured(checks, panels, caption)
