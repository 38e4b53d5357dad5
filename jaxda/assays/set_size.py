"""Learning what each stimulus asks for, in sets that memory holds and in sets that it does not."""

from typing import ClassVar

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Key

from ._base import AbstractAssay, Outcomes
from ._set_size import LATE, MEDIANS, SHOWINGS, SIZES, learning, simulated
from ._settings import choice, number


class SetSize(AbstractAssay):
    """Sets of 2 to 6 stimuli with three actions, each stimulus shown nine times.

    The model is a slow learner beside a working memory, at the medians of a refit of the public
    data of Collins et al. 2014: `group` "HC" (36 healthy people) or "SZ" (49 patients with
    schizophrenia). They are medians of a group and nobody's own. `capacity` replaces the number
    of stimuli that memory holds (3 in both; 0 leaves it), `values` replace parameters by name,
    and `lesions` (doses by name) act on the result. "late" is from the sixth showing on. The
    decay of memory, the rate of the slow learner and the neglect of errors differ between
    individuals, log-normal with `variation` as the standard deviation of the logarithm: a
    choice of jaxda, smaller than differences between people.

    Raises:
        ValueError: if a setting is out of its domain.
    """

    title: ClassVar = "Working memory and the size of the set"
    outcomes: ClassVar = {
        "accuracy": "right answers in all trials, share",
        "accuracy_two_late": "right answers in sets of 2 from the sixth showing on, share",
        "accuracy_six_late": "right answers in sets of 6 from the sixth showing on, share",
        "set_size_effect": "late right answers in sets of 2 over sets of 6, difference of shares",
        "wm_weight_six": "weight of working memory in a choice in sets of 6, share",
    }
    species: ClassVar = "human"
    source: ClassVar = (
        "Collins & Frank 2012, Eur. J. Neurosci. 35:1024; Collins et al. 2014, J. Neurosci. "
        "34:13747"
    )
    models: ClassVar = ("rlwm",)

    group: str = eqx.field(static=True, default="HC")
    capacity: float = eqx.field(static=True, default=0.0)
    lesions: dict[str, float] | None = eqx.field(static=True, default=None)
    values: dict[str, float] | None = eqx.field(static=True, default=None)
    variation: float = eqx.field(static=True, default=0.1)

    def __check_init__(self):
        choice(self, "group", tuple(MEDIANS))
        number(self, "capacity", 0)
        number(self, "variation", 0, 1)

    def run(self, keys: Key[Array, " individuals"]) -> Outcomes:
        """Every outcome, a number per individual."""
        values = MEDIANS[self.group] | (self.values or {})
        if self.capacity:
            values["capacity"] = self.capacity
        agent, given = simulated(values, self.lesions)
        right, weight = jax.tree.map(np.asarray, learning(keys, agent, given, self.variation))
        shown = np.asarray(SIZES, float)[:, None, None] / (sum(SIZES) * SHOWINGS)
        late = right[:, LATE - 1 :].mean(axis=1)
        two, six = late[SIZES.index(2)], late[SIZES.index(6)]
        return {
            "accuracy": (shown * right).sum(axis=(0, 1)),
            "accuracy_two_late": two,
            "accuracy_six_late": six,
            "set_size_effect": two - six,
            "wm_weight_six": weight,
        }
