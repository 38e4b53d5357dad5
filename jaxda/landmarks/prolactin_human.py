"""Prolactin of people under antagonists and agonists of the D2 receptor."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from ..dopamine.prolactin import AgonistProlactin, Course, HumanProlactin, preset
from ._base import AbstractLandmark, Check, Measured, Panel, agree, at_most, equal, line, theory


_KI = 1.96
# Concentration over ki: peak over baseline, and when in h.
_PEAKS = {5: (3.37, 1.7), 15: (6.20, 1.3), 40: (10.75, 0.9)}
_POWER = 1 / 2.44
_FORTNIGHT = 336.0
# One number of times, one compiled program.
_POINTS = 4801


class ProlactinHuman(AbstractLandmark):
    """The agonist-antagonist interaction model: steady states, tolerance, withdrawal, rhythm."""

    title: ClassVar = "Prolactin rises with a blocked receptor, and dopamine fights back"
    claim: ClassVar = (
        "Under a constant antagonist prolactin peaks within two hours and settles at (1 + C / "
        "KI)^0.41 times baseline, because prolactin drives the dopamine that restrains it; when "
        "the drug stops after two weeks it undershoots. Loss of dopamine raises it, an agonist "
        "lowers it."
    )
    source: ClassVar = (
        "Friberg et al. 2009, Clin. Pharmacol. Ther. 86:82 (risperidone, paliperidone; 1462 "
        "subjects); ropinirole in hyperprolactinaemia, n = 3 (PMC6339972)"
    )
    models: ClassVar = ()
    caution: ClassVar = (
        "Loss of hypothalamic dopamine and a dopamine-like agonist in this model are extensions "
        "of ours; that time 0 is near 08:00 is inferred from the peaks. A pool model explains "
        "tolerance otherwise."
    )

    def measure(self) -> Measured:
        model = preset(HumanProlactin, "male_patients")
        checks, held = _antagonist(model)
        more, gone = _withdrawal(model, held)
        rhythms, clock = _rhythm()
        agonists, curve = _agonist(model)
        checks += [*more, *rhythms, *agonists]
        caption = (
            "Simulation of published group models of people, no medical advice. First three: "
            "agonist-antagonist interaction model (preset male_patients, baseline 16.1 ng/mL; "
            "healthy_men, 7.67 ng/mL), typical values, one deterministic run each, so there are "
            "no intervals. C: antagonist in plasma over KI = 1.96 ng/mL; the first two without "
            "the daily rhythm. Last: indirect-response model of "
            "ropinirole in hyperprolactinaemia, baseline 109 ng/mL, n = 3. Dashed: closed forms."
        )
        return Measured(checks, [_rise(model), gone, clock, curve], caption)


def _fold(course: Course, model: HumanProlactin) -> np.ndarray:
    return np.asarray(course.prolactin / model.baseline)


def _antagonist(model: HumanProlactin) -> tuple[list[Check], Course]:
    x = jnp.array([1.0, 5.0, 15.0, 40.0])
    steady = np.asarray(model.steady(_KI * x) / model.baseline)
    checks = [
        agree("steady prolactin at C/KI = 1, 5, 15, 40", (1 + x) ** _POWER, steady, 1e-3),
        agree("the same, to three decimals", [1.329, 2.084, 3.115, 4.581], steady, 1e-3),
    ]
    hours = jnp.linspace(0, 24, _POINTS)
    for c, (peak, when) in _PEAKS.items():
        seen = _fold(model.simulate(hours, c * _KI, rhythm=False), model)
        checks.append(equal(f"peak at C/KI = {c}", peak, seen.max(), 0.02 * peak))
        checks.append(equal(f"hours to the peak at {c}", when, hours[seen.argmax()], 0.05))
        if c == 15:
            checks.append(equal("steady over peak at 15", 0.50, steady[2] / seen.max(), 0.01))
    # Dopamine at baseline in units of its affinity.
    for d0, rise in ((1.0, 1.75), (5.0, 2.65), (10.0, 2.86)):
        got = HumanProlactin(d0=jnp.asarray(d0)).steady(15 * _KI) / 16.1
        checks.append(equal(f"steady at 15 where D0 = {d0:g}", rise, got, 0.01))
    held = model.simulate(jnp.linspace(0, _FORTNIGHT, _POINTS), 15 * _KI, rhythm=False)
    return checks, held


def _rise(model: HumanProlactin) -> Panel:
    hours, marks = jnp.linspace(0, 24, _POINTS), []
    for color, c in enumerate(_PEAKS):
        seen = _fold(model.simulate(hours, c * _KI, rhythm=False), model)
        marks.append(line(hours[::10], seen[::10], f"C = {c} KI", color=color))
        law = np.full(2, (1 + c) ** _POWER)
        marks.append(theory((0, 24), law, "(1 + C/KI)^0.41" if not color else ""))
    return Panel(
        "A constant antagonist",
        "time since the drug began (h)",
        "prolactin (times baseline)",
        marks,
    )


def _withdrawal(model: HumanProlactin, held: Course) -> tuple[list[Check], Panel]:
    hours = jnp.linspace(0, 48, _POINTS)
    start = (held.prolactin[-1], held.driver[-1])
    course = model.simulate(hours, 0.0, rhythm=False, start=start)
    seen = _fold(course, model)
    outside = hours[np.flatnonzero(np.abs(seen - 1) > 0.05)[-1]]
    checks = [
        equal("lowest after two weeks at 15 KI", 0.381, seen.min(), 0.02 * 0.381),
        equal("hours from the end to the lowest", 5.7, hours[seen.argmin()], 0.1),
        at_most("hours until within 5 % of baseline", 17.0, outside),
    ]
    shown = slice(None, None, 20)
    marks = [
        line(hours[shown], seen[shown], "prolactin"),
        line(hours[shown], course.driver[shown], "dopamine"),
        theory((0, 48), (1, 1), "baseline"),
    ]
    panel = Panel(
        "It stops after two weeks, C = 15 KI",
        "time since the drug ended (h)",
        "times baseline",
        marks,
        zero=True,
    )
    return checks, panel


def _rhythm() -> tuple[list[Check], Panel]:
    hours, checks, marks = jnp.linspace(0, 96, _POINTS), [], []
    day = slice(-1201, None)
    for name in ("male_patients", "healthy_men"):
        model = preset(HumanProlactin, name)
        seen = _fold(model.simulate(hours), model)[day]
        clock = np.asarray(hours[day]) - 72
        marks.append(line(clock[::10], seen[::10] * float(model.baseline), name))
        if name == "male_patients":
            checks = [
                agree("least and most of a day", (0.56, 1.63), (seen.min(), seen.max()), 0.02),
                agree(
                    "when, in h",
                    (2.3, 18.6),
                    (clock[seen.argmin()], clock[seen.argmax()]),
                    0.1,
                ),
                equal("mean of a day", 1.005, seen[:-1].mean(), 1e-3),
            ]
    panel = Panel(
        "A day without drug",
        "clock of the data (h; 0 is near 08:00)",
        "prolactin (ng/mL)",
        marks,
    )
    return checks, panel


def _agonist(model: HumanProlactin) -> tuple[list[Check], Panel]:
    fold = lambda **change: [
        float(model.steady(**{name: v}) / model.baseline)
        for name, values in change.items()
        for v in values
    ]
    drug = preset(AgonistProlactin, "ropinirole")
    at = [0.5, 1.12, 2.0, 5.0]
    steady = [float(drug.steady(c) / drug.baseline) for c in at]
    checks = [
        agree("dopamine at .5 and .1 of itself", (1.329, 2.57), fold(tone=(0.5, 0.1)), 0.01),
        agree(
            "agonist of 1, 3, 10 times the dopamine",
            (0.650, 0.314, 0.100),
            fold(agonist=(1.0, 3.0, 10.0)),
            1e-3,
        ),
        agree(f"ropinirole at {at} ng/mL", (0.845, 0.5, 0.228, 0.041), steady, 1e-3),
        equal("its prolactin: elimination per h", 1.41, drug.kout, 0.01),
    ]
    c = np.geomspace(0.05, 20, 60)
    law = 1 - c**2.1 / (1.12**2.1 + c**2.1)
    marks = [
        line(c, np.asarray(drug.steady(jnp.asarray(c)) / drug.baseline), "model"),
        theory(c, law, "1 − Hill(C; 1.12, 2.1)"),
    ]
    panel = Panel(
        "A D2 agonist, ropinirole",
        "concentration in plasma (ng/mL)",
        "prolactin (times baseline)",
        marks,
        log="x",
    )
    return checks, panel
