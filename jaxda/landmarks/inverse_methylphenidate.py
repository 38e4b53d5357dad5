"""Which occupancy of the transporter restores bursts where there are too many transporters."""

from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..dopamine.kinetics import Kinetics, burst, region, steady_state
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
# Region, transporters relative to control, and how it is called.
_CASES = (
    ("ds", 1.14, "dorsal, DAT × 1.14"),
    ("nac", 1.14, "accumbens, DAT × 1.14"),
    ("ds", 0.86, "dorsal, DAT × .86"),
)
_GRID = np.linspace(0.0, 0.85, 18)
_STEPS = 6
# Known at an occupancy of one half, in both regions: over control.
_HALF = {"area": (0.97, 1.04), "tonic": (1.46, 1.44), "contrast": (0.62, 0.64)}


class _Seen(NamedTuple):
    """Bursts of all cases by occupancy, over control: `[cases, occupancies]`."""

    area: Float[np.ndarray, "cases n"]
    slope: Float[np.ndarray, "cases n"]
    tonic: Float[np.ndarray, "cases n"]
    contrast: Float[np.ndarray, "cases n"]


class InverseMethylphenidate(AbstractLandmark):
    """The occupancy at which a burst has the area of control, by its gradient through the ODE."""

    title: ClassVar = "Methylphenidate, asked backwards: what restores bursts flattens contrast"
    claim: ClassVar = (
        "Where there are 14 % more transporters, an occupancy of about one half restores the area "
        "of a burst; tonic dopamine is then higher by almost half and a burst stands out over it "
        "by a third less. The level alone is restored by about a third of that occupancy, and "
        "where there are fewer transporters no occupancy restores anything."
    )
    source: ClassVar = (
        "A model exploration of jaxda. Constants: Dreyer's toolbox; occupancy by methylphenidate: "
        "Volkow et al. 1998, Am. J. Psychiatry 155:1325"
    )
    models: ClassVar = ()
    caution: ClassVar = (
        "Whether people with ADHD have more transporters is contested: 14 % more on average, "
        "heterogeneous, more after stimulants and fewer without them before (Fusar-Poli et al. "
        "2012). Rodent constants. Methylphenidate also raised risky choice in one study, and "
        "blockade impairs reversal in mice: it does not simply normalise."
    )

    def measure(self) -> Measured:
        cases = [_case(name, vmax) for name, vmax, _ in _CASES]
        control = [_case(name, 1.0) for name, _, _ in _CASES]
        look = _looker(cases, control)
        grid = look(np.tile(_GRID, (3, 1)))
        restoring, path = _restored(grid, look)
        # At the optimum, around it, and at one half; other places of the grid are not needed.
        h = 1e-4
        asked = np.concatenate(
            [restoring[:, None] + (-h, 0, h), np.full((3, 1), 0.5), np.tile(_GRID[4:], (3, 1))], 1
        )
        at = look(np.clip(asked, 0.0, 0.9))
        level = [_level(case, whole) for case, whole in zip(cases[:2], control, strict=False)]
        checks = [*_optimum(grid, restoring, at, h), *_known(at), *_meaning(grid, at, level)]
        panels = [
            _areas(grid, restoring),
            _landscape(grid, path),
            _price(grid, restoring, level),
        ]
        caption = (
            "Model exploration, no medical advice, no dose for anybody. Dorsal striatum and "
            "nucleus accumbens with rodent constants for a human condition (species mixed; "
            "Dreyer's toolbox, leak .04/s), 4 Hz tonic, a burst of six spikes at 20 Hz; "
            "deterministic. "
            "Transporters are 1.14 or .86 times as many as in control, and a competitive blocker "
            "occupies the share θ. Left: area of the burst over control. Middle: what is "
            "minimised, the squared logarithm of that, with the steps of Newton's method by the "
            "derivative through the differential equation (marks). Right: tonic level and "
            "contrast (height of the burst over the tonic level), over control; marks: where "
            "the area (θ near .5) and where the level (θ near .15) is as in control."
        )
        return Measured(checks, panels, caption)


def _case(name: str, transporters: float) -> Kinetics:
    kinetics = region(name)
    return kinetics.replace(vmax=transporters * kinetics.vmax)


def _stacked(kinetics: list[Kinetics]) -> Kinetics:
    return jax.tree.map(lambda *x: jnp.stack(x)[:, None], *[_unnamed(k) for k in kinetics])


def _unnamed(kinetics: Kinetics) -> Kinetics:
    # The regions are told apart by row, and are not combined.
    return kinetics.replace(family="")


def _looker(cases: list[Kinetics], control: list[Kinetics]):
    """What of `[cases, n]` occupancies can be seen, compiled once for all that are asked."""
    kinetics, usual = _stacked(cases), _stacked(control)

    # One solution for all: bursts of control stand in the first column.
    shape = (len(cases), _GRID.size)
    first = lambda whole, rest: jnp.concatenate([whole, jnp.broadcast_to(rest, shape)], axis=1)
    both = jax.tree.map(first, usual, kinetics)

    def bursts(occupancy: Float[Array, "cases n"]):
        def total(occupancy):
            free = jnp.zeros((shape[0], 1))
            seen = burst(both.blocked(jnp.concatenate([free, occupancy], axis=1)))
            return jnp.sum(seen.area), (seen.area, seen.rise)

        # Lanes are independent, so the gradient of the sum holds that of each.
        slope, seen = jax.grad(total, has_aux=True)(occupancy)
        return slope, *seen

    def look(occupancy: np.ndarray) -> _Seen:
        slope, area, rise = (np.asarray(x) for x in bursts(jnp.asarray(occupancy)))
        tonic = np.asarray(steady_state(kinetics.blocked(occupancy), _TONIC))
        whole = np.asarray(steady_state(usual, _TONIC))
        contrast = (rise[:, 1:] / tonic) / (rise[:, :1] / whole)
        return _Seen(area[:, 1:] / area[:, :1], slope / area[:, :1], tonic / whole, contrast)

    return look


