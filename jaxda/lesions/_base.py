"""The lesion interface: what damage or a drug does to a circuit and to its broadcast."""

import abc
from typing import ClassVar, TypeVar

import equinox as eqx
from jaxtyping import Array, Float

from ..models._base import Model
from ..params import check_domains, roles
from ..types import Event


M = TypeVar("M", bound=Model)


class AbstractLesion(eqx.Module):
    """A condition of graded strength. `dose` is a traced parameter like any other.

    Dose 0 is the identity, and the derivative by dose is finite at both ends of its domain.
    `targets` are the roles the condition acts on: a model must play at least one of them
    (an empty tuple: acts on the broadcast of any model). `source` is the publication, and
    `caution` what is contested. Of several conditions those of a lower `stage` act on the signal
    first: what adds to the error comes before what scales the broadcast, 2.
    """

    targets: eqx.AbstractClassVar[tuple[str, ...]]
    source: eqx.AbstractClassVar[str]
    caution: ClassVar[str] = ""
    stage: ClassVar[int] = 2
    dose: eqx.AbstractVar[Float[Array, ""]]

    def __check_init__(self):
        check_domains(self)

    @abc.abstractmethod
    def tissue(self, model: M) -> M:
        """What the condition does to the circuit: natural parameters to parameters."""

    @abc.abstractmethod
    def signal(
        self, model: Model, rpe: Float[Array, "channels *lanes"], event: Event
    ) -> Float[Array, "channels *lanes"]:
        """What the condition does to the broadcast of one event."""

    @abc.abstractmethod
    def joined(self, dose: Float[Array, ""]) -> Float[Array, ""]:
        """The one dose that equals this lesion and another of the same kind with `dose`."""


def check_targets(lesion: AbstractLesion, model: Model) -> None:
    """Refuse a lesion, or a part of a combination, that would silently do nothing.

    Raises:
        ValueError: if no parameter of `model` plays a role that `lesion` addresses.
    """
    for part in getattr(lesion, "parts", {}).values():
        check_targets(part, model)
    if lesion.targets and not roles(model) & set(lesion.targets):
        raise ValueError(
            f"{type(lesion).__name__} acts on {', '.join(lesion.targets)}; "
            f"{type(model).__name__} plays {', '.join(sorted(roles(model))) or 'no role'}."
        )
