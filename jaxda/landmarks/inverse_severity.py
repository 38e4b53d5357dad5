"""Which loss of cells and which effect of levodopa explain sessions off and on."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float

from ..catalog import load
from ..fit.estimate import Estimates, estimate
from ..fit.objective import Problem
from ..fit.penalties import CataloguePrior
from ..fit.solvers.lbfgs import LBFGS
from ..keys import named_keys
from ..lesions._combined import compose
from ..params import Coordinates, Free, free, unpack
from ..rollout import Agent, log_probs, simulate
from ._base import (
    AbstractLandmark,
    Check,
    Measured,
    Panel,
    agree,
    at_least,
    at_most,
    bars,
    equal,
    line,
    points,
    theory,
)
from ._inverse import level_line


_LOSS, _DRUG = "lesion.parts.SNcLoss.dose", "lesion.parts.Levodopa.dose"
# Loss of cells and effect of the drug by group, and how both are called.
_GROUPS = ((0.3, 0.3), (0.6, 0.6), (0.85, 0.8))
_WORDS = ("loss of cells", "effect of levodopa")
_SUBJECTS, _SESSIONS = 32, 2
# Half a difference of log-likelihood for a joint region of 95 % of two coordinates.
_REGION = 2.996


class _OffOn(Problem):
    """Sessions off and on: `share` says how much of a free value is there in a session."""

    share: dict[str, Float[Array, " sessions"]] = eqx.field(default_factory=dict)

    def natural(self, coords: Coordinates) -> dict[str, Float[Array, " sessions"]]:
        found = unpack(self.frees, coords)
        there = {p: v * self.share[p] if p in self.share else v for p, v in found.items()}
        return self.values | there


class InverseSeverity(AbstractLandmark):
    """Simulated patients play probabilistic selection off and on; both doses are sought."""

    title: ClassVar = "Severity, asked backwards: sessions off and on tell loss from drug"
    claim: ClassVar = (
        "A loss of nigral cells and an effect of levodopa are parameters like any other: from "
        "sessions off and on within subjects both come back together, roughly for a subject and "
        "closely for a group. A session off says nothing of the drug; in a session on more loss "
        "with more drug looks much the same, and sessions off loosen that tie."
    )
    source: ClassVar = "A model exploration of jaxda, with OpAL of Collins & Frank 2014"
    models: ClassVar = ("opal",)
    caution: ClassVar = (
        "The best case: the model is the right one and the subjects' other parameters are known. "
        "Learning rates trade off against the doses where they are not. A fit to choices "
        "identifies no lesion of a person, and effects of medication on this task are contested "
        "(Grogan et al. 2017)."
    )

    def measure(self) -> Measured:
        each = _patients()
        group = np.repeat(np.arange(len(_GROUPS)), _SUBJECTS)
        single = _found(each, "subjects")
        # As many units, so that nothing compiles twice; those beyond the groups are empty.
        owner = jnp.asarray(group)[each.owner]
        pooled = _found(eqx.tree_at(lambda p: p.owner, each, owner), "groups")
        truth = np.array(_GROUPS)[group]
        checks = [*_slopes(each), *_recovered(single, pooled, truth, group), *_by_session(each)]
        panels = [*_scatter(single, pooled, truth, group), _landscape(each), _errors(single, truth)]
        n = len(group)
        caption = (
            f"Model exploration with simulated patients, no medical advice, nothing about a "
            f"person. OpAL (alpha_c .1, alpha_g = alpha_n around .3, beta around 3, known), "
            f"probabilistic selection, {_SESSIONS} sessions off and {_SESSIONS} on levodopa each "
            f"of {n} subjects in three groups of {_SUBJECTS}; loss of cells .3, .6, .85, effect of "
            "levodopa .3, .6, .8 of its full effect. Maximum a posteriori with a Beta(1.1, 1.1) "
            "prior, by L-BFGS. Left: estimates by truth, small marks subjects (spread sideways), "
            "large ones one estimate for all of a group with its 95 % interval (from the "
            "curvature), dashed identity. Then: 95 % regions by the mean likelihood of a "
            "subject of the middle group, for the sessions that are used. Right: root mean square "
            "error over subjects."
        )
        return Measured(checks, panels, caption)


def _patients() -> _OffOn:
    model = load("models", "opal")()
    hurt = compose(load("lesions", "snc_loss")(), load("lesions", "levodopa")())
    agent, task = Agent(model, hurt), load("tasks", "pst")(criterion=())
    n, sessions = _SUBJECTS * len(_GROUPS), 2 * _SESSIONS
    subject = np.repeat(np.arange(n), sessions)
    on = jnp.asarray(np.tile(np.repeat([0.0, 1.0], _SESSIONS), n))
    loss, drug = np.array(_GROUPS)[np.repeat(np.arange(len(_GROUPS)), _SUBJECTS)].T
    who = named_keys(0, [("inverse_severity", f"subject {i}") for i in range(n)])
    z = np.asarray(jax.vmap(lambda k: jr.normal(k, (2,)))(who))
    rate = 1 / (1 + np.exp(-(np.log(0.3 / 0.7) + 0.3 * z[:, 0])))
    known = {
        "model.alpha_g": rate,
        "model.alpha_n": rate,
        "model.beta": 3 * np.exp(0.2 * z[:, 1]),
    }
    values = {p: jnp.asarray(v[subject]) for p, v in known.items()}
    keys = named_keys(0, [("inverse_severity", str(s), str(i)) for i, s in enumerate(subject)])
    lanes = values | {_LOSS: jnp.asarray(loss[subject]), _DRUG: on * jnp.asarray(drug[subject])}
    play = jax.jit(lambda k, v: simulate(agent, task, k, task.n_events, v, record=lambda e, r: e))
    frees = free(agent, [_LOSS, _DRUG])
    return _OffOn(
        agent,
        play(keys, lanes),
        jnp.asarray(subject),
        values,
        task.env,
        frees,
        n,
        CataloguePrior(),
        {_DRUG: on},
    )


def _found(problem: _OffOn, what: str) -> Estimates:
    names = [("inverse_severity", what, str(i)) for i in range(problem.n_units)]
    return estimate(
        problem, names, LBFGS(), seed=0, restarts=2, steps=60, tolerance=1e-5, what=what
    )


def _natural(frees: tuple[Free, ...], values: np.ndarray) -> Float[Array, "units free"]:
    """Coordinates of natural values."""
    columns = [f.domain.inverse(jnp.asarray(values[:, i])) for i, f in enumerate(frees)]
    return jnp.stack(columns, axis=1)


def _slopes(problem: _OffOn) -> list[Check]:
    """The gradient by both doses through all sessions, by difference quotients."""
    truth = np.repeat(np.array(_GROUPS), _SUBJECTS, axis=0) * 0.9
    x, h = _natural(problem.frees, truth), 1e-5
    of = jax.jit(lambda p, x: p.value_and_grad(x))
    gradient = np.asarray(of(problem, x)[1])
    quotient = np.stack(
        [
            (
                np.asarray(of(problem, x.at[:, i].add(h))[0])
                - np.asarray(of(problem, x.at[:, i].add(-h))[0])
            )
            / (2 * h)
            for i in range(2)
        ],
        axis=1,
    )
    size = np.abs(gradient).max()
    name = "gradient by both doses as difference quotient, over the largest"
    return [agree(name, quotient / size, gradient / size, 1e-6)]


def _recovered(
    single: Estimates, pooled: Estimates, truth: np.ndarray, group: np.ndarray
) -> list[Check]:
    n = len(_GROUPS)
    checks = [
        at_least("subjects whose fit has converged", 0.98, single.converged.mean()),
        at_least("groups whose fit has converged", 1.0, pooled.converged[:n].mean()),
        at_most(
            "largest gradient of a group's fit, over its loss",
            0.0,
            pooled.steepness[:n].max(),
            1e-5,
        ),
    ]
    for i, (word, bias, rmse, close) in enumerate(
        zip(_WORDS, (0.05, 0.07), (0.15, 0.22), (0.05, 0.1), strict=True)
    ):
        error = single.value[:, i] - truth[:, i]
        inside = (single.lower[:, i] <= truth[:, i]) & (truth[:, i] <= single.upper[:, i])
        known = np.array(_GROUPS)[:, i]
        covered = (pooled.lower[:n, i] <= known) & (known <= pooled.upper[:n, i])
        checks += [
            equal(f"{word}: bias over subjects", 0.0, error.mean(), bias),
            at_most(
                f"{word}: root mean square error over subjects", rmse, np.sqrt((error**2).mean())
            ),
            at_least(
                f"{word}: r of estimate and truth over subjects",
                0.7,
                np.corrcoef(single.value[:, i], truth[:, i])[0, 1],
            ),
            at_least(
                f"{word}: 95 % intervals of subjects that hold the truth", 0.88, inside.mean()
            ),
            agree(f"{word}: one estimate for a group", known, pooled.value[:n, i], close),
            at_least(f"{word}: groups of three whose interval holds the truth", 2.0, covered.sum()),
        ]
        means = [single.value[group == g, i].mean() for g in range(n)]
        checks.append(
            at_least(
                f"{word}: least step of the mean from group to group", 0.1, np.diff(means).min()
            )
        )
    return checks


def _information(problem: _OffOn, used: Float[Array, " sessions"]) -> np.ndarray:
    """Fisher information of the middle group's two doses, from the sessions `used`."""
    middle = np.arange(problem.n_units) // _SUBJECTS == 1
    x = _natural(problem.frees, np.repeat(np.array(_GROUPS), _SUBJECTS, axis=0))
    score = np.asarray(jax.jit(lambda p, x: p.score(x))(problem, x))
    mine = middle[np.asarray(problem.owner)] & (np.asarray(used) > 0)
    rows = score[:, mine].reshape(-1, 2)
    return rows.T @ rows