def _restored(grid: _Seen, look) -> tuple[np.ndarray, list[np.ndarray]]:
    """Where the area is that of control, and the steps that lead there with their areas.

    A case with the area of control or more before any blocker stays at 0.
    """
    above = grid.area[:, 0] >= 1
    occupancy, path = np.where(above, 0.0, 0.2), []
    for _ in range(_STEPS):
        here = look(np.tile(occupancy[:, None], (1, _GRID.size)))
        area = here.area[:, 0]
        path.append(np.stack([occupancy, area]))
        # Of the area by the slowing of uptake 1 / (1 - occupancy), of which it is nearly linear.
        slowing = 1 / (1 - occupancy) - (area - 1) / (here.slope[:, 0] * (1 - occupancy) ** 2)
        occupancy = np.where(above, 0.0, 1 - 1 / np.maximum(slowing, 1.0))
    return occupancy, path


def _level(case: Kinetics, whole: Kinetics) -> float:
    """The occupancy at which the tonic level is that of control, by Newton's method."""
    wanted = steady_state(whole, _TONIC)
    off = jax.value_and_grad(lambda x: jnp.log(steady_state(case.blocked(x), _TONIC) / wanted))
    occupancy = jnp.asarray(0.1)
    for _ in range(8):
        value, slope = off(occupancy)
        occupancy = occupancy - value / slope
    return float(occupancy)


def _optimum(grid: _Seen, restoring: np.ndarray, at: _Seen, h: float) -> list[Check]:
    loss = np.log(grid.area) ** 2
    difference = (at.area[:2, 2] - at.area[:2, 0]) / (2 * h)
    return [
        agree("area of a burst over control at the optimum", (1, 1), at.area[:2, 1], 1e-6),
        agree(
            "slope of the area by its difference quotient",
            (1, 1),
            at.slope[:2, 1] / difference,
            1e-4,
        ),
        at_least(
            "best on the grid, over that at the optimum",
            0.0,
            (loss[:2].min(axis=1) - np.log(at.area[:2, 1]) ** 2).min(),
        ),
        equal("occupancy that restores, dorsal striatum", 0.5, restoring[0], 0.06),
        equal("the same, nucleus accumbens", 0.5, restoring[1], 0.06),
        at_least("DAT × .86: area over control without a blocker", 1.0, grid.area[2, 0]),
        at_least("the same: least slope of the area by occupancy", 0.0, grid.slope[2].min()),
    ]


def _known(at: _Seen) -> list[Check]:
    checks = [
        at_most(
            "at one half: area from control, both regions",
            0.04,
            np.abs(at.area[:2, 3] - 1).max(),
            0.005,
        )
    ]
    for name, expected in _HALF.items():
        got = getattr(at, name)[:2, 3] / expected
        checks.append(agree(f"at one half: {name} over control, over known", (1, 1), got, 0.02))
    return checks


def _meaning(grid: _Seen, at: _Seen, level: list[float]) -> list[Check]:
    return [
        equal("where the area is restored: contrast over control", 0.63, at.contrast[0, 1], 0.07),
        equal("the same, nucleus accumbens", 0.63, at.contrast[1, 1], 0.07),
        at_least("the same: tonic level over control", 1.3, at.tonic[:2, 1].min()),
        at_most("occupancy that restores the level instead", 0.25, max(level)),
        at_most(
            "contrast is never higher with more blocker: greatest step",
            0.0,
            np.diff(grid.contrast, axis=1).max(),
        ),
    ]


def _areas(grid: _Seen, restoring: np.ndarray) -> Panel:
    marks = [line(_GRID, grid.area[i], label, color=i) for i, (_, _, label) in enumerate(_CASES)]
    marks.append(points(restoring[:2], [1, 1], "restored", color=3))
    marks.append(theory((0, _GRID[-1]), (1, 1), "control"))
    return Panel("Area of a burst", "transporters occupied θ", "area × control", marks)


def _landscape(grid: _Seen, path: list[np.ndarray]) -> Panel:
    marks = []
    for i in range(2):
        marks.append(line(_GRID, np.log(grid.area[i]) ** 2, _CASES[i][2].split(",")[0], color=i))
        steps, area = np.array([p[:, i] for p in path]).T
        marks.append(points(steps, np.log(area) ** 2, color=i))
    return Panel("What is minimised", "transporters occupied θ", "(log of area)²", marks)


def _price(grid: _Seen, restoring: np.ndarray, level: list[float]) -> Panel:
    marks = []
    for i, what in enumerate(("tonic", "contrast")):
        curve = getattr(grid, what)[0]
        marks.append(line(_GRID, curve, f"{what} (dorsal striatum)", color=i))
        where = np.array([level[0], restoring[0]])
        marks.append(points(where, np.interp(where, _GRID, curve), color=i))
    marks.append(theory((0, _GRID[-1]), (1, 1), "control"))
    return Panel("What it costs", "transporters occupied θ", "× control", marks)
