"""One dose of levodopa: how large the response is, and how soon it wears off."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from ..dopamine.levodopa import RESPONSES, Levodopa, Response, day, minutes_above, response
from ._base import AbstractAssay, Outcomes
from ._settings import choice, number
from ._striatum import log_normal


_END = 240.0
_MINUTES = np.linspace(0, _END, 481)
_RATES = ("clearance", "k12", "k21")
_CURVE = ("half_life", "ec50", "hill")


class LevodopaResponse(AbstractAssay):
    """`dose` mg at time 0, followed for four hours.

    `group` is a preset of the response; `half_life` of the equilibration (min), `ec50` (µg/mL)
    and `hill` stand in place of its numbers where they are given. Rates of the plasma kinetics
    and the three numbers of the response differ between individuals: log-normal, with
    `variation` as the standard deviation of the logarithm, a choice of jaxda. Patients differ
    more, but the data tell groups apart and not patients.

    Raises:
        ValueError: if a setting is out of its domain.
    """

    title: ClassVar = "Response to one dose of levodopa"
    outcomes: ClassVar = {
        "peak": "largest effect, share of the largest possible",
        "lost_at_4h": "share of the largest effect that is gone after 4 h",
        "minutes_above_half": "time above half of the largest effect, min",
    }
    species: ClassVar = "human"
    source: ClassVar = "Ursino et al. 2020, PLoS ONE 15:e0229729 (26 patients, public data)"

    group: str = eqx.field(static=True, default="stable_medians")
    half_life: float | None = eqx.field(static=True, default=None)
    ec50: float | None = eqx.field(static=True, default=None)
    hill: float | None = eqx.field(static=True, default=None)
    dose: float = eqx.field(static=True, default=100.0)
    variation: float = eqx.field(static=True, default=0.1)

    def __check_init__(self) -> None:
        choice(self, "group", tuple(RESPONSES))
        for name in _CURVE:
            if getattr(self, name) is not None:
                number(self, name, 0, ends="()")
        number(self, "dose", 0, ends="()")
        number(self, "variation", 0, 1)

    def run(self, keys: Key[Array, " individuals"]) -> Outcomes:
        """Every outcome, a number per individual."""
        factor = log_normal(keys, _RATES + _CURVE, self.variation)
        usual = response(self.group)
        own = {n: getattr(self, n) if getattr(self, n) else getattr(usual, n) for n in _CURVE}
        curve = Response(**{n: jnp.asarray(x, float) * factor[n] for n, x in own.items()})
        rates = {n: getattr(Levodopa(), n) * factor[n] for n in _RATES}
        found = _run(rates, curve, jnp.asarray(self.dose, float))
        return jax.tree.map(np.asarray, found)


@eqx.filter_jit
def _run(
    rates: dict[str, Float[Array, " individuals"]], curve: Response, dose: Float[Array, ""]
) -> dict[str, Float[Array, " individuals"]]:
    time = jnp.asarray(_MINUTES)

    def one(rates: dict[str, Array], half_life: Array, ec50: Array, hill: Array) -> dict:
        own = Response(half_life=half_life, ec50=ec50, hill=hill)
        course = day(time, jnp.zeros(1), dose[None], own, Levodopa(**rates))
        peak = course.effect.max()
        return {
            "peak": peak,
            "lost_at_4h": course.lost(_END),
            "minutes_above_half": minutes_above(time, course.effect, peak / 2),
        }

    return jax.vmap(one)(rates, curve.half_life, curve.ec50, curve.hill)
