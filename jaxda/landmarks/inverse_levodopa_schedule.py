"""Which schedule of levodopa keeps the drive of both pathways closest to intact."""

from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..dopamine.kinetics import firing, region, simulate
from ..dopamine.levodopa import Levodopa, Response, precursor
from ..dopamine.transfer import Transfer
from ._base import (
    AbstractLandmark,
    Check,
    Measured,
    Panel,
    agree,
    at_least,
    at_most,
    line,
    points,
    theory,
)
from ._inverse import Questions, answered, level_line


# Share of terminals that survives, by stage.
_STAGES = {"early": 0.4, "middle": 0.2, "late": 0.1}
# Equilibration half-life with all terminals, min: 26 with a tenth of them.
_INTACT_HALF_LIFE = 260.0
_DAY, _STEP = 960.0, 10.0
_MOST, _USUAL, _SPACING = 8, 5, 90.0
_COUNTS = (_USUAL, _MOST)
_STARTS = 3
# A burst and a pause in every 6 s, and when the autoreceptor has settled.
_CYCLE = ((2.5, 4.0), (0.25, 20.0), (2.75, 4.0), (0.5, 0.0))
_SETTLED = 3
_NODES = 13


class _Stage(NamedTuple):
    """What a stage of disease is to a schedule: Chebyshev coefficients and half-life (min)."""

    d1: Float[Array, "*lanes nodes"]
    d2: Float[Array, "*lanes nodes"]
    half_life: Float[Array, "*lanes"]


class InverseLevodopaSchedule(AbstractLandmark):
    """Doses and their times over 16 h, by the gradient through kinetics, effect site and cells."""

    title: ClassVar = "A day of levodopa, asked backwards: what no schedule restores grows"
    claim: ClassVar = (
        "Doses and times that keep the drive of D1 and D2 cells closest to intact over 16 h exist "
        "at every stage and are found by the gradient through the exact kinetics. They are better "
        "than the best equal doses at equal times, more doses are never worse, and what no "
        "schedule can restore grows with the loss of terminals."
    )
    source: ClassVar = (
        "A model exploration of jaxda. Plasma: Ursino et al. 2020, PLoS ONE 15:e0229729; release "
        "and cells: Dreyer's toolbox after Yapo et al. 2017"
    )
    models: ClassVar = ()
    caution: ClassVar = (
        "Not a dosing tool. Kinetics of groups of people are joined to constants of rodents, the "
        "drug acts on release through an assumption, receptors do not adapt, and effects outside "
        "of the striatum do not exist here."
    )

    def measure(self) -> Measured:
        stages, intact, direct = _stages()
        found = _optimised(stages, intact)
        checks = [*_through(stages, intact, direct), *_optimum(stages, intact, found)]
        panels = [
            _even_landscape(stages, intact, found),
            _around(stages, intact, found),
            _schedule(found),
            _course(stages, intact, found),
        ]
        caption = (
            "Model exploration, no medical advice: nobody's schedule. Human plasma kinetics "
            "(half-life 52 min), effect site with an equilibration half-life of 260 min × the "
            "share of terminals that survives (early 40 %, middle 20 %, late 10 %), release × "
            "1 + 2 Ce / (Ce + .5 µg/mL) in dorsal striatum with rodent constants (species mixed; "
            "leak 1.15/s, a burst and a pause in every 6 s). Minimised: the mean over 16 h of the "
            "squares of D1 and D2 drive over intact, minus 1. Doses ≥ 0, the first on waking, at "
            f"least {_SPACING:g} min apart; {_USUAL} doses, L-BFGS from {_STARTS} starts; "
            "deterministic. From left: loss by dose where all are equal, 192 min apart (marks: "
            "its minimum); late stage, lines of equal loss around the optimum by size of the first "
            "and scale of the later doses; the schedules found; drive over the day, late stage."
        )
        return Measured(checks, panels, caption)


# From precursor to drive


