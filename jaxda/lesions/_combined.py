"""Several conditions at once."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..models._base import Model
from ..types import Event
from ._base import AbstractLesion, M


class Combined(AbstractLesion):
    """Lesions of different kinds by name, each with its own dose. See `compose`."""

    targets: ClassVar = ()
    source: ClassVar = "see parts"

    parts: dict[str, AbstractLesion] = eqx.field(default_factory=dict)
    dose: Float[Array, ""] = eqx.field(converter=jnp.asarray, default=0.0)

    def tissue(self, model: M) -> M:
        for name in sorted(self.parts):
            model = self.parts[name].tissue(model)
        return model

    def signal(
        self, model: Model, rpe: Float[Array, "channels *lanes"], event: Event
    ) -> Float[Array, "channels *lanes"]:
        for name in sorted(self.parts, key=lambda n: (self.parts[n].stage, n)):
            rpe = self.parts[name].signal(model, rpe, event)
        return rpe

    def joined(self, dose: Float[Array, ""]) -> Float[Array, ""]:
        raise TypeError("a combination has one dose per part; compose the parts.")


def dose_path(lesion: AbstractLesion, kind: type[AbstractLesion]) -> str:
    """The path within `lesion` of the dose of `kind`: it is of that kind, or has such a part.

    Raises:
        ValueError: if it has none.
    """
    if isinstance(lesion, kind):
        return "dose"
    if isinstance(lesion, Combined) and kind.__name__ in lesion.parts:
        return f"parts.{kind.__name__}.dose"
    raise ValueError(f"{type(lesion).__name__} has no part {kind.__name__}.")


def compose(*lesions: AbstractLesion) -> AbstractLesion:
    """The condition of having all `lesions`.

    Two of one kind become one of that kind (survivors multiply, independent occupancies
    combine, log-changes add), so composition is associative; kinds act on separate roles, by
    factors, or in an order of their own (`stage`), so the order given does not matter.
    """
    parts: dict[str, AbstractLesion] = {}
    for lesion in lesions:
        each = lesion.parts if isinstance(lesion, Combined) else {type(lesion).__name__: lesion}
        for name, one in each.items():
            if name in parts:
                one = eqx.tree_at(lambda x: x.dose, one, one.joined(parts[name].dose))
            parts[name] = one
    if len(parts) == 1:
        return next(iter(parts.values()))
    return Combined(parts=parts)
