"""Dopamine outside the cell: release, autoreceptors, uptake and leak, as a rate model in time.

With C the extracellular dopamine (nM), o the occupancy of the terminal autoreceptor and nu the
firing at the terminals (Hz),

    dC/dt = f release pi nu / (1 + gain o) + f efflux - f vmax C / (K + C) - k_out C
    do/dt = k_off (C / ec50 (1 - o) - o)                 K = km / (1 - occupancy)

f is the surviving share of the terminals, which carry release, uptake and efflux alike; the
leak k_out goes on without them. Times are in s. This is the deterministic form of a public
simulation toolbox (Dreyer), with a leak of first order; constants are in
`jaxda.dopamine.presets`. One well-mixed volume; nothing adapts in the long run.
"""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, ArrayLike, Bool, Float

from ._domain import Floats, constant, within
from ._guards import require
from .presets import CALIBRATED_LEAK, REGIONS, SOMATA, one_family


_AVOGADRO = 6.02214076e23
# Hz: how softly the firing that a soma inhibits ends at 0.
_BEND = 0.05


class Kinetics(eqx.Module):
    """Constants of one region.

    `vmax` (nM/s) and `km` (nM) of the transporter, `release` (nM per spike of all terminals
    together), `k_out` leak (1/s); autoreceptor: `gain`, `ec50` (nM), `k_off` (1/s; 0 holds it
    still). `survivors` in [0, 1], vesicle filling `precursor` (1 normal, more under L-DOPA),
    `efflux` through the transporter (nM/s of the intact region), `occupancy` of the transporter
    by a competitive blocker in [0, 1). Arrays of any shape that broadcast. Constants of two
    families cannot be combined.

    Raises:
        ValueError: if a known number is out of its domain.
    """

    vmax: Float[Array, "..."] = constant()
    release: Float[Array, "..."] = constant()
    km: Float[Array, "..."] = constant()
    k_out: Float[Array, "..."] = constant(0.0)
    gain: Float[Array, "..."] = constant(0.0)
    ec50: Float[Array, "..."] = constant(100.0)
    k_off: Float[Array, "..."] = constant(0.3)
    survivors: Float[Array, "..."] = constant(1.0)
    precursor: Float[Array, "..."] = constant(1.0)
    efflux: Float[Array, "..."] = constant(0.0)
    occupancy: Float[Array, "..."] = constant(0.0)
    family: str = eqx.field(static=True, default="")

    def __check_init__(self) -> None:
        for name in ("vmax", "km", "ec50"):
            within(name, getattr(self, name), 0, np.inf, "()")
        for name in ("release", "k_out", "gain", "k_off", "precursor", "efflux"):
            within(name, getattr(self, name), 0, np.inf, "[)")
        within("survivors", self.survivors, 0, 1)
        within("occupancy", self.occupancy, 0, 1, "[)")

    def replace(self, **constants: Any) -> "Kinetics":
        """A copy with some constants changed, which are checked."""
        return dataclasses.replace(self, **constants)

    def denervated(self, severity: ArrayLike) -> "Kinetics":
        """With the fraction `severity` in [0, 1] of the terminals gone; survivors multiply."""
        return self.replace(survivors=self.survivors * (1 - within("severity", severity, 0, 1)))

    def blocked(self, occupancy: ArrayLike) -> "Kinetics":
        """With `occupancy` in [0, 1) of the transporter under one more, independent blocker."""
        free = 1 - within("occupancy", occupancy, 0, 1, "[)")
        return self.replace(occupancy=1 - (1 - self.occupancy) * free)

    def without_autoreceptor(self) -> "Kinetics":
        """With the terminal autoreceptor fully blocked."""
        return self.replace(gain=jnp.zeros_like(self.gain))

    def frozen(self) -> "Kinetics":
        """With the autoreceptor held as it is at the start, as in one burst."""
        return self.replace(k_off=jnp.zeros_like(self.k_off))

    @property
    def apparent_km(self) -> Float[Array, "..."]:
        """km / (1 - occupancy), nM."""
        return self.km / (1 - self.occupancy)

    @property
    def decay_time(self) -> Float[Array, "..."]:
        """Time constant of uptake where dopamine is scarce, s; infinite without terminals."""
        return self.apparent_km / (self.survivors * self.vmax)

    def autoreceptor(self, dopamine: Float[Array, "..."]) -> Float[Array, "..."]:
        """Occupancy of the terminal autoreceptor in equilibrium with `dopamine` (nM)."""
        return dopamine / (dopamine + self.ec50)


