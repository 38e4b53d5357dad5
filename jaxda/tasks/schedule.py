"""Choices under a schedule of one's own: phases, cues, and what each action pays how often."""

from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ..keys import fold_name
from ..types import Env, Offer, Outcome, pick
from ._base import AbstractTask
from ._phases import CHOICES, Row, complete, phases, refuse, trials


class _Plan(eqx.Module):
    phase: Int[Array, "..."]
    cue: Int[Array, "..."]
    p: Float[Array, "..."]
    magnitude: Float[Array, "..."]
    seconds: Float[Array, "..."]


class Schedule(AbstractTask[None, _Plan]):
    """Phases one after the other; each trial shows a cue, and each action may pay.

    `phases` are rows (phase, trials, cue, share, p, r, seconds), one for each cue of a phase:
    the phase has so many `trials`, of which each shows this cue with probability `share`; then
    action a pays `r[a]` with probability `p[a]`, otherwise 0; the trial lasts `seconds`. A
    `share` of None in every row of a phase is the same for all its cues; `r` and `seconds` are
    1 if left out. All rows of a phase stand together and say the same number of trials. In an
    experiment the rows may stand in a table (`table: schedule.csv` among the settings).

    `actions` are their names, `0`, `1`, ... if empty. Each action at each cue is an item of
    its own (item `cue * n_actions + a`): nothing that is learned at one cue carries over to
    another. Past the end of the schedule its last phase goes on.
    """

    kind: ClassVar = "choice"
    n_draws: ClassVar = 1
    source: ClassVar = "a schedule of one's own"
    table: ClassVar = "phases"

    phases: tuple[Any, ...] = eqx.field(
        static=True,
        default=(
            ("learn", 60, "A", 0.5, (0.8, 0.2)),
            ("learn", 60, "B", 0.5, (0.3, 0.7)),
            ("reverse", 60, "A", 0.5, (0.2, 0.8)),
            ("reverse", 60, "B", 0.5, (0.7, 0.3)),
        ),
    )
    actions: tuple[str, ...] = eqx.field(static=True, default=(), converter=tuple)

    def __check_init__(self):
        if len(set(self.actions)) < len(self.actions):
            raise ValueError(f"actions is {self.actions}; it has each name once.")
        refuse(CHOICES, self.phases, self.actions)

    @property
    def rows(self) -> list[Row]:
        """Rows (phase, trials, cue, share, p, r, seconds)."""
        return complete(CHOICES, self.phases)

    @property
    def cues(self) -> tuple[str, ...]:
        """Names of the cues, in the order in which they appear."""
        return tuple(dict.fromkeys(row[2] for row in self.rows))

    @property
    def env(self) -> Env:
        n_actions = len(self.rows[0][4])
        n_cues = len(self.cues)
        return Env(n_cues=n_cues, n_items=n_cues * n_actions, n_actions=n_actions)

    @property
    def events_per_trial(self) -> int:
        return 1

    @property
    def n_events(self) -> int:
        """Events of the whole schedule."""
        return sum(trials(CHOICES, self.rows))

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan:
        rows = self.rows
        groups = phases(rows)
        ends = np.cumsum(trials(CHOICES, rows))[:-1]
        phase = np.searchsorted(ends, np.arange(n_events), side="right")
        # One row of each phase by its share: the first whose sum of shares exceeds a uniform.
        sums = np.ones((len(groups), max(map(len, groups))))
        for i, its in enumerate(groups):
            shares = np.array([1 / len(its) if rows[k][3] is None else rows[k][3] for k in its])
            sums[i, : len(its)] = np.cumsum(shares / shares.sum())
            # Not even a rounding error may lead past the last row that can come.
            sums[i, np.flatnonzero(shares)[-1] :] = 1.0
        first = np.array([its[0] for its in groups])
        u = jr.uniform(fold_name(key, "cue"), (n_events, 1))
        past = jnp.sum((u >= jnp.asarray(sums[phase], float)).astype(int), axis=1)
        row = jnp.asarray(first[phase], int) + past
        of = lambda values, dtype: jnp.asarray(values, dtype)[row]
        return _Plan(
            phase=jnp.asarray(phase, int),
            cue=of([self.cues.index(r[2]) for r in rows], int),
            p=of([r[4] for r in rows], float),
            magnitude=of([r[5] for r in rows], float),
            seconds=of([r[6] for r in rows], float),
        )

    def init(self) -> None:
        return None

    def offer(self, world: None, plan: _Plan) -> Offer:
        n, yes = self.env.n_actions, jnp.ones((), bool)
        if len(self.cues) == 1:
            return Offer(plan.cue, None, yes)
        return Offer(plan.cue, plan.cue[None] * n + jnp.arange(n), yes)

    def truth(self, world: None, plan: _Plan) -> dict[str, Array]:
        """`phase` from 0; `p [actions]` and `magnitude [actions]`: how likely each pays what."""
        return {"phase": plan.phase, "p": plan.p, "magnitude": plan.magnitude}

    def outcome(
        self,
        world: None,
        plan: _Plan,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[None, Outcome]:
        win = draws[0] < pick(plan.p, action)
        yes = jnp.ones((), bool)
        return None, Outcome(
            reward=jnp.where(win, pick(plan.magnitude, action), 0.0),
            successor=jnp.zeros((), int),
            terminal=yes,
            feedback=yes,
            elapsed=plan.seconds,
            valid=yes,
        )
