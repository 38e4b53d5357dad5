"""Methylphenidate where there are more transporters: the area of bursts comes back alone."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from ..assays.striatum import Striatum
from ..dopamine.kinetics import burst, burst_course, region, steady_state
from ..dopamine.receptors import occupancy
from ..keys import named_keys
from ._base import (
    AbstractLandmark,
    Check,
    Measured,
    Panel,
    agree,
    equal,
    line,
    points,
    theory,
)


_TONIC, _MORE, _ED50 = 4.0, 1.14, 17.5
# Settings; tonic, rise, area and contrast relative to healthy, dorsal and then ventral; None
# where there is no known number.
_TABLE = {
    "Vmax × 1.14": ({"uptake": 1.14}, (0.89, 0.92, 0.85, 1.03), (0.89, 0.98, 0.87, 1.10)),
    "Vmax × 1.5": ({"uptake": 1.5}, (0.70, 0.71, 0.60, 1.01), (0.69, 0.90, 0.65, 1.29)),
    "Vmax × .86": ({"uptake": 0.86}, (1.15, 1.08, 1.19, 0.94), (1.15, 1.02, 1.17, 0.88)),
    "× 1.14, θ = .5": (
        {"uptake": 1.14, "occupancy": 0.5},
        (1.46, 0.91, 0.97, 0.62),
        (1.44, 0.92, 1.04, 0.64),
    ),
    "× 1.14, θ = .72": (
        {"uptake": 1.14, "occupancy": 0.72},
        (2.22, 0.93, 1.18, 0.42),
        (2.19, 0.89, 1.32, 0.41),
    ),
}
_SEEN = ("tonic", "burst", "burst_area", "contrast")
_WORDS = ("tonic level", "height of a burst", "its area", "height over tonic")
_REGIONS = {"ds": "dorsal", "nac": "ventral"}
# Two doses of 20 mg, by the clock; plasma peaks 1 h after one and halves in 2.5 h.
_DOSE, _TAKEN = 20.0, (8.0, 13.0)
_OUT = np.log(2) / 2.5
_IN = 2.46


class MethylphenidateDay(AbstractLandmark):
    """Striatum with Vmax × 1.14 under methylphenidate: at fixed occupancy and over a day."""

    title: ClassVar = "Methylphenidate restores what a burst carries, not how far it stands out"
    claim: ClassVar = (
        "With 14 % more transporters tonic dopamine and bursts shrink. With half of the "
        "transporters blocked the area of a burst is within 4 % of healthy again, while tonic "
        "dopamine is 45 % above healthy and the height of a burst over it 37 % below."
    )
    source: ClassVar = (
        "Transporters: Fusar-Poli et al. 2012, Am. J. Psychiatry 169:264; occupancy: Volkow et "
        "al. 1998, Am. J. Psychiatry 155:1325; constants: Dreyer's toolbox"
    )
    models: ClassVar = ()
    caution: ClassVar = (
        "Rodent constants stand for humans. In people who never had a stimulant transporters are "
        "fewer, not more; in cortex blocking them did not change fast release in one study. The "
        "course of the drug over a day is a choice of jaxda. Methylphenidate raised risky choice "
        "in one study: it is not simply a return to normal."
    )

    def measure(self) -> Measured:
        keys = named_keys(0, [("methylphenidate_day", "typical")])
        checks: list[Check] = []
        for name, where in _REGIONS.items():
            healthy = _relative(keys, name, {}, None)
            for label, (settings, *known) in _TABLE.items():
                found = _relative(keys, name, settings, healthy)
                expected = np.array(known[0] if name == "ds" else known[1])
                # Two decimals are known.
                checks.append(
                    agree(
                        f"{label}, {where}: tonic, height, area, contrast", expected, found, 0.015
                    )
                )
                if "θ = .5" in label:
                    checks.append(equal(f"{label}, {where}: area within 4 %", 1.0, found[2], 0.04))
                    if name == "ds":
                        checks += [
                            equal("the same: tonic level over healthy", 1.45, found[0], 0.029),
                            equal("the same: height over tonic", 0.63, found[3], 0.0126),
                        ]
        hours = np.linspace(6, 24, 91)
        theta = np.asarray(occupancy(_on_board(hours), _ED50))
        checks.append(
            equal(
                "occupancy at the peak of the first 20 mg", 20 / 37.5, theta[hours < 13].max(), 5e-3
            )
        )
        caption = (
            "Simulation with rodent constants (Dreyer's toolbox, dorsal striatum, leak .04/s, "
            "4 Hz, a burst is six spikes at 20 Hz), no medical advice, and not for the choice of "
            "a dose. Vmax is 1.14 times healthy; all but the first and the last panel relative to "
            "healthy (dashed). First: transporters occupied after 20 mg at 8 and 13 h, "
            "D/(D + 17.5 mg) of what is on board, which peaks 1 h after a dose and halves in "
            "2.5 h. Second: the same day. Third: by occupancy; "
            "points: an independent integration. Fourth: one burst. Deterministic, so there are "
            "no intervals."
        )
        panels = [_drug(hours, theta), _day(hours, theta), _by_occupancy(), _bursts()]
        return Measured(checks, panels, caption)


def _relative(keys, where: str, settings: dict, healthy) -> np.ndarray:
    """Tonic level, height, area and contrast; relative to `healthy`, if it is given."""
    found = Striatum(region=where, variation=0.0, **settings).run(keys)
    got = np.array([found[name][0] for name in _SEEN])
    return got if healthy is None else got / healthy


def _on_board(hours: np.ndarray) -> np.ndarray:
    """The drug as an amount (mg) that would peak at the dose if it were the only one."""
    since = np.maximum(hours[:, None] - np.array(_TAKEN), 0.0)
    curve = lambda t: np.exp(-_OUT * t) - np.exp(-_IN * t)
    peak = np.log(_IN / _OUT) / (_IN - _OUT)
    return _DOSE * (curve(since) / curve(peak)).sum(axis=1)


def _lines(x: np.ndarray, theta: np.ndarray) -> list:
    """Tonic level, height, area and contrast over healthy by `x`."""
    base = region("ds")
    # The first is healthy.
    more = np.append(1.0, np.full(len(theta), _MORE))
    both = base.replace(vmax=base.vmax * more, occupancy=np.append(0.0, theta))
    tonic, seen = np.asarray(steady_state(both, _TONIC)), burst(both, points=400)
    rise, area = np.asarray(seen.rise), np.asarray(seen.area)
    curves = (tonic, rise, area, rise / tonic)
    return [
        line(x, c[1:] / c[0], name, color=i)
        for i, (c, name) in enumerate(zip(curves, _WORDS, strict=True))
    ]


def _drug(hours: np.ndarray, theta: np.ndarray) -> Panel:
    marks = [line(hours, 100 * theta, "20 mg at 8, 13 h")]
    return Panel(
        "Oral methylphenidate", "time of day (h)", "transporters occupied (%)", marks, zero=True
    )


def _day(hours: np.ndarray, theta: np.ndarray) -> Panel:
    marks = [*_lines(hours, theta), theory(hours[[0, -1]], (1, 1), "healthy")]
    return Panel("A day, Vmax × 1.14", "time of day (h)", "relative to healthy", marks, zero=True)


def _by_occupancy() -> Panel:
    grid = np.linspace(0, 0.8, 91)
    marks = [*_lines(grid, grid), theory((0, 0.8), (1, 1), "healthy")]
    known = [_TABLE[k][1] for k in ("Vmax × 1.14", "× 1.14, θ = .5", "× 1.14, θ = .72")]
    marks += [points((0, 0.5, 0.72), [k[i] for k in known], "", color=i) for i in range(4)]
    return Panel(
        "By occupancy, Vmax × 1.14",
        "transporters occupied θ",
        "relative to healthy",
        marks,
        zero=True,
    )


def _bursts() -> Panel:
    cases = {"healthy": (1.0, 0.0), "Vmax × 1.14": (_MORE, 0.0), "× 1.14, θ = .5": (_MORE, 0.5)}
    vmax, theta = (jnp.asarray([c[i] for c in cases.values()]) for i in (0, 1))
    base = region("ds")
    course = burst_course(base.replace(vmax=base.vmax * vmax, occupancy=theta), points=400)
    times, shown = np.asarray(course.times), np.asarray(course.times) < 1.5
    marks = [
        line(times[shown], np.asarray(course.dopamine)[i, shown], name)
        for i, name in enumerate(cases)
    ]
    return Panel("A burst", "time (s)", "dopamine (nM)", marks, zero=True)