class Soma(eqx.Module):
    """Dopamine at the cell bodies, whose autoreceptor takes `inhibition` o from the firing.

    dC/dt = release pi nu - vmax C / (K + C);  nu = max(0, input - inhibition o); o binds as
    that of the terminals. Units as there, `inhibition` in Hz.

    Raises:
        ValueError: if a known number is out of its domain.
    """

    vmax: Float[Array, "..."] = constant()
    release: Float[Array, "..."] = constant()
    km: Float[Array, "..."] = constant()
    inhibition: Float[Array, "..."] = constant()
    ec50: Float[Array, "..."] = constant()
    k_off: Float[Array, "..."] = constant()
    precursor: Float[Array, "..."] = constant(1.0)
    occupancy: Float[Array, "..."] = constant(0.0)
    family: str = eqx.field(static=True, default="")

    def __check_init__(self) -> None:
        for name in ("vmax", "km", "ec50"):
            within(name, getattr(self, name), 0, np.inf, "()")
        for name in ("release", "inhibition", "k_off", "precursor"):
            within(name, getattr(self, name), 0, np.inf, "[)")
        within("occupancy", self.occupancy, 0, 1, "[)")

    @property
    def apparent_km(self) -> Float[Array, "..."]:
        """km / (1 - occupancy), nM."""
        return self.km / (1 - self.occupancy)


def region(name: str, leak: str = "measured", **constants: Any) -> Kinetics:
    """The preset `name` of `presets.REGIONS`, with some constants changed.

    The leak is the preset's, or "calibrated": .046 vmax / km, with which the tonic level is 80 %
    of normal when 85 % of the terminals are gone (voltammetry finds it normal up to there).

    Raises:
        ValueError: if there is no such preset or leak, or a number is out of its domain.
    """
    if name not in REGIONS:
        raise ValueError(f"no region {name!r}; there are {', '.join(REGIONS)}.")
    if leak not in ("measured", "calibrated"):
        raise ValueError(f"no leak {leak!r}; there are measured, calibrated.")
    preset = REGIONS[name]
    values = dict(preset.values)
    if leak == "calibrated":
        values["k_out"] = CALIBRATED_LEAK * values["vmax"] / values["km"]
    given: dict[str, Any] = {**values, **constants}
    return Kinetics(**given, family=preset.family)


def regions(*names: str, leak: str = "measured") -> dict[str, Kinetics]:
    """Presets that are to be compared.

    Raises:
        ValueError: if they are of different families.
    """
    out = {name: region(name, leak) for name in names}
    one_family(*(k.family for k in out.values()))
    return out


def soma(name: str = "soma", **constants: Any) -> Soma:
    """The preset `name` of `presets.SOMATA`, with some constants changed.

    Raises:
        ValueError: if there is no such preset, or a number is out of its domain.
    """
    if name not in SOMATA:
        raise ValueError(f"no soma {name!r}; there are {', '.join(SOMATA)}.")
    given: dict[str, Any] = {**SOMATA[name].values, **constants}
    return Soma(**given, family=SOMATA[name].family)


# In closed form


def release_rate(
    varicosities: float,
    molecules: float = 3000.0,
    probability: float = 0.06,
    rate: float = 4.0,
    volume: float = 0.21,
) -> float:
    """Release in nM/s of `varicosities` per µm³ of tissue that fire at `rate` Hz.

    Each spike sets free `molecules` with `probability`, into the share `volume` of the tissue
    that is outside cells.
    """
    per_litre = varicosities * 1e15
    return 1e9 * per_litre * molecules * probability * rate / (_AVOGADRO * volume)


