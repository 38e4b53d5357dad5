"""Conditioning with compounds of stimuli in phases; built-in designs or one's own."""

from typing import Any, ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..keys import fold_name
from ..types import Env, Offer, Outcome
from ._base import AbstractTask, trial_outcome
from ._checks import count, one_of
from ._orders import Design, length, phase_of, shuffled
from ._phases import COMPOUNDS, Row, complete, phases, refuse, stimuli, trials


class _Plan(eqx.Module):
    phase: Int[Array, "..."]
    compound: Int[Array, "..."]
    probability: Float[Array, "..."]
    reward: Float[Array, "..."]
    shown: Bool[Array, "..."]


# Phases of trials (stimuli, reward). A comes before B among the stimuli of every design.
_DESIGNS: dict[str, tuple[tuple[str, tuple[tuple[str, float], ...]], ...]] = {
    "acquisition": (("acquisition", (("A", 1.0),)),),
    "extinction": (("acquisition", (("A", 1.0),)), ("extinction", (("A", 0.0),))),
    "overshadowing": (("compound", (("A+B", 1.0),)),),
    "blocking": (("single", (("A", 1.0),)), ("compound", (("A+B", 1.0),))),
    "overexpectation": (
        ("single", (("A", 1.0), ("B", 1.0))),
        ("compound", (("A+B", 1.0),)),
    ),
    "conditioned_inhibition": (("training", (("A", 1.0), ("A+B", 0.0))),),
}


class Conditioning(AbstractTask[None, _Plan]):
    """Phases of trials that show stimuli together and then the outcome, one event per trial.

    Designs (+ rewarded with 1, - not; `repeats` trials of each type in a phase, in random
    order): "acquisition" A+; "extinction" A+ then A-; "overshadowing" AB+; "blocking" A+ then
    AB+; "overexpectation" A+ and B+ then AB+; "conditioned_inhibition" A+ and AB-. Each ends
    with `tests` trials of every stimulus alone that show no outcome, so that nothing is
    learned.

    A design of one's own is `phases`, rows (phase, cues, trials, reward, probability) that
    replace `design`: `cues` such as "A+B", so many `trials` of this type, followed by `reward`
    with a `probability` (1 if left out). A reward of None is a test without an outcome. Trials
    of a phase come in random order. In an experiment the rows may stand in a table
    (`table: design.csv` among the settings).

    The features are the stimuli, in the order in which they appear. Past the end of the
    design its last phase goes on.
    """

    kind: ClassVar = "conditioning"
    n_draws: ClassVar = 0
    source: ClassVar = "Rescorla & Wagner 1972; Kamin 1969; Rescorla 1970, Learn. Motiv. 1:372"
    table: ClassVar = "phases"

    design: Literal[
        "acquisition",
        "extinction",
        "overshadowing",
        "blocking",
        "overexpectation",
        "conditioned_inhibition",
    ] = eqx.field(static=True, default="blocking")
    repeats: int = eqx.field(static=True, default=40)
    tests: int = eqx.field(static=True, default=1)
    phases: tuple[Any, ...] = eqx.field(static=True, default=())

    def __check_init__(self):
        one_of("design", self.design, tuple(_DESIGNS))
        count("repeats", self.repeats, 1)
        count("tests", self.tests, 0)
        if self.phases != ():
            refuse(COMPOUNDS, self.phases)

    @property
    def rows(self) -> list[Row]:
        """Rows (phase, cues, trials, reward, probability) of the whole design."""
        if self.phases:
            return complete(COMPOUNDS, self.phases)
        design = _DESIGNS[self.design]
        out: list[Row] = [
            (phase, cues, self.repeats, reward, 1.0)
            for phase, types in design
            for cues, reward in types
        ]
        single = dict.fromkeys(s for row in out for s in stimuli(row[1]))
        return out + [("test", s, self.tests, None, 1.0) for s in single if self.tests]

    @property
    def stimuli(self) -> tuple[str, ...]:
        """Names of the stimuli, in the order of the features."""
        return tuple(dict.fromkeys(s for row in self.rows for s in stimuli(row[1])))

    @property
    def compounds(self) -> tuple[frozenset[str], ...]:
        """What is shown together at each cue."""
        return tuple(dict.fromkeys(frozenset(stimuli(row[1])) for row in self.rows))

    @property
    def env(self) -> Env:
        features = tuple(tuple(float(s in shown) for s in self.stimuli) for shown in self.compounds)
        return Env(n_cues=len(features), n_items=1, n_actions=1, acts=False, features=features)

    @property
    def events_per_trial(self) -> int:
        return 1

    @property
    def n_events(self) -> int:
        """Events of the whole design."""
        return length(self._design)

    @property
    def phase_trials(self) -> dict[str, int]:
        """Trials of each phase, in order."""
        rows = self.rows
        names = [rows[its[0]][0] for its in phases(rows)]
        return dict(zip(names, trials(COMPOUNDS, rows), strict=True))

    @property
    def _design(self) -> Design:
        rows = self.rows
        return [([i for i in its for _ in range(rows[i][2])], 1) for its in phases(rows)]

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan:
        rows, compounds = self.rows, self.compounds
        row = shuffled(fold_name(key, "order"), self._design, n_events)
        of = lambda values, dtype: jnp.asarray(values, dtype)[row]
        probability = of([r[4] for r in rows], float)
        paid = jr.uniform(fold_name(key, "outcome"), (n_events,)) < probability
        reward = of([0.0 if r[3] is None else r[3] for r in rows], float)
        return _Plan(
            phase=jnp.asarray(phase_of(self._design, n_events), int),
            compound=of([compounds.index(frozenset(stimuli(r[1]))) for r in rows], int),
            probability=probability,
            reward=jnp.where(paid, reward, 0.0),
            shown=of([r[3] is not None for r in rows], bool),
        )

    def init(self) -> None:
        return None

    def offer(self, world: None, plan: _Plan) -> Offer:
        return Offer(plan.compound, None, jnp.ones((), bool))

    def truth(self, world: None, plan: _Plan) -> dict[str, Array]:
        """`phase` from 0; `p`: how likely the reward of this trial's type; `reward`: what comes."""
        return {"phase": plan.phase, "p": plan.probability, "reward": plan.reward}

    def outcome(
        self,
        world: None,
        plan: _Plan,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[None, Outcome]:
        return None, trial_outcome(plan.reward, plan.shown)
