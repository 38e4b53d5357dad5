"""Every agent that the catalogue can make, at a point drawn from its priors."""

import functools
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from jaxda.catalog import load, names
from jaxda.keys import fold_name, named_key, named_keys
from jaxda.params import free, sample, specs, unpack
from jaxda.rollout import Agent, log_probs, replay, simulate
from jaxda.types import Event


# Settings beside the defaults, so that no branch of a component goes without its laws.
MODEL_SETTINGS = {
    "belief_state": {"omission": 0.1},
    "microstimuli": {"m": 6, "iti": "kept"},
    "q_learning": {"forget_to": "initial"},
    "pearce_hall_confirmation": {"shows": "gamble"},
    "value_decay": {"decay": "value_dependent"},
    "feature_rpe": {"learning": "local"},
    "rescorla_wagner": {"salience": (0.5, 1.5)},
    "successor_representation": {"rectification": "quarter", "primary": (0,)},
    "actor_critic": {"actor": "score"},
    "opal": {"critic": "item", "actors": "additive"},
    "opal_star": {"convention": "paper", "actors": "additive", "gate": "sigmoid"},
    "payoff_cost": {"decay": "all"},
    "rlwm": {"interaction": "cooperative"},
    "delay_line": {"dt": 0.25},
    "td_lambda": {"iti": "learned", "trace": "dutch", "decay": "plain"},
    "td_zero": {"iti": "learned"},
    "two_step": {"order": "hbayesdm"},
    "niv_vigor": {"schedule": "interval"},
    "expectile": {"asymmetry": "drawn", "channels": 5, "utility": "hill"},
    "quantile": {"taus": (0.2, 0.5, 0.7), "utility": "log1p"},
}
TASK_SETTINGS = {
    "pavlovian_trace": {
        "delay": 2,
        "iti": 3,
        "tail": 1,
        "unpredicted": 0.2,
        "early": 2,
        "early_rate": 0.3,
        "reset": True,
    },
    "pavlovian_trial": {"tail": 2, "unpredicted": 0.2, "early": 3, "early_rate": 0.3},
    "variable_probability": {"probabilities": (0.0, 0.25, 0.5, 0.75, 1.0), "delay": 1},
    "uncertain_delay": {"omission": 0.3, "iti_hazard": 0.2},
    "variable_delay": {"delays": (0.4, 0.8), "tail": 2, "omission": 0.3},
    "conditioning": {"phases": (("one", "A+B", 5, 1.0, 0.5), ("two", "B", 9, None))},
    "revaluation": {"change": "transition", "training": 2, "relearning": 1},
    "schedule": {"phases": (("one", 9, "A", None, (0.9, 0.5, 0.1), (1, 2, 5), 2),)},
    "effort": {"training": 0},
    "free_operant": {
        "schedule": "variable_interval",
        "intervals": (0.5, 1.0, 3.0),
        "duration": 20.0,
    },
    "pst": {"blocks": 0, "feedback": "bernoulli"},
    "restless_bandit": {"arms": 3},
    "reversal_bandit": {"period": 0, "criterion": 0.7, "window": 3},
    "gridworld": {"size": 3, "start": "anywhere"},
    "set_size": {"sizes": (2, 3), "repeats": 3, "order": "given"},
}
# More than a trial of any task of choices, so that something is known when a state returns.
N_EVENTS, N_LANES = 28, 4
# Models that tasks are tried with.
_PLAIN = ("q_learning", "td_lambda")

# The laws compile hundreds of small programs and run each for a moment.
compiled = functools.partial(
    jax.jit,
    compiler_options={"xla_backend_optimization_level": 0, "xla_cpu_use_fusion_emitters": False},
)


class Pair(NamedTuple):
    """A model and a task it can do, by name, with the settings that are not the defaults."""

    model: str
    task: str
    model_settings: tuple[tuple[str, Any], ...] = ()
    task_settings: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        show = lambda n, s: "-".join([n, *(str(v) for _, v in s)])
        return f"{show(self.model, self.model_settings)}/{show(self.task, self.task_settings)}"


@functools.cache
def kinds_met(model: str) -> list[str]:
    """Names of the tasks that `model` can do."""
    return [t for t in names("tasks") if load("tasks", t).kind in load("models", model).tasks]


def _examples(model: str) -> list[str]:
    """A task of every kind that `model` can do."""
    tasks = kinds_met(model)
    first = {load("tasks", task).kind: task for task in reversed(tasks)}
    if "pavlovian" in first:
        # More of the same.
        first.pop("pavlovian_cues", None)
    if "pst" in tasks and model not in MODEL_SETTINGS:
        # In which items change places; a model with settings meets it with those.
        first["choice"] = "pst"
    return [t for t in tasks if t in first.values()]


@functools.cache
def model_pairs() -> tuple[Pair, ...]:
    """Every model with a task of each of its kinds, and with settings of its own."""
    out = []
    for model in names("models"):
        tasks = _examples(model)
        out += [Pair(model, task) for task in tasks]
        if model in MODEL_SETTINGS:
            task = "pst" if "pst" in kinds_met(model) else tasks[0]
            out.append(Pair(model, task, tuple(MODEL_SETTINGS[model].items())))
    return tuple(out)


@functools.cache
def short_pairs() -> tuple[Pair, ...]:
    """Every model, every task and every setting of a task at least once."""
    first = {p.task: p for p in reversed(pairs()) if not p.model_settings}
    some = {*first_pairs(), *first.values(), *(p for p in pairs() if p.task_settings)}
    return tuple(p for p in pairs() if p in some)