def steady_state_without_leak(kinetics: Kinetics, rate: ArrayLike) -> Float[Array, "..."]:
    """Steady dopamine (nM) at `rate` Hz if nothing leaks, whatever `k_out` says.

    The positive root of a quadratic, in which the surviving share cancels; without autoreceptor
    and efflux R K / (vmax - R) with R = release pi rate. Infinite where release outruns uptake.
    """
    k, half, held = kinetics.apparent_km, kinetics.ec50, 1 + kinetics.gain
    into = kinetics.release * kinetics.precursor * jnp.asarray(rate, float)
    top = kinetics.vmax
    overrun = into + kinetics.efflux * held >= top * held
    # Where it is infinite the formula must still have a derivative.
    into, efflux = (jnp.where(overrun, 0.0, x) for x in (into, kinetics.efflux))
    a = into + (efflux - top) * held
    b = into * (half + k) + efflux * (half + k * held) - top * half
    d = (into + efflux) * half * k
    root = jnp.sqrt(b**2 - 4 * a * d)
    # Of the two forms of the root, the one that does not subtract.
    small = 2 * d / jnp.where(b > 0, 1.0, root - b)
    large = jnp.where(b > 0, b + root, 1.0) / (-2 * a)
    return jnp.where(overrun, jnp.inf, jnp.where(b > 0, large, small))


def decay(kinetics: Kinetics, start: ArrayLike, time: ArrayLike) -> Float[Array, "..."]:
    """Dopamine (nM) `time` s after `start` nM, without release, efflux or leak.

    K W0[(C0 / K) exp((C0 - f vmax t) / K)], W0 the Lambert function.
    """
    k = kinetics.apparent_km
    c0 = jnp.asarray(start, float)
    fall = kinetics.survivors * kinetics.vmax * jnp.asarray(time, float) / k
    some = jnp.where(c0 > 0, c0, 1.0)
    left = k * _wright_omega(jnp.log(some / k) + some / k - fall)
    # From nothing, the limit of few molecules.
    return jnp.where(c0 > 0, left, c0 * jnp.exp(-fall))


@jax.custom_jvp
@jax.jit
def _wright_omega(y: Float[Array, "..."]) -> Float[Array, "..."]:
    """The w of w + log w = y: W0(exp y), which does not overflow."""
    # Newton's method for u + exp u = y, from the right of the root of a convex function.
    u = jnp.where(y > 0, jnp.log1p(jnp.maximum(y, 0.0)), y)
    step = lambda _, u: u - (u + jnp.exp(u) - y) / (1 + jnp.exp(u))
    return jnp.exp(lax.fori_loop(0, 12, step, u))


@_wright_omega.defjvp
def _wright_omega_jvp(primals: Any, tangents: Any) -> Any:
    w = _wright_omega(*primals)
    return w, w / (1 + w) * tangents[0]


def efflux_for(kinetics: Kinetics, rate: ArrayLike, dopamine: ArrayLike) -> Float[Array, "..."]:
    """Efflux (nM/s of the intact region) at which `dopamine` nM is the steady state.

    Less than 0 where the steady state without efflux is higher already.
    """
    c = jnp.asarray(dopamine, float)
    held = 1 + kinetics.gain * kinetics.autoreceptor(c)
    lost = kinetics.vmax * c / (kinetics.apparent_km + c) + kinetics.k_out * c / kinetics.survivors
    return lost - kinetics.release * kinetics.precursor * jnp.asarray(rate, float) / held


def slowing(occupancy: ArrayLike) -> Float[Array, "..."]:
    """How many times slower uptake is under a competitive blocker, where dopamine is scarce."""
    return 1 / (1 - within("occupancy", occupancy, 0, 1, "[)"))


def share_of_knockout(occupancy: ArrayLike, knockout: float) -> Float[Array, "..."]:
    """Slowing by a blocker as a share of that by a lack of transporters (`knockout` times)."""
    return (slowing(occupancy) - 1) / (within("knockout", knockout, 1, np.inf, "()") - 1)


