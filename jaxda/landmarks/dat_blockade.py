"""What blockers, transport backwards and more transporters do to tonic dopamine."""

from typing import ClassVar

import numpy as np

from ..dopamine.kinetics import efflux_for, region, share_of_knockout, slowing, steady_state
from ..dopamine.receptors import occupancy
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
# Oral methylphenidate in humans: mg, % of transporters occupied.
_DOSES, _OCCUPIED = (5.0, 10.0, 20.0, 40.0, 60.0), (12.0, 40.0, 54.0, 72.0, 74.0)
_ED50 = 17.5


class DATBlockade(AbstractLandmark):
    """Steady states of dorsal and ventral striatum under drugs at transporter and autoreceptor."""

    title: ClassVar = "Drugs at the dopamine transporter"
    claim: ClassVar = (
        "A competitive blocker that occupies θ multiplies tonic dopamine by 1/(1 − θ), and by less "
        "with autoreceptors; transport backwards, as under amphetamine, multiplies it by ten at "
        "a flux of .61 Vmax; half more transporters lower it by a third."
    )
    source: ClassVar = (
        "Occupancy: Volkow et al. 1998, Am. J. Psychiatry 155:1325; more transporters: Salahpour "
        "et al. 2008, PNAS 105:4405; constants: Dreyer's toolbox, Ejdrup et al."
    )
    models: ClassVar = ()
    caution: ClassVar = (
        "Rodent constants but for oral methylphenidate, which is human. Without transporters "
        "receptors and synthesis adapt, which the model does not: it is not one of a knockout. In "
        "cortex, neither blocking transporters nor COMT changed fast release in one study."
    )

    def measure(self) -> Measured:
        checks = [*_blockers(), *_human(), *_transporters(), *_efflux()]
        panels = [_by_occupancy(), _by_dose(), _by_efflux()]
        caption = (
            "Simulation, rodent constants (Dreyer's toolbox), 4 Hz at the terminals; the middle "
            "panel has human group means (Volkow et al. 1998). No medical advice, and not for the "
            "choice of a dose. Left: tonic dopamine by occupied transporters, with and without "
            "(dashed) autoreceptor. Middle: occupancy by oral methylphenidate and D/(D + 17.5 mg). "
            "Right: tonic dopamine by transport backwards, as a share of Vmax, dorsal striatum."
        )
        return Measured(checks, panels, caption)


def _blockers() -> list[Check]:
    checks = []
    for name, where, factor in (("ds", "dorsal", 2.49), ("nac", "ventral", 3.25)):
        kinetics = region(name)
        rise = steady_state(kinetics.without_autoreceptor(), _TONIC) / steady_state(
            kinetics, _TONIC
        )
        checks.append(equal(f"autoreceptors blocked, {where}: tonic level ×", factor, rise, 0.01))
    times = np.array([2.0, 3.0, 5.0])
    blocked = 1 - 1 / times
    kinetics, alone = region("ds"), region("ds", k_out=0.0, gain=0.0)
    rise = steady_state(kinetics.blocked(blocked), _TONIC) / steady_state(kinetics, _TONIC)
    checks.append(agree("Km × 2, 3, 5: tonic level ×", (1.63, 2.18, 3.19), rise, 0.01))
    rise = steady_state(alone.blocked(blocked), _TONIC) / steady_state(alone, _TONIC)
    checks.append(
        agree("the same without autoreceptor and leak: 1/(1 − θ)", slowing(blocked), rise, 1e-9)
    )
    # A study finds abused doses of cocaine at 2 % of the slowing by a lack of transporters.
    share = 100 * float(share_of_knockout(2 / 3, 100.0))
    name = "two thirds occupied: slowing as % of that by a knockout, 100-fold"
    return [*checks, equal(name, 2.0, share, 0.04)]


def _human() -> list[Check]:
    law = 100 * np.asarray(occupancy(np.asarray(_DOSES), _ED50))
    off = float(np.sqrt(np.mean((law - _OCCUPIED) ** 2)))
    return [
        agree("occupancy by oral doses of 5 to 60 mg, law, %", (22, 36, 53, 70, 77), law, 0.6),
        at_most("root mean square of observed less law, % points", 6.0, off),
        equal("the same", 5.2, off, 0.1),
    ]


def _transporters() -> list[Check]:
    checks = []
    known = {"ds_ej": 34.2, "vs_ej": 35.8, "ds": 29.9, "nac": 30.5}
    for name, expected in known.items():
        kinetics = region(name)
        more = kinetics.replace(vmax=1.5 * kinetics.vmax)
        drop = 100 * (1 - float(steady_state(more, _TONIC) / steady_state(kinetics, _TONIC)))
        what = f"half more transporters, preset {name}: tonic level falls by, %"
        checks.append(equal(what, expected, drop, 0.02 * expected))
        checks.append(at_least(f"the same, at least ({name})", 25.0, drop))
        checks.append(at_most(f"the same, at most ({name})", 45.0, drop))
    return checks


def _efflux() -> list[Check]:
    kinetics = region("ds")
    before = float(steady_state(kinetics, _TONIC))
    times = np.array([3.0, 5.0, 10.0])
    flux = np.asarray(efflux_for(kinetics, _TONIC, times * before))
    level = steady_state(kinetics.replace(efflux=flux), _TONIC)
    silent = steady_state(kinetics.replace(efflux=flux), 0.0)
    return [
        agree(
            "flux for tonic × 3, 5, 10 over Vmax", (0.30, 0.44, 0.61), flux / kinetics.vmax, 6e-3
        ),
        agree("tonic level at that flux ×", times, level / before, 1e-9),
        at_least("pauses at the first, over the tonic level without drug", 1.0, silent[0] / before),
    ]


def _by_occupancy() -> Panel:
    grid, marks = np.linspace(0, 0.9, 91), []
    for name, where in (("ds", "dorsal striatum"), ("nac", "nucleus accumbens")):
        kinetics = region(name)
        rise = steady_state(kinetics.blocked(grid), _TONIC) / steady_state(kinetics, _TONIC)
        marks.append(line(grid, rise, where))
    marks.append(theory(grid, slowing(grid), "without autoreceptor"))
    title, x, y = "A blocker", "transporters occupied θ", "tonic dopamine × without drug"
    return Panel(title, x, y, marks, log="y")


def _by_dose() -> Panel:
    grid = np.linspace(0, 65, 131)
    law = 100 * np.asarray(occupancy(grid, _ED50))
    marks = [points(_DOSES, _OCCUPIED, "humans"), theory(grid, law, "one site")]
    return Panel("Oral methylphenidate", "dose (mg)", "transporters occupied (%)", marks)


def _by_efflux() -> Panel:
    kinetics = region("ds")
    share = np.linspace(0, 0.65, 131)
    fluxed = kinetics.replace(efflux=share * float(kinetics.vmax))
    marks = [
        line(share, steady_state(fluxed, _TONIC), "4 Hz"),
        line(share, steady_state(fluxed, 0.0), "no spikes"),
    ]
    return Panel("Transport backwards", "flux (share of Vmax)", "dopamine (nM)", marks)
