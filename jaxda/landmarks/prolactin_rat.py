"""Prolactin of rats: a second dose of a D2 antagonist finds an emptied pool."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..dopamine.prolactin import Course, HumanProlactin, RatProlactin, preset
from ._base import AbstractLandmark, Measured, Panel, at_least, at_most, equal, line, theory


# Remoxipride in brain extracellular fluid after a bolus: mg/L, and its terminal half-life in h
# by the disposition that the model was fitted with.
_LEVEL, _HALF_LIFE = 0.35, 0.434
_GAPS = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0)


class ProlactinRat(AbstractLandmark):
    """The pool model with positive feedback: first and second dose, and constant drug."""

    title: ClassVar = "In rats the pool of prolactin empties and refills within hours"
    claim: ClassVar = (
        "A bolus of remoxipride raises prolactin fivefold within 15 minutes. Two hours later a "
        "second one reaches half of the first peak, eight hours later nearly all of it. Under any "
        "constant concentration prolactin returns to baseline, with the pool emptied."
    )
    source: ClassVar = "Stevens et al. 2012, J. Pharmacokinet. Pharmacodyn. 39:463"
    models: ClassVar = ()
    caution: ClassVar = (
        "Rats only: in people prolactin is eliminated eight times more slowly, and the refractory "
        "period after remoxipride is about a day. How much a second dose does depends on the "
        "concentration in the brain, which is an assumption here."
    )

    def measure(self) -> Measured:
        model = preset(RatProlactin, "remoxipride_rat")
        runs = {gap: _two(model, gap) for gap in _GAPS}
        hours, course = runs[8.0]
        fold = np.asarray(course.prolactin / model.baseline)
        first = fold[hours < 8]
        again = {gap: _again(*run) for gap, run in runs.items()}
        constant = jnp.array([0.0, 60.0])
        held = model.simulate(constant, 0.2)
        human = preset(HumanProlactin, "male_patients")
        checks = [
            equal("first peak, times baseline", 5.0, first.max(), 0.25),
            at_most("minutes to the first peak", 15.0, 60 * hours[first.argmax()]),
            equal("second peak over the first, 2 h later", 0.50, again[2.0], 0.01),
            equal("second peak over the first, 8 h later", 0.98, again[8.0], 0.02),
            equal("constant .2 mg/L for 60 h: prolactin", 6.64, held.prolactin[-1], 1e-4),
            equal(
                "and the pool, (EC50 + C) / (EC50 + C + Emax C)",
                0.251 / (0.251 + 17.5 * 0.2),
                held.driver[-1],
                1e-5,
            ),
            at_least("elimination, times that of people", 7.0, model.k_e / human.kout),
        ]
        panels = [*_panels(model, runs), _recovery(again)]
        caption = (
            "Simulation of a published group model of rats (preset remoxipride_rat, baseline 6.64 "
            "ng/mL), typical values, one deterministic run each, so there are no intervals; no "
            f"medical advice. Each dose is a bolus: {_LEVEL} mg/L in brain extracellular fluid, "
            f"half-life {60 * _HALF_LIFE:.0f} min. Pool: filling relative to baseline."
        )
        return Measured(checks, panels, caption)


class _Boluses(eqx.Module):
    gap: Float[Array, ""]

    def __call__(self, t: Float[Array, ""]) -> Float[Array, ""]:
        gone = lambda since: jnp.exp2(-since / _HALF_LIFE)
        second = jnp.where(t >= self.gap, gone(jnp.maximum(t - self.gap, 0.0)), 0.0)
        return _LEVEL * (gone(t) + second)


def _two(model: RatProlactin, gap: float) -> tuple[np.ndarray, Course]:
    hours = jnp.linspace(0, gap + 2, 2801)
    drug = _Boluses(jnp.asarray(gap))
    return np.asarray(hours), model.simulate(hours, drug, jumps=jnp.array([gap]))


def _again(hours: np.ndarray, course: Course) -> float:
    """Second peak over the first, of a run that ends two hours after the second dose."""
    before = hours < hours[-1] - 2
    level = np.asarray(course.prolactin)
    return float(level[~before].max() / level[before].max())


def _panels(model: RatProlactin, runs: dict[float, tuple[np.ndarray, Course]]) -> list[Panel]:
    panels = []
    for gap in (2.0, 8.0):
        hours, course = runs[gap]
        fold = np.asarray(course.prolactin / model.baseline)
        shown = slice(None, None, 7)
        marks = [
            line(hours[shown], fold[shown], "prolactin"),
            line(hours[shown], course.driver[shown], "pool"),
            theory((0, hours[-1]), (1, 1), "baseline"),
        ]
        title = f"Two doses, {gap:g} h apart"
        panels.append(Panel(title, "time since the first dose (h)", "times baseline", marks))
    return panels


def _recovery(again: dict[float, float]) -> Panel:
    marks = [line(list(again), list(again.values()), "rats"), theory((1, 12), (1, 1), "all of it")]
    return Panel(
        "How much is back",
        "time between the doses (h)",
        "second peak (share of the first)",
        marks,
        zero=True,
    )
