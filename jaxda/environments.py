"""Gymnasium both ways: the tasks as environments, and the models in any discrete environment.

Importing this module registers every task, `two_step` as `jaxda/TwoStep-v0`;
`gymnasium.make("jaxda.environments:jaxda/TwoStep-v0")` imports it by itself. `play` lets an
agent act in an environment of any origin and returns what happened as sessions, which can be
replayed and fitted like all others.
"""

import contextlib
import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import equinox as eqx
import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
from gymnasium import spaces
from jaxtyping import Array, Float, PRNGKeyArray

from . import _checks, catalog, listing
from .data.sessions import Label, Sessions
from .errors import Problem
from .keys import named_key, uniforms
from .models._base import AbstractModel
from .params import put, specs
from .rollout import Agent, AgentState, choose, learn, n_noise, noise_of, policy_of, start
from .tasks._base import Task
from .types import Env, Event, Offer, Outcome


# Bounds of a latency in seconds; an unbounded box cannot be sampled evenly.
_FASTEST, _SLOWEST = 1e-3, 1e3


def session_key(seed: int) -> PRNGKeyArray:
    """The key of the session that an environment or an agent begins with `seed`.

    Raises:
        ValueError: if `seed` is no integer from 0.
    """
    return named_key(_counted("seed", seed, 0), "session")


def environment_id(task: str) -> str:
    """The id of a task of the catalogue, `jaxda/TwoStep-v0` for `two_step`."""
    return f"jaxda/{''.join(word.capitalize() for word in task.split('_'))}-v0"


def register() -> None:
    """Register every task; those that are registered stay."""
    for task in catalog.names("tasks"):
        name = environment_id(task)
        if name not in gymnasium.registry:
            gymnasium.register(name, "jaxda.environments:TaskEnv", kwargs={"task": task})


def _said(value: Any) -> str:
    """A value as Python writes it, on one line that is not too long."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:59] + "…"


def _number(value: Any, *kinds: type) -> bool:
    """Whether a value is a single number of these NumPy kinds; truth values are none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = np.asarray(value)
    if not isinstance(value, np.generic | np.ndarray | jax.Array):
        return False
    return value.shape == () and any(jnp.issubdtype(value.dtype, kind) for kind in kinds)


