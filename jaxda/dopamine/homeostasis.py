"""Homeostatic drug taking with a set point that use itself moves up (allostasis)."""

from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from ._guards import positive, require


STEP = 4.0
_PER_HOUR = 900
_PER_DAY = 24 * _PER_HOUR


def _number(default: float) -> Any:
    # Strongly typed, so that no new value traces anew.
    return eqx.field(default=default, converter=lambda x: jnp.asarray(x, float))


class Body(NamedTuple):
    """What is in the brain, what is on its way there, and the set point."""

    level: Float[Array, ""]
    buffer: Float[Array, ""]
    set_point: Float[Array, ""]


class Days(NamedTuple):
    """By day: infusions, those of the first hour, and the set point at the end of the day."""

    infusions: Float[Array, " days"]
    first_hour: Float[Array, " days"]
    set_point: Float[Array, " days"]


class Session(NamedTuple):
    """By step of 4 s: infusions, level, and set point after the step."""

    infusions: Float[Array, " steps"]
    level: Float[Array, " steps"]
    set_point: Float[Array, " steps"]


class HomeostaticDosing(eqx.Module):
    """A rat that infuses a drug to hold its level H near a set point S.

    In every step of 4 s: an infusion puts `dose` into the buffer; the share `absorption` of
    the buffer enters H; H loses the share `elimination`; S rises by `rise` per unit of dose,
    falls by `recovery`, and stays within [`floor`, `ceiling`]. Drive is |S - H|^(n/m) and the
    reward of an infusion is the drive that it takes away.

    The source plans its infusions by a tree search. Here an infusion is taken where access is
    given and H and the buffer together are below S - dose / 2, where it would bring them
    nearer to S. With `smoothing` 0 that is a yes or no, and H is a sawtooth around S. Above 0,
    in the units of H, it is a share of an infusion, the logistic function of the lack over
    `smoothing`, so that everything has a gradient; a little is then taken all the time, which
    holds H near S - dose / 2, the lower edge of the sawtooth.

    Levels and doses in the source's units, rates per step.
    """

    species: ClassVar[str] = "rat"
    source: ClassVar[str] = "Keramati et al. 2017, Psychol. Rev. 124:130 (public code)"

    elimination: Float[Array, ""] = _number(0.007)
    absorption: Float[Array, ""] = _number(0.12)
    dose: Float[Array, ""] = _number(50.0)
    rise: Float[Array, ""] = _number(0.0018)
    recovery: Float[Array, ""] = _number(0.00016)
    floor: Float[Array, ""] = _number(100.0)
    ceiling: Float[Array, ""] = _number(200.0)
    n: Float[Array, ""] = _number(4.0)
    m: Float[Array, ""] = _number(3.0)
    smoothing: float = eqx.field(static=True, default=0.0)

    def __check_init__(self):
        if self.smoothing < 0:
            raise ValueError(f"smoothing must not be negative; got {self.smoothing}.")

    def start(self) -> Body:
        """A body that has never met the drug."""
        return Body(jnp.zeros_like(self.floor), jnp.zeros_like(self.floor), self.floor)

    def drive(
        self, level: Float[Array, "..."], set_point: Float[Array, "..."]
    ) -> Float[Array, "..."]:
        """|S - H|^(n/m)."""
        off = jnp.abs(set_point - level)
        some = off > 0
        return jnp.where(some, jnp.where(some, off, 1.0) ** (self.n / self.m), 0.0)

    def reward(
        self, level: Float[Array, "..."], set_point: Float[Array, "..."]
    ) -> Float[Array, "..."]:
        """Drive that one infusion takes away, once it is absorbed."""
        return self.drive(level, set_point) - self.drive(level + self.dose, set_point)

    def maintenance(self, set_point: Float[Array, "..."]) -> Float[Array, "..."]:
        """Infusions per hour that hold H at `set_point`: elimination S / dose."""
        return self.elimination * set_point / self.dose * _PER_HOUR

    def loading(self, set_point: Float[Array, "..."]) -> Float[Array, "..."]:
        """Infusions that fill an empty body up to `set_point`."""
        return set_point / self.dose

    def escalation_limit(self) -> Float[Array, ""]:
        """Infusions per day above which the set point rises from day to day."""
        return self.recovery * _PER_DAY / (self.rise * self.dose)

    def infusions(self, body: Body) -> Float[Array, ""]:
        """What is taken where there is access: 0 or 1, or a share if `smoothing` is above 0."""
        lack = body.set_point - self.dose / 2 - body.level - body.buffer
        if self.smoothing:
            return jax.nn.sigmoid(lack / self.smoothing)
        return jnp.where(lack > 0, 1.0, 0.0)

    def step(self, body: Body, access: Float[Array, ""]) -> tuple[Body, Float[Array, ""]]:
        """The next 4 s, and what was infused; `access` is 1 where the drug can be had, else 0."""
        taken = access * self.infusions(body)
        buffer = body.buffer + taken * self.dose
        absorbed = self.absorption * buffer
        level = body.level + absorbed - self.elimination * body.level
        moved = body.set_point + self.rise * taken * self.dose - self.recovery
        set_point = jnp.clip(moved, self.floor, self.ceiling)
        return Body(level, buffer - absorbed, set_point), taken

    def session(self, hours: float, body: Body | None = None) -> Session:
        """`hours` of access, step by step, from `body` (or from one that never met the drug)."""
        self = self._sound(hours)

        def step(body, access):
            body, taken = self.step(body, access)
            return body, (taken, body.level, body.set_point)

        access = jnp.ones(round(hours * _PER_HOUR))
        return Session(*lax.scan(step, self.start() if body is None else body, access)[1])

    def days(self, hours: float, days: int, body: Body | None = None) -> tuple[Body, Days]:
        """`days` days with `hours` of access at the beginning of each, and the body after them.

        Raises:
            ValueError: if `hours` is not within [0, 24], `days` is not positive, or a parameter
                is not above 0 (absorption and elimination: and at most 1).
        """
        self = self._sound(hours)
        if days < 1:
            raise ValueError(f"days must be at least 1; got {days}.")
        tick = jnp.arange(_PER_DAY)
        access = jnp.where(tick < round(hours * _PER_HOUR), 1.0, 0.0)
        early = jnp.where(tick < _PER_HOUR, 1.0, 0.0)

        def step(carry, now):
            body, total, first = carry
            body, taken = self.step(body, now[0])
            return (body, total + taken, first + taken * now[1]), None

        def one(body, _):
            zero = jnp.zeros_like(body.level)
            (body, total, first), _ = lax.scan(step, (body, zero, zero), (access, early))
            return body, Days(total, first, body.set_point)

        return lax.scan(one, self.start() if body is None else body, None, length=days)

    def _sound(self, hours: float) -> "HomeostaticDosing":
        if not 0 <= hours <= 24:
            raise ValueError(f"hours of access must be within [0, 24]; got {hours}.")
        names = ("elimination", "absorption", "dose", "floor", "ceiling", "n", "m")
        self = positive(self, names)
        shares = {"elimination": self.elimination, "absorption": self.absorption}
        good = (self.elimination <= 1) & (self.absorption <= 1)
        dose = require(self.dose, good, "no more than all can be absorbed or eliminated", shares)
        moves = {"rise": self.rise, "recovery": self.recovery}
        dose = require(
            dose, (self.rise >= 0) & (self.recovery >= 0), "these must not be negative", moves
        )
        return eqx.tree_at(lambda h: h.dose, self, dose)