def _task_pairs():
    met = {p.task for p in model_pairs()}
    for task in names("tasks"):
        # What is special about these the task decides, so one model is enough.
        model = next(m for m in (*_PLAIN, *names("models")) if task in kinds_met(m))
        if task not in met:
            yield Pair(model, task)
        if task in TASK_SETTINGS:
            yield Pair(model, task, (), tuple(TASK_SETTINGS[task].items()))


@functools.cache
def pairs() -> tuple[Pair, ...]:
    """Every model with a task of each of its kinds, every task, and each setting, once."""
    return (*model_pairs(), *_task_pairs())


@functools.cache
def first_pairs() -> tuple[Pair, ...]:
    """Every model once, with one task."""
    return tuple(next(p for p in pairs() if p.model == model) for model in names("models"))


class Played(NamedTuple):
    """An agent with all habits, its task, coordinates per lane, and what it did.

    `play(keys, coords)` is what it was played by.
    """

    agent: Agent
    task: Any
    frees: tuple
    coords: dict
    keys: Any
    play: Any
    events: Event
    readout: Any


def every_parameter(agent):
    """Free coordinates of everything but the dose."""
    return free(agent, [n for n in specs(agent) if not n.startswith("lesion.")])


@functools.lru_cache(maxsize=1)
def played(pair: Pair) -> Played:
    """`N_LANES` sessions, each with parameters of its own from the priors."""
    habits = {name: load("habits", name)() for name in names("habits")}
    agent = Agent(load("models", pair.model)(**dict(pair.model_settings)), habits=habits)
    task = load("tasks", pair.task)(**dict(pair.task_settings))
    frees = every_parameter(agent)
    keys = named_keys(0, [(pair.task, str(i)) for i in range(N_LANES)])
    coords = sample(frees, fold_name(named_key(1, pair.model), "parameters"), (N_LANES,))
    play = compiled(lambda k, x: simulate(agent, task, k, N_EVENTS, unpack(frees, x)))
    # Looked at in NumPy, which compiles nothing.
    return Played(agent, task, frees, coords, keys, play, *jax.device_get(play(keys, coords)))


def score(agent, env, events, values):
    """A number per lane: the log-likelihood or, where nothing is chosen, a sum over the readout.

    The laws have to hold for a Pavlovian broadcast too.
    """
    events = jax.tree.map(jnp.asarray, events)
    if env.acts:
        return jnp.sum(log_probs(agent, env, events, values), axis=0)
    seen = replay(agent, env, events, values)
    total = jnp.zeros(events.valid.shape[1])
    for x in (seen.rpe, seen.dopamine, *seen.latents.values()):
        x = x.reshape(x.shape[0], -1, x.shape[-1])
        weights = jnp.cos(jnp.arange(x.shape[0] * x.shape[1], dtype=float))
        weights = weights.reshape(*x.shape[:2], 1) * events.valid[:, None].astype(float)
        total = total + jnp.sum(weights * jnp.tanh(x), axis=(0, 1))
    return total


def padding(events, n_events):
    """Events that never happened: nothing but zeros, and some that look like real ones."""
    none = jax.tree.map(lambda x: np.zeros_like(x[:n_events]), events)
    # Only a latency is never zero.
    none = eqx.tree_at(lambda e: e.latency, none, np.ones_like(none.latency))
    real = jax.tree.map(lambda x: x[:n_events], events)
    real = eqx.tree_at(lambda e: e.valid, real, np.zeros_like(real.valid))
    return jax.tree.map(lambda *x: np.concatenate(x), none, real)


class Slopes(NamedTuple):
    """The score per lane with its derivatives, compiled once per pair.

    `forward(x, v)` is the score and its slope along v on the events that were played, traced once;
    `reverse(x)` the score and its gradient with events of padding behind them, on four devices.
    """

    forward: Any
    reverse: Any


@functools.lru_cache(maxsize=1)
def slopes(pair: Pair) -> Slopes:
    """How the score of what was played depends on the coordinates."""
    p = played(pair)
    padded = jax.tree.map(lambda *x: np.concatenate(x), p.events, padding(p.events, 4))
    at = lambda x, events: score(p.agent, p.task.env, events, unpack(p.frees, x))

    def total(x):
        value = at(x, padded)
        return jnp.sum(value), value

    gradient = compiled(jax.grad(total, has_aux=True))
    reverse = lambda x: gradient(over_devices(x))[::-1]

    along = lambda x, v: jax.jvp(lambda x: at(x, p.events), (x,), (v,))
    return Slopes(compiled(eqx.debug.assert_max_traces(along, max_traces=1)), reverse)


def over_devices(tree):
    """Every leaf with its lanes spread over the devices."""
    # Explicit axes, the default, type-check shardings inside a scan.
    mesh = jax.make_mesh((N_LANES,), ("lanes",), axis_types=(jax.sharding.AxisType.Auto,))
    where = lambda x: jax.NamedSharding(mesh, jax.P(*[None] * (x.ndim - 1), "lanes"))
    return jax.tree.map(lambda x: jax.device_put(x, where(x)), tree)


def same(a, b, rtol=1e-9, atol=1e-12):
    """Whether two trees hold the same numbers, of the same types."""
    (a, structure), (b, other) = jax.tree.flatten(a), jax.tree.flatten(b)

    def alike(x, y):
        x, y = np.asarray(x), np.asarray(y)
        return x.dtype == y.dtype and x.shape == y.shape and np.allclose(x, y, rtol, atol)

    return structure == other and all(map(alike, a, b))


def lanes(tree, index):
    """Some lanes of every leaf."""
    return jax.tree.map(lambda x: x[..., index], tree)