def _stages() -> tuple[_Stage, tuple[float, float], tuple[np.ndarray, np.ndarray]]:
    """Mean drive of both kinds of cells by vesicle filling, and of intact ones.

    Between 1 and 3 the drive is smooth, so few Chebyshev nodes say all of it; what the last
    element holds are fillings and drives of the late stage that were simulated beside them.
    """
    nodes = np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES)
    between = np.linspace(-0.9, 0.9, 4)
    share = [*np.repeat([*_STAGES.values()], _NODES), 1.0, *np.full(4, _STAGES["late"])]
    filling = np.concatenate([np.tile(2 + nodes, len(_STAGES)), [1.0], 2 + between])
    kinetics = region("ds", "calibrated", survivors=np.array(share), precursor=filling)
    length = sum(duration for duration, _ in _CYCLE)
    times = np.arange(_SETTLED * length, (_SETTLED + 1) * length, 0.004)
    course = simulate(kinetics, firing(*_CYCLE, repeat=_SETTLED + 1), times).dopamine
    drive = [np.asarray(x).mean(axis=1) for x in Transfer()(course)]
    n = len(_STAGES) * _NODES
    order = np.arange(_NODES)
    basis = np.cos(order[:, None] * np.arccos(nodes)) * 2 / _NODES
    basis[0] /= 2
    d1, d2 = (jnp.asarray(x[:n].reshape(-1, _NODES) @ basis.T) for x in drive)
    half_life = Response(half_life=jnp.asarray(_INTACT_HALF_LIFE)).half_life
    late = jnp.asarray([*_STAGES.values()])
    stages = _Stage(d1, d2, jax.vmap(_with(half_life))(late))
    intact = (float(drive[0][n]), float(drive[1][n]))
    return stages, intact, (2 + between, np.stack([x[n + 1 :] for x in drive]))


def _with(half_life: Float[Array, ""]):
    return lambda f: Response(half_life=half_life).with_survivors(f).half_life


def _drive(coefficients: Float[Array, " nodes"], filling: Float[Array, " times"]) -> Array:
    """The mean drive at `filling` of vesicles, 1 to 3: a sum of Chebyshev polynomials."""
    x = filling - 2
    low, high = jnp.ones_like(x), x
    total = coefficients[0] * low + coefficients[1] * high
    for i in range(2, _NODES):
        low, high = high, 2 * x * high - low
        total = total + coefficients[i] * high
    return total


# Schedules

_TIME = np.arange(0.0, _DAY + 1, _STEP)


def _day(
    stage: _Stage, taken: Float[Array, " doses"], doses: Float[Array, " doses"]
) -> tuple[Float[Array, " times"], Float[Array, " times"]]:
    """Drive of D1 and D2 cells over the day, 1/s."""
    site = Levodopa().site(jnp.asarray(_TIME), taken, doses, jnp.log(2.0) / stage.half_life)
    filling = precursor(site)
    return _drive(stage.d1, filling), _drive(stage.d2, filling)


def _loss(
    stage: _Stage, intact: tuple[float, float], taken: Float[Array, " doses"], doses: Array
) -> Float[Array, ""]:
    parts = zip(_day(stage, taken, doses), intact, strict=True)
    return sum((jnp.mean((drive / usual - 1) ** 2) for drive, usual in parts), jnp.zeros(()))


def _placed(
    x: Float[Array, " coordinates"], used: Float[Array, " doses"]
) -> tuple[Float[Array, " doses"], Float[Array, " doses"]]:
    """Times (min) and doses (mg) of coordinates: whatever these are, the bounds hold.

    The time that the spacing leaves free is shared out over the gaps and the evening.
    """
    doses = 100 * jax.nn.softplus(x[:_MOST]) * used
    # The first dose has no gap before it; the evening stands where its gap would.
    logits = jnp.where(used.at[0].set(1.0) > 0, jnp.append(0.0, x[_MOST:]), -jnp.inf)
    free = _DAY - _SPACING * (jnp.sum(used) - 1)
    gaps = _SPACING + free * jax.nn.softmax(logits)[1:]
    return jnp.append(0.0, jnp.cumsum(gaps)), doses


def _used(count: int) -> np.ndarray:
    return (np.arange(_MOST) < count).astype(float)


class _Found(NamedTuple):
    """The best schedule by stage and number of doses: `[stages, counts, ...]`.

    `even` is the loss and the size of the best equal doses at equal times.
    """

    taken: np.ndarray
    doses: np.ndarray
    loss: np.ndarray
    gradient: np.ndarray
    spread: np.ndarray
    even: np.ndarray
    even_dose: np.ndarray


