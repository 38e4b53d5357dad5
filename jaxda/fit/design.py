"""The design of a task that tells the most: a search by the gradient of expected information.

A design is a schedule with free numbers in it: how often an item pays, how much, and when the
schedule changes. Its worth is the expectation, over subjects and over the sessions they would
play, of a function g of the Fisher information F of a session plus the information Pi of the
prior: g = -1/2 log det (F + Pi) (D-optimal: the entropy of the posterior, to a constant), or the
summed variance w' (F + Pi)^-1 w of contrasts w (A- and c-optimal). F is the information of the
choices given what happened before each, so its mean is the expected Fisher information, and Pi
keeps both finite (Chaloner & Verdinelli 1995, Stat. Sci. 10:273).

Outcomes and choices are discrete, so a simulated session does not change smoothly with a design.
Its expectation does, and its gradient has three terms, each estimated without bias:

* Outcomes. The derivative of an expectation by the probability of one Bernoulli outcome is the
  difference of the expectation with and without it (a weak derivative: Pflug 1989; Mohamed et
  al. 2020, JMLR 21:132, section 6). For d E[g] / d p(t, i) one session is played twice, with the
  same random numbers, but with the outcome of trial s turned round in the second. With s
  uniform over the n trials with feedback, n * (g with reward - g without) at the trial s and the
  item chosen there is unbiased for all p(t, i) at once. Both sessions part at s and soon meet
  again, so the difference is small, and its variance about half that of a score
  function with a baseline (two arms, 200 trials).
* Amounts. For fixed choices and wins g is smooth in what a win pays.
* Choices depend on amounts too: the score function of the choices, (g - b) d log P / d amount,
  with b the mean over other sessions.

The chain rule carries the gradient from probabilities and amounts of single trials to the free
numbers of a design, so that a time of change can be one: the phases around it are blended by a
logistic function of time.
"""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import pyarrow as pa
from jaxtyping import Array, Bool, Float, Int, Key, PRNGKeyArray

from ..bijectors import bounded
from ..keys import fold_name, named_keys
from ..params import Free, unpack
from ..rollout import Agent, simulate
from ..tasks._base import AbstractTask, trial_outcome
from ..types import Env, Event, Offer, Outcome, pick, taken
from .coordinates import slopes
from .information import information
from .objective import Problem
from .penalties import Gaussian
from .power import Fit


# Trials over which two phases blend where the time between them is free.
_BLEND = 2.0


class Variable(NamedTuple):
    """A free number of a design: its published value and the ends of its range."""

    name: str
    start: float
    lower: float
    upper: float


class Phase(NamedTuple):
    """So many `trials`, each with one of `pairs` of items, equally often and in random order.

    `p` and `pays` say how often each item pays and how much (1 if left out), as numbers or names
    of variables; so may `trials`, in all phases but the last. Without `feedback` nothing is
    shown, as in a test.
    """

    trials: int | str
    pairs: tuple[tuple[int, int], ...]
    p: tuple[float | str, ...]
    pays: tuple[float | str, ...] = ()
    feedback: bool = True


class _Plan(eqx.Module):
    cue: Int[Array, "..."]
    options: Int[Array, "..."]
    p: Float[Array, "..."]
    pays: Float[Array, "..."]
    shown: Bool[Array, "..."]
    turned: Bool[Array, "..."]


