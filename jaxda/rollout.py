"""An agent meeting a task (`simulate`) or a record of one (`replay`).

Both scan the same `learn`, so a simulator that disagrees with its own likelihood cannot be
written. Models and tasks are written for one session; all sessions of a batch advance together
as *lanes*, the last axis of every array that goes in or comes out (see `jaxda.lanes`).
"""

from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from .habits._base import AbstractHabit
from .keys import gumbel, logistic, uniforms
from .lanes import Recorded, Spread, evaluate, spread, spread_events, stacked, widen
from .lesions._base import AbstractLesion, check_targets
from .lesions.intact import Intact
from .models._base import Model
from .observations import latency as latency_observation
from .observations._base import AbstractObservation
from .params import put
from .platform import shapes
from .tasks._base import Task
from .types import Env, Event, Offer, Policy, Readout, pick


Values = Mapping[str, Float[Array, "..."]]
Record = Callable[[Event, Readout], Any]
# From a total, an event and what was behind it to the next total.
Fold = Callable[[Any, Event, Readout, dict[str, Array]], Any]


class Agent(eqx.Module):
    """A model with its habits, after an accident.

    Habits that mix policies act after those that add to them.
    """

    model: Model
    lesion: AbstractLesion = Intact()
    habits: dict[str, AbstractHabit] = eqx.field(default_factory=dict)

    def __check_init__(self):
        check_targets(self.lesion, self.model)


class AgentState(eqx.Module):
    """What an agent carries from event to event."""

    model: Any
    habits: dict[str, Any]


def start(agent: Agent, env: Env) -> AgentState:
    """State before the first event."""
    habits = {name: habit.init(env) for name, habit in agent.habits.items()}
    return AgentState(agent.model.init(env), habits)


def _refreshed(agent: Agent, env: Env, state: AgentState, offer: Offer) -> AgentState:
    """The state that meets `offer`: a new one where a block with new material begins."""
    fresh = offer.fresh
    if fresh is None:
        return state
    return jax.tree.map(lambda n, o: jnp.where(fresh, n, o), start(agent, env), state)


def policy_of(agent: Agent, state: AgentState, offer: Offer) -> Policy:
    """What model and habits together would do."""
    policy = agent.model.policy(state.model, offer)
    logits = policy.logits
    # A dict comes back sorted from any transform, so the order is a property of the habits.
    for name, habit in sorted(agent.habits.items(), key=lambda item: item[1].mixes):
        logits = habit.bias(state.habits[name], offer, logits)
    return Policy(logits, policy.latency)


def n_noise(env: Env) -> int:
    """Random numbers that a choice takes: one between two actions, else one per action."""
    return env.n_actions if env.n_actions > 2 else 1


def noise_of(env: Env, uniform: Float[Array, "..."]) -> Float[Array, "..."]:
    """Uniform numbers as noise on the scale of logits."""
    return (logistic if env.n_actions == 2 else gumbel)(uniform)


def choose(logits: Float[Array, "actions"], noise: Float[Array, "noise"]) -> Int[Array, ""]:
    """An action drawn by Gumbel-max; between two the difference of two Gumbels is one logistic."""
    if logits.shape[0] > 2:
        return jnp.argmax(logits + noise)
    if logits.shape[0] == 2:
        return (logits[1] + noise[0] > logits[0]).astype(int)
    return jnp.zeros((), int)


def learn(
    agent: Agent, state: AgentState, event: Event, policy: Policy
) -> tuple[AgentState, Readout]:
    """The one body of a scan: what is broadcast, what arrives, and what is learned from it."""
    rpe = agent.model.rpe(state.model, event)
    dopamine = agent.lesion.signal(agent.model, rpe, event)
    new = agent.model.update(state.model, event, dopamine)
    taught, acted = event.valid & event.feedback, event.valid & event.choice
    keep = lambda flag: lambda n, o: jnp.where(flag, n, o)
    habits = {
        name: jax.tree.map(keep(acted), habit.update(state.habits[name], event), state.habits[name])
        for name, habit in agent.habits.items()
    }
    readout = Readout(policy, rpe, dopamine, agent.model.latents(state.model, event.offer))
    return AgentState(jax.tree.map(keep(taught), new, state.model), habits), readout


