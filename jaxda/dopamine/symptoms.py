"""A symptom score over six weeks of a trial, with placebo and drug: a curve to teach with.

Never a forecast for a person: it is the mean of groups of one trial programme.
"""

from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ._guards import nonnegative, positive


def _number(default: float) -> Any:
    # Strongly typed, so that no new value traces anew.
    return eqx.field(default=default, converter=lambda x: jnp.asarray(x, float))


class SymptomCurve(eqx.Module):
    """Mean PANSS total under placebo and asenapine in acute schizophrenia.

        score = baseline (1 - placebo (1 - exp(-(t / delay)^shape)))
                (1 - emax A / (a50 + A) min(t, ramp) / ramp)

    t in days, A the daily exposure (AUC) in µg h/L, `delay` and `ramp` in days.
    """

    species: ClassVar[str] = "human"
    source: ClassVar[str] = "Friberg et al. 2009, Clin. Pharmacol. Ther. 86:84 (asenapine)"

    baseline: Float[Array, ""] = _number(94.0)
    placebo: Float[Array, ""] = _number(0.0859)
    delay: Float[Array, ""] = _number(13.2)
    shape: Float[Array, ""] = _number(1.24)
    emax: Float[Array, ""] = _number(0.191)
    a50: Float[Array, ""] = _number(82.0)
    ramp: Float[Array, ""] = _number(42.0)

    def score(
        self, day: float | Float[Array, "..."], exposure: float | Float[Array, "..."] = 0.0
    ) -> Float[Array, "..."]:
        """Score after `day` days at `exposure` in µg h/L a day (0: placebo).

        Raises:
            ValueError: if a time or an exposure is negative, or a parameter not above 0.
        """
        self = positive(self, ("baseline", "delay", "shape", "a50", "ramp"))
        t, a = nonnegative("day", day, "days"), nonnegative("exposure", exposure, "µg h/L")
        # The power of 0 has no slope where the exponent is below 1.
        begun = t > 0
        power = jnp.where(begun, jnp.where(begun, t / self.delay, 1.0) ** self.shape, 0.0)
        rest = 1 - self.placebo * -jnp.expm1(-power)
        drug = self.emax * a / (self.a50 + a) * jnp.minimum(t, self.ramp) / self.ramp
        return self.baseline * rest * (1 - drug)
