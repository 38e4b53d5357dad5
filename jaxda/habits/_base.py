"""Habits: dopamine-free tendencies that any model may have beside its values."""

import abc
from typing import Any, ClassVar, Generic, TypeVar

import equinox as eqx
from jaxtyping import Array, Float

from ..params import check_domains
from ..types import Env, Event, Offer


S = TypeVar("S")


class AbstractHabit(eqx.Module, Generic[S]):
    """A stateful transform of the log-probabilities of actions that ignores outcomes.

    `free` are the parameters freed when the habit is added to a candidate. One that `mixes`
    acts on the finished policy, after all that add to it.
    """

    free: eqx.AbstractClassVar[tuple[str, ...]]
    source: eqx.AbstractClassVar[str]
    mixes: ClassVar[bool] = False
    confounded: ClassVar[tuple[tuple[tuple[str, ...], str], ...]] = ()
    identifiability: ClassVar[str] = ""

    def __check_init__(self):
        check_domains(self)

    @abc.abstractmethod
    def init(self, env: Env) -> S:
        """State before the first event."""

    @abc.abstractmethod
    def bias(
        self, state: S, offer: Offer, logits: Float[Array, "actions *lanes"]
    ) -> Float[Array, "actions *lanes"]:
        """Unnormalised log-probabilities after the habit has had its say."""

    @abc.abstractmethod
    def update(self, state: S, event: Event) -> S:
        """State after an action."""


Habit = AbstractHabit[Any]