def _optimised(stages: _Stage, intact: tuple[float, float]) -> _Found:
    n_stages, n_counts = len(_STAGES), len(_COUNTS)
    used = np.tile([_used(c) for c in _COUNTS], (n_stages, 1))
    asked = jax.tree.map(lambda x: jnp.repeat(x, n_counts, axis=0), stages)
    # Every start has another size of doses, and gaps that grow or shrink over the day.
    size = np.log(np.expm1(np.array([[0.15], [0.4], [0.8]])))
    tilt = np.array([[0.0], [0.5], [-0.5]]) * np.linspace(-1, 1, _MOST - 1)
    start = np.concatenate([np.repeat(size, _MOST, axis=1), tilt], axis=1)
    starts = jnp.asarray(np.repeat(start[:, None], len(used), axis=1))
    loss = lambda x, stage, used: _loss(stage, intact, *_placed(x, used))
    found = answered(Questions(loss, (asked, jnp.asarray(used))), starts)
    place = jax.vmap(_placed)(jnp.asarray(found.x), jnp.asarray(used))
    taken, doses = (np.asarray(y) for y in place)
    grid = np.linspace(0, 200, 101)
    by_dose = np.asarray(_even(stages, intact, jnp.asarray(grid)))
    each = lambda y: y.reshape(n_stages, n_counts, *y.shape[1:])
    return _Found(
        each(taken),
        each(doses),
        each(found.value),
        each(found.gradient),
        each(found.apart),
        by_dose.min(axis=1),
        grid[by_dose.argmin(axis=1)],
    )


def _even(
    stages: _Stage, intact: tuple[float, float], doses: Float[Array, " n"]
) -> Float[Array, "stages n"]:
    """Loss of equal doses at equal times."""
    taken = jnp.arange(float(_USUAL)) * (_DAY / _USUAL)
    one = lambda stage, dose: _loss(stage, intact, taken, jnp.full(_USUAL, dose))
    return jax.jit(jax.vmap(jax.vmap(one, (None, 0)), (0, None)))(stages, doses)


# Checks


def _through(
    stages: _Stage, intact: tuple[float, float], direct: tuple[np.ndarray, np.ndarray]
) -> list[Check]:
    """That what is differentiated is what it stands for, and its gradient."""
    filling, drive = direct
    late = jax.tree.map(lambda x: x[-1], stages)
    got = [np.asarray(_drive(c, jnp.asarray(filling))) for c in (late.d1, late.d2)]
    checks = [
        agree(
            "drive by vesicle filling, interpolated and integrated, 1/s", drive, np.stack(got), 2e-3
        ),
    ]
    taken = jnp.asarray([0.0, 200.0, 420.0, 650.0])
    doses = jnp.asarray([120.0, 60.0, 80.0, 50.0])
    of = jax.jit(lambda t, d: _loss(late, intact, t, d))
    slopes = jax.jit(jax.grad(of, (0, 1)))(taken, doses)
    for name, slope, which, h in zip(("time", "dose"), slopes, (0, 1), (1e-3, 1e-2), strict=True):
        rows = []
        for i in range(4):
            at = lambda e, i=i, which=which: of(
                *(x.at[i].add(e) if j == which else x for j, x in enumerate((taken, doses)))
            )
            rows.append((at(h) - at(-h)) / (2 * h))
        size = np.abs(np.asarray(slope)).max()
        label = f"gradient by every {name} as difference quotient, over the largest"
        checks.append(agree(label, np.array(rows) / size, np.asarray(slope) / size, 1e-5))
    return checks


def _optimum(stages: _Stage, intact: tuple[float, float], found: _Found) -> list[Check]:
    usual = _COUNTS.index(_USUAL)
    none = np.asarray(_even(stages, intact, jnp.zeros(1)))[:, 0]
    gaps = np.concatenate(
        [np.diff(found.taken[:, i, :c], axis=1).ravel() for i, c in enumerate(_COUNTS)]
    )
    last = max(found.taken[:, i, c - 1].max() for i, c in enumerate(_COUNTS))
    beside = _neighbours(stages, intact, found)
    return [
        at_most(
            "largest component of the gradient at an optimum",
            0.0,
            np.abs(found.gradient).max(),
            1e-4,
        ),
        at_most("starts of one question end apart by, loss", 0.0, found.spread.max(), 1e-3),
        at_least(
            "neighbours on a grid of doses and times, loss over the optimum", 0.0, beside, 1e-6
        ),
        at_least(
            "best equal doses at equal times, loss over the optimum",
            0.0,
            (found.even - found.loss[:, usual]).min(),
        ),
        at_most(
            "optimum over no drug, loss, worst stage", 2 / 3, (found.loss[:, usual] / none).max()
        ),
        at_most("loss added by more doses", 0.0, np.diff(found.loss, axis=1).max(), 1e-6),
        at_least(
            "loss that remains, late over early", 1.0, found.loss[2, usual] / found.loss[0, usual]
        ),
        at_least(
            "smallest dose, mg",
            0.0,
            min(found.doses[:, i, :c].min() for i, c in enumerate(_COUNTS)),
        ),
        at_least("shortest time between doses, min", _SPACING, gaps.min(), 1e-9),
        at_most("last dose, min", _DAY, last),
    ]


