"""How much of a drug a rat takes that holds its level at a set point, which use moves up."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Key

from ..dopamine.homeostasis import STEP, Body, HomeostaticDosing
from ..keys import normal, uniforms
from ..tasks._checks import count
from ._base import AbstractAssay, Outcomes
from ._settings import number


_PER_HOUR = round(3600 / STEP)


class SelfAdministration(AbstractAssay):
    """Homeostatic taking (`jaxda.dopamine.homeostasis`) in `hours` of access on each of `days`.

    The rat has no drug in it at first, and a set point of `set_point`, which lies within 100
    and 200. It rises with each infusion and recovers with time, so it depends on the hours of
    access whether taking escalates. Outcomes are those of the last day. Individuals differ by
    elimination, log-normal with the median of the source (`variation`: standard deviation of
    the logarithm, a choice of jaxda's).

    Raises:
        ValueError: if a setting is out of its domain.
    """

    title: ClassVar = "Self-administration around a set point"
    outcomes: ClassVar = {
        "infusions_per_hour": "infusions of the last session, per hour",
        "first_hour": "infusions of its first hour (or of all of it, if shorter)",
        "maintenance": "infusions of its second half, per hour",
        "set_point": "set point at the end of it, units of level",
    }
    species: ClassVar = "rodent"
    source: ClassVar = (
        "Keramati et al. 2017, Psychol. Rev. 124:130 (public code); Ahmed & Koob 1998, Science "
        "282:298"
    )

    set_point: float = eqx.field(static=True, default=100.0)
    hours: float = eqx.field(static=True, default=1.0)
    days: int = eqx.field(static=True, default=1)
    variation: float = eqx.field(static=True, default=0.1)

    def __check_init__(self) -> None:
        number(self, "set_point", 100, 200)
        number(self, "hours", 0.1, 23)
        count("days", self.days, 1)
        number(self, "variation", 0, 0.5)

    def run(self, keys: Key[Array, " individuals"]) -> Outcomes:
        """Every outcome, a number per individual."""
        rat = HomeostaticDosing()
        z = normal(uniforms(keys, jnp.arange(1), 1))[0, 0]
        elimination = rat.elimination * jnp.exp(self.variation * z)
        steps, first = round(self.hours * _PER_HOUR), jnp.asarray(self.set_point, float)
        found = _last_day(elimination, first, self.days, steps)
        total, early, late, end = map(np.asarray, found)
        return {
            "infusions_per_hour": total / self.hours,
            "first_hour": early,
            "maintenance": late / ((steps - steps // 2) / _PER_HOUR),
            "set_point": end,
        }


@eqx.filter_jit
def _last_day(
    elimination: Float[Array, " individuals"],
    set_point: Float[Array, ""],
    days: int,
    steps: int,
) -> tuple[Float[Array, " individuals"], ...]:
    """Infusions of the last session, of its first hour and second half, and the set point."""
    tick = jnp.arange(steps)
    early, late = (jnp.where(x, 1.0, 0.0) for x in (tick < _PER_HOUR, tick >= steps // 2))

    def one(elimination: Float[Array, ""]) -> tuple[Float[Array, ""], ...]:
        rat = eqx.tree_at(lambda r: r.elimination, HomeostaticDosing(), elimination)
        zero = jnp.zeros_like(elimination)

        def step(carry, now):
            body, total, first, second = carry
            body, taken = rat.step(body, jnp.ones_like(elimination))
            return (body, total + taken, first + now[0] * taken, second + now[1] * taken), None

        def session(body):
            return lax.scan(step, (body, zero, zero, zero), (early, late))[0]

        def day(body, _):
            return overnight(rat, session(body)[0], 24 * _PER_HOUR - steps), None

        body, _ = lax.scan(day, Body(zero, zero, set_point), None, length=days - 1)
        body, total, first, second = session(body)
        return total, first, second, body.set_point

    return jax.vmap(one)(elimination)


def overnight(rat: HomeostaticDosing, body: Body, steps: int) -> Body:
    """`body` after `steps` steps without access, all at once.

    Nothing is taken, so that level and buffer fall by constant shares and the set point by a
    constant amount: the closed form of `steps` calls of `rat.step`.
    """
    kept, waiting = (1 - rat.elimination) ** steps, (1 - rat.absorption) ** steps
    # What was absorbed meanwhile and not yet eliminated.
    meanwhile = rat.absorption * (kept - waiting) / (rat.absorption - rat.elimination)
    set_point = jnp.clip(body.set_point - rat.recovery * steps, rat.floor, rat.ceiling)
    level = kept * body.level + meanwhile * body.buffer
    return Body(level, waiting * body.buffer, set_point)