def _by_session(problem: _OffOn) -> list[Check]:
    on = problem.share[_DRUG]
    both, alone = _information(problem, jnp.ones_like(on)), _information(problem, on)
    off = _information(problem, 1 - on)

    def tie(information: np.ndarray) -> float:
        error = np.linalg.inv(information)
        return error[0, 1] / np.sqrt(error[0, 0] * error[1, 1])

    return [
        equal("sessions off: Fisher information about the drug", 0.0, off[1, 1], 1e-12),
        at_least("sessions off: that about the loss", 1.0, off[0, 0]),
        at_least("sessions on: correlation of both errors", 0.9, tie(alone)),
        at_most("sessions off and on: the same, over on alone", 1.0, tie(both) / tie(alone)),
    ]


def _scatter(
    single: Estimates, pooled: Estimates, truth: np.ndarray, group: np.ndarray
) -> list[Panel]:
    panels = []
    aside = 0.03 * np.tile(np.linspace(-1, 1, _SUBJECTS), len(_GROUPS))
    for i, word in enumerate(_WORDS):
        known, n = np.array(_GROUPS)[:, i], len(_GROUPS)
        marks = [
            points(truth[:, i] + aside, single.value[:, i], "subjects", color=i),
            points(
                known,
                pooled.value[:n, i],
                "group",
                color=3,
                low=pooled.lower[:n, i],
                high=pooled.upper[:n, i],
            ),
            theory((0, 1), (0, 1), "identity"),
        ]
        panels.append(Panel(word.capitalize(), "truth", "estimate", marks))
    return panels


