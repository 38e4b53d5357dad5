"""Who can read a burst or a pause of dopamine: four accounts of its receptors."""

from typing import ClassVar

import jax
import numpy as np

from ..dopamine.receptors import (
    Receptor,
    activity,
    bind,
    equal_sensitivity,
    half_life,
    occupancy,
    receptors,
)
from ._base import (
    AbstractLandmark,
    Check,
    Measured,
    Panel,
    agree,
    at_least,
    at_most,
    equal,
    line,
    theory,
)


# nM: tonic level, and what a burst adds, which falls with a time constant of .3 s.
_TONIC, _BURST, _TAU = 20.0, 200.0, 0.3
_TIMES = np.linspace(0, 5, 5001)


class ReceptorOccupancy(AbstractLandmark):
    """Occupancy at rest, through a burst and through a pause, and under drugs that compete."""

    title: ClassVar = "Whether receptors see a burst or a pause depends on how fast they let go"
    claim: ClassVar = (
        "At rest 20 nM occupies 2 % of D1 and 44 to 67 % of D2 receptors, and both change alike "
        "at √(K1 K2). Fast D1 receptors follow a burst and D2 receptors that let go in seconds a "
        "pause; receptors that let go in minutes follow neither."
    )
    source: ClassVar = (
        "Dreyer's toolbox; Ejdrup et al. (public code); Hunger, Kumar & Schmidt 2020, J. "
        "Neurosci. 40:2868; Cheng & Prusoff 1973"
    )
    models: ClassVar = ()
    caution: ClassVar = (
        "Rodent constants, which are contested by factors of 100 in affinity and 1000 in rate. "
        "Which set is right decides whether D2 cells can see dips at all. The rates of the slow "
        "set are approximate."
    )

    def measure(self) -> Measured:
        checks = [*_at_rest(), *_burst(), *_pause(), *_drugs()]
        panels = [_affinities(), _seen("A burst of 200 nM", _course(), 5), _seen_pause()]
        caption = (
            "Simulation with rodent constants, no medical advice. Left: occupancy at rest by "
            "dopamine, of four published sets. Middle: change of occupancy after 200 nM over a "
            "tonic 20 nM, falling with a time constant of .3 s. Right: change of occupancy while "
            "dopamine is away for one second. K_D and rate of letting go: fast D1 1000 nM, 10/s; "
            "Ejdrup D1 1000 nM, 19.5/s, D2 7 nM, .2/s; slow D1 1600 nM, D2 25 nM, .5/min."
        )
        return Measured(checks, panels, caption)


def _course() -> np.ndarray:
    return _TONIC + _BURST * np.exp(-_TIMES / _TAU)


def _added(receptor: Receptor, times: np.ndarray, course: np.ndarray) -> np.ndarray:
    start = occupancy(_TONIC, receptor.kd)
    return np.asarray(bind(receptor, times, course, start) - start)


def _at_rest() -> list[Check]:
    low = occupancy(_TONIC, np.array([1000.0, 10.0, 25.0]))
    high = occupancy(1000.0, np.array([1000.0, 10.0]))
    at = equal_sensitivity(1000.0, 10.0)
    slope = jax.vmap(jax.grad(occupancy), (None, 0))(at, np.array([1000.0, 10.0]))
    return [
        agree("20 nM at K_D of 1000, 10 and 25 nM", (0.020, 0.667, 0.444), low, 5e-4),
        agree("1 µM at K_D of 1000 and 10 nM", (0.500, 0.990), high, 5e-4),
        equal("both change alike at, nM", 100.0, at, 1e-9),
        equal("slope of one over that of the other there", 1.0, slope[0] / slope[1], 1e-9),
    ]


