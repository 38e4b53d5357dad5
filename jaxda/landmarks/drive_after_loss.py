"""From dopamine to the drive of both pathways: after loss of terminals, and under L-DOPA."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from ..dopamine.kinetics import contrast, region, rhythm, simulate
from ..dopamine.transfer import Transfer
from ._base import AbstractLandmark, Check, Measured, Panel, agree, at_least, equal, line, points


# Survivors, precursor (L-DOPA); nM tonic, peak and lowest; mean drive of D1 and D2 cells, 1/s.
_TABLE = np.array(
    [
        [1, 1, 37.8, 378, 0.0, 0.178, 0.551],
        [0.5, 1, 36.6, 261, 0.0, 0.135, 0.580],
        [0.2, 1, 33.5, 152, 1.7, 0.076, 0.694],
        [0.1, 1, 28.7, 99, 4.9, 0.032, 0.855],
        [0.05, 1, 22.6, 63, 6.9, 0.003, 1.093],
        [0.1, 3, 73.3, 240, 13.9, 0.477, 0.092],
        [1, 3, 118.9, 1234, 0.0, 1.395, 0.162],
    ]
).T
_ROWS = ("intact", "50 %", "20 %", "10 %", "5 %", "10 %, L-DOPA", "intact, L-DOPA")
# What half of the last printed digit is, of tonic, peak and lowest.
_DIGITS = (0.05, 0.5, 0.05)
_SINCE, _STEP, _CYCLE = 30.0, 0.002, 6.0


class DriveAfterLoss(AbstractLandmark):
    """Dorsal striatum with a burst and a pause in every 6 s, read by D1 and D2 cells."""

    title: ClassVar = (
        "Loss of terminals silences Go and frees NoGo; L-DOPA brings back the level only"
    )
    claim: ClassVar = (
        "D1 cells have no drive below 53.2 nM and D2 cells none above 47.6 nM. Loss of terminals "
        "lowers the mean drive of D1 cells and raises that of D2 cells; L-DOPA overshoots both, "
        "most where terminals are left, and peak over tonic stays as low as it was."
    )
    source: ClassVar = (
        "Transfer: Dreyer's toolbox after Yapo et al. 2017, J. Physiol. 595:7451; table: an "
        "independent integration in steps of 2 ms"
    )
    models: ClassVar = ()
    caution: ClassVar = (
        "Rodent constants, leak calibrated to 1.15/s. Receptors do not adapt here; with time they "
        "do. A fall of cyclic AMP in D2 cells need not reach plasticity (Yapo et al. 2017)."
    )

    def measure(self) -> Measured:
        kinetics = region("ds", "calibrated", survivors=_TABLE[0], precursor=_TABLE[1])
        times = np.arange(round(_SINCE / _STEP), round(120 / _STEP)) * _STEP
        course = np.asarray(simulate(kinetics, rhythm(), times).dopamine)
        # Hard thresholds are those of the table; a narrow bend comes close.
        drive = [np.asarray(x).mean(axis=1) for x in Transfer(width=jnp.asarray(0.01))(course)]
        checks = [*_thresholds(), *_levels(course), *_drives(*drive)]
        panels = [_transfer(), _in_time(times, course), _by_loss(*drive)]
        caption = (
            "Simulation of dorsal striatum with rodent constants (Dreyer's toolbox, leak 1.15/s), "
            "no medical advice. In every 6 s of 4 Hz a burst of .25 s (20 Hz) and a pause of .5 s; "
            "L-DOPA fills vesicles three times as much. Left: drive of adenylate cyclase by "
            "dopamine. Middle: one cycle, cut off at .1 nM. Right: mean drive by the "
            "share of terminals that survives, and under L-DOPA where 10 % or all survive."
        )
        return Measured(checks, panels, caption)


def _thresholds() -> list[Check]:
    found = Transfer().thresholds()
    return [
        equal("D1 cells have drive above, nM", 53.2, found.d1, 0.05),
        equal("D2 cells have drive below, nM", 47.6, found.d2, 0.05),
    ]


def _levels(course: np.ndarray) -> list[Check]:
    seen, checks = [np.asarray(x) for x in contrast(course)], []
    for name, found, expected, digit in zip(
        ("tonic", "peak", "lowest"), seen, _TABLE[2:5], _DIGITS, strict=True
    ):
        # 2 %, and the rounding of the table.
        off = (found - expected) / (0.02 * expected + digit)
        worst = int(np.argmax(np.abs(off)))
        checks.append(
            equal(
                f"{name}, nM (of seven rows the farthest: {_ROWS[worst]})",
                expected[worst],
                found[worst],
                0.02 * expected[worst] + digit,
            )
        )
    ratio = seen[1] / seen[0]
    for row, expected in ((0, 10.0), (3, 3.4), (5, 3.3)):
        what = f"peak over tonic, {_ROWS[row]}"
        checks.append(equal(what, expected, ratio[row], 0.02 * expected))
    return checks


def _drives(d1: np.ndarray, d2: np.ndarray) -> list[Check]:
    checks = []
    for name, found, expected in (("D1", d1, _TABLE[5]), ("D2", d2, _TABLE[6])):
        checks.append(agree(f"mean drive of {name} cells, 1/s", expected, found, 1e-3))
    return [
        *checks,
        equal("D1 drive at 20 % over intact", 0.43, d1[2] / d1[0], 0.02 * 0.43),
        equal("D2 drive at 20 % over intact", 1.26, d2[2] / d2[0], 0.02 * 1.26),
        at_least("L-DOPA at 10 %: D1 drive over intact", 1.0, d1[5] / d1[0]),
        at_least("L-DOPA where all survive: D1 drive over that at 10 %", 1.0, d1[6] / d1[5]),
        at_least("L-DOPA at 10 %: D2 drive without over with", 1.0, d2[3] / d2[5]),
    ]


def _transfer() -> Panel:
    grid = np.geomspace(5, 1000, 150)
    drive = Transfer()(grid)
    marks = [line(grid, drive.d1, "D1 (Go)"), line(grid, drive.d2, "D2 (NoGo)")]
    return Panel("Drive by dopamine", "dopamine (nM)", "drive (1/s)", marks, log="x")


def _in_time(times: np.ndarray, course: np.ndarray) -> Panel:
    n = round(_CYCLE / _STEP)
    shown = slice(0, n, 10)
    marks = [
        line(times[shown] - times[0], np.maximum(course[row, shown], 0.1), _ROWS[row])
        for row in (0, 3, 5, 6)
    ]
    return Panel("One cycle", "time (s)", "dopamine (nM)", marks, log="y")


def _by_loss(d1: np.ndarray, d2: np.ndarray) -> Panel:
    share = _TABLE[0]
    marks = []
    for i, (name, drive) in enumerate((("D1", d1), ("D2", d2))):
        marks.append(line(share[:5], drive[:5], name, color=i))
        marks.append(points(share[5:], drive[5:], f"{name}, L-DOPA", color=i))
    return Panel("Mean drive", "share of terminals that survives", "drive (1/s)", marks, log="x")
