"""What an antagonist leaves of dopamine's hold on D2 receptors, and what it makes of release."""

from typing import ClassVar

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Key

from ..dopamine.kinetics import region, steady_state
from ..dopamine.receptors import activity, blocked_kd
from ._base import AbstractAssay, Outcomes
from ._settings import choice, number
from ._striatum import LEAKS, TONIC, log_normal


class D2Tone(AbstractAssay):
    """D2 receptors at a given dopamine, and tonic dopamine where autoreceptors are blocked.

    `antagonist` is the occupancy by the drug (without dopamine), as imaging finds it. D2 tone is
    the share of receptors that `dopamine` (nM) occupies, of dissociation constant `kd` (nM).
    Tonic dopamine of dorsal striatum at 4 Hz has the same drug on its terminal autoreceptors:
    an acute effect, which depolarisation block ends in the long run. `dopamine`, `kd` and the
    constants of the striatum differ between individuals: log-normal, with `variation` as the
    standard deviation of the logarithm, a choice of jaxda.

    Raises:
        ValueError: if a setting is out of its domain.
    """

    title: ClassVar = "D2 receptors under an antagonist"
    outcomes: ClassVar = {
        "d2_tone": "D2 receptors that dopamine occupies, share",
        "tonic": "tonic dopamine with blocked autoreceptors, nM",
    }
    species: ClassVar = "rodent"
    source: ClassVar = (
        "Cheng & Prusoff 1973; Kapur et al. 2000, Am. J. Psychiatry 157:514; Dreyer's toolbox"
    )

    antagonist: float = eqx.field(static=True, default=0.0)
    dopamine: float = eqx.field(static=True, default=50.0)
    kd: float = eqx.field(static=True, default=10.0)
    leak: str = eqx.field(static=True, default="measured")
    variation: float = eqx.field(static=True, default=0.1)

    def __check_init__(self) -> None:
        number(self, "antagonist", 0, 1, "[)")
        number(self, "dopamine", 0, ends="[)")
        number(self, "kd", 0, ends="()")
        choice(self, "leak", LEAKS)
        number(self, "variation", 0, 1)

    def run(self, keys: Key[Array, " individuals"]) -> Outcomes:
        """Every outcome, a number per individual."""
        factor = log_normal(keys, ("vmax", "release", "km", "dopamine", "kd"), self.variation)
        base = region("ds", self.leak)
        kinetics = base.replace(
            **{name: getattr(base, name) * factor[name] for name in ("vmax", "release", "km")},
            ec50=blocked_kd(base.ec50, self.antagonist),
        )
        level, kd = self.dopamine * factor["dopamine"], self.kd * factor["kd"]
        found = {
            "d2_tone": activity(level, kd, self.antagonist),
            "tonic": steady_state(kinetics, TONIC),
        }
        return jax.tree.map(np.asarray, found)