def _burst() -> list[Check]:
    seen = {
        f"{name} {kind.upper()}": _added(getattr(receptors(name), kind), _TIMES, _course())
        for name in ("fast", "ejdrup", "slow")
        for kind in ("d1", "d2")
    }
    peak = {name: float(x.max()) for name, x in seen.items()}
    when = {name: float(_TIMES[x.argmax()]) for name, x in seen.items()}
    last = {name: float(x[-1]) for name, x in seen.items()}
    return [
        equal("burst, fast D1: most that is added", 0.1025, peak["fast D1"], 0.002),
        equal("when, s", 0.16, when["fast D1"], 0.005),
        at_most("left after 5 s", 1e-4, last["fast D1"]),
        equal("burst, Ejdrup D2: most that is added", 0.16, peak["ejdrup D2"], 0.0032),
        equal("when, s", 0.46, when["ejdrup D2"], 0.0092),
        equal("left after 5 s", 0.0065, last["ejdrup D2"], 0.00013),
        equal("burst, slow D1: most that is added", 0.0003, peak["slow D1"], 0.00005),
        equal("burst, slow D2: most that is added", 0.0108, peak["slow D2"], 0.0002),
        equal("of it left after 5 s", 0.95, last["slow D2"] / peak["slow D2"], 0.019),
        equal("slow: half have let go after, s", 83.2, half_life(receptors("slow").d2), 0.1),
    ]


def _pause() -> list[Check]:
    times = np.linspace(0, 1, 1001)
    lost = lambda name: _added(receptors(name).d2, times, 0 * times)[-1]
    return [
        equal("pause of 1 s, Ejdrup D2", -0.134, lost("ejdrup"), 0.0027),
        equal("pause of 1 s, slow D2", -0.004, lost("slow"), 0.0005),
    ]


def _drugs() -> list[Check]:
    theta = np.array([0.0, 0.65, 0.72, 0.78])
    tone = activity(50.0, 10.0, theta)
    partial = [float(activity(c, 10.0, 0.8, 0.3)) for c in (1.0, 1000.0)]
    without = [float(occupancy(c, 10.0)) for c in (1.0, 1000.0)]
    return [
        agree(
            "50 nM at D2 (10 nM) under 0, 65, 72, 78 % antagonist",
            50 / (50 + 10 / (1 - theta)),
            tone,
            1e-12,
        ),
        at_least("partial agonist at little dopamine, less without", 0.0, partial[0] - without[0]),
        at_most("partial agonist at much dopamine, less without", 0.0, partial[1] - without[1]),
    ]


def _affinities() -> Panel:
    grid = np.geomspace(0.3, 1e4, 120)
    marks = []
    for name, label in (("ejdrup", "D2, Ejdrup"), ("classic", "D2, classic"), ("slow", "D2, slow")):
        marks.append(line(grid, occupancy(grid, receptors(name).d2.kd), label))
    marks.append(line(grid, occupancy(grid, receptors("classic").d1.kd), "D1, all but slow"))
    marks.append(line(grid, occupancy(grid, receptors("slow").d1.kd), "D1, slow"))
    return Panel("At rest", "dopamine (nM)", "occupancy", marks, log="x")


_SHOWN = (
    ("fast", "d1", "D1, fast"),
    ("ejdrup", "d1", "D1, Ejdrup"),
    ("ejdrup", "d2", "D2, Ejdrup"),
    ("slow", "d2", "D2, slow"),
)


def _seen(title: str, course: np.ndarray, until: float) -> Panel:
    marks = [
        line(_TIMES[::10], _added(getattr(receptors(name), kind), _TIMES, course)[::10], label)
        for name, kind, label in _SHOWN
    ]
    return Panel(title, "time (s)", "change of occupancy", marks, zero=True)


def _seen_pause() -> Panel:
    gone = (_TIMES >= 1) & (_TIMES < 2)
    panel = _seen("A pause of one second", np.where(gone, 0.0, _TONIC), 5)
    mark = theory((1, 1, 2, 2), (0, 0.01, 0.01, 0), "no dopamine")
    return panel._replace(marks=[*panel.marks, mark])