# The steady state in general


def steady_state(kinetics: Kinetics, rate: ArrayLike) -> Float[Array, "..."]:
    """Steady dopamine (nM) at `rate` Hz, with autoreceptor and leak.

    Differentiable in everything by the implicit function theorem, at any order; derivatives
    are finite down to no survivors, if there is a leak. Infinite where release outruns uptake
    and nothing leaks. Shapes broadcast.
    """
    f, leak = kinetics.survivors, kinetics.k_out
    # Without leak the survivors cancel, so that the limit of few is the state of all.
    f = jnp.where((f == 0) & (leak == 0), 1.0, f)
    into = kinetics.release * kinetics.precursor * jnp.asarray(rate, float)
    efflux = kinetics.efflux
    overrun = (leak == 0) & (into / (1 + kinetics.gain) + efflux >= kinetics.vmax)
    into, efflux = (jnp.where(overrun, 0.0, x) for x in (into, efflux))
    rest = (kinetics.vmax, kinetics.apparent_km, leak, kinetics.gain, kinetics.ec50)
    terms = jnp.broadcast_arrays(f, into, efflux, *rest)
    return jnp.where(overrun, jnp.inf, _root(_Terms(*terms)))


class _Terms(NamedTuple):
    """What the change of dopamine at a fixed rate depends on."""

    survivors: Float[Array, "..."]
    into: Float[Array, "..."]
    efflux: Float[Array, "..."]
    vmax: Float[Array, "..."]
    km: Float[Array, "..."]
    k_out: Float[Array, "..."]
    gain: Float[Array, "..."]
    ec50: Float[Array, "..."]


def _change(c: Float[Array, "..."], p: _Terms) -> Float[Array, "..."]:
    released = p.into * (c + p.ec50) / ((1 + p.gain) * c + p.ec50)
    return p.survivors * (released + p.efflux - p.vmax * c / (p.km + c)) - p.k_out * c


def _change_slope(c: Float[Array, "..."], p: _Terms) -> Float[Array, "..."]:
    held = p.into * p.gain * p.ec50 / ((1 + p.gain) * c + p.ec50) ** 2
    return -p.survivors * (held + p.vmax * p.km / (p.km + c) ** 2) - p.k_out


@jax.custom_jvp
@jax.jit
def _root(p: _Terms) -> Float[Array, "..."]:
    # The change is a falling convex function of dopamine, so Newton's method from 0 comes to
    # its only root from the left; far away each step doubles what is there.
    step = lambda _, c: jnp.maximum(c - _change(c, p) / _change_slope(c, p), 0.0)
    return lax.fori_loop(0, 64, step, jnp.zeros_like(p.vmax))


@_root.defjvp
def _root_jvp(primals: Any, tangents: Any) -> Any:
    (p,), (dp,) = primals, tangents
    c = _root(p)
    _, moved = jax.jvp(functools.partial(_change, c), (p,), (dp,))
    return c, -moved / _change_slope(c, p)


class SomaState(NamedTuple):
    """Dopamine at the cell bodies (nM), and the firing that is left (Hz)."""

    dopamine: Float[Array, "..."]
    rate: Float[Array, "..."]


def soma_steady_state(soma: Soma, drive: ArrayLike) -> SomaState:
    """Where the loop of firing, somatic release and autoreceptor settles, at `drive` Hz.

    With w = inhibition / drive, firing is drive (1 - w o): the root of a quadratic.
    Infinite where release outruns uptake.
    """
    k = soma.apparent_km
    per_hz = soma.release * soma.precursor
    drive = jnp.asarray(drive, float)
    # per_hz (drive (C + ec50) - inhibition C) (K + C) = vmax C (C + ec50), falling in C.
    left = per_hz * (drive - soma.inhibition)
    a = left - soma.vmax
    b = left * k + (per_hz * drive - soma.vmax) * soma.ec50
    d = per_hz * drive * soma.ec50 * k
    overrun = a >= 0
    a, b, d = (jnp.where(overrun, o, x) for o, x in ((-1.0, a), (0.0, b), (1.0, d)))
    root = jnp.sqrt(b**2 - 4 * a * d)
    small = 2 * d / jnp.where(b > 0, 1.0, root - b)
    large = jnp.where(b > 0, b + root, 1.0) / (-2 * a)
    c = jnp.where(overrun, jnp.inf, jnp.where(b > 0, large, small))
    bound = jnp.where(overrun, 1.0, c / (c + soma.ec50))
    return SomaState(c, drive - soma.inhibition * bound)