@dataclasses.dataclass(frozen=True)
class Design:
    """Phases with variables in them, `n_trials` in all (the last phase takes the rest)."""

    variables: tuple[Variable, ...]
    phases: tuple[Phase, ...]
    n_trials: int

    def __post_init__(self) -> None:
        names = [v.name for v in self.variables]
        used = {x for ph in self.phases for x in (ph.trials, *ph.p, *ph.pays) if isinstance(x, str)}
        if used != set(names) or len(names) > len(used):
            raise ValueError(
                f"variables are {names}; they are those of the phases, {sorted(used)}."
            )
        for v in self.variables:
            if not v.lower < v.start < v.upper:
                raise ValueError(f"{v.name} starts at {v.start}; it is inside its range.")
        offers = {(ph.pairs, ph.feedback) for ph in self.phases}
        if any(isinstance(ph.trials, str) for ph in self.phases) and len(offers) > 1:
            raise ValueError("a change whose time is free is one of outcomes; pairs stay the same.")
        if len({len(ph.p) for ph in self.phases}) > 1 or isinstance(self.phases[-1].trials, str):
            raise ValueError("every phase has all the items, and the last has a number of trials.")

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Every pair on offer; its place is its cue."""
        return tuple(dict.fromkeys(p for ph in self.phases for p in ph.pairs))

    @property
    def env(self) -> Env:
        return Env(n_cues=len(self.pairs), n_items=len(self.phases[0].p), n_actions=2)

    @property
    def start(self) -> dict[str, float]:
        """The published design."""
        return {v.name: v.start for v in self.variables}

    @property
    def paid(self) -> bool:
        """Whether an amount is free."""
        return any(isinstance(x, str) for ph in self.phases for x in ph.pays)

    def phase(self) -> Int[np.ndarray, " trials"]:
        """The phase of each trial at the published design."""
        number = lambda x: self.start[x] if isinstance(x, str) else x
        ends = np.cumsum([number(ph.trials) for ph in self.phases[:-1]])
        return np.searchsorted(ends, np.arange(self.n_trials), side="right")

    def course(
        self, values: Mapping[str, Any]
    ) -> tuple[Float[Array, "trials items"], Float[Array, "trials items"]]:
        """How likely each item is to pay on each trial, and how much."""
        number = lambda x: values[x] if isinstance(x, str) else x
        table = lambda rows: jnp.stack(
            [jnp.stack([jnp.asarray(number(x), dtype=float) for x in row]) for row in rows]
        )
        items = len(self.phases[0].p)
        p = table(ph.p for ph in self.phases)
        pays = table(ph.pays or (1.0,) * items for ph in self.phases)
        if not any(isinstance(ph.trials, str) for ph in self.phases):
            return p[self.phase()], pays[self.phase()]
        ends = jnp.cumsum(
            jnp.stack([jnp.asarray(number(ph.trials), dtype=float) for ph in self.phases[:-1]])
        )
        time = jnp.arange(self.n_trials, dtype=float) + 0.5
        past = jax.nn.sigmoid((time[:, None] - ends) / _BLEND)
        one = jnp.ones((self.n_trials, 1))
        share = jnp.concatenate([one, past], axis=1) - jnp.concatenate([past, 0 * one], axis=1)
        return share @ p, share @ pays


class Designed(AbstractTask[None, _Plan]):
    """A session of a design, with the outcome of one random trial turned round if `turned`."""

    kind: ClassVar = "choice"
    n_draws: ClassVar = 1
    source: ClassVar = "a design of one's own"

    p: Float[Array, "trials items"]
    pays: Float[Array, "trials items"]
    design: Design = eqx.field(static=True)
    turned: bool = eqx.field(static=True, default=False)

    @property
    def env(self) -> Env:
        return self.design.env

    @property
    def events_per_trial(self) -> int:
        return 1

    def plan(self, key: PRNGKeyArray, n_events: int) -> _Plan:
        design = self.design
        at = np.minimum(np.arange(n_events), design.n_trials - 1)
        phase = design.phase()[at]
        cues = [[design.pairs.index(p) for p in ph.pairs] for ph in design.phases]
        widest = max(map(len, cues))
        table = np.array([c + c[:1] * (widest - len(c)) for c in cues])
        count = np.array([len(c) for c in cues])
        u = jr.uniform(fold_name(key, "pair"), (n_events,))
        place = (u * jnp.asarray(count[phase], float)).astype(int)
        cue = jnp.sum(jnp.where(jnp.arange(widest) == place[:, None], table[phase], 0), axis=1)
        among = np.array(design.pairs)
        options = jnp.sum(
            jnp.where((cue[:, None] == np.arange(len(among)))[:, :, None], among, 0), axis=1
        )
        # Spelt out: a gather would take sessions one by one.
        items = np.arange(self.p.shape[1])
        of = lambda x: jnp.sum(
            jnp.where(options[:, :, None] == items, x[at][:, None, :], 0.0), axis=2
        )
        return _Plan(
            cue=cue,
            options=options,
            p=of(self.p),
            pays=of(self.pays),
            shown=jnp.asarray([ph.feedback for ph in design.phases])[phase],
            turned=(jnp.arange(n_events) == turned_trial(design, key)) & self.turned,
        )

    def init(self) -> None:
        return None

    def offer(self, world: None, plan: _Plan) -> Offer:
        return Offer(plan.cue, plan.options, jnp.ones((), bool))

    def outcome(
        self,
        world: None,
        plan: _Plan,
        offer: Offer,
        action: Int[Array, "*lanes"],
        latency: Float[Array, "*lanes"],
        draws: Float[Array, "draws *lanes"],
    ) -> tuple[None, Outcome]:
        win = (draws[0] < pick(plan.p, action)) ^ plan.turned
        reward = jnp.where(win & plan.shown, pick(plan.pays, action), 0.0)
        return None, trial_outcome(reward, plan.shown)


def turned_trial(design: Design, key: PRNGKeyArray) -> Int[Array, ""]:
    """The trial with feedback whose outcome a turned session has the other way round."""
    taught = np.flatnonzero(np.array([ph.feedback for ph in design.phases])[design.phase()])
    u = jr.uniform(fold_name(key, "turned"))
    return jnp.asarray(taught)[(u * len(taught)).astype(int)]


class Subjects(NamedTuple):
    """Who is expected to take part: a model, what varies in it, and coordinates `x` of subjects.

    The prior on which a design builds is normal in coordinates.
    """

    agent: Agent
    frees: tuple[Free, ...]
    x: Float[Array, "subjects free"]
    mean: Float[Array, " free"]
    precision: Float[Array, "free free"]

    def problem(self, design: Design, events: Event) -> Problem:
        """The fit of one session of each subject under the prior."""
        n = self.x.shape[0]
        wide = lambda a: jnp.broadcast_to(a, (n, *a.shape))
        prior = Gaussian(wide(self.mean), wide(self.precision))
        return Problem(self.agent, events, jnp.arange(n), {}, design.env, self.frees, n, prior)


def expected(agent: Agent, frees: tuple[Free, ...], x: Float[Array, "subjects free"]) -> Subjects:
    """Subjects at `x`, draws from a prior (or fitted subjects), whose moments are the prior."""
    precision = jnp.linalg.inv(jnp.atleast_2d(jnp.cov(x, rowvar=False)))
    return Subjects(agent, frees, x, x.mean(axis=0), precision)


class Goal(NamedTuple):
    """What is wanted: "D", or contrasts (natural scale) whose variances are summed.

    A contrast maps parameters to weights, as {"alpha_pos": 1, "alpha_neg": -1}.
    """

    contrasts: tuple[Mapping[str, float], ...] = ()

    def weights(self, frees: Sequence[Free]) -> Float[np.ndarray, "contrasts free"]:
        """Weights of each free parameter."""
        rows = [[c.get(f.name, 0.0) for f in frees] for c in self.contrasts]
        return np.array(rows).reshape(len(rows), len(frees))


D = Goal()


def sessions(
    design: Design,
    subjects: Subjects,
    values: Mapping[str, Any],
    keys: Key[Array, " subjects"],
    *,
    turned: bool = False,
) -> Event:
    """One session `[trials, subjects]` of every subject under the design with these `values`."""
    task = Designed(*design.course(values), design, turned)
    columns = {f.name: subjects.x[:, i] for i, f in enumerate(subjects.frees)}
    return simulate(
        subjects.agent,
        task,
        keys,
        design.n_trials,
        unpack(subjects.frees, columns),
        record=lambda event, readout: event,
    )


def _worth(
    design: Design, subjects: Subjects, goal: Goal, events: Event
) -> tuple[Float[Array, " subjects"], Float[Array, " subjects"]]:
    """The criterion of each session, and its log-likelihood to a constant."""
    problem = subjects.problem(design, events)
    loss, _, fisher = information(problem, subjects.x)
    return _criterion(subjects, goal, fisher), -loss


def _criterion(
    subjects: Subjects, goal: Goal, fisher: Float[Array, "subjects free free"]
) -> Float[Array, " subjects"]:
    """The criterion at the information of each session, prior included."""
    if not goal.contrasts:
        return -0.5 * jnp.linalg.slogdet(fisher)[1]
    columns = [f.domain.slope(subjects.x[:, i]) for i, f in enumerate(subjects.frees)]
    weights = jnp.asarray(goal.weights(subjects.frees)) * jnp.stack(columns, axis=1)[:, None, :]
    solved = jnp.linalg.solve(fisher, jnp.swapaxes(weights, 1, 2))
    return jnp.sum(jnp.swapaxes(solved, 1, 2) * weights, axis=(1, 2))


def surrogate(
    design: Design,
    subjects: Subjects,
    goal: Goal,
    values: Mapping[str, Float[Array, ""]],
    keys: Key[Array, " subjects"],
) -> tuple[Float[Array, " subjects"], Float[Array, " subjects"]]:
    """A number per subject whose gradient by `values` is unbiased for that of the criterion.

    And the criterion itself, whose mean over subjects is the worth of the design: the less, the
    better. Each subject stands for one draw from the prior and one session.
    """
    still = jax.lax.stop_gradient
    fixed = {n: still(v) for n, v in values.items()}
    plain = still(sessions(design, subjects, fixed, keys))
    other = still(sessions(design, subjects, fixed, keys, turned=True))
    p, pays = design.course(values)
    item = taken(jnp.moveaxis(plain.options, 1, 0), plain.action)  # type: ignore[arg-type]
    won = plain.reward != 0
    if design.paid:
        amount = sum(jnp.where(item == i, pays[:, i, None], 0.0) for i in range(pays.shape[1]))
        plain = dataclasses.replace(plain, reward=jnp.where(won, amount, 0.0))
    # Side by side, so that there is one program for both.
    pair = jax.tree.map(lambda *e: jnp.concatenate(e, axis=-1), plain, other)
    twice = subjects._replace(x=jnp.concatenate([subjects.x, subjects.x]))
    both, log_likelihood = _worth(design, twice, goal, pair)
    n = subjects.x.shape[0]
    value, turned = still(both[:n]), still(both[n:])
    at = jax.vmap(functools.partial(turned_trial, design))(keys)[None]
    of = lambda x: jnp.take_along_axis(x, at, axis=0)[0]
    gain = jnp.where(of(won), value - turned, turned - value)
    taught = np.array([ph.feedback for ph in design.phases])[design.phase()].sum()
    out = float(taught) * gain * p[at[0], of(item)]
    if design.paid:
        away = (value - value.mean()) * (n / (n - 1))
        out = out + both[:n] + away * log_likelihood[:n]
    return out, value


_played, _informed = eqx.filter_jit(sessions), eqx.filter_jit(information)


class Found(NamedTuple):
    """A design that was searched for, and `path`: a row per step and variable.

    `value` is where the variable stood and `gradient` that of the mean criterion by it;
    `criterion` is its mean over the subjects of that step and `se` its standard error.
    """

    values: dict[str, float]
    path: pa.Table


def search(
    design: Design,
    subjects: Subjects,
    goal: Goal,
    *,
    seed: int,
    steps: int = 100,
    rate: float = 0.1,
    start: Mapping[str, float] | None = None,
) -> Found:
    """Descend the criterion from the published design (or `start`) by Adam in bounded coordinates.

    Every step draws new sessions for the same subjects, so it follows the expectation and not
    one sample of it. The design that is found is the mean of the last quarter of the steps.
    """
    names = [v.name for v in design.variables]
    domains = [bounded(v.lower, v.upper) for v in design.variables]
    rule = optax.adam(optax.cosine_decay_schedule(rate, steps, alpha=0.1))
    n = subjects.x.shape[0]

    def natural(z: Array) -> dict[str, Array]:
        return {m: d.forward(z[i]) for i, (m, d) in enumerate(zip(names, domains, strict=True))}

    @jax.jit
    def step(z: Array, state: Any, keys: Array) -> Any:
        def mean(z: Array) -> Any:
            out, value = surrogate(design, subjects, goal, natural(z), keys)
            return jnp.mean(out), value

        (_, value), slope = jax.value_and_grad(mean, has_aux=True)(z)
        # Optax mixes int32 and int64 inside, which strict promotion would refuse.
        with jax.numpy_dtype_promotion("standard"):
            change, state = rule.update(slope, state, z)
        return optax.apply_updates(z, change), state, value, slope

    begin = design.start | dict(start or {})
    z = jnp.stack([d.inverse(jnp.asarray(begin[m])) for m, d in zip(names, domains, strict=True)])
    state = rule.init(z)
    columns: dict[str, list] = {name: [] for name in _PATH.names}
    trail = []
    for i in range(steps):
        keys = named_keys(seed, [("design", f"step {i}", str(k)) for k in range(n)])
        trail.append(np.asarray(z))
        here = natural(z)
        scale = [float(d.slope(z[j])) for j, d in enumerate(domains)]
        z, state, value, slope = step(z, state, keys)
        for j, m in enumerate(names):
            row = {
                "step": i,
                "variable": m,
                "value": float(here[m]),
                "gradient": float(slope[j]) / scale[j],
                "criterion": float(value.mean()),
                "se": float(value.std() / np.sqrt(n)),
            }
            for k, v in row.items():
                columns[k].append(v)
    last = jnp.asarray(np.mean(trail[-max(1, steps // 4) :], axis=0))
    return Found({m: float(v) for m, v in natural(last).items()}, pa.table(columns, schema=_PATH))


_PATH = pa.schema(
    [
        ("step", pa.int64()),
        ("variable", pa.string()),
        ("value", pa.float64()),
        ("gradient", pa.float64()),
        ("criterion", pa.float64()),
        ("se", pa.float64()),
    ]
)


def confirm(
    design: Design,
    subjects: Subjects,
    goal: Goal,
    designs: Mapping[str, Mapping[str, float]],
    fit: Fit | None,
    *,
    seed: int,
) -> pa.Table:
    """Hold designs against one another: what is predicted of each, and what simulated fits give.

    Without a `fit` there are predictions only.

    A row per design and quantity: `criterion` (its mean over new sessions), and for each free
    parameter and contrast of the goal the standard deviation of an estimate on the natural scale,
    `predicted` (root mean variance by information and prior) and `confirmed` (root mean square
    error of maxima a posteriori). Every design is met by the same subjects with the same random
    numbers; `gain` is by how much the criterion is less than that of the first design, within
    subjects. All intervals are 95 %: ± 1.96 standard errors of a mean, of squares under a root.
    """
    frees, (n, k) = subjects.frees, subjects.x.shape
    names = [f.name for f in frees]
    weights = np.concatenate([np.eye(k), goal.weights(frees).reshape(-1, k)])
    labels = [*names, *map(_label, goal.contrasts)]
    slope = np.asarray(slopes(frees, subjects.x))
    scaled = weights * slope[:, None, :]
    columns = {f.name: subjects.x[:, i] for i, f in enumerate(frees)}
    natural = unpack(frees, columns)
    truth = np.stack([np.asarray(natural[f.paths[0]]) for f in frees], axis=1)
    keys = named_keys(seed, [("design", "confirmed", str(i)) for i in range(n)])
    rows: list[dict[str, Any]] = []
    first = None
    for name, values in designs.items():
        given = {m: jnp.asarray(v, dtype=float) for m, v in values.items()}
        events = _played(design, subjects, given, keys)
        problem = subjects.problem(design, events)
        fisher = np.asarray(_informed(problem, subjects.x).fisher)
        variance = np.einsum("uck,ukl,ucl->uc", scaled, np.linalg.inv(fisher), scaled)
        worth = np.asarray(_criterion(subjects, goal, jnp.asarray(fisher)))
        half = 1.959963984540054 * worth.std() / np.sqrt(n)
        mean = float(worth.mean())
        ends = {"predicted_low": mean - half, "predicted_high": mean + half}
        first = worth if first is None else first
        told = {"predicted": mean, **ends, **_gain(first - worth)}
        rows.append({"design": name, "quantity": "criterion", "n": n, **told})
        if fit is not None:
            found = fit(problem, [("design", name, str(i)) for i in range(n)])
            squares = ((found.value - truth) @ weights.T) ** 2
        for i, label in enumerate(labels):
            rows.append(
                {"design": name, "quantity": label, "n": n}
                | _root("predicted", variance[:, i])
                | ({} if fit is None else _root("confirmed", squares[:, i]))
            )
    return pa.Table.from_pylist(rows, schema=_CONFIRMED)


_CONFIRMED = pa.schema(
    [("design", pa.string()), ("quantity", pa.string()), ("n", pa.int64())]
    + [
        (f"{kind}{end}", pa.float64())
        for kind in ("predicted", "confirmed", "gain")
        for end in ("", "_low", "_high")
    ]
)


def _label(contrast: Mapping[str, float]) -> str:
    parts = [(w, name if abs(w) == 1 else f"{abs(w):g} {name}") for name, w in contrast.items()]
    text = "".join(f" {'-' if w < 0 else '+'} {part}" for w, part in parts)
    return text.removeprefix(" + ").strip()


def _gain(less: Float[np.ndarray, " units"]) -> dict[str, float]:
    mean, half = less.mean(), 1.959963984540054 * less.std() / np.sqrt(len(less))
    return {"gain": float(mean), "gain_low": float(mean - half), "gain_high": float(mean + half)}


def _root(kind: str, squares: Float[np.ndarray, " units"]) -> dict[str, float]:
    """The root of a mean, with its 95 % interval."""
    mean, half = squares.mean(), 1.959963984540054 * squares.std() / np.sqrt(len(squares))
    ends = {"": mean, "_low": max(mean - half, 0.0), "_high": mean + half}
    return {f"{kind}{end}": float(np.sqrt(x)) for end, x in ends.items()}
