"""Sensory preconditioning with light on a sensory surprise (Sharpe et al. 2017)."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..types import Env, Offer, Outcome
from ._base import AbstractTask
from ._checks import count
from ._orders import Design, length, phase_of, shuffled


_STIMULI = ("A", "C", "D", "E", "F", "X", "food")
# What is there in each state; state 0 is the interval between trials.
_STATES = ("", "A", "AX", "EF", "EFX", "AD", "ADX", "AC", "ACX", "X", "X+", "F", "D", "C")
# States of each type of trial. The last event is the gap after the stimuli.
_TYPES = (
    ("", "A", "AX", ""),
    ("", "EF", "EFX", ""),
    ("", "AD", "ADX", ""),
    ("", "AC", "ACX", ""),
    ("", "X", "X+", ""),
    ("", "F", "", ""),
    ("", "D", "", ""),
    ("", "C", "", ""),
)
_LENGTH = 4


class _Plan(eqx.Module):
    phase: Int[Array, "..."]
    state: Int[Array, "..."]
    successor: Int[Array, "..."]
    place: Int[Array, "..."]
    light: Bool[Array, "..."]


class SensoryPreconditioning(AbstractTask[None, _Plan]):
    """Does light on dopamine cells make a redundant cue learn about a neutral one?

    Four phases: `preconditioning` trials A -> X; `compounds` trials each of EF -> X, AD -> X
    and AC -> X, in random order within every three; `conditioning` trials X -> food; and
    `probes` trials each of F, D and C alone, in the same way. A blocks what C and D could
    learn about X, and nothing blocks E and F. The light is on at the onset of X on AC trials
    (where X is no surprise) and, as a control of its timing, in the gap after X on AD trials.

    A trial has four events: interval, cue, cue with X (X with food; nothing on probes), gap.
    The features are the stimuli A, C, D, E, F, X and food, all 0 in the interval and the gap;
    a cue stays on while X is. The reward of 1 comes with the food. `context` is 1 where the
    light is on: whether it does anything is for the model to say. Past the end the probes go
    on. One event is one step; seconds play no part.
    """

    kind: ClassVar = "sequence"
    n_draws: ClassVar = 0
    source: ClassVar = (
        "Sharpe et al. 2017, Nat. Neurosci. 20:735; design as simulated by Gardner, Schoenbaum & "
        "Gershman 2018, Proc. R. Soc. B 285:20181645"
    )

    preconditioning: int = eqx.field(static=True, default=24)
    compounds: int = eqx.field(static=True, default=8)
    conditioning: int = eqx.field(static=True, default=96)
    probes: int = eqx.field(static=True, default=6)

    def __check_init__(self):
        count("preconditioning", self.preconditioning, 0)
        count("compounds", self.compounds, 0)
        count("conditioning", self.conditioning, 0)
        count("probes", self.probes, 1)

    @property
    def stimuli(self) -> tuple[str, ...]:
        """Names of the features."""
        return _STIMULI

    @property
    def states(self) -> tuple[str, ...]:
        """What is there at each cue, "" for nothing; X+ is X with food."""
        return _STATES

    @property
    def env(self) -> Env:
        seen = lambda state, s: s in state or (s == "food" and "+" in state)
        features = tuple(tuple(float(seen(state, s)) for s in _STIMULI) for state in _STATES)
        return Env(n_cues=len(_STATES), n_items=1, n_actions=1, acts=False, features=features)

    @property
    def events_per_trial(self) -> int:
        return _LENGTH

    @property
    def n_events(self) -> int:
        """Events of the whole design."""
        return length(self._design) * _LENGTH

    @property
    def _design(self) -> Design:
        times = (self.preconditioning, self.compounds, self.conditioning, self.probes)
        blocks = ((0,), (1, 2, 3), (4,), (5, 6, 7))
        return tuple((b, n) for b, n in zip(blocks, times, strict=True) if n)

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan:
        n_trials = -(-n_events // _LENGTH)
        trial = shuffled(key, self._design, n_trials)
        states = np.array([[_STATES.index(s) for s in row] for row in _TYPES])
        lights = np.zeros(states.shape, bool)
        lights[3, 2] = lights[2, 3] = True
        flat = lambda table: jnp.asarray(table)[trial].reshape(-1)[:n_events]
        return _Plan(
            phase=jnp.asarray(np.repeat(phase_of(self._design, n_trials), _LENGTH)[:n_events]),
            state=flat(jnp.asarray(states, int)),
            successor=flat(jnp.asarray(np.roll(states, -1, axis=1), int)),
            place=jnp.arange(n_events) % _LENGTH,
            light=flat(lights),
        )

    def init(self) -> None:
        return None

    def offer(self, world: None, plan: _Plan) -> Offer:
        light = plan.light.astype(plan.state.dtype)
        return Offer(plan.state, None, plan.place == 0, context=light)

    def truth(self, world: None, plan: _Plan) -> dict[str, Array]:
        """`phase` from 0, among those that have trials; `light`: whether it is on."""
        return {"phase": plan.phase, "light": plan.light}

    def outcome(
        self,
        world: None,
        plan: _Plan,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[None, Outcome]:
        yes = jnp.ones((), bool)
        return None, Outcome(
            reward=(plan.state == _STATES.index("X+")).astype(float),
            successor=plan.successor,
            terminal=plan.place == _LENGTH - 1,
            feedback=yes,
            elapsed=jnp.ones(()),
            valid=yes,
        )
