"""Levodopa in people: doses over a day, plasma, effect site, and the response that wears off.

The kinetics are linear, so any schedule is a sum of exponentials and is computed exactly; the
gradient by every dose and dose time exists. Time is in min, doses in mg, concentrations in
µg/mL. The parameters are fitted to groups and describe how a drug wears off; they say nothing
about what anybody should take.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ._guards import finite, nonnegative, positive, require


# Equilibration half-life in min, EC50 in µg/mL, Hill exponent. The last two are the medians of
# thirteen patients each; in the first three, all of a course that gets worse.
RESPONSES: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        "stable": (110.0, 0.5, 1.0),
        "moderate": (60.0, 0.6, 2.0),
        "fluctuating": (26.0, 0.7, 4.0),
        "stable_medians": (112.0, 1.13, 0.64),
        "fluctuating_medians": (26.0, 0.64, 2.2),
    }
)


def _number(default: float) -> Any:
    # Strongly typed, so that no new value traces anew.
    return eqx.field(default=default, converter=lambda x: jnp.asarray(x, float))


class Levodopa(eqx.Module):
    """Two compartments, filled at a constant rate for `input_time` after a lag.

        v1 dc1/dt = -(k21 + clearance) c1 + k12 c2 + dose / input_time while input lasts
        v2 dc2/dt = k21 c1 - k12 c2

    Volumes and the length of the input are those of the source. Its patients differ in the
    rates; here they lie between the two groups, with a terminal half-life of 52 min and a peak
    of 2.2 µg/mL at 42 min after 100 mg (with a decarboxylase inhibitor).

    Volumes in L, clearances in L/min, times in min.
    """

    species: ClassVar[str] = "human"
    source: ClassVar[str] = "Ursino et al. 2020, PLoS ONE 15:e0229729 (26 patients, public data)"

    clearance: Float[Array, "..."] = _number(0.65)
    k12: Float[Array, "..."] = _number(2.15)
    k21: Float[Array, "..."] = _number(2.0)
    v1: Float[Array, "..."] = _number(12.0)
    v2: Float[Array, "..."] = _number(32.0)
    lag: Float[Array, "..."] = _number(12.0)
    input_time: Float[Array, "..."] = _number(30.0)

    def rates(self) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
        """Fast and terminal rate of elimination, per min."""
        leave, back = (self.k21 + self.clearance) / self.v1, self.k12 / self.v2
        swap = self.k12 * self.k21 / (self.v1 * self.v2)
        gap = jnp.sqrt((leave - back) ** 2 + 4 * swap)
        fast = (leave + back + gap) / 2
        # Their product is known without a difference of near numbers.
        return fast, self.clearance * self.k12 / (self.v1 * self.v2) / fast

    def half_life(self) -> Float[Array, "..."]:
        """Terminal half-life in plasma, min."""
        return jnp.log(2.0) / self.rates()[1]

    def plasma(
        self,
        time: Float[Array, " times"],
        dose_times: Float[Array, " doses"],
        doses: Float[Array, " doses"],
    ) -> Float[Array, " times"]:
        """Plasma concentration in µg/mL at `time`, of `doses` in mg begun at `dose_times`.

        Raises:
            ValueError: if a dose is negative or a rate, volume or time is not above 0.
        """
        kinetics, time, taken, doses = self._schedule(time, dose_times, doses)
        return _superposed(kinetics, time, taken, doses, None)

    def site(
        self,
        time: Float[Array, " times"],
        dose_times: Float[Array, " doses"],
        doses: Float[Array, " doses"],
        ke0: float | Float[Array, ""],
    ) -> Float[Array, " times"]:
        """Concentration at the effect site in µg/mL, dCe/dt = ke0 (plasma - Ce), ke0 per min.

        Raises:
            ValueError: as `plasma`, and if ke0 is negative.
        """
        ke0 = nonnegative("ke0", ke0, "1/min")
        kinetics, time, taken, doses = self._schedule(time, dose_times, doses)
        return _superposed(kinetics, time, taken, doses, ke0)

    def _schedule(self, time, dose_times, doses) -> tuple[Any, ...]:
        """What can be computed with, or an error."""
        self = positive(self, ("clearance", "k12", "k21", "v1", "v2", "input_time"))
        doses = nonnegative("dose", doses, "mg")
        taken = finite("dose time", dose_times, "min")
        if doses.shape != taken.shape or doses.ndim != 1:
            raise ValueError(f"{doses.shape} doses but {taken.shape} dose times: give one each.")
        return self, finite("time", time, "min"), taken, doses


class Response(eqx.Module):
    """What the effect site does: E = e0 + emax Ce^hill / (ec50^hill + Ce^hill).

    `half_life` in min is that of the equilibration between plasma and effect site,
    ln 2 / ke0; `ec50` in µg/mL; `e0` and `emax` in units of the measure (here emax = 1: shares
    of the largest effect). With disease the equilibration becomes faster and the curve steeper.
    """

    species: ClassVar[str] = "human"
    source: ClassVar[str] = "Ursino et al. 2020, PLoS ONE 15:e0229729 (26 patients, public data)"

    half_life: Float[Array, "..."] = _number(110.0)
    ec50: Float[Array, "..."] = _number(0.5)
    hill: Float[Array, "..."] = _number(1.0)
    e0: Float[Array, "..."] = _number(0.0)
    emax: Float[Array, "..."] = _number(1.0)

    @property
    def ke0(self) -> Float[Array, "..."]:
        """Rate of equilibration per min."""
        return jnp.log(2.0) / self.half_life

    def with_survivors(self, survivors: float | Float[Array, ""]) -> "Response":
        """The same with the fraction `survivors` of terminals: ke0 / survivors.

        What stores and buffers dopamine is lost with the terminals. A modelling assumption of
        this package.

        Raises:
            ValueError: if the fraction is not above 0 and at most 1.
        """
        f = jnp.asarray(survivors, float)
        message = "survivors must be above 0 and at most 1"
        f = require(f, (f > 0) & (f <= 1), message, {"survivors": f})
        return eqx.tree_at(lambda r: r.half_life, self, self.half_life * f)

    def effect(self, site: Float[Array, "..."]) -> Float[Array, "..."]:
        """Effect of `site` in µg/mL."""
        return self.e0 + self.emax * _hill(site, self.ec50, self.hill)


class Day(eqx.Module):
    """A schedule over `time` in min: plasma and effect site in µg/mL, effect in its unit."""

    time: Float[Array, " times"]
    plasma: Float[Array, " times"]
    site: Float[Array, " times"]
    effect: Float[Array, " times"]
    species: str = eqx.field(static=True, default="human")

    def lost(self, at: float | Float[Array, ""]) -> Float[Array, ""]:
        """Share of the largest effect so far that is gone at `at` min, with the effect from 0.

        Raises:
            ValueError: if `at` lies outside the day.
        """
        at = jnp.asarray(at, float)
        inside = (at >= self.time[0]) & (at <= self.time[-1])
        at = require(at, inside, "the time must lie within the day", {"time (min)": at})
        peak = jnp.max(jnp.where(self.time <= at, self.effect, self.effect[0]))
        return 1 - jnp.interp(at, self.time, self.effect) / peak


def response(name: str) -> Response:
    """The preset `name` of `RESPONSES`.

    Raises:
        ValueError: if there is none of that name.
    """
    if name not in RESPONSES:
        known = ", ".join(RESPONSES)
        raise ValueError(f"there is no response {name!r}; there are {known}.")
    return Response(*map(jnp.asarray, RESPONSES[name]))


def day(
    time: Float[Array, " times"],
    dose_times: Float[Array, " doses"],
    doses: Float[Array, " doses"],
    response: Response,
    kinetics: Levodopa | None = None,
) -> Day:
    """The course of `doses` in mg begun at `dose_times` in min, at `time` in min."""
    kinetics = Levodopa() if kinetics is None else kinetics
    response = positive(response, ("half_life", "ec50", "hill"))
    plasma = kinetics.plasma(time, dose_times, doses)
    site = kinetics.site(time, dose_times, doses, response.ke0)
    return Day(jnp.asarray(time, float), plasma, site, response.effect(site))


def minutes_above(
    time: Float[Array, " times"], curve: Float[Array, " times"], level: float | Float[Array, ""]
) -> Float[Array, ""]:
    """How long `curve` is above `level`, in the unit of `time`; straight between the points.

    Its gradient by the curve is that of the crossings.
    """
    over = jnp.asarray(curve, float) - level
    a, b = over[:-1], over[1:]
    crosses = (a > 0) != (b > 0)
    part = jnp.maximum(a, b) / jnp.where(crosses, jnp.abs(a - b), 1.0)
    share = jnp.where(crosses, part, jnp.where(a > 0, 1.0, 0.0))
    return jnp.sum(share * jnp.diff(jnp.asarray(time, float)))


def precursor(
    site: Float[Array, "..."],
    most: float | Float[Array, ""] = 2.0,
    ec50: float | Float[Array, ""] = 0.5,
) -> Float[Array, "..."]:
    """The factor by which the drug multiplies release of dopamine: 1 + most Ce / (Ce + ec50).

    `site` and `ec50` in µg/mL. A modelling assumption of this package; the constant that is
    used elsewhere for levodopa is 3.

    Raises:
        ValueError: if a concentration is negative.
    """
    site = nonnegative("effect site", site, "µg/mL")
    return 1 + most * site / (site + ec50)


def latency(tone: float | Float[Array, "..."]) -> Float[Array, "..."]:
    """Latency of action relative to intact where tonic dopamine is `tone` times intact.

    The best latency is the square root of effort cost over reward rate, and tonic dopamine
    stands for the rate (Niv, Daw, Joel & Dayan 2007): 1 / sqrt(tone).
    """
    return 1 / jnp.sqrt(nonnegative("tone", tone, "intact levels"))


@eqx.filter_jit
def _superposed(
    kinetics: Levodopa,
    time: Float[Array, " times"],
    taken: Float[Array, " doses"],
    doses: Float[Array, " doses"],
    ke0: Float[Array, ""] | None,
) -> Float[Array, " times"]:
    """Plasma, or the effect site that follows it with `ke0`."""
    fast, slow = kinetics.rates()
    back = kinetics.k12 / kinetics.v2
    # A unit bolus into plasma leaves share e^(-fast t) + (1 - share) e^(-slow t) of itself.
    share = (fast - back) / (fast - slow)
    since = time[:, None] - taken - kinetics.lag
    # Both rates, since begin and end of the input, in one pass: so it compiles sooner.
    rate = jnp.stack([fast, slow])[:, None, None, None]
    passed = jnp.maximum(jnp.stack([since, since - kinetics.input_time]), 0.0)
    left = _filled(rate, passed) if ke0 is None else ke0 * _difference(rate, ke0, passed)
    begun, ended = jnp.einsum("r,rptd->ptd", jnp.stack([share, 1 - share]), left)
    return (begun - ended) @ doses / (kinetics.v1 * kinetics.input_time)


@jax.jit
def _hill(site, ec50, hill) -> Float[Array, "..."]:
    # The power of 0 has no slope where the exponent is below 1.
    some = site > 0
    odds = hill * (jnp.log(jnp.where(some, site, 1.0)) - jnp.log(ec50))
    return jnp.where(some, jax.nn.sigmoid(odds), 0.0)


def _filled(rate: Float[Array, "..."], since: Float[Array, "..."]) -> Float[Array, "..."]:
    """Integral of exp(-rate t) up to `since`."""
    return -jnp.expm1(-rate * since) / rate


def _difference(
    a: Float[Array, "..."], b: Float[Array, ""], since: Float[Array, "..."]
) -> Float[Array, "..."]:
    """Integral up to `since` of (exp(-a t) - exp(-b t)) / (b - a), also where a and b meet."""
    # Around the middle m of the rates it is t e^(-m t) sinh(x) / x, x = half their gap times
    # t. Nearer than 1e-4 of m, the first terms of the series are exact to rounding.
    middle, half = (a + b) / 2, (b - a) / 2
    near = jnp.abs(half) < 1e-4 * middle
    gap = jnp.where(near, 1.0, b - a)
    far = (_filled(a, since) - _filled(jnp.where(near, a + 1.0, b), since)) / gap
    m = jnp.where(near, middle, 1.0)
    z = m * since
    decayed = jnp.exp(-z)
    first = (-jnp.expm1(-z) - z * decayed) / m**2
    third = (1 - decayed * (1 + z + z**2 / 2 + z**3 / 6)) / m**4
    return jnp.where(near, first + half**2 * third, far)
