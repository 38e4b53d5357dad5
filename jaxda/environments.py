"""Gymnasium both ways: the tasks as environments, and the models in any discrete environment.

Importing this module registers every task that has something to choose, as `jaxda/TwoStep-v0`
for the task `two_step`; `gymnasium.make("jaxda.environments:jaxda/TwoStep-v0")` imports it by
itself. `play` lets an agent act in an environment of any origin and returns what happened as
sessions, which can be replayed and fitted like all others.
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

from . import catalog, listing
from .data.sessions import Label, Sessions
from .keys import named_key, uniforms
from .params import put
from .rollout import Agent, AgentState, choose, learn, n_noise, noise_of, policy_of, start
from .tasks._base import Task
from .types import Env, Event, Offer, Outcome


# Bounds of a latency in seconds; an unbounded box cannot be sampled evenly.
_FASTEST, _SLOWEST = 1e-3, 1e3


def session_key(seed: int) -> PRNGKeyArray:
    """The key of the session that an environment or an agent begins with `seed`."""
    return named_key(seed, "session")


def environment_id(task: str) -> str:
    """The id of a task of the catalogue, `jaxda/TwoStep-v0` for `two_step`."""
    return f"jaxda/{''.join(word.capitalize() for word in task.split('_'))}-v0"


def register() -> None:
    """Register every task that has something to choose; those that are registered stay."""
    for task in catalog.names("tasks"):
        name = environment_id(task)
        if listing.acts(catalog.describe("tasks", task)) and name not in gymnasium.registry:
            gymnasium.register(name, "jaxda.environments:TaskEnv", kwargs={"task": task})


class _Programs(NamedTuple):
    """What a task does, compiled: `begin(key)` and `step(...)`."""

    begin: Callable[..., Any]
    step: Callable[..., Any]


class _Here(NamedTuple):
    """Where a session is: what is known to the subject, and what is not."""

    world: Any
    offer: Offer
    truth: Any


@functools.lru_cache(maxsize=64)
def _programs(task: Task, n_events: int) -> _Programs:
    env = task.env
    n_before = n_noise(env) + env.timed

    def here(world: Any, plan: Any, event: Any) -> _Here:
        truth = jax.tree.map(lambda x: x[event], plan)
        return _Here(world, task.offer(world, truth), truth)

    def begin(key: PRNGKeyArray) -> tuple[Any, _Here]:
        plan = task.plan(key, n_events)
        return plan, here(task.init(), plan, 0)

    def step(
        key: PRNGKeyArray, plan: Any, now: _Here, event: Any, action: Any, latency: Any
    ) -> tuple[Outcome, _Here]:
        # The same numbers that `simulate` would use for this event.
        draws = _uniforms(key, event, n_before + task.n_draws)[n_before:]
        did = jnp.asarray(action, dtype=int), jnp.asarray(latency, dtype=float)
        world, out = task.outcome(now.world, now.truth, now.offer, *did, draws)
        return out, here(world, plan, event + 1)

    return _Programs(jax.jit(begin), jax.jit(step))


def _uniforms(key: PRNGKeyArray, event: Any, n_draws: int) -> Float[Array, " draws"]:
    return uniforms(key[None], jnp.asarray(event, dtype=int)[None], n_draws)[0, :, 0]


class TaskEnv(gymnasium.Env[Any, Any]):
    """A task of the catalogue with something to choose, as a Gymnasium environment.

    `settings` are those of the task. A session has `n_trials` trials; then it is `truncated`. A
    decision process (kind `mdp`) instead has one episode per trial, `terminated` at its goal;
    `reset()` goes on with the next trial of the session, so that what a plan changes between
    trials is met, and after the last one begins another session.

    An observation is the cue, `Discrete(n_cues)`. Where more is shown it is a `Dict` of `cue`,
    `options` (the item that each action would take), `context` and `fresh` (1 where a block
    with new material begins), those of them that the task has. An action is `Discrete`; where
    its latency counts it is a `Dict` of `action` and `latency`, in seconds.

    `info["plan"]` is the latent truth of the event that is now offered, by name; `info` also
    says `trial` (from 1) and `onset` of that event. After a step it says of the event before
    what the reward does not: `feedback` (False: the reward was not shown), `terminal`, `elapsed`,
    the seconds until the next event, and `valid` (False: the press came after the end of the
    session, is no event, and brings 0).

    `reset(seed=...)` begins a session with the key `session_key(seed)`: the same cues and
    rewards as `rollout.simulate` gives for that key and the same actions. Without a seed the
    key is drawn from `np_random`; `reset(options={"key": key})` takes a key.
    """

    metadata = {"render_modes": []}  # noqa: RUF012

    def __init__(self, task: str, n_trials: int = 100, **settings: Any):
        card = catalog.describe("tasks", task)
        if not listing.acts(card):
            raise ValueError(f"there is nothing to choose in {task!r}; use rollout.simulate.")
        for name in settings:
            if name not in card.settings:
                near = catalog.did_you_mean(name, [*card.settings, "n_trials"])
                raise ValueError(f"{task!r} has no setting {name!r}; {near}")
        if n_trials < 1:
            raise ValueError(f"n_trials is {n_trials}; a session has at least 1.")
        self.task: Task = catalog.load("tasks", task)(**settings)
        self.n_trials = n_trials
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
        super().reset(seed=seed)
        key = (options or {}).get("key")
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
            raise gymnasium.error.ResetNeeded("the episode is over; call reset().")
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
        env = self.task.env
        place, latency = (action["action"], action["latency"]) if env.timed else (action, 1.0)
        if not 0 <= int(place) < env.n_actions:
            raise gymnasium.error.InvalidAction(
                f"action {place}; there are 0 to {env.n_actions - 1}."
            )
        if not (math.isfinite(latency) and latency > 0):
            raise gymnasium.error.InvalidAction(f"latency {latency}; it is seconds above 0.")
        return int(place), float(latency)

    def _observation(self, here: _Here) -> Any:
        seen = {n: np.array(getattr(here.offer, n), np.int64) for n in self._shown}
        # A number of a `Box` is an array, any other one a scalar.
        seen = {n: x if n == "context" else x[()] for n, x in seen.items()}
        return seen["cue"] if len(seen) == 1 else seen

    def _info(self, here: _Here) -> dict[str, Any]:
        leaves, _ = jax.tree_util.tree_flatten_with_path(here.truth)
        name = lambda path: jax.tree_util.keystr(path, simple=True, separator=".") or "plan"
        plan = {name(path): np.array(x)[()] for path, x in leaves}
        return {"plan": plan, "trial": self._trial, "onset": bool(here.offer.onset)}


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
    """An environment as an agent meets it; `state` and `action` are the first of each."""

    env: Env
    state: int
    action: int
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

    `environment` may be an id. `values` are natural parameter values by path (`model.alpha`).
    The label of the session has the dose of the agent's lesion. `data.sessions.to_table` makes
    the long table of it.

    Raises:
        ValueError: if a space is not `Discrete`, or the model does not do such a task.
    """
    if n_episodes < 1 or (max_steps is not None and max_steps < 1):
        raise ValueError(f"{n_episodes} episodes of {max_steps} steps; each is at least 1.")
    opened = (
        gymnasium.make(environment)
        if isinstance(environment, str)
        else contextlib.nullcontext(environment)
    )
    agent = put(agent, {n: jnp.asarray(v, dtype=float) for n, v in (values or {}).items()})
    with opened as world:
        met = _met(agent, world)
        steps = _acted(agent, world, met, n_episodes, seed, max_steps)
    events = _event(met.env, _Step(*map(np.asarray, zip(*steps, strict=True))))
    label = Label(float(agent.lesion.dose), subject, session)
    # One session, so one lane.
    return Sessions(met.env, jax.tree.map(lambda x: x[..., None], events), [label])


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
        cue, _ = world.reset(seed=seed if episode == 0 else None)
        onset, over, steps = True, False, 0
        while not over:
            here = int(cue) - met.state
            state, chosen = _turn(agent, env, state, before, here, onset, key, len(done))
            action = int(chosen)
            cue, reward, terminated, truncated, info = world.step(met.action + action)
            steps += 1
            over = terminated or truncated or steps == max_steps
            if not math.isfinite(reward):
                raise ValueError(f"the environment gave the reward {reward} in step {len(done)}.")
            told = info if met.own else {}
            before = _Step(
                here,
                onset,
                action,
                float(reward),
                int(cue) - met.state,
                told.get("terminal", bool(terminated)),
                told.get("feedback", True),
                told.get("elapsed", 1.0),
                told.get("valid", True),
            )
            done.append(before)
            onset = told.get("onset", False)
    return done


def _event(env: Env, step: _Step) -> Event:
    whole, real = lambda x: jnp.asarray(x, dtype=int), lambda x: jnp.asarray(x, dtype=float)
    offer = _offer(env, step.cue, step.onset)
    return Event(
        cue=offer.cue,
        options=offer.options,
        onset=offer.onset,
        action=whole(step.action),
        choice=jnp.ones_like(offer.onset),
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
    return _Met(env, int(seen.start), int(done.start), task is not None)


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