def _placed(agent: Agent, values: Values | None, n_lanes: int) -> Any:
    """The agent with `values` put in, after its lesion, spread over lanes."""

    def place(here: Mapping[str, Float[Array, ""]]) -> Agent:
        placed = put(agent, here)
        return eqx.tree_at(lambda a: a.model, placed, placed.lesion.tissue(placed.model))

    values = {name: jnp.asarray(v) for name, v in (values or {}).items()}
    return evaluate(place, n_lanes, {n: spread(v, v.ndim > 0) for n, v in values.items()})


def _everything(event: Event, readout: Readout) -> tuple[Event, Readout]:
    return event, readout


def simulate(
    agent: Agent,
    task: Task,
    keys: Key[Array, " lanes"],
    n_events: int,
    values: Values | None = None,
    *,
    record: Record = _everything,
    truth: bool = False,
    tally: tuple[Any, Fold] | None = None,
) -> Any:
    """Play `n_events` of `task` in as many sessions as there are `keys`.

    `values` are natural parameter values by path (`model.alpha`, `lesion.dose`), one per lane
    or a scalar; what is not named keeps the agent's own value. Returns what `record` keeps of
    `(event, readout)`: all of it by default, arrays `[events, ..., lanes]`. With `truth` it
    returns a pair of this and what the task says was behind each event (`task.truth`), by name,
    arrays `[events, ..., lanes]` as well. With a `tally` of one session, `(total, fold)`, it
    returns a pair of all this and the total `[..., lanes]` after `total = fold(total, event,
    readout, truth)` of every event, for which nothing needs to be stored.

    Raises:
        ValueError: if the model cannot do a task of this kind.
    """
    can = type(agent.model).tasks
    if task.kind not in can:
        raise ValueError(
            f"{type(agent.model).__name__} cannot do a {task.kind} task "
            f"({type(task).__name__}); it does {', '.join(can)}."
        )
    n_lanes, env = keys.shape[0], task.env
    placed = _placed(agent, values, n_lanes)
    n_choice = n_noise(env)
    n_draws = n_choice + env.timed + task.n_draws
    # Noise is a function of (key, event), so the size of a block changes no number.
    most = shapes().noise_block
    size = next((b for b in range(most, most // 2 - 1, -1) if n_events % b == 0), most)
    if not (env.acts or task.n_draws):
        # Without noise one block will do, and nothing is stored in a block before the whole.
        size = n_events
    n_blocks = -(-n_events // size)
    planned = evaluate(lambda key: task.plan(key, n_blocks * size), n_lanes, spread(keys))
    plan = stacked(planned, n_lanes)

    total, fold = tally or ((), None)

    def act(agent: Agent, carry: tuple[AgentState, Any, Any], at: Any) -> Any:
        (state, world, total), (plan, draws, inside) = carry, at
        offer = task.offer(world, plan)
        state = _refreshed(agent, env, state, offer)
        policy = policy_of(agent, state, offer)
        action = choose(policy.logits, draws[:n_choice])
        latency = jnp.ones(())
        if env.timed:
            law = policy.latency
            assert law is not None, "a timed task needs a model with a latency law"
            chosen = jax.tree.map(lambda each: pick(each, action), law)
            latency = latency_observation.draw(chosen, draws[n_choice])
        rest = draws[n_choice + env.timed :]
        behind = task.truth(world, plan) if truth or fold else {}
        world, out = task.outcome(world, plan, offer, action, latency, rest)
        event = Event(
            cue=offer.cue,
            options=offer.options,
            onset=offer.onset,
            action=action,
            choice=jnp.asarray(env.acts),
            latency=latency,
            reward=out.reward,
            successor=out.successor,
            terminal=out.terminal,
            feedback=out.feedback,
            elapsed=out.elapsed,
            valid=out.valid,
            fresh=offer.fresh,
            context=offer.context,
        )
        state, readout = learn(agent, state, event, policy)
        kept = record(event, readout)
        if fold:
            new = fold(total, event, readout, behind)
            keep = lambda n, o: n if inside is None else jnp.where(inside, n, o)
            total = jax.tree.map(keep, new, total)
        return (state, world, total), (kept, behind) if truth else kept

    recorded = Recorded()

    def step(carry: Any, at: Any) -> Any:
        carry, kept = evaluate(act, n_lanes, placed, carry, at)
        return widen(carry, n_lanes), recorded.keep(kept, at[0], n_lanes)

    def block(carry: Any, at: Any) -> Any:
        first, plan = at
        draws = uniforms(keys, first + jnp.arange(size), n_draws)
        noise = noise_of(env, draws[:, :n_choice])
        draws = jnp.concatenate([noise, draws[:, n_choice:]], axis=1)
        # Of a last block that is not full, the rest counts nowhere.
        inside = None
        if n_events % size:
            inside = Spread((first + jnp.arange(size) < n_events,), ())
        at = (*spread_events((plan, draws)), inside)
        return jax.lax.scan(step, carry, at, unroll=shapes().unroll)

    opens = lambda a: (start(a, env), task.init(), total)
    begin = widen(evaluate(opens, n_lanes, placed), n_lanes)
    if n_blocks == 1:
        end, stored = block(begin, (jnp.zeros((), int), plan))
    else:
        blocked = jax.tree.map(lambda x: x.reshape(n_blocks, size, *x.shape[1:]), plan)
        end, out = jax.lax.scan(block, begin, (jnp.arange(n_blocks) * size, blocked))
        stored = [x.reshape(-1, *x.shape[2:]) for x in out]
    out = recorded.whole(stored, spread_events(plan), n_blocks * size, n_lanes)
    out = jax.tree.map(lambda x: x[:n_events] if n_events % size else x, out)
    return (out, stacked(end[2], n_lanes)) if fold else out


def opening(agent: Agent, env: Env, values: Values | None, n_lanes: int) -> tuple[Any, Any]:
    """The placed agent and its state before the first event, as trees of `Spread`."""
    placed = _placed(agent, values, n_lanes)
    return placed, widen(evaluate(lambda a: start(a, env), n_lanes, placed), n_lanes)


def glance(
    placed: Any, env: Env, state: Any, event: Any, n_lanes: int, record: Record
) -> tuple[Any, Any]:
    """Show one event to a placed agent: the next state, and what `record` keeps of it.

    Everything is a tree of `Spread`.
    """

    def see(agent: Agent, state: AgentState, event: Event) -> Any:
        state = _refreshed(agent, env, state, event.offer)
        state, readout = learn(agent, state, event, policy_of(agent, state, event.offer))
        return state, record(event, readout)

    state, kept = evaluate(see, n_lanes, placed, state, event)
    return widen(state, n_lanes), kept


def replay(
    agent: Agent,
    env: Env,
    events: Event,
    values: Values | None = None,
    *,
    record: Record = lambda event, readout: readout,
) -> Any:
    """Show recorded `events [events, ..., lanes]` to the agent: what it would have computed."""
    n_events, n_lanes = events.valid.shape
    placed, state = opening(agent, env, values, n_lanes)
    recorded = Recorded()

    def step(state: Any, event: Any) -> Any:
        state, kept = glance(placed, env, state, event, n_lanes, record)
        return state, recorded.keep(kept, event, n_lanes)

    shown = spread_events(events)
    # The gradient computes an event again; to store what it needs of it takes longer.
    stored = jax.lax.scan(jax.checkpoint(step, prevent_cse=False), state, shown)[1]
    return recorded.whole(stored, shown, n_events, n_lanes)


def predicted(event: Event, readout: Readout) -> Readout:
    """The part of a readout that records can be compared with."""
    return Readout(readout.policy, readout.rpe, readout.dopamine, {})


def observations(env: Env, readout: Readout) -> list[AbstractObservation]:
    """The kinds of record that a task makes and a readout predicts."""
    from .catalog import load, names

    every = (load("observations", name)() for name in names("observations"))
    return [each for each in every if each.applies(env, readout)]


def log_probs(
    agent: Agent, env: Env, events: Event, values: Values | None = None
) -> Float[Array, "events lanes"]:
    """Log-probability of each event's records: choice, latency, whatever applies; 0 if none."""
    seen = replay(agent, env, events, values, record=predicted)
    total = jnp.zeros(events.valid.shape)
    for observation in observations(env, seen):
        logp = observation.log_prob(events, seen)
        total = total + jnp.where(events.valid & observation.present(events), logp, 0.0)
    return total


def log_likelihood(
    agent: Agent, env: Env, events: Event, values: Values | None = None
) -> Float[Array, " lanes"]:
    """Log-probability of everything recorded in each session."""
    return jnp.sum(log_probs(agent, env, events, values), axis=0)
