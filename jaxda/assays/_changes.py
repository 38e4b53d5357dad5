"""What a condition changes in a learner: lesions by name, and parameters by name."""

from collections.abc import Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..catalog import load
from ..lesions._base import AbstractLesion, M
from ..lesions._combined import compose
from ..lesions.intact import Intact
from ..models._base import Model
from ..params import put, resolve, specs
from ..rollout import Agent
from ..types import Event


def patient(
    model: str,
    settings: Mapping[str, Any],
    lesions: Any = None,
    values: Any = None,
) -> Agent:
    """A model of the catalogue with `settings`, after `lesions` (doses by name) have acted.

    `values` are parameters by name that a condition changes without a mechanism. Both may come
    from a file of a user.

    Raises:
        ValueError: if they are no numbers by name, there is no lesion or parameter of such a
            name, a lesion has nothing in the model to act on, or a number is out of its domain.
    """
    for what, given in (("lesions", lesions), ("values", values)):
        _numbers(what, given)
    try:
        damage = [load("lesions", name)(dose) for name, dose in (lesions or {}).items()]
    except KeyError as error:
        raise ValueError(f"lesions: {error.args[0]}") from error
    healthy = load("models", model)(**settings)
    agent = Agent(healthy, lesion=compose(*damage) if damage else Intact())
    placed = {}
    for name, value in (values or {}).items():
        path = resolve(agent, name)
        domain = specs(agent)[path].domain
        if not domain.lower <= value <= domain.upper:
            span = f"from {domain.lower:g} to {domain.upper:g}"
            raise ValueError(f"values: {name} is {value:g}; it lies {span}.")
        placed[path] = jnp.asarray(value, dtype=float)
    return put(agent, placed)


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
