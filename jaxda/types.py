"""The records that cross layers.

Everything a learner meets is an *event*: a choice trial, one stage of a two-stage trial, one
action of a free-operant session, or one time bin of a Pavlovian trial. Fields carry any
trailing axis of lanes (sessions); recorded, they also have a leading axis of events.
"""

import functools
import operator

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int


class Env(eqx.Module):
    """What a model may know about a task before it starts: sizes, all static.

    `n_cues` states of the world, `n_items` things that can be chosen, `n_actions` places to
    choose from. `acts` says whether there is anything to choose, `timed` whether the latency
    of an action is part of the record. `sequential` promises that events follow one another as
    states of a decision process, in which item `state * n_actions + a` is action a.

    A cue may be a compound: `features[cue]` is what is seen there (one-hot if there is no
    table). `stimuli[cue]` is the index of the stimulus that comes on when the state is entered,
    -1 where none does.
    """

    n_cues: int = eqx.field(static=True)
    n_items: int = eqx.field(static=True)
    n_actions: int = eqx.field(static=True)
    acts: bool = eqx.field(static=True, default=True)
    timed: bool = eqx.field(static=True, default=False)
    sequential: bool = eqx.field(static=True, default=False)
    features: tuple[tuple[float, ...], ...] = eqx.field(static=True, default=())
    stimuli: tuple[int, ...] = eqx.field(static=True, default=())

    @property
    def feature_table(self) -> tuple[tuple[float, ...], ...]:
        """Features of every cue, `[n_cues][n_features]`."""
        one_hot = tuple(
            tuple(float(i == j) for j in range(self.n_cues)) for i in range(self.n_cues)
        )
        return self.features or one_hot


class Offer(eqx.Module):
    """What is shown before the action.

    `cue` is the state; `options[a]` the item that action `a` would take, or None where action
    a always takes item a; `onset` marks the first event of a trial. Where a session has
    blocks with new material, `fresh` marks the first event of each: there, whatever was
    learned starts anew. `context` is what the subject has been told of a block, such as the
    number of its stimuli.
    """

    cue: Int[Array, "..."]
    options: Int[Array, "..."] | None
    onset: Bool[Array, "..."]
    fresh: Bool[Array, "..."] | None = None
    context: Int[Array, "..."] | None = None


class Outcome(eqx.Module):
    """What follows the action.

    `reward` is delivered on leaving the event; `successor` is the next state unless
    `terminal`; `feedback` is False when nothing is shown (then nothing is learned);
    `elapsed` is the time until the next event in seconds; `valid` ends a session.
    """

    reward: Float[Array, "..."]
    successor: Int[Array, "..."]
    terminal: Bool[Array, "..."]
    feedback: Bool[Array, "..."]
    elapsed: Float[Array, "..."]
    valid: Bool[Array, "..."]


class Event(eqx.Module):
    """One event with all that happened in it.

    `choice` says that the action is a datum: False for a Pavlovian bin or a missed trial.
    `valid` is False on padding, which holds in-range values and never a sentinel: indexing
    wraps -1 silently.
    """

    cue: Int[Array, "..."]
    options: Int[Array, "..."] | None
    onset: Bool[Array, "..."]
    action: Int[Array, "..."]
    choice: Bool[Array, "..."]
    latency: Float[Array, "..."]
    reward: Float[Array, "..."]
    successor: Int[Array, "..."]
    terminal: Bool[Array, "..."]
    feedback: Bool[Array, "..."]
    elapsed: Float[Array, "..."]
    valid: Bool[Array, "..."]
    fresh: Bool[Array, "..."] | None = None
    context: Int[Array, "..."] | None = None

    @property
    def offer(self) -> Offer:
        """The part that was shown before the action."""
        return Offer(self.cue, self.options, self.onset, self.fresh, self.context)

    def chosen(self, n_items: int) -> Float[Array, "items *lanes"]:
        """One-hot `[items, *lanes]` of the item taken."""
        return one_hot(taken(self.options, self.action), n_items)


class LatencyLaw(eqx.Module):
    """Density of the latency of each action, p(tau) ~ exp(-cost / tau - rate * tau), tau in s.

    Where waiting makes a reward more likely, p(tau) also has the factor
    exp(-bait * exp(-tau / interval)): `bait` is what the reward is worth in units of choice
    noise, `interval` the mean time in s that it takes to become available. Both or none.
    """

    cost: Float[Array, "..."]
    rate: Float[Array, "..."]
    bait: Float[Array, "..."] | None = None
    interval: Float[Array, "..."] | None = None


class Policy(eqx.Module):
    """What a model would do: unnormalised log-probabilities, and a latency law if it has one."""

    logits: Float[Array, "actions *lanes"]
    latency: LatencyLaw | None = None


class Readout(eqx.Module):
    """What an experimenter could record of an event.

    `latents` are the model's own named variables just before the event.
    """

    policy: Policy
    rpe: Float[Array, "..."]
    dopamine: Float[Array, "..."]
    latents: dict[str, Float[Array, "..."]]


def one_hot(index: Int[Array, "*lanes"], size: int) -> Float[Array, "{size} *lanes"]:
    """One-hot floats on a new first axis; in a scan it is cheaper than a gather."""
    grid = jnp.arange(size, dtype=index.dtype).reshape((size,) + (1,) * index.ndim)
    return (grid == index[None]).astype(float)


def dot(
    weights: Float[Array, "size *#lanes"], values: Float[Array, "size *#lanes"]
) -> Float[Array, "*lanes"]:
    """Sum of products over the first axis."""
    if values.shape[0] <= 8:
        # Spelt out, it stays elementwise over lanes; a reduction over a short axis does not.
        return functools.reduce(operator.add, (w * v for w, v in zip(weights, values, strict=True)))
    return jnp.sum(weights * values, axis=0)


def pick(values: Float[Array, "size *rest"], index: Int[Array, "*lanes"]) -> Float[Array, "..."]:
    """`values[index]` for values `[size, ..., *lanes]`, as a sum over a one-hot."""
    weights = one_hot(index, values.shape[0])
    middle = (1,) * (values.ndim - weights.ndim)
    return dot(weights.reshape(weights.shape[0], *middle, *weights.shape[1:]), values)


def encoded(
    table: tuple[tuple[float, ...], ...], cue: Int[Array, "*lanes"]
) -> Float[Array, "features *lanes"]:
    """The features of `cue`, by a static `table` of all cues."""
    return pick(jnp.asarray(table, dtype=float), cue)


def offered(
    values: Float[Array, "items *lanes"], options: Int[Array, "actions *lanes"] | None
) -> Float[Array, "actions *lanes"]:
    """`values[options]`: what each action would take."""
    if options is None:
        return values
    return jnp.stack([pick(values, option) for option in options])


def lift(constant: Float[Array, " size"], like: Array) -> Float[Array, "size ..."]:
    """A vector that is the same in all lanes, shaped to meet `like` from the left."""
    return constant.reshape(constant.shape + (1,) * (like.ndim - constant.ndim))


def taken(
    options: Int[Array, "actions *lanes"] | None, action: Int[Array, "*lanes"]
) -> Int[Array, "*lanes"]:
    """`options[action]`: the item that was taken."""
    if options is None:
        return action
    item = options[0]
    for a in range(1, options.shape[0]):
        item = jnp.where(action == a, options[a], item)
    return item