def _landscape(problem: _OffOn) -> Panel:
    """Regions of the likelihood of a typical subject of the middle group."""
    loss, drug = _GROUPS[1]
    on = np.asarray(problem.share[_DRUG])
    middle = np.asarray(problem.owner) // _SUBJECTS == 1
    take = np.flatnonzero(middle)
    cut = lambda tree: jax.tree.map(lambda x: x[..., take], tree)
    events, values, share = cut(problem.events), cut(problem.values), on[take]

    @jax.jit
    def each(at):
        one = jnp.ones(len(take))
        here = values | {_LOSS: at[0] * one, _DRUG: at[1] * jnp.asarray(share)}
        return jnp.sum(log_probs(problem.agent, problem.env, events, here), axis=0)

    side = np.linspace(0.02, 0.98, 25)
    plane = jnp.asarray([(a, b) for a in side for b in side])
    surface = np.asarray(jax.lax.map(each, plane)).reshape(25, 25, -1)
    marks = []
    for i, (label, used) in enumerate(
        (("off and on", share >= 0), ("on", share > 0), ("off", share == 0))
    ):
        # What a subject of the group would see on average.
        total = -surface[..., used].sum(axis=-1) / _SUBJECTS
        near = _smooth(side, total)
        best = plane[int(total.argmin())]
        at = level_line(
            near,
            (float(best[0]), float(best[1])),
            (1.0, 1.0),
            float(near(np.asarray(best)[None])[0]) + _REGION,
            ((0.02, 0.98), (0.02, 0.98)),
        )
        marks.append(line(at[0], at[1], label, color=i))
    marks.append(points([loss], [drug], "truth", color=3))
    return Panel("What sessions tell", _WORDS[0], _WORDS[1], marks)


def _smooth(side: np.ndarray, total: np.ndarray):
    """A bilinear surface through values on a grid."""

    def at(places: np.ndarray) -> np.ndarray:
        step = side[1] - side[0]
        u = np.clip((places - side[0]) / step, 0, len(side) - 1 - 1e-9)
        i = u.astype(int)
        a, b = (u - i).T
        corner = lambda p, q: total[i[:, 0] + p, i[:, 1] + q]
        low = (1 - b) * corner(0, 0) + b * corner(0, 1)
        return (1 - a) * low + a * ((1 - b) * corner(1, 0) + b * corner(1, 1))

    return at


def _errors(single: Estimates, truth: np.ndarray) -> Panel:
    error = np.sqrt(((single.value - truth) ** 2).reshape(len(_GROUPS), _SUBJECTS, 2).mean(1))
    place = np.arange(len(_GROUPS))
    marks = [bars(place, error[:, i], word, color=i) for i, word in enumerate(_WORDS)]
    return Panel(
        "Error of a subject",
        "loss of cells in the group",
        "RMSE",
        marks,
        [f"{loss:g}" for loss, _ in _GROUPS],
        zero=True,
    )
