"""Terminals of dorsal striatum and midbrain cells over the years: a curve to teach with.

For demonstration only, never a forecast for a person: the rates are rough numbers from
memory of groups, and what follows from them is what the models make of an assumed loss.
"""

from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ._guards import nonnegative, require


def _number(default: float) -> Any:
    # Strongly typed, so that no new value traces anew.
    return eqx.field(default=default, converter=lambda x: jnp.asarray(x, float))


class Progression(eqx.Module):
    """Shares that survive, t years after the share `first` was left in dorsal striatum.

        dorsal = first exp(-rate t);  ventral = 1 - spread (1 - dorsal)

    `rate` per year (about .05 to .08), `spread` the loss in the ventral tegmental area over
    that in dorsal striatum (about .3 to .5). Published scores of symptoms worsen by some 2 to
    5 % of their range a year; they are another quantity.
    """

    species: ClassVar[str] = "human"
    source: ClassVar[str] = "rough numbers of groups; a demonstration of this package"
    caution: ClassVar[str] = "For demonstration only, never a forecast for a person."

    first: Float[Array, "..."] = _number(0.5)
    rate: Float[Array, "..."] = _number(0.065)
    spread: Float[Array, "..."] = _number(0.4)

    def dorsal(self, years: float | Float[Array, "..."]) -> Float[Array, "..."]:
        """Share of the terminals in dorsal striatum that survives at `years`.

        Raises:
            ValueError: if a time is negative, `first` not above 0 and at most 1, `rate`
                negative or `spread` outside 0 to 1.
        """
        t = nonnegative("time", years, "years")
        values = {"first": self.first, "rate": self.rate, "spread": self.spread}
        sound = (self.first > 0) & (self.first <= 1) & (self.rate >= 0)
        sound = sound & jnp.isfinite(self.rate) & (self.spread >= 0) & (self.spread <= 1)
        message = "first must be above 0 and at most 1, rate not negative, spread within [0, 1]"
        return require(self.first, sound, message, values) * jnp.exp(-self.rate * t)

    def ventral(self, years: float | Float[Array, "..."]) -> Float[Array, "..."]:
        """Share of the cells in the ventral tegmental area that survives at `years`.

        Raises:
            ValueError: as `dorsal`.
        """
        return 1 - self.spread * (1 - self.dorsal(years))
