"""What is left of tonic and phasic dopamine when terminals die."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ..dopamine.denervation import burst_gain, tonic_level
from ..dopamine.kinetics import (
    Kinetics,
    burst,
    burst_course,
    firing,
    region,
    simulate,
    steady_state,
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
    points,
    theory,
)


_TONIC = 4.0
_SURVIVORS = np.array([1.0, 0.8, 0.5, 0.3, 0.2, 0.1, 0.05])
_LEAKS = ("measured", "calibrated")
# Relative to intact, by the leak, at 1, .5, .3, .2, .15, .1, .05 of the terminals.
_FEW = np.array([1.0, 0.5, 0.3, 0.2, 0.15, 0.1, 0.05])
_LEVEL = {
    "measured": (1, 0.998, 0.996, 0.993, 0.990, 0.984, 0.967),
    "calibrated": (1, 0.955, 0.902, 0.846, 0.798, 0.719, 0.563),
}
# At 1, .5, .3, .2, .1, .05; with the measured leak.
_RISE = (1, 0.614, 0.419, 0.305, 0.172, 0.093)
_HALF_LIFE = (1, 1.50, 2.08, 2.75, 4.57, 7.91)
_AREA = (1, 0.76, 0.64, 0.57, 0.49, 0.44)
# At all of `_SURVIVORS`, with the calibrated leak.
_RISE_CALIBRATED = (1, 0.86, 0.62, 0.43, 0.32, 0.19, 0.11)
# After .3 s without spikes, at 1, .5, .2, .1.
_PAUSE = (0.0007, 0.030, 0.267, 0.527)


def _lost(leak: str, survivors: np.ndarray) -> Kinetics:
    return region("ds", leak, survivors=survivors)


class DopamineLesion(AbstractLandmark):
    """Dorsal striatum with a share of its terminals: steady states, bursts and a pause."""

    title: ClassVar = "Loss of terminals: tonic dopamine is preserved, bursts are not"
    claim: ClassVar = (
        "Release and uptake fall together, so the survivors cancel from the tonic level and only "
        "a leak gives the loss away, late; bursts shrink from the first loss on and last longer, "
        "and pauses fill up."
    )
    source: ClassVar = (
        "Passive stabilisation: Bergstrom & Garris 2003, J. Neurochem. 87:1224; Reed, Nijhout & "
        "Best 2009; Robinson & Whishaw 1988; constants: Dreyer's toolbox"
    )
    models: ClassVar = ()
    caution: ClassVar = (
        "Rodent constants. Experiments disagree: dialysate dopamine is normal until 80, 85 or 99 % "
        "of the terminals are gone, in one study lower from 60 % on. The calibrated leak is a "
        "choice in between. Motor signs begin at a loss of 30 to 60 % of markers in cells and "
        "terminals, which is another quantity."
    )

    def measure(self) -> Measured:
        checks = [*_levels(), *_slopes()]
        kinetics = region(
            "ds",
            survivors=np.stack([_SURVIVORS, _SURVIVORS]),
            k_out=jnp.stack([region("ds", leak).k_out for leak in _LEAKS])[:, None],
        )
        seen = burst(kinetics)
        rise, half, area = (np.asarray(x) for x in seen)
        rows = [0, 2, 3, 4, 5, 6]
        ratio = lambda x: x[0, rows] / x[0, 0]
        checks += [
            equal("intact burst, six spikes at 20 Hz, over tonic, nM", 494, rise[0, 0], 2.0),
            equal("its half-life, s", 0.122, half[0, 0], 0.001),
            agree("height of a burst over intact, at 1 to .05", _RISE, ratio(rise), 2e-3),
            agree("its half-life over intact", np.ones(6), ratio(half) / _HALF_LIFE, 0.02),
            agree("its area over intact", np.ones(6), ratio(area) / _AREA, 0.02),
            agree("height with the calibrated leak", _RISE_CALIBRATED, rise[1] / rise[1, 0], 5e-3),
        ]
        usual = np.flatnonzero(_SURVIVORS >= 0.2)
        gain = np.asarray(burst_gain(jnp.asarray(_SURVIVORS)))
        share = gain[usual] / (rise[0, usual] / rise[0, 0])
        checks.append(
            agree("gain that lesions of learners use, over this", np.ones(len(usual)), share, 0.05)
        )

        bursting = burst_course(kinetics)
        times = np.asarray(bursting.times)
        start = steady_state(kinetics, _TONIC)
        paused = simulate(kinetics, firing((0.3, 0.0), (7.7, _TONIC)), times, start=start)
        courses = {"burst": bursting.dopamine, "pause": paused.dopamine}
        end = np.asarray(paused.dopamine)[0, :, np.argmin(np.abs(times - 0.3))]
        left = (end / np.asarray(start)[0])[[0, 2, 4, 5]]
        checks.append(agree("left after a pause of .3 s, at 1, .5, .2, .1", _PAUSE, left, 6e-4))
        panels = [_by_survivors(rise)]
        for what, course in courses.items():
            panels.append(_in_time(f"A {what} of .3 s", times, np.asarray(course)[0]))
        caption = (
            "Simulation of dorsal striatum with rodent constants (Dreyer's toolbox), no medical "
            "advice. Left: tonic level and height of a burst (six spikes at 20 Hz) relative to "
            "intact, by the share of terminals that survives; leak measured "
            "(.04/s) or calibrated (1.15/s), of bursts measured; dashed: the curves that lesions "
            f"of learners use. Middle and right: 20 Hz or no spikes for .3 s, {_TONIC:g} Hz else, "
            "leak .04/s."
        )
        return Measured(checks, panels, caption)


def _levels() -> list[Check]:
    checks = []
    for leak, expected in _LEVEL.items():
        level = np.asarray(steady_state(_lost(leak, _FEW), _TONIC))
        name = f"tonic level over intact, {leak} leak, at 1 to .05"
        checks.append(agree(name, expected, level / level[0], 1e-3))
        checks += [
            at_least(f"{leak} leak: at half of the terminals", 0.9, level[1] / level[0]),
            at_least(f"{leak} leak: at a fifth of the terminals", 0.7, level[3] / level[0]),
        ]
    grid = np.linspace(0.01, 0.2, 200)
    level = np.asarray(steady_state(_lost("calibrated", grid), _TONIC))
    below = level / float(steady_state(region("ds", "calibrated"), _TONIC)) < 0.8
    where = float(grid[below].max())
    checks += [
        at_least("calibrated leak: share below which the level is under .8", 0.01, where),
        at_most("the same", 0.2, where),
    ]
    law = tonic_level(jnp.asarray(_FEW[:-1]))
    share = np.asarray(law) / np.asarray(_LEVEL["calibrated"][:-1])
    return [*checks, agree("level that lesions use, over this", np.ones(6), share, 0.03)]


def _slopes() -> list[Check]:
    """The derivative by what is lost, against differences."""
    level = lambda s: steady_state(region("ds", "calibrated").denervated(s), _TONIC)
    lost = jnp.asarray([0.0, 0.3, 0.6, 0.8, 0.9, 0.95])
    slope = np.asarray(jax.vmap(jax.grad(level))(lost))
    h = 1e-6
    low = jnp.maximum(lost - h, 0.0)
    differences = (level(lost + h) - level(low)) / (lost + h - low)
    return [
        equal("slope of the tonic level by the loss, at 0, nM", -1.95, slope[0], 0.01),
        equal("the same at .95", -190.6, slope[-1], 0.1),
        agree("slopes at 0 to .95 by differences, nM", differences, slope, 5e-3),
        equal("slope where all are lost, −R/k, nM", -1600 / 1.15, jax.grad(level)(1.0), 1e-6),
    ]


def _by_survivors(rise: np.ndarray) -> Panel:
    grid = np.linspace(0.005, 1, 200)
    marks = []
    for leak in _LEAKS:
        level = np.asarray(steady_state(_lost(leak, grid), _TONIC))
        marks.append(line(grid, level / level[-1], f"tonic, {leak} leak"))
    marks.append(points(_SURVIVORS, rise[0] / rise[0, 0], "burst"))
    marks.append(theory(grid, tonic_level(jnp.asarray(grid)), "curves for learners"))
    marks.append(theory(grid, burst_gain(jnp.asarray(grid)), ""))
    return Panel(
        "Tonic and phasic dopamine",
        "share of terminals that survives",
        "relative to intact",
        marks,
    )


def _in_time(title: str, times: np.ndarray, course: np.ndarray) -> Panel:
    shown = np.flatnonzero(times <= 2)[::4]
    marks = [
        line(times[shown], course[i, shown], f"{_SURVIVORS[i]:.0%} survive".replace("%", " %"))
        for i in (0, 2, 4, 5)
    ]
    return Panel(title, "time (s)", "dopamine (nM)", marks)
