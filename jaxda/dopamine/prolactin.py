"""Plasma prolactin under dopamine's inhibition: two models for people, one for rats.

Dopamine from the hypothalamus reaches the lactotrophs of the pituitary and restrains them
through D2 receptors, so antagonists raise prolactin and agonists lower it. The pituitary lies
outside the blood-brain barrier: the drug concentration is that of plasma, except for the rat
model, which was fitted to brain extracellular fluid. Time is in hours throughout.

The families explain tolerance to a sustained antagonist differently, by feedback of prolactin
on dopamine (`HumanProlactin`) and by an emptied pool (`RatProlactin`). Their parameters are
not interchangeable, and every preset and every result carries its species.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from ..keys import fold_name
from ._guards import finite, nonnegative, positive, require


Drug = float | Float[Array, ""] | Float[Array, " times"] | Callable[..., Any]
# A month of risperidone takes some thousands.
_MOST_STEPS = 2**16
# Parameters that may have any sign.
_SIGNED = ("amplitude_24", "phase_24", "amplitude_12", "phase_12", "shift", "lag")
M = TypeVar("M", bound="HumanProlactin | RatProlactin | AgonistProlactin")

# Every preset with its species; no name is used twice.
PRESETS: Mapping[str, tuple[str, str, Mapping[str, float]]] = MappingProxyType(
    {
        # Healthy volunteers keep the clock of the data set, patients are 1.61 h ahead of it.
        "healthy_men": ("human", "HumanProlactin", {"baseline": 7.67, "shift": 0.0}),
        "male_patients": ("human", "HumanProlactin", {"baseline": 16.1}),
        "female_patients": ("human", "HumanProlactin", {"baseline": 35.2}),
        "ropinirole": ("human", "AgonistProlactin", {}),
        "remoxipride_rat": ("rat", "RatProlactin", {}),
    }
)


def _number(default: float) -> Any:
    # Strongly typed, so that no new value traces anew.
    return eqx.field(default=default, converter=lambda x: jnp.asarray(x, float))


class Course(eqx.Module):
    """Prolactin over `time` in h.

    `prolactin` is in ng/mL. `driver` is what makes the tolerance: dopamine relative to its
    baseline (human), the filling of the pool relative to baseline (rat), or 1 throughout where
    a model has no such state.
    """

    time: Float[Array, " times"]
    prolactin: Float[Array, " times"]
    driver: Float[Array, " times"]
    species: str = eqx.field(static=True)


class HumanProlactin(eqx.Module):
    """Agonist-antagonist interaction: dopamine and an antagonist compete for the D2 receptor.

    With x = C / ki, C the antagonist in plasma, P prolactin and d dopamine over its baseline:

        dP/dt = kout P0 [(1 + D0) (1 - (D0 d + a) / (1 + x + D0 d + a)) + rhythm] - kout P
        dd/dt = kda [h (P / P0)^feedback - d]

    where `D0` is the dopamine at baseline in units of its affinity, so that production is
    proportional to (1 + x) / d while D0 is large, and cannot exceed 1 + D0 times baseline. The
    rhythm is two cosines, of 24 and 12 h; time 0 is near 08:00. Two extensions are not in the
    source: a loss of hypothalamic dopamine, to the fraction h = `tone` of its production, and
    a D2 agonist, which adds a = D0 `agonist` to the dopamine.

    Concentrations in ng/mL, time in h, rates per h. Risperidone and paliperidone (active
    moiety), 1462 subjects of 9 studies.
    """

    species: ClassVar[str] = "human"
    source: ClassVar[str] = "Friberg et al. 2009, Clin. Pharmacol. Ther. 86:82"

    baseline: Float[Array, "..."] = _number(16.1)
    kout: Float[Array, "..."] = _number(0.664)
    kda: Float[Array, "..."] = _number(0.156)
    feedback: Float[Array, "..."] = _number(1.44)
    ki: Float[Array, "..."] = _number(1.96)
    d0: Float[Array, "..."] = _number(1e4)
    amplitude_24: Float[Array, "..."] = _number(0.532)
    phase_24: Float[Array, "..."] = _number(20.1)
    amplitude_12: Float[Array, "..."] = _number(-0.314)
    phase_12: Float[Array, "..."] = _number(13.7)
    shift: Float[Array, "..."] = _number(-1.61)

    def rhythm(self, time: Float[Array, "..."]) -> Float[Array, "..."]:
        """What the clock adds to production at `time` in h, in units of its baseline."""
        since = time - self.shift
        day = jnp.cos(2 * jnp.pi * (since - self.phase_24) / 24)
        half = jnp.cos(2 * jnp.pi * (since - self.phase_12) / 12)
        return self.amplitude_24 * day + self.amplitude_12 * half

    def limit(
        self, drug: float | Float[Array, "..."], tone: float | Float[Array, "..."] = 1.0
    ) -> Float[Array, "..."]:
        """Steady prolactin in ng/mL where D0 is large: ((1 + x) / tone)^(1 / (1 + feedback))."""
        x = nonnegative("antagonist", drug, "ng/mL") / self.ki
        fold = ((1 + x) / jnp.asarray(tone, float)) ** (1 / (1 + self.feedback))
        return self.baseline * fold

    def steady(
        self,
        drug: float | Float[Array, "..."] = 0.0,
        *,
        tone: float | Float[Array, "..."] = 1.0,
        agonist: float | Float[Array, "..."] = 0.0,
    ) -> Float[Array, "..."]:
        """Steady prolactin in ng/mL, without the rhythm: the root of production = loss.

        `drug` is the antagonist in ng/mL, `tone` the fraction of dopamine that is left,
        `agonist` its dopamine-like effect in units of baseline dopamine.

        Raises:
            ValueError: if a concentration is negative, or neither dopamine nor agonist is left.
        """
        self = _checked(self)
        x = nonnegative("antagonist", drug, "ng/mL") / self.ki
        tone, agonist = _drives(tone, agonist)
        return self.baseline * jnp.exp(_log_fold(x, tone, agonist, self.feedback, self.d0))

    def simulate(
        self,
        time: Float[Array, " times"],
        drug: Drug = 0.0,
        *,
        tone: float | Float[Array, ""] = 1.0,
        agonist: float | Float[Array, ""] = 0.0,
        rhythm: bool = True,
        start: tuple[Any, Any] | None = None,
        jumps: Float[Array, " jumps"] | None = None,
    ) -> Course:
        """Prolactin at rising `time` in h from the first of them on.

        `drug` is the antagonist in plasma, ng/mL: a number, values at `time` (between them, a
        line) or a function of time, whose steps are to be listed in `jumps`. `start` is
        prolactin in ng/mL and dopamine over baseline at the first time; without it, baseline.

        Raises:
            ValueError: if a concentration is negative, if prolactin is driven below 0 (an
                additive rhythm can exceed what is left of production) or if the equations
                cannot be integrated; with the parameters.
        """
        self = _checked(self)
        time, concentration = _concentration(time, drug)
        tone, agonist = _drives(tone, agonist)

        level, dopamine = (self.baseline, 1.0) if start is None else start
        y0 = (jnp.asarray(level, float) / self.baseline, jnp.asarray(dopamine, float))
        values = _parameters(self) | {"tone": tone, "agonist": agonist}
        args = (self, concentration, tone, agonist, rhythm)
        fold, d = _solve(_human, time, y0, args, jumps, values)
        message = "prolactin was driven below 0, where the model means nothing"
        fold = require(fold, fold >= 0, message, values)
        return Course(time, self.baseline * fold, d, self.species)

    def group(self, key: PRNGKeyArray, n: int) -> "HumanProlactin":
        """A synthetic group of `n` subjects: arrays `[n]` for what varies between people.

        Log-normal, with the published variances of ln baseline (.425), ln ki (1.82, covariance
        .758: a high baseline goes with low sensitivity), ln kout (.589) and the logarithm of
        the 24-h amplitude (.0558). For `jax.vmap`; `eqx.filter_vmap` maps arrays of one axis.
        """
        draws = {
            name: jax.random.normal(fold_name(key, name), (n,))
            for name in ("baseline", "ki", "kout", "amplitude_24")
        }
        sd = 0.425**0.5
        tied = 0.758 / sd
        spread = {
            "baseline": sd * draws["baseline"],
            "ki": tied * draws["baseline"] + (1.82 - tied**2) ** 0.5 * draws["ki"],
            "kout": 0.589**0.5 * draws["kout"],
            "amplitude_24": 0.0558**0.5 * draws["amplitude_24"],
        }
        values = {name: jnp.broadcast_to(v, (n,)) for name, v in _parameters(self).items()}
        return HumanProlactin(**{k: v * jnp.exp(spread.get(k, 0.0)) for k, v in values.items()})


class RatProlactin(eqx.Module):
    """A pool of lactotrophs that empties, and synthesis that rises with prolactin in plasma.

    With the pool L, prolactin P in plasma and the antagonist C in brain extracellular fluid:

        dL/dt = S - k_r E L,  dP/dt = k_r E L - k_e P,  E = 1 + emax C / (ec50 + C)
        S = k_e P0 (1 + feedback max(P - P0, 0))

    While feedback P0 < 1 prolactin returns to its baseline under any constant concentration,
    with the pool emptied to 1 / E of itself.

    C in mg/L, P in ng/mL (µg/L), feedback per ng/mL, time in h, rates per h.
    """

    species: ClassVar[str] = "rat"
    source: ClassVar[str] = "Stevens et al. 2012, J. Pharmacokinet. Pharmacodyn. 39:463"

    baseline: Float[Array, "..."] = _number(6.64)
    k_e: Float[Array, "..."] = _number(5.20)
    k_r: Float[Array, "..."] = _number(0.740)
    emax: Float[Array, "..."] = _number(17.5)
    ec50: Float[Array, "..."] = _number(0.051)
    feedback: Float[Array, "..."] = _number(0.125)

    def release(self, drug: Float[Array, "..."]) -> Float[Array, "..."]:
        """How many times faster than without it the pool empties at `drug` in mg/L."""
        return 1 + self.emax * drug / (self.ec50 + drug)

    def steady(
        self, drug: float | Float[Array, "..."] = 0.0
    ) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
        """Prolactin in ng/mL and filling of the pool at constant `drug` in mg/L.

        Raises:
            ValueError: if the concentration is negative, or the feedback runs away.
        """
        self = _checked(self)
        drug = nonnegative("antagonist", drug, "mg/L")
        gain = self.feedback * self.baseline
        message = "feedback times baseline must be below 1, or prolactin grows without end"
        level = require(self.baseline + 0 * drug, gain < 1, message, _parameters(self))
        return level, 1 / self.release(drug)

    def simulate(
        self,
        time: Float[Array, " times"],
        drug: Drug = 0.0,
        *,
        start: tuple[Any, Any] | None = None,
        jumps: Float[Array, " jumps"] | None = None,
    ) -> Course:
        """Prolactin at rising `time` in h from the first of them on.

        `drug` is the antagonist in brain extracellular fluid, mg/L, as in `HumanProlactin`.
        `start` is prolactin in ng/mL and the filling of the pool relative to baseline.

        Raises:
            ValueError: if a concentration is negative or the equations cannot be integrated;
                with the parameters.
        """
        self = _checked(self)
        time, concentration = _concentration(time, drug)

        level, pool = (self.baseline, 1.0) if start is None else start
        y0 = (jnp.asarray(level, float) / self.baseline, jnp.asarray(pool, float))
        values = _parameters(self)
        fold, pool = _solve(_rat, time, y0, (self, concentration), jumps, values)
        return Course(time, self.baseline * fold, pool, self.species)


class AgonistProlactin(eqx.Module):
    """A D2 agonist that restrains the production of prolactin directly, taken by mouth.

        dP/dt = kin [1 - imax C^hill / (ic50^hill + C^hill)] - kin / P0 P

    One compartment with first-order absorption after a lag gives the plasma concentration.
    Prolactin and C in ng/mL, kin in ng/mL/h, doses in mg, clearance and volume (over the share
    that is absorbed) in L/h and L, time in h. Ropinirole in hyperprolactinaemia, three people.
    """

    species: ClassVar[str] = "human"
    source: ClassVar[str] = "ropinirole in hyperprolactinaemia, n = 3 (PMC6339972)"

    baseline: Float[Array, "..."] = _number(109.0)
    kin: Float[Array, "..."] = _number(154.0)
    ic50: Float[Array, "..."] = _number(1.12)
    hill: Float[Array, "..."] = _number(2.1)
    imax: Float[Array, "..."] = _number(1.0)
    clearance: Float[Array, "..."] = _number(50.7)
    volume: Float[Array, "..."] = _number(444.0)
    ka: Float[Array, "..."] = _number(0.609)
    lag: Float[Array, "..."] = _number(0.595)

    @property
    def kout(self) -> Float[Array, "..."]:
        """Elimination of prolactin, per h: what balances production at baseline."""
        return self.kin / self.baseline

    def concentration(
        self,
        time: Float[Array, " times"],
        dose_times: Float[Array, " doses"],
        doses: Float[Array, " doses"],
    ) -> Float[Array, " times"]:
        """Plasma concentration in ng/mL at `time` in h of `doses` in mg taken at `dose_times`."""
        self = _checked(self)
        doses = nonnegative("dose", doses, "mg")
        taken = finite("dose time", dose_times, "h")
        since = jnp.maximum(jnp.asarray(time, float)[:, None] - taken - self.lag, 0.0)
        out = self.clearance / self.volume
        # (exp(-out s) - exp(-ka s)) / (ka - out), also where the rates are equal.
        gap = (self.ka - out) * since
        shape = jnp.exp(-out * since) * since * _relative_expm1(gap)
        return 1e3 * (shape @ doses) * self.ka / self.volume

    def inhibition(self, drug: float | Float[Array, "..."]) -> Float[Array, "..."]:
        """Share of production that `drug` in ng/mL takes away."""
        return self._inhibition(nonnegative("agonist", drug, "ng/mL"))

    def _inhibition(self, drug: Float[Array, "..."]) -> Float[Array, "..."]:
        # The power of 0 has no slope where the exponent is below 1.
        some = drug > 0
        odds = self.hill * (jnp.log(jnp.where(some, drug, 1.0)) - jnp.log(self.ic50))
        return jnp.where(some, self.imax * jax.nn.sigmoid(odds), 0.0)

    def steady(self, drug: float | Float[Array, "..."] = 0.0) -> Float[Array, "..."]:
        """Prolactin in ng/mL at a constant concentration in ng/mL."""
        self = _checked(self)
        return self.baseline * (1 - self.inhibition(drug))

    def simulate(
        self,
        time: Float[Array, " times"],
        drug: Drug = 0.0,
        *,
        start: Any = None,
        jumps: Float[Array, " jumps"] | None = None,
    ) -> Course:
        """Prolactin at rising `time` in h, `drug` the agonist in ng/mL as in `HumanProlactin`.

        Raises:
            ValueError: if a concentration is negative or the equation cannot be integrated;
                with the parameters.
        """
        self = _checked(self)
        time, concentration = _concentration(time, drug)

        y0 = jnp.asarray(self.baseline if start is None else start, float) / self.baseline
        values = _parameters(self)
        fold = _solve(_agonist, time, y0, (self, concentration), jumps, values)
        return Course(time, self.baseline * fold, jnp.ones_like(fold), self.species)


def preset(kind: type[M], name: str) -> M:
    """The model `kind` with the parameters of a preset.

    Raises:
        ValueError: if there is no such preset, or it is one of another model or species.
    """
    if name not in PRESETS:
        raise ValueError(f"there is no preset {name!r}; there are {', '.join(sorted(PRESETS))}.")
    species, family, values = PRESETS[name]
    if family != kind.__name__:
        raise ValueError(
            f"{name!r} is a preset of {family} ({species}), not of {kind.__name__} "
            f"({kind.species}): parameters of one model or species mean nothing in another."
        )
    return kind(**{n: jnp.asarray(v) for n, v in values.items()})


def _drives(tone: Any, agonist: Any) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    tone, agonist = nonnegative("tone", tone, "baselines"), nonnegative("agonist", agonist, "tones")
    message = "something must restrain prolactin: tone and agonist cannot both be 0"
    values = {"tone": tone, "agonist": agonist}
    return require(tone, tone + agonist > 0, message, values), agonist


def _parameters(model: Any) -> dict[str, Float[Array, "..."]]:
    return {n: v for n, v in vars(model).items() if eqx.is_array(v)}


def _checked(model: M) -> M:
    return positive(model, [name for name in _parameters(model) if name not in _SIGNED])


@jax.jit
def _log_fold(x, tone, agonist, feedback, d0) -> Float[Array, "..."]:
    """The root q = ln p of production = loss."""
    # q + ln((1 + x) / D0 + h e^(U q) + a) rises in q and is convex: from any start Newton's
    # method is on the right of the root after one step, and comes down to it.
    per = 1 / d0
    goal = jnp.log1p(per) + jnp.log1p(x)

    def step(q):
        made = tone * jnp.exp(feedback * q)
        total = (1 + x) * per + made + agonist
        slope = 1 + feedback * made / total
        return q - (q + jnp.log(total) - goal) / slope

    # Where there is no dopamine, the first step is the last.
    start = lax.stop_gradient(0 * step(jnp.zeros_like(x + tone + agonist)))
    near = lax.stop_gradient(lax.fori_loop(0, 60, lambda _, q: step(q), start))
    # Repeated once it is there, for exact first and second derivatives.
    return step(step(step(near)))


def _human(t, state, args):
    model, concentration, tone, agonist, rhythm = args
    fold, dopamine = state
    bound = 1 + concentration(t) / model.ki
    per = 1 / model.d0
    made = (1 + per) * bound / (bound * per + dopamine + agonist)
    if rhythm:
        made = made + model.rhythm(t)
    # Below 0 the power has no value; that it came there is told afterwards.
    some = fold > 0
    power = jnp.where(some, jnp.where(some, fold, 1.0) ** model.feedback, 0.0)
    return model.kout * (made - fold), model.kda * (tone * power - dopamine)


def _rat(t, state, args):
    model, concentration = args
    fold, pool = state
    out = model.release(concentration(t)) * pool
    made = 1 + model.feedback * model.baseline * jnp.maximum(fold - 1, 0.0)
    return model.k_e * (out - fold), model.k_r * (made - out)


def _agonist(t, fold, args):
    model, concentration = args
    return model.kout * (1 - model._inhibition(concentration(t)) - fold)


def _relative_expm1(z: Float[Array, "..."]) -> Float[Array, "..."]:
    """(1 - exp(-z)) / z, which is 1 at 0."""
    small = jnp.abs(z) < 1e-5
    safe = jnp.where(small, 1.0, z)
    return jnp.where(small, 1 - z / 2 + z**2 / 6, -jnp.expm1(-safe) / safe)


def _concentration(time: Any, drug: Drug) -> tuple[Float[Array, " times"], Callable[..., Any]]:
    """Times that rise, and the concentration at any of them, which is never negative."""
    time = finite("time", time, "h")
    message = "time must rise, with at least two values"
    if time.ndim != 1 or len(time) < 2:
        raise ValueError(f"{message}; got shape {time.shape}.")
    time = require(time, jnp.all(jnp.diff(time) > 0), message, {"time": time})
    if callable(drug):
        seen = nonnegative("drug concentration", jax.vmap(drug)(time), "the model's unit")
        # What has been looked at must be used, or it would not be looked at in compiled code.
        return time + 0 * seen, drug
    level = nonnegative("drug concentration", drug, "the model's unit")
    if level.ndim == 0:
        return time, _Constant(level)
    if level.shape != time.shape:
        raise ValueError(f"{len(time)} times but concentrations of shape {level.shape}.")
    return time, _Line(time, level)


class _Constant(eqx.Module):
    level: Float[Array, ""]

    def __call__(self, t: Float[Array, ""]) -> Float[Array, ""]:
        return self.level


class _Line(eqx.Module):
    time: Float[Array, " times"]
    level: Float[Array, " times"]

    def __call__(self, t: Float[Array, ""]) -> Float[Array, ""]:
        return jnp.interp(t, self.time, self.level)


def _solve(slope, time, y0, args, jumps, values) -> Any:
    """The state at `time`; an error with `values` where the equations cannot be integrated."""
    if isinstance(args[1], _Line):
        # The line bends at its points.
        jumps = time if jumps is None else jnp.sort(jnp.concatenate([time, jumps]))
    curves, whole = _integrated(slope, time, y0, args, jumps)
    message = f"the equations could not be integrated {_span(time)}"
    return jax.tree.map(lambda curve: require(curve, whole, message, values), curves)


@eqx.filter_jit
def _integrated(slope, time, y0, args, jumps) -> tuple[Any, Bool[Array, ""]]:
    steps: diffrax.AbstractStepSizeController = diffrax.PIDController(rtol=1e-8, atol=1e-10)
    if jumps is not None:
        steps = diffrax.ClipStepSizeController(steps, jump_ts=jnp.asarray(jumps, float))
    found = diffrax.diffeqsolve(
        diffrax.ODETerm(slope),
        diffrax.Tsit5(),
        time[0],
        time[-1],
        dt0=None,
        y0=y0,
        args=args,
        saveat=diffrax.SaveAt(ts=time),
        stepsize_controller=steps,
        max_steps=_MOST_STEPS,
        throw=False,
    )
    finite = [jnp.all(jnp.isfinite(curve)) for curve in jax.tree.leaves(found.ys)]
    return found.ys, jnp.all(jnp.stack([found.result == diffrax.RESULTS.successful, *finite]))


def _span(time: Float[Array, " times"]) -> str:
    if isinstance(time, jax.core.Tracer):
        return "over the given times"
    return f"from {float(time[0]):g} to {float(time[-1]):g} h"
