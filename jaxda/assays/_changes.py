"""What a condition changes in a learner: lesions by name, and parameters by name."""

from collections.abc import Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..lesions._base import AbstractLesion, M
from ..lesions.intact import Intact
from ..models._base import Model
from ..params import resolve, specs
from ..rollout import Agent
from ..types import Event
from ._base import patient


def changed(
    model: str,
    settings: Mapping[str, Any],
    lesions: Any = None,
    values: Any = None,
) -> Agent:
    """`patient`, after refusing what a file of a user may have brought.

    Raises:
        ValueError: if the changes are no numbers by name, there is no lesion or parameter of
            such a name, or a number is out of its domain.
    """
    for what, given in (("lesions", lesions), ("values", values)):
        _numbers(what, given)
    try:
        agent = patient(model, settings, lesions, values)
    except KeyError as error:
        raise ValueError(f"lesions: {error.args[0]}") from error
    for name, value in (values or {}).items():
        domain = specs(agent)[resolve(agent, name)].domain
        if not domain.lower <= value <= domain.upper:
            span = f"from {domain.lower:g} to {domain.upper:g}"
            raise ValueError(f"values: {name} is {value:g}; it lies {span}.")
    return agent


class Broadcast(AbstractLesion):
    """What `lesion` does to the broadcast, for a model whose tissue has been changed already."""

    targets: ClassVar = ()
    source: ClassVar = "see lesion"

    lesion: AbstractLesion = Intact()
    dose: Float[Array, ""] = eqx.field(converter=jnp.asarray, default=0.0)

    def tissue(self, model: M) -> M:
        return model

    def signal(
        self, model: Model, rpe: Float[Array, "channels *lanes"], event: Event
    ) -> Float[Array, "channels *lanes"]:
        return self.lesion.signal(model, rpe, event)

    def joined(self, dose: Float[Array, ""]) -> Float[Array, ""]:
        raise TypeError("a broadcast has no dose of its own; join its lesion.")


def settled(agent: Agent) -> Agent:
    """The same agent with its lesion done: changed tissue, and what is left for the broadcast.

    Where the lesion leaves the broadcast alone nothing is left. So agents under different
    lesions, and healthy ones, are of one structure and compile once.
    """
    model, lesion = agent.lesion.tissue(agent.model), agent.lesion
    # Traced, it shows whether anything is done to the error, whatever the event.
    seen = jax.make_jaxpr(lambda rpe, event: lesion.signal(model, rpe, event))(
        jnp.zeros((2,)), _some_event()
    )
    untouched = seen.jaxpr.outvars[0] is seen.jaxpr.invars[0]
    return Agent(model, Intact() if untouched else Broadcast(lesion=lesion), agent.habits)


def _some_event() -> Event:
    zero, no, none = jnp.zeros((), int), jnp.zeros((), bool), jnp.zeros(())
    return Event(
        cue=zero,
        options=None,
        onset=no,
        action=zero,
        choice=no,
        latency=none,
        reward=none,
        successor=zero,
        terminal=no,
        feedback=no,
        elapsed=none,
        valid=no,
    )


def _numbers(what: str, given: Any) -> None:
    if given is None:
        return
    if not isinstance(given, Mapping):
        raise ValueError(f"{what} must be numbers by name, got {given!r}.")
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{what}: {name} must be a number, got {value!r}.")