# In time


class Firing(eqx.Module):
    """Firing that is constant between jumps: `rates` Hz between `edges` s, which increase."""

    edges: Float[Array, " jumps"]
    rates: Float[Array, " pieces"]


def firing(*pieces: tuple[float, float], repeat: int = 1) -> Firing:
    """Pieces of (duration in s, rate in Hz), one after the other, all of them `repeat` times.

    Raises:
        ValueError: if there is none, a duration is not above 0, or a rate is below 0.
    """
    if not pieces or repeat < 1:
        raise ValueError("a pattern of firing needs at least one piece.")
    durations, rates = np.tile(np.asarray(pieces, float), (repeat, 1)).T
    within("duration", durations, 0, np.inf, "()")
    within("rate", rates, 0, np.inf, "[)")
    edges = np.concatenate([[0.0], np.cumsum(durations)])
    return Firing(jnp.asarray(edges, float), jnp.asarray(rates, float))


class Course(NamedTuple):
    """What happened: each `[..., times]`, batch axes of the constants first.

    `dopamine` nM, `autoreceptor` occupancy at the terminals, `rate` Hz of firing there; at the
    soma `soma_dopamine` nM, which is 0 where there is no soma.
    """

    times: Float[Array, " times"]
    dopamine: Float[Array, "... times"]
    autoreceptor: Float[Array, "... times"]
    rate: Float[Array, "... times"]
    soma_dopamine: Float[Array, "... times"]


def simulate(
    kinetics: Kinetics,
    firing: Firing,
    times: Float[Floats, " times"],
    *,
    soma: Soma | None = None,
    start: ArrayLike | None = None,
    max_steps: int = 100_000,
) -> Course:
    """The course of dopamine at increasing `times` (s) within the pattern of `firing`.

    With a `soma`, `firing` is its input; without, what arrives at the terminals. It begins
    with `start` nM, or in the steady state of the first rate; receptors are in equilibrium
    then. Steps end at the jumps of the firing. Differentiable backwards in the constants, the
    rates, the edges and the start. Constants may have batch axes.

    Raises:
        ValueError: if families mix, times leave the pattern, or the equations cannot be
            integrated: then with the constants (in compiled code, as an error of the runtime).
    """
    one_family(kinetics.family, *([soma.family] if soma else []))
    times = jnp.asarray(times, float)
    _check_times(times, firing)
    if start is not None:
        # A steady state may be infinite, which is told below with its constants.
        start = within("start", start, 0, np.inf)
    constants = (kinetics, soma, start)
    shape = jnp.broadcast_shapes(*(x.shape for x in jax.tree.leaves(constants)))
    flat = jax.tree.map(lambda x: jnp.broadcast_to(x, shape).ravel(), constants)
    found, settled, solved = _solve(flat, firing, times, max_steps)
    first = jnp.argmin(settled & solved)
    told = {
        f"{part}{f.name}": getattr(tree, f.name)[first]
        for part, tree in (("", flat[0]), ("soma ", flat[1]))
        if tree is not None
        for f in dataclasses.fields(tree)
        if f.name != "family"
    } | {"rates": firing.rates}
    dopamine = require(found[0], settled, "dopamine has no steady state to begin in", told)
    failure = f"dopamine cannot be integrated with these constants in {max_steps} steps"
    dopamine = require(dopamine, solved, failure, told)
    return Course(times, *(x.reshape(*shape, len(times)) for x in (dopamine, *found[1:])))