def _neighbours(stages: _Stage, intact: tuple[float, float], found: _Found) -> float:
    """The least that a schedule near the optimum loses against it.

    Every dose and every time but the first is moved alone, as far as the bounds allow.
    """
    usual = _COUNTS.index(_USUAL)
    of = jax.jit(jax.vmap(lambda s, t, d: _loss(s, intact, t, d), (None, 0, 0)))
    least = np.inf
    for i in range(len(_STAGES)):
        taken, doses = found.taken[i, usual, :_USUAL], found.doses[i, usual, :_USUAL]
        times, sizes = [], []
        for j in range(_USUAL):
            for step in (-20.0, -5.0, 5.0, 20.0):
                moved, other = taken.copy(), doses.copy()
                moved[j] += step if j else 0.0
                if j and np.diff(moved).min() >= _SPACING and moved[-1] <= _DAY:
                    times.append(moved)
                    sizes.append(doses)
                other[j] = max(other[j] + step, 0.0)
                times.append(taken)
                sizes.append(other)
        stage = jax.tree.map(lambda x, i=i: x[i], stages)
        near = np.asarray(of(stage, jnp.asarray(np.stack(times)), jnp.asarray(np.stack(sizes))))
        least = min(least, float(near.min() - found.loss[i, usual]))
    return least


# Panels


def _even_landscape(stages: _Stage, intact: tuple[float, float], found: _Found) -> Panel:
    grid, marks = np.linspace(0, 200, 101), []
    losses = np.asarray(_even(stages, intact, jnp.asarray(grid)))
    for i, name in enumerate(_STAGES):
        shown = losses[i] < 2.5
        marks.append(line(grid[shown], losses[i][shown], name, color=i))
        marks.append(points([found.even_dose[i]], [found.even[i]], color=i))
    return Panel("Equal doses", "each dose (mg)", "loss", marks, zero=True)


def _around(stages: _Stage, intact: tuple[float, float], found: _Found) -> Panel:
    usual = _COUNTS.index(_USUAL)
    stage = jax.tree.map(lambda x: x[-1], stages)
    taken, doses = (jnp.asarray(x[-1, usual, :_USUAL]) for x in (found.taken, found.doses))

    @jax.jit
    @jax.vmap
    def of(at):
        return _loss(stage, intact, taken, jnp.append(at[0], at[1] * doses[1:]))

    loss = lambda at: np.asarray(of(jnp.asarray(at)))
    first, low = float(doses[0]), float(found.loss[-1, usual])
    marks = []
    for i, more in enumerate((1.1, 1.5, 2.5)):
        bounds = ((0.0, 500.0), (0.0, 5.0))
        at = level_line(loss, (first, 1.0), (400.0, 3.0), more * low, bounds)
        marks.append(line(at[0], at[1], f"{more:g} × least loss", color=i))
    marks.append(points([first], [1.0], "optimum", color=3))
    return Panel("Around it, late", "first dose (mg)", "later doses (× optimum)", marks)


def _schedule(found: _Found) -> Panel:
    usual, marks = _COUNTS.index(_USUAL), []
    for i, name in enumerate(_STAGES):
        hours = found.taken[i, usual, :_USUAL] / 60
        marks.append(points(hours, found.doses[i, usual, :_USUAL], name, color=i))
    return Panel("What is found", "time since waking (h)", "dose (mg)", marks, zero=True)


def _course(stages: _Stage, intact: tuple[float, float], found: _Found) -> Panel:
    usual, hours = _COUNTS.index(_USUAL), _TIME / 60
    stage = jax.tree.map(lambda x: x[-1], stages)
    day = lambda taken, doses: _day(stage, jnp.asarray(taken), jnp.asarray(doses))
    best_day = day(found.taken[-1, usual, :_USUAL], found.doses[-1, usual, :_USUAL])
    even = day(np.arange(_USUAL) * _DAY / _USUAL, np.full(_USUAL, found.even_dose[-1]))
    marks = []
    for i, name in enumerate(("D1", "D2")):
        marks.append(line(hours, np.asarray(best_day[i]) / intact[i], f"{name}, found", color=i))
        marks.append(line(hours, np.asarray(even[i]) / intact[i], f"{name}, equal", color=i + 2))
    marks.append(theory((0, hours[-1]), (1, 1), "intact"))
    return Panel("The day, late", "time since waking (h)", "drive × intact", marks, zero=True)
