"""The model interface. Every concrete model is final and lives in its own file."""

import abc
from typing import Any, ClassVar, Generic, TypeVar

import equinox as eqx
from jaxtyping import Array, Float

from ..params import check_domains
from ..types import Env, Event, Offer, Policy


S = TypeVar("S")


class AbstractModel(eqx.Module, Generic[S]):
    """A learner whose only teaching signal is the dopamine it receives.

    Methods are written for one event of one session and must not branch on values; the core
    runs them for all sessions at once (`jaxda.lanes`). In annotations `*lanes` leaves room
    for a last axis of sessions, which elementwise code need not think of.

    `rpe` says what a healthy midbrain would broadcast, a vector of channels; `update` learns
    from what arrived and never recomputes the error. Between the two sits the lesion: that is
    how each lesion reaches every model.

    Class-level facts, all literals (the catalogue reads them without running the file):
    `tasks` are the kinds of task the model can do, `free` the default free parameters (ties
    are written `a=b`), `confounded` the sets that no data can separate with the reason,
    `identifiability` what is hard to tell apart with the data that experiments have,
    `source` the publication.
    """

    tasks: eqx.AbstractClassVar[tuple[str, ...]]
    free: eqx.AbstractClassVar[tuple[str, ...]]
    source: eqx.AbstractClassVar[str]
    confounded: ClassVar[tuple[tuple[tuple[str, ...], str], ...]] = ()
    identifiability: ClassVar[str] = ""

    def __check_init__(self):
        check_domains(self)

    @abc.abstractmethod
    def init(self, env: Env) -> S:
        """State before the first event."""

    @abc.abstractmethod
    def policy(self, state: S, offer: Offer) -> Policy:
        """What the agent would do, from values *before* the event's update."""

    @abc.abstractmethod
    def rpe(self, state: S, event: Event) -> Float[Array, "channels *lanes"]:
        """Teaching signal that a healthy midbrain would broadcast."""

    @abc.abstractmethod
    def update(self, state: S, event: Event, dopamine: Float[Array, "channels *lanes"]) -> S:
        """Learn from the signal that arrived."""

    @abc.abstractmethod
    def latents(self, state: S, offer: Offer) -> dict[str, Float[Array, "..."]]:
        """Named internal variables just before the event, scalars or one per action."""


Model = AbstractModel[Any]