def _whole(value: Any) -> int | None:
    """A whole number, also one of NumPy or JAX; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if _number(value, np.integer) else None


def _finite(value: Any) -> float | None:
    """A finite number, also one of NumPy or JAX; None for anything else."""
    number = float(value) if _number(value, np.integer, np.floating) else math.nan
    return number if math.isfinite(number) else None


def _counted(name: str, value: Any, least: int) -> int:
    """A setting that counts something.

    Raises:
        ValueError: if it is no whole number, or below `least`.
    """
    number = _whole(value)
    if number is None or number < least:
        raise ValueError(f"{name} is {_said(value)}; it is a whole number of at least {least}.")
    return number


def _range(space: spaces.Discrete) -> str:
    """What belongs to a space, in words."""
    first, last = int(space.start), int(space.start + space.n) - 1
    return f"an integer from {first} to {last}" if last > first else f"{first}, and nothing else"


def _member(space: spaces.Discrete, value: Any) -> int | None:
    """The place of a value in a space, from 0; None if it does not belong there."""
    number, first = _whole(value), int(space.start)
    return None if number is None or not 0 <= number - first < int(space.n) else number - first


class _Programs(NamedTuple):
    """What a task does, compiled: `begin(key)` and `step(...)`."""

    begin: Callable[..., Any]
    step: Callable[..., Any]


class _Here(NamedTuple):
    """Where a session is: what is known to the subject, and what is not."""

    world: Any
    offer: Offer
    plan: Any
    truth: dict[str, Array]


@functools.lru_cache(maxsize=64)
def _programs(task: Task, n_events: int) -> _Programs:
    env = task.env
    n_before = n_noise(env) + env.timed

    def here(world: Any, plan: Any, event: Any) -> _Here:
        plan = jax.tree.map(lambda x: x[event], plan)
        return _Here(world, task.offer(world, plan), plan, task.truth(world, plan))

    def begin(key: PRNGKeyArray) -> tuple[Any, _Here]:
        plan = task.plan(key, n_events)
        return plan, here(task.init(), plan, 0)

    def step(
        key: PRNGKeyArray, plan: Any, now: _Here, event: Any, action: Any, latency: Any
    ) -> tuple[Outcome, _Here]:
        # The same numbers that `simulate` would use for this event.
        draws = _uniforms(key, event, n_before + task.n_draws)[n_before:]
        did = jnp.asarray(action, dtype=int), jnp.asarray(latency, dtype=float)
        world, out = task.outcome(now.world, now.plan, now.offer, *did, draws)
        return out, here(world, plan, event + 1)

    return _Programs(jax.jit(begin), jax.jit(step))


def _uniforms(key: PRNGKeyArray, event: Any, n_draws: int) -> Float[Array, " draws"]:
    return uniforms(key[None], jnp.asarray(event, dtype=int)[None], n_draws)[0, :, 0]


def _tuples(value: Any) -> Any:
    """A setting as tasks hold it: lists and arrays are tuples, numbers those of Python."""
    if isinstance(value, np.generic | np.ndarray | jax.Array):
        value = value.tolist()
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value


def _built(task: Any, settings: Mapping[str, Any]) -> Task:
    """A task of the catalogue.

    Raises:
        ValueError: if there is none of this name, or a setting is wrong.
    """
    known = catalog.names("tasks")
    if task not in known:
        raise ValueError(f"no task called {_said(task)}; {catalog.did_you_mean(str(task), known)}")
    card = catalog.describe("tasks", task)
    plain = {name: _tuples(value) for name, value in settings.items()}
    for name in plain:
        if name not in card.settings:
            near = catalog.did_you_mean(name, [*card.settings, "n_trials"])
            raise ValueError(f"{task!r} has no setting {name!r}; {near}")
    faults: list[Problem] = []
    # What a configuration may say, no more and no less.
    say = lambda loc, found, right: faults.append(Problem(".".join(map(str, loc)), found, right))
    _checks.check_settings(card, plain, (task,), say)
    if faults:
        raise ValueError("\n".join(map(str, faults)))
    return catalog.load("tasks", task)(**plain)


class TaskEnv(gymnasium.Env[Any, Any]):
    """A task of the catalogue as a Gymnasium environment.

    `settings` are those of the task; lists and arrays will do for tuples. A session has
    `n_trials` trials; then it is `truncated`. A decision process (kind `mdp`) instead has one
    episode per trial, `terminated` at its goal; `reset()` goes on with the next trial of the
    session, so that what a plan changes between trials is met, and after the last one begins
    another session.

    An observation is the cue, `Discrete(n_cues)`. Where more is shown it is a `Dict` of `cue`,
    `options` (the item that each action would take), `context` and `fresh` (1 where a block
    with new material begins), those of them that the task has. An action is `Discrete`; where
    its latency counts it is a `Dict` of `action` and `latency`, in seconds. In a task without
    anything to choose (conditioning, prediction) it is `Discrete(1)`: 0 is to watch.

    `info["truth"]` is what is behind the event that is now offered, by name (see `truth` of the
    task): numbers, or arrays of one number per arm. `info` also says `trial` (from 1) and
    `onset` of that event. After a step it says of the event before
    what the reward does not: `feedback` (False: the reward was not shown), `terminal`, `elapsed`,
    the seconds until the next event, and `valid` (False: the press came after the end of the
    session, is no event, and brings 0).

    `reset(seed=...)` begins a session with the key `session_key(seed)`: the same cues and
    rewards as `rollout.simulate` gives for that key and the same actions. Without a seed the
    key is drawn from `np_random`; `reset(options={"key": key})` takes a key.

    Raises:
        ValueError: if `task`, `n_trials` or a setting is wrong; in `reset`, if an option is.
        gymnasium.error.InvalidAction: in `step`, if the action is not in the space; a latency
            may be any finite number above 0.
        gymnasium.error.ResetNeeded: in `step`, if no episode is under way.
    """

    metadata = {"render_modes": []}  # noqa: RUF012

    def __init__(self, task: str, n_trials: int = 100, **settings: Any):
        self.task: Task = _built(task, settings)
        self.n_trials = n_trials = _counted("n_trials", n_trials, 1)
        self._n_events = self.task.events_for(n_trials)
        # What comes after the last event is still shown.
        self._run = _programs(self.task, self._n_events + 1)
        env = self.task.env
        shown = jax.eval_shape(self._run.begin, session_key(0))[1].offer
        parts: dict[str, spaces.Space[Any]] = {"cue": spaces.Discrete(env.n_cues)}
        # In these kinds the cue says which items are on offer.
        if shown.options is not None and self.task.kind not in ("mdp", "go_nogo", "set_size"):
            parts["options"] = spaces.MultiDiscrete([env.n_items] * env.n_actions)
        if shown.context is not None:
            # The record holds a number whose range only the task knows.
            parts["context"] = spaces.Box(0, np.iinfo(np.int32).max, (), np.int64)
        if shown.fresh is not None:
            parts["fresh"] = spaces.Discrete(2)
        self._shown = tuple(parts)
        self.observation_space = parts["cue"] if len(parts) == 1 else spaces.Dict(parts)
        action: spaces.Space[Any] = spaces.Discrete(env.n_actions)
        if env.timed:
            latency = spaces.Box(_FASTEST, _SLOWEST, (), np.float64)
            action = spaces.Dict({"action": action, "latency": latency})
        self.action_space = action
        self._over = self._spent = True

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        # First, so that a call that is refused changes nothing.
        key = _key_in(options)
        super().reset(seed=seed)
        goes_on = self._over and not self._spent
        if seed is not None or key is not None or not goes_on:
            if key is None:
                key = session_key(int(self.np_random.integers(2**31)) if seed is None else seed)
            self._key, self._event, self._trial = key, 0, 0
            self._plan, self._now = self._run.begin(key)
        self._trial += 1
        self._over = self._spent = False
        here = jax.device_get(self._now)
        return self._observation(here), self._info(here)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        if self._over:
            raise gymnasium.error.ResetNeeded("no episode is under way; call reset().")
        did = self._checked(action)
        out, self._now = self._run.step(self._key, self._plan, self._now, self._event, *did)
        self._event += 1
        out, here = jax.device_get((out, self._now))
        ended, goal_ends = bool(here.offer.onset), self.task.kind == "mdp"
        terminated = goal_ends and bool(out.terminal)
        self._spent = (
            not out.valid
            or self._event >= self._n_events
            or (ended and self._trial >= self.n_trials)
        )
        self._over = self._spent or (goal_ends and ended) or terminated
        if ended and not self._over:
            self._trial += 1
        info = self._info(here) | {
            "feedback": bool(out.feedback),
            "terminal": bool(out.terminal),
            "elapsed": float(out.elapsed),
            "valid": bool(out.valid),
        }
        reward = float(out.reward) if out.valid else 0.0
        return self._observation(here), reward, terminated, self._over and not terminated, info

    def _checked(self, action: Any) -> tuple[int, float]:
        space, place, latency = self.action_space, action, 1.0
        if isinstance(space, spaces.Dict):
            if not isinstance(action, Mapping) or set(action) != set(space):
                raise gymnasium.error.InvalidAction(
                    f"the action is {_said(action)}; it is a dict of 'action' and 'latency', such "
                    "as {'action': 0, 'latency': 1.0}."
                )
            space, place, latency = space["action"], action["action"], action["latency"]
        assert isinstance(space, spaces.Discrete)
        index, seconds = _member(space, place), _finite(latency)
        if index is None:
            raise gymnasium.error.InvalidAction(
                f"the action is {_said(place)}; it is {_range(space)}."
            )
        if seconds is None or seconds <= 0:
            raise gymnasium.error.InvalidAction(
                f"the latency is {_said(latency)}; it is a finite number of seconds above 0."
            )
        return index, seconds

    def _observation(self, here: _Here) -> Any:
        seen = {n: np.array(getattr(here.offer, n), np.int64) for n in self._shown}
        # A number of a `Box` is an array, any other one a scalar.
        seen = {n: x if n == "context" else x[()] for n, x in seen.items()}
        return seen["cue"] if len(seen) == 1 else seen

    def _info(self, here: _Here) -> dict[str, Any]:
        truth = {name: np.array(x)[()] for name, x in here.truth.items()}
        return {"truth": truth, "trial": self._trial, "onset": bool(here.offer.onset)}


def _key_in(options: Any) -> PRNGKeyArray | None:
    """The key among the options of a reset.

    Raises:
        ValueError: if there are other options, or the key is none.
    """
    if options is None:
        return None
    if not isinstance(options, Mapping):
        raise ValueError(f"options is {_said(options)}; it is a dict, such as {{'key': key}}.")
    for name in options:
        if name != "key":
            near = catalog.did_you_mean(str(name), ["key"])
            raise ValueError(f"there is no option {_said(name)}; {near}")
    if "key" not in options:
        return None
    key = options["key"]
    typed = isinstance(key, jax.Array) and jnp.issubdtype(key.dtype, jax.dtypes.prng_key)
    if not (typed and key.shape == ()):
        raise ValueError(
            f"the option key is {_said(key)}; it is one key, such as session_key(1) or "
            "jax.random.key(1); for a number there is reset(seed=...)."
        )
    return key


class _Step(NamedTuple):
    """A step in an environment, in plain numbers, or many of them as arrays."""

    cue: Any
    onset: Any
    action: Any
    reward: Any
    successor: Any
    terminal: Any
    feedback: Any
    elapsed: Any
    valid: Any


# What comes before the first step: nothing is learned from it.
_NOTHING = _Step(0, False, 0, 0.0, 0, False, False, 1.0, False)


class _Met(NamedTuple):
    """An environment as an agent meets it; `own` says that it is one of this module."""

    env: Env
    states: spaces.Discrete
    actions: spaces.Discrete
    own: bool


def play(
    agent: Agent,
    environment: gymnasium.Env[Any, Any] | str,
    n_episodes: int,
    seed: int,
    *,
    values: Mapping[str, Any] | None = None,
    max_steps: int | None = None,
    subject: str = "1",
    session: str = "1",
) -> Sessions:
    """Let an agent act in a Gymnasium environment for `n_episodes`: one session `[events, 1]`.

    The states of the environment are cues; item `state * n_actions + action` is an action in a
    state. Every step is an event, `onset` marks the first of an episode, and an episode that is
    truncated, or given up after `max_steps`, ends without `terminal`. What was learned is kept
    from one episode to the next. Actions are drawn with the numbers that `rollout.simulate`
    takes for `session_key(seed)`, so an environment of this module gives that very session.
    In one without anything to choose, an episode is a whole session.

    `environment` may be an id. `values` are natural parameter values by path (`model.alpha`).
    The label of the session has the dose of the agent's lesion. `data.sessions.to_table` makes
    the long table of it.

    Raises:
        TypeError: if `agent` is no agent, `environment` no environment, or `values` no mapping.
        ValueError: if a space is not `Discrete`, the model does not do such a task, a number or
            a parameter is wrong, or the environment leaves its space.
    """
    if not (isinstance(agent, Agent) and isinstance(agent.model, AbstractModel)):
        near = "; did you mean Agent(model)?" if isinstance(agent, AbstractModel) else "."
        raise TypeError(f"agent is {_said(agent)}; it is an Agent of a model{near}")
    if not isinstance(environment, str | gymnasium.Env):
        raise TypeError(
            f"environment is {_said(environment)}; it is a gymnasium.Env, or the id of one."
        )
    n_episodes, seed = _counted("n_episodes", n_episodes, 1), _counted("seed", seed, 0)
    if max_steps is not None:
        max_steps = _counted("max_steps", max_steps, 1)
    agent = put(agent, _placed(agent, {} if values is None else values))
    opened = (
        gymnasium.make(environment)
        if isinstance(environment, str)
        else contextlib.nullcontext(environment)
    )
    with opened as world:
        met = _met(agent, world)
        steps = _acted(agent, world, met, n_episodes, seed, max_steps)
    events = _event(met.env, _Step(*map(np.asarray, zip(*steps, strict=True))))
    label = Label(float(agent.lesion.dose), subject, session)
    # One session, so one lane.
    return Sessions(met.env, jax.tree.map(lambda x: x[..., None], events), [label])


def _placed(agent: Agent, values: Any) -> dict[str, Array]:
    """Parameter values by path, as arrays.

    Raises:
        TypeError: if they are no mapping.
        ValueError: if there is no such parameter, or a value is outside its domain.
    """
    if not isinstance(values, Mapping):
        raise TypeError(f"values is {_said(values)}; it is a dict, such as {{'model.beta': 5.0}}.")
    table, out = specs(agent), {}
    for path, value in values.items():
        if path not in table:
            same = [p for p in table if p.endswith(f".{path}")]
            near = f"did you mean {same[0]!r}?" if same else catalog.did_you_mean(str(path), table)
            raise ValueError(f"the agent has no parameter {_said(path)}; {near}")
        domain, number = table[path].domain, _finite(value)
        if number is None or not domain.lower <= number <= domain.upper:
            right = f"one number in {listing.interval((domain.lower, domain.upper))}"
            raise ValueError(f"{path} is {_said(value)}; it is {right}.")
        out[path] = jnp.asarray(number, dtype=float)
    return out


def _acted(
    agent: Agent,
    world: gymnasium.Env[Any, Any],
    met: _Met,
    n_episodes: int,
    seed: int,
    max_steps: int | None,
) -> list[_Step]:
    env = met.env
    state, before, key = _begin(agent, env), _NOTHING, session_key(seed)
    done: list[_Step] = []
    for episode in range(n_episodes):
        begun = world.reset(seed=seed if episode == 0 else None)
        seen, _ = _parts(begun, "reset", "observation, info")
        here = _state(met, seen, len(done))
        onset, over, steps = True, False, 0
        while not over:
            state, chosen = _turn(agent, env, state, before, here, onset, key, len(done))
            action = int(chosen)
            given = world.step(int(met.actions.start) + action)
            seen, reward, terminated, truncated, info = _parts(given, "step", _STEP)
            steps += 1
            over = terminated or truncated or steps == max_steps
            number = _reward(reward, len(done) + 1)
            successor = _state(met, seen, len(done) + 1)
            told = info if met.own else {}
            before = _Step(
                here,
                onset,
                action,
                number,
                successor,
                told.get("terminal", bool(terminated)),
                told.get("feedback", True),
                told.get("elapsed", 1.0),
                told.get("valid", True),
            )
            done.append(before)
            onset, here = told.get("onset", False), successor
    return done


_STEP = "observation, reward, terminated, truncated, info"


def _parts(given: Any, call: str, names: str) -> tuple[Any, ...]:
    """What an environment gave, taken apart.

    Raises:
        ValueError: if it is not as Gymnasium has it.
    """
    if not isinstance(given, tuple) or len(given) != names.count(",") + 1:
        raise ValueError(f"{call} of the environment gave {_said(given)}; it gives ({names}).")
    return given


def _state(met: _Met, seen: Any, n_steps: int) -> int:
    """The state, from 0, that an observation tells.

    Raises:
        ValueError: if the observation is outside its space.
    """
    state = _member(met.states, seen)
    if state is None:
        raise ValueError(
            f"after {_steps(n_steps)} the environment gave the observation {_said(seen)}, outside "
            f"its space; it is {_range(met.states)}."
        )
    return state


def _reward(given: Any, n_steps: int) -> float:
    """A reward as a number.

    Raises:
        ValueError: if it is not finite.
    """
    # An environment may say whether there was one.
    number = _finite(float(given) if isinstance(given, bool | np.bool_) else given)
    if number is None:
        raise ValueError(
            f"after {_steps(n_steps)} the environment gave the reward {_said(given)}; it is a "
            "finite number."
        )
    return number


def _steps(n: int) -> str:
    return f"{n} step{'s' * (n != 1)}"


def _event(env: Env, step: _Step) -> Event:
    whole, real = lambda x: jnp.asarray(x, dtype=int), lambda x: jnp.asarray(x, dtype=float)
    offer = _offer(env, step.cue, step.onset)
    return Event(
        cue=offer.cue,
        options=offer.options,
        onset=offer.onset,
        action=whole(step.action),
        choice=jnp.full_like(offer.onset, env.acts),
        latency=jnp.ones_like(real(step.reward)),
        reward=real(step.reward),
        successor=whole(step.successor),
        terminal=jnp.asarray(step.terminal),
        feedback=jnp.asarray(step.feedback),
        elapsed=real(step.elapsed),
        valid=jnp.asarray(step.valid),
    )


def _offer(env: Env, cue: Any, onset: Any) -> Offer:
    cue = jnp.asarray(cue, dtype=int)
    options = None
    if env.n_items > env.n_actions:
        options = cue[..., None] * env.n_actions + jnp.arange(env.n_actions)
    return Offer(cue, options, jnp.asarray(onset))


def _met(agent: Agent, world: gymnasium.Env[Any, Any]) -> _Met:
    """What `agent` meets in an environment.

    Raises:
        ValueError: if it cannot act there.
    """
    inner, kinds = world.unwrapped, agent.model.tasks
    task = inner.task if isinstance(inner, TaskEnv) else None
    seen, done = world.observation_space, world.action_space
    if not (isinstance(seen, spaces.Discrete) and isinstance(done, spaces.Discrete)):
        instead = "play the task by rollout.simulate" if task else "wrap it until they are"
        raise ValueError(
            f"observations are {seen} and actions {done}; both are to be Discrete: {instead}."
        )
    n_states, n_actions = int(seen.n), int(done.n)
    kind = task.kind if task else "mdp"
    if task is None and n_states == 1 and "mdp" not in kinds:
        kind = "choice"
    if kind not in kinds:
        raise ValueError(
            f"{type(agent.model).__name__} does tasks of kind {', '.join(kinds)}; this "
            f"environment with {n_states} states is of kind {kind}."
        )
    env = Env(
        n_cues=n_states,
        n_items=n_actions if kind == "choice" else n_states * n_actions,
        n_actions=n_actions,
        sequential=kind == "mdp",
    )
    if task is not None and not task.env.acts:
        # What a subject of it sees of a cue is not to be had from the spaces.
        env = task.env
    return _Met(env, seen, done, task is not None)


@jax.jit
def _begin(agent: Agent, env: Env) -> AgentState:
    return start(_hurt(agent), env)


@jax.jit
def _turn(
    agent: Agent,
    env: Env,
    state: AgentState,
    before: _Step,
    cue: Any,
    onset: Any,
    key: PRNGKeyArray,
    index: Any,
) -> tuple[AgentState, Array]:
    """Learn from the step before, and choose in the step that has this index."""
    agent, event = _hurt(agent), _event(env, before)
    state, _ = learn(agent, state, event, policy_of(agent, state, event.offer))
    logits = policy_of(agent, state, _offer(env, cue, onset)).logits
    draws = _uniforms(key, index, n_noise(env))
    return state, choose(logits, noise_of(env, draws))


def _hurt(agent: Agent) -> Agent:
    """The agent after its lesion."""
    return eqx.tree_at(lambda a: a.model, agent, agent.lesion.tissue(agent.model))


register()
