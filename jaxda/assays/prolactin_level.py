"""Plasma prolactin of a group of people under a drug, or with less dopamine."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from ..dopamine.prolactin import PRESETS, HumanProlactin, preset
from ._base import AbstractAssay, Outcomes
from ._settings import choice, number


_PEOPLE = tuple(n for n, (_, family, _) in PRESETS.items() if family == "HumanProlactin")
_VARIED = ("baseline", "ki", "kout")
_HOURS = np.linspace(0, 12, 121)


class ProlactinLevel(AbstractAssay):
    """The agonist-antagonist interaction model, without the rhythm of the day.

    `drug` is an antagonist in plasma over the KI of a typical person; `agonist` a D2 agonist in
    units of baseline dopamine; `dopamine` the share of hypothalamic dopamine that is left. All
    are constant from time 0 on. `people` is a preset. People differ by the published variances
    of baseline and KI (a high baseline goes with a low sensitivity) and of elimination;
    `variation` multiplies their standard deviations, 0 for typical people only.

    Raises:
        ValueError: if a setting is out of its domain.
    """

    title: ClassVar = "Prolactin of people under D2 drugs"
    outcomes: ClassVar = {
        "level": "steady prolactin, ng/mL",
        "fold": "steady prolactin over baseline, ratio",
        "peak_fold": "highest prolactin of the first 12 h over baseline, ratio",
    }
    species: ClassVar = "human"
    source: ClassVar = "Friberg et al. 2009, Clin. Pharmacol. Ther. 86:82 (1462 subjects)"

    drug: float = eqx.field(static=True, default=0.0)
    agonist: float = eqx.field(static=True, default=0.0)
    dopamine: float = eqx.field(static=True, default=1.0)
    people: str = eqx.field(static=True, default="healthy_men")
    variation: float = eqx.field(static=True, default=1.0)

    def __check_init__(self) -> None:
        number(self, "drug", 0, ends="[)")
        number(self, "agonist", 0, ends="[)")
        number(self, "dopamine", 0, 1, "(]")
        choice(self, "people", _PEOPLE)
        number(self, "variation", 0, 2)

    def run(self, keys: Key[Array, " individuals"]) -> Outcomes:
        """Every outcome, a number per individual."""
        typical = preset(HumanProlactin, self.people)
        dose = self.drug * typical.ki
        given = [jnp.asarray(x, float) for x in (dose, self.dopamine, self.agonist)]
        found = _run(_group(keys, typical, jnp.asarray(self.variation, float)), *given)
        return jax.tree.map(np.asarray, found)


def _group(
    keys: Key[Array, " individuals"], typical: HumanProlactin, size: Float[Array, ""]
) -> HumanProlactin:
    """A person of the published group for each key, as far from the typical as `size` says."""
    drawn = jax.vmap(lambda key: typical.group(key, 1))(keys)
    away = lambda own, usual: usual * (own[:, 0] / usual) ** size
    varied = {name: away(getattr(drawn, name), getattr(typical, name)) for name in _VARIED}
    return HumanProlactin(**{"shift": typical.shift, **varied})


@eqx.filter_jit
def _run(
    people: HumanProlactin,
    dose: Float[Array, ""],
    tone: Float[Array, ""],
    agonist: Float[Array, ""],
) -> dict[str, Float[Array, " individuals"]]:
    hours = jnp.asarray(_HOURS)

    def one(baseline: Array, ki: Array, kout: Array) -> dict[str, Array]:
        person = HumanProlactin(baseline=baseline, ki=ki, kout=kout, shift=people.shift)
        level = person.steady(dose, tone=tone, agonist=agonist)
        course = person.simulate(hours, dose, tone=tone, agonist=agonist, rhythm=False)
        peak = jnp.maximum(course.prolactin.max(), level)
        return {"level": level, "fold": level / baseline, "peak_fold": peak / baseline}

    return jax.vmap(one)(people.baseline, people.ki, people.kout)