def _check_times(times: Float[Floats, " times"], firing: Firing) -> None:
    if isinstance(times, jax.core.Tracer) or isinstance(firing.edges, jax.core.Tracer):
        return
    t, edges = np.asarray(times), np.asarray(firing.edges)
    if not t.size or (np.diff(t) < 0).any():
        raise ValueError("times must increase, and there must be some.")
    # Sums of durations are off by rounding.
    slack = 1e-6 * (edges[-1] - edges[0])
    if t[0] < edges[0] - slack or t[-1] > edges[-1] + slack:
        raise ValueError(
            f"times from {t[0]:g} to {t[-1]:g} s leave the firing, {edges[0]:g} to {edges[-1]:g} s."
        )


Curves = tuple[Float[Array, "*lanes times"], ...]


@functools.partial(jax.jit, static_argnames="max_steps")
def _solve(
    constants: Any, firing: Firing, times: Float[Array, " times"], max_steps: int
) -> tuple[Curves, Bool[Array, " lanes"], Bool[Array, " lanes"]]:
    return jax.vmap(lambda c: _solve_one(c, firing, times, max_steps))(constants)


def _solve_one(
    constants: tuple[Kinetics, Soma | None, Float[Array, ""] | None],
    firing: Firing,
    times: Float[Array, " times"],
    max_steps: int,
) -> tuple[Curves, Bool[Array, ""], Bool[Array, ""]]:
    kinetics, soma, start = constants
    n = firing.rates.shape[0]
    widths = jnp.diff(firing.edges)
    # The clock counts pieces: jumps are at whole numbers, and their times stay differentiable.
    piece = jnp.arange(n + 1, dtype=times.dtype)
    clock = jnp.interp(times, firing.edges, piece)
    at = lambda s: jnp.clip(jnp.floor(s).astype(int), 0, n - 1)

    def field(s: Any, y: Any, _: Any) -> Any:
        i = at(s)
        nu = firing.rates[i]
        change = []
        if soma is not None:
            nu = _left(nu, soma, y[3])
            taken = soma.vmax * y[2] / (soma.apparent_km + y[2])
            change = [
                soma.release * soma.precursor * nu - taken,
                soma.k_off * (y[2] / soma.ec50 * (1 - y[3]) - y[3]),
            ]
        c, o, f = y[0], y[1], kinetics.survivors
        released = kinetics.release * kinetics.precursor * nu / (1 + kinetics.gain * o)
        taken = kinetics.vmax * c / (kinetics.apparent_km + c)
        change = [
            f * (released + kinetics.efflux - taken) - kinetics.k_out * c,
            kinetics.k_off * (c / kinetics.ec50 * (1 - o) - o),
            *change,
        ]
        return widths[i] * jnp.stack(change)

    nu, at_soma = firing.rates[0], []
    if soma is not None:
        rest = soma_steady_state(soma, nu)
        nu, at_soma = rest.rate, [rest.dopamine, rest.dopamine]
    begin = steady_state(kinetics, nu) if start is None else start
    y0 = jnp.stack([begin, begin, *at_soma])
    settled = jnp.all(jnp.isfinite(y0))
    y0 = jnp.where(settled, y0, 0.0)
    # Every second entry is what the first before it binds to.
    half = jnp.stack([kinetics.ec50] + ([] if soma is None else [soma.ec50]))
    y0 = y0.at[1::2].set(y0[::2] / (y0[::2] + half))
    tolerance = max(1e-8, 100 * float(jnp.finfo(times.dtype).eps))
    controller: Any = diffrax.PIDController(rtol=tolerance, atol=tolerance)
    if n > 1:
        controller = diffrax.ClipStepSizeController(controller, jump_ts=piece[1:-1])
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(field),
        diffrax.Tsit5(),
        t0=piece[0],
        t1=piece[-1],
        dt0=None,
        y0=y0,
        saveat=diffrax.SaveAt(ts=clock),
        stepsize_controller=controller,
        max_steps=max_steps,
        throw=False,
    )
    assert solution.ys is not None
    y, nu = solution.ys.T, firing.rates[at(clock)]
    curves = (y[0], y[1], nu, jnp.zeros_like(nu))
    if soma is not None:
        curves = (y[0], y[1], _left(nu, soma, y[3]), y[2])
    done = jnp.all(jnp.isfinite(y)) & (solution.result == diffrax.RESULTS.successful)
    return curves, settled, done


def _left(drive: Float[Array, "..."], soma: Soma, bound: Float[Array, "..."]) -> Any:
    """Firing that the autoreceptor of the soma leaves of `drive`, Hz."""
    return _BEND * jax.nn.softplus((drive - soma.inhibition * bound) / _BEND)


# What is read off a course


class Burst(NamedTuple):
    """A transient over the tonic level: `rise` nM, `half_life` s from the peak, `area` nM s."""

    rise: Float[Array, "..."]
    half_life: Float[Array, "..."]
    area: Float[Array, "..."]


def burst_course(
    kinetics: Kinetics,
    spikes: float = 6.0,
    rate: float = 20.0,
    tonic: float = 4.0,
    horizon: float = 8.0,
    points: int = 2000,
) -> Course:
    """`spikes` at `rate` Hz, then `tonic` Hz until `horizon` s, from the steady state at `tonic`.

    The autoreceptor is held as it is in the steady state: it is slower than a burst. Times are
    densest after the burst, and `points` of them are no earlier than its end.
    """
    length = spikes / rate
    u = np.linspace(0, 1, points)
    before, after = length * u[:-1:4], length + (horizon - length) * u**2
    pattern = firing((length, rate), (horizon - length, tonic))
    start = steady_state(kinetics, tonic)
    return simulate(kinetics.frozen(), pattern, np.concatenate([before, after]), start=start)


def burst(
    kinetics: Kinetics,
    spikes: float = 6.0,
    rate: float = 20.0,
    tonic: float = 4.0,
    horizon: float = 8.0,
    points: int = 2000,
) -> Burst:
    """What a burst (see `burst_course`) adds to the steady state within `horizon` s.

    Batch axes are those of the constants; differentiable.
    """
    course = burst_course(kinetics, spikes, rate, tonic, horizon, points)
    over = course.dopamine - steady_state(kinetics, tonic)[..., None]
    later, since = over[..., -points:], course.times[-points:] - spikes / rate
    rise = later[..., 0]
    i = jnp.argmax(later < rise[..., None] / 2, axis=-1, keepdims=True)
    pick = lambda j: jnp.take_along_axis(later, j, axis=-1)[..., 0]
    t0, t1, c0, c1 = since[i - 1][..., 0], since[i][..., 0], pick(i - 1), pick(i)
    half = t0 + (t1 - t0) * (c0 - rise / 2) / (c0 - c1)
    return Burst(rise, half, jnp.trapezoid(over, course.times, axis=-1))


def pause(kinetics: Kinetics, duration: float = 0.3, tonic: float = 4.0) -> Float[Array, "..."]:
    """What is left after `duration` s without spikes, relative to the steady state."""
    start = steady_state(kinetics, tonic)
    end = jnp.asarray([duration], float)
    left = simulate(kinetics, firing((duration, 0.0)), end, start=start).dopamine
    return left[..., 0] / start


class Contrast(NamedTuple):
    """Median, 99.9th percentile and minimum of dopamine, nM."""

    tonic: Float[Array, "..."]
    peak: Float[Array, "..."]
    low: Float[Array, "..."]


def contrast(dopamine: Float[Floats, "... times"]) -> Contrast:
    """How far bursts and pauses stand out in a course at even times."""
    dopamine = jnp.asarray(dopamine, float)
    at = jnp.quantile(dopamine, jnp.asarray([0.5, 0.999], float), axis=-1)
    return Contrast(at[0], at[1], dopamine.min(axis=-1))


def rhythm(
    pieces: Sequence[tuple[float, float]] = ((2.5, 4.0), (0.25, 20.0), (2.75, 4.0), (0.5, 0.0)),
    repeat: int = 20,
) -> Firing:
    """Bursts and pauses over tonic firing: by default one of each in every 6 s, for 2 min."""
    return firing(*pieces, repeat=repeat)
