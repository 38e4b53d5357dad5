"""An environment is the task, and an agent in it is the agent of `simulate`."""

import functools
import inspect
import re
import subprocess
import sys

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from jaxda import rollout
from jaxda.catalog import describe, load, names
from jaxda.data.sessions import from_table, to_table
from jaxda.environments import TaskEnv, environment_id, play, session_key
from jaxda.models.q_learning import QLearning
from jaxda.rollout import Agent

from .catalogue import TASK_SETTINGS, compiled
from .records import log_likelihood


KEY = 7


def trials(task):
    """Twelve, or three where trials are long."""
    return 12 if task.events_for(12) <= 300 else 3


@functools.cache
def agent_for(task):
    """An agent of some model that does the task."""
    name = next(m for m in names("models") if task.kind in describe("models", m).facts["tasks"])
    return Agent(load("models", name)())


def unchecked(function):
    """The function as users have it, without the checks of types that tests add."""
    return inspect.unwrap(function)


def made(task, **settings):
    """An environment from whatever is given."""
    env = TaskEnv.__new__(TaskEnv)
    unchecked(TaskEnv.__init__)(env, task, **settings)
    return env


@functools.cache
def simulated(task):
    """One session `[events, ...]` without its lane, as NumPy arrays."""
    agent, n_events = agent_for(task), task.events_for(trials(task))
    run = compiled(lambda k: rollout.simulate(agent, task, k, n_events, record=lambda e, r: e))
    return jax.tree.map(lambda x: np.asarray(x)[..., 0], run(session_key(KEY)[None]))


# The tasks as environments


@pytest.mark.parametrize("task", names("tasks"))
def test_every_task_is_registered(task):
    assert environment_id(task) in gymnasium.registry
    assert "n_trials" not in describe("tasks", task).settings


def test_gymnasium_is_imported_only_for_environments():
    code = "import sys, jaxda.cli, jaxda.stages; assert 'gymnasium' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_environments_in_parallel_are_sessions_of_their_own():
    many = gymnasium.make_vec("jaxda/RestlessBandit-v0", num_envs=3, vectorization_mode="sync")
    _, info = many.reset(seed=4)
    p = info["truth"]["p"]
    for i in range(3):
        alone = gymnasium.make("jaxda/RestlessBandit-v0").reset(seed=4 + i)[1]["truth"]["p"]
        np.testing.assert_array_equal(p[i], alone)


@pytest.mark.parametrize("task", names("tasks"))
def test_gymnasium_finds_no_fault(task):
    # Warnings are errors here.
    check_env(gymnasium.make(environment_id(task), n_trials=12).unwrapped)


@pytest.mark.parametrize(
    "task, settings",
    [(t, {}) for t in names("tasks")] + list(TASK_SETTINGS.items()),
    ids=str,
)
def test_an_environment_gives_what_simulate_gives(task, settings):
    n_trials = trials(load("tasks", task)(**settings))
    env = gymnasium.make(environment_id(task), n_trials=n_trials, **settings)
    inner = env.unwrapped
    events = simulated(inner.task)
    seen, info = env.reset(seed=KEY)
    for t in range(len(events.valid)):
        part = seen if isinstance(seen, dict) else {"cue": seen}
        assert part["cue"] == events.cue[t] and info["onset"] == events.onset[t]
        for name in part.keys() - {"cue"}:
            np.testing.assert_array_equal(part[name], getattr(events, name)[t])
        action = int(events.action[t])
        if inner.task.env.timed:
            action = {"action": action, "latency": np.asarray(events.latency[t])}
        seen, reward, terminated, truncated, info = env.step(action)
        if not events.valid[t]:
            assert truncated and not info["valid"] and reward == 0
            break
        assert seen in env.observation_space
        # Two programs may round a sum of times differently.
        assert (reward, info["elapsed"]) == pytest.approx((events.reward[t], events.elapsed[t]))
        for name in ("feedback", "terminal"):
            assert info[name] == getattr(events, name)[t]
        assert terminated == (inner.task.kind == "mdp" and events.terminal[t])
        if truncated or (terminated and info["trial"] == n_trials):
            break
        if terminated:
            seen, info = env.reset()
    assert truncated or terminated


def test_a_session_ends_after_its_trials_and_another_begins():
    env = gymnasium.make("jaxda/TwoStep-v0", n_trials=3)
    env.reset(seed=1)
    ends = []
    for _ in range(6):
        *_, terminated, truncated, info = env.step(0)
        ends.append((info["trial"], terminated, truncated))
    assert ends == [(i, False, False) for i in (1, 2, 2, 3, 3)] + [(3, False, True)]
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(0)
    first = [env.reset()[1]["truth"]["p"] for _ in range(2)]
    assert not np.array_equal(*first)


def test_the_truth_is_that_of_the_event_on_offer():
    env = gymnasium.make("jaxda/RestlessBandit-v0", n_trials=40, arms=3)
    plan = env.unwrapped.task.plan(session_key(5), 41).p
    found = [env.reset(seed=5)[1]] + [env.step(0)[4] for _ in range(40)]
    np.testing.assert_allclose([info["truth"]["p"] for info in found], plan, rtol=1e-12)
    assert not any("plan" in info for info in found)


def test_the_truth_is_right_where_behaviour_decides_it():
    env = gymnasium.make("jaxda/ReversalBandit-v0", period=0, criterion=1.0, window=2)
    first = int(env.reset(seed=5)[1]["truth"]["good"])
    for step in range(1, 5):
        truth = env.step(first)[4]["truth"]
        # The second choice of the good arm in a row swaps the arms, as far as the arm is good.
        assert truth["good"] == (first if step < 2 else 1 - first)
        assert truth["p"].argmax() == truth["good"]
    assert isinstance(truth["p"], np.ndarray) and isinstance(truth["good"], np.integer)


def test_values_are_predicted_by_watching():
    env = gymnasium.make("jaxda/PavlovianTrace-v0", n_trials=300, delay=3, omission=0.0)
    assert env.action_space == gymnasium.spaces.Discrete(1)
    values, over, seen = np.zeros(env.observation_space.n), False, env.reset(seed=2)[0]
    while not over:
        here = seen
        seen, reward, _, over, info = env.step(env.action_space.sample())
        after = 0.0 if info["terminal"] else values[seen]
        values[here] += 0.2 * (reward + 0.9 * after - values[here])
    # The interval, the cue, three bins of delay; the reward comes on leaving the last.
    np.testing.assert_allclose(values, 0.9 ** np.arange(4, -1, -1), rtol=1e-6)


def test_a_key_may_be_given():
    env = gymnasium.make("jaxda/RestlessBandit-v0", n_trials=2)
    by_key = env.reset(options={"key": session_key(5)})[1]["truth"]["p"]
    np.testing.assert_array_equal(by_key, env.reset(seed=5)[1]["truth"]["p"])


def test_settings_may_be_lists_and_arrays():
    rows = (("learn", 20, "A", 0.5, (0.8, 0.2)), ("learn", 20, "B", 0.5, (0.3, 0.7)))
    listed = [[*row[:-1], list(row[-1])] for row in rows]
    assert TaskEnv("schedule", phases=listed).task == load("tasks", "schedule")(phases=rows)
    design = [["one", "A+B", 5, 1.0], ["two", "B", 9, None]]
    assert TaskEnv("conditioning", phases=design).task.stimuli == ("A", "B")
    p, n_trials = np.array([0.5, 0.25, 0.125]), np.int64(4)
    env = made("bandit", n_trials=n_trials, p=p)
    assert env.task == load("tasks", "bandit")(p=tuple(p.tolist())) and env.n_trials == 4


@pytest.mark.parametrize(
    "task, settings, told",
    [
        ("bandits", {}, "no task called 'bandits'; did you mean 'bandit'?"),
        (3, {}, "no task called 3; there are bandit, "),
        ("bandit", {"pp": (0.1, 0.2)}, "'bandit' has no setting 'pp'; "),
        ("bandit", {"n_trial": 3}, "no setting 'n_trial'; did you mean 'n_trials'?"),
        ("bandit", {"n_trials": 0}, "n_trials is 0; it is a whole number of at least 1."),
        ("bandit", {"n_trials": 1.5}, "n_trials is 1.5; it is a whole number of at least 1."),
        ("bandit", {"n_trials": "10"}, "n_trials is '10'; it is a whole number"),
        ("bandit", {"n_trials": True}, "n_trials is True; it is a whole number"),
        ("bandit", {"n_trials": None}, "n_trials is None; it is a whole number"),
        ("bandit", {"p": 0.5}, "bandit.p: 0.5 → a list of numbers ([0.7, 0.3])"),
        ("bandit", {"p": [0.5, "x"]}, "bandit.p: [0.5, 'x'] → a list of numbers"),
        ("bandit", {"p": (0.5, 1.5)}, "each of p is 1.5; it lies between 0 and 1."),
        ("reversal_bandit", {"period": 2.5}, "reversal_bandit.period: 2.5 → an integer (30)"),
        ("conditioning", {"design": "blockin"}, "'blockin' → did you mean 'blocking'?"),
        ("schedule", {"phases": []}, "a list of at least one row"),
        ("schedule", {"phases": [["x", 0, "A", 0.5, [0.8, 0.2]]]}, "phases[0].trials is 0; it is"),
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused(task, settings, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        made(task, **settings)


@pytest.fixture(scope="module")
def bandit():
    return TaskEnv("bandit")


@pytest.fixture(scope="module")
def lever():
    return TaskEnv("free_operant")


@pytest.mark.parametrize(
    "options, told",
    [
        ({"key": 3}, "the option key is 3; it is one key, such as session_key(1)"),
        ({"key": None}, "the option key is None; it is one key"),
        ({"key": np.zeros(2, np.uint32)}, "it is one key, such as session_key(1)"),
        ({"key": session_key(1)[None]}, "it is one key, such as session_key(1)"),
        ({"kex": session_key(1)}, "there is no option 'kex'; did you mean 'key'?"),
        ({3: 4}, "there is no option 3; there are key"),
        (session_key(1), "it is a dict, such as {'key': key}."),
    ],
    ids=str,
)
def test_options_that_make_no_sense_are_refused(bandit, options, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        unchecked(TaskEnv.reset)(bandit, options=options)


def test_a_step_needs_a_reset():
    with pytest.raises(gymnasium.error.ResetNeeded, match=r"call reset\(\)"):
        TaskEnv("bandit").step(0)


_NO_ACTIONS = [2, -1, 1.5, 1.0, "1", "x", None, True, np.True_, np.nan, np.float64(1.0), [0]]
_NO_ACTIONS += [np.array([0]), np.array([0, 1]), np.array("x"), {"action": 0}, (0, 1.0), 10**30]


@pytest.mark.parametrize("action", _NO_ACTIONS, ids=repr)
def test_an_action_that_is_none_is_refused(bandit, action):
    bandit.reset(seed=0)
    told = f"the action is {action!r}; it is an integer from 0 to 1."
    with pytest.raises(gymnasium.error.InvalidAction, match=re.escape(told)):
        bandit.step(action)
    # Nothing has happened.
    assert bandit.step(0)[4]["trial"] == 2


@pytest.mark.parametrize("action", [1, np.int32(1), np.uint8(1), np.array(1), jnp.asarray(1)])
def test_an_action_may_be_any_whole_number(bandit, action):
    bandit.reset(seed=0)
    found = bandit.step(action)
    bandit.reset(seed=0)
    assert found[1] == bandit.step(1)[1]


@pytest.mark.parametrize(
    "action, told",
    [
        (0, "the action is 0; it is a dict of 'action' and 'latency', such as {'action': 0"),
        (None, "the action is None; it is a dict of 'action' and 'latency'"),
        ({"action": 0}, "the action is {'action': 0}; it is a dict of 'action' and 'latency'"),
        ({"latency": 1.0}, "it is a dict of 'action' and 'latency'"),
        ({"action": 0, "latency": 1.0, "more": 1}, "it is a dict of 'action' and 'latency'"),
        ({"action": 1, "latency": 1.0}, "the action is 1; it is 0, and nothing else."),
        ({"action": None, "latency": 1.0}, "the action is None; it is 0, and nothing else."),
        *(
            ({"action": 0, "latency": x}, f"latency is {x!r}; it is a finite number of seconds")
            for x in (0.0, -1, np.nan, np.inf, "1", None, True, np.array([1.0]))
        ),
    ],
    ids=str,
)
def test_a_press_that_is_none_is_refused(lever, action, told):
    lever.reset(seed=0)
    with pytest.raises(gymnasium.error.InvalidAction, match=re.escape(told)):
        lever.step(action)


@pytest.mark.parametrize("latency", [2, 2.0, np.float32(2), np.array(2.0), jnp.asarray(2.0)])
def test_a_latency_may_be_any_number(lever, latency):
    lever.reset(seed=0)
    assert lever.step({"action": np.int64(0), "latency": latency})[4]["elapsed"] == 2.0


def test_a_seed_is_a_whole_number():
    key = unchecked(session_key)
    assert bool(key(np.int64(3)) == key(3))
    for seed in (1.0, "1", -1, None):
        with pytest.raises(ValueError, match="it is a whole number of at least 0"):
            key(seed)


# The models in environments


@pytest.mark.parametrize("p", [(0.8, 0.3), (0.8, 0.3, 0.1)])
def test_an_agent_acts_as_in_simulate(p):
    # With all that can go between: a lesion, a habit, values.
    agent = Agent(
        QLearning(),
        load("lesions", "snc_loss")(0.4),
        {"perseveration": load("habits", "perseveration")()},
    )
    values = {"model.beta": 2.0, "habits.perseveration.kappa": 0.5}
    task = load("tasks", "bandit")(p=p)
    run = jax.jit(lambda k, v: rollout.simulate(agent, task, k, 60, v, record=lambda e, r: e))
    events = run(session_key(KEY)[None], {n: jnp.asarray(v) for n, v in values.items()})
    env = gymnasium.make("jaxda/Bandit-v0", n_trials=60, p=p)
    played = play(agent, env, 1, KEY, values=values)
    assert jax.tree.structure(played.events) == jax.tree.structure(events)
    jax.tree.map(np.testing.assert_array_equal, played.events, events)
    assert played.labels[0].dose == 0.4 and len(set(np.asarray(events.action)[:, 0])) == len(p)


@pytest.mark.parametrize("task", names("tasks"))
def test_a_session_played_is_the_session_simulated(task):
    n_trials = trials(load("tasks", task)())
    env = gymnasium.make(environment_id(task), n_trials=n_trials)
    inner, agent = env.unwrapped.task, agent_for(env.unwrapped.task)
    if not isinstance(env.observation_space, gymnasium.spaces.Discrete) or inner.env.timed:
        with pytest.raises(ValueError, match="play the task"):
            play(agent, env, 1, KEY)
        return
    played = play(agent, env, n_trials if inner.kind == "mdp" else 1, KEY)
    assert played.env == inner.env
    found = jax.tree.map(lambda x: np.asarray(x)[..., 0], played.events)
    expected = simulated(inner)
    n = len(found.valid)
    assert found.onset.sum() == n_trials == expected.onset[:n].sum()
    for name in ("cue", "onset", "action", "reward", "terminal", "feedback", "elapsed"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name)[:n], rtol=1e-12)
    on = ~found.terminal
    np.testing.assert_array_equal(found.successor[on], expected.successor[:n][on])
    assert (found.choice == inner.env.acts).all()


class Corridor(gymnasium.Env):
    """States 10 and 11; action 4 leads on and pays 1 at the end, action 3 stays."""

    observation_space = gymnasium.spaces.Discrete(2, start=10)
    action_space = gymnasium.spaces.Discrete(2, start=3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.at = 10
        return self.at, {}

    def step(self, action):
        assert action in self.action_space
        done = self.at == 11 and action == 4
        self.at += self.at == 10 and action == 4
        return self.at, float(done), bool(done), False, {"onset": "of another world"}


class OneState(Corridor):
    """One state, in which action 4 ends the episode."""

    observation_space = gymnasium.spaces.Discrete(1, start=10)

    def step(self, action):
        return 10, float(action - 3), bool(action == 4), False, {}


def test_steps_become_events_and_a_table():
    played = play(Agent(QLearning(alpha_pos=0.5)), OneState(), 4, 3, max_steps=2, subject="m1")
    e = jax.tree.map(lambda x: np.asarray(x)[:, 0], played.events)
    assert (played.env.n_cues, played.env.n_items, played.env.n_actions) == (1, 2, 2)
    np.testing.assert_array_equal(e.reward, e.action)
    np.testing.assert_array_equal(e.terminal, e.action == 1)
    # An episode begins after an end, or after two steps.
    starts = [0]
    for t in range(len(e.cue) - 1):
        if e.terminal[t] or t - starts[-1] == 1:
            starts.append(t + 1)
    np.testing.assert_array_equal(np.flatnonzero(e.onset), starts)
    assert len(starts) == 4
    table = to_table(played, {}, {"source": "q"})
    again = from_table(table)
    assert table.column("subject")[0].as_py() == "m1" and again.env == played.env
    jax.tree.map(np.testing.assert_array_equal, again.events, played.events)


def test_what_was_done_can_be_replayed():
    agent = Agent(QLearning(alpha_pos=0.4, alpha_neg=0.4, beta=2.0, gamma=0.9, q0=0.0))
    played = play(agent, Corridor(), 6, 11)
    e = jax.tree.map(lambda x: np.asarray(x)[:, 0], played.events)
    q, expected = np.zeros((2, 2)), 0.0
    for s, a, r, after, end in zip(e.cue, e.action, e.reward, e.successor, e.terminal, strict=True):
        expected += 2 * q[s, a] - np.log(np.exp(2 * q[s]).sum())
        q[s, a] += 0.4 * (r + 0.9 * (not end) * q[after].max() - q[s, a])
    found = float(log_likelihood(agent, played.env, played.events)[0])
    assert found == pytest.approx(expected, abs=1e-12) and q[1, 1] > 0.8


def solved(agent, seed, n_episodes):
    """Whether each episode on the frozen lake without slipping reached the goal."""
    lake = gymnasium.make("FrozenLake-v1", is_slippery=False)
    events = jax.tree.map(lambda x: np.asarray(x)[:, 0], play(agent, lake, n_episodes, seed).events)
    assert set(events.cue) <= set(range(16)) and not events.terminal[events.reward == 0].all()
    return np.add.reduceat(events.reward, np.flatnonzero(events.onset))


def test_a_lake_is_crossed_after_learning():
    agent = Agent(QLearning(alpha_pos=0.3, alpha_neg=0.3, beta=12.0, gamma=0.95, q0=0.5))
    reached = solved(agent, 1, 150)
    assert len(reached) == 150
    assert reached[-30:].mean() > 0.9 > 0.2 > solved(Agent(QLearning(beta=0.0)), 1, 50).mean()


def test_a_truncated_episode_has_no_end():
    events = play(Agent(QLearning(beta=0.0)), Corridor(), 3, 0, max_steps=1).events
    assert not events.terminal.any() and events.onset.all() and (events.cue == 0).all()


@pytest.mark.parametrize(
    "world, told",
    [
        ("CartPole-v1", "both are to be Discrete: wrap it"),
        ("jaxda/TwoStep-v0", "both are to be Discrete: play the task by rollout.simulate"),
    ],
)
def test_a_space_that_is_not_discrete_is_refused(world, told):
    with pytest.raises(ValueError, match=told):
        play(Agent(QLearning()), world, 1, 0)


def test_a_model_of_other_tasks_is_refused():
    with pytest.raises(ValueError, match="with 16 states is of kind mdp"):
        play(Agent(load("models", "two_step")()), "FrozenLake-v1", 1, 0)


# What is no agent, no environment or no number


@pytest.mark.parametrize(
    "agent, told",
    [
        (QLearning(), "it is an Agent of a model; did you mean Agent(model)?"),
        (QLearning, "it is an Agent of a model."),
        ("q_learning", "agent is 'q_learning'; it is an Agent of a model."),
        (None, "agent is None; it is an Agent of a model."),
    ],
    ids=str,
)
def test_only_an_agent_acts(agent, told):
    with pytest.raises(TypeError, match=re.escape(told)):
        unchecked(play)(agent, Corridor(), 1, 0)


@pytest.mark.parametrize("world", [None, 3, Corridor, load("tasks", "bandit")()], ids=repr)
def test_an_agent_acts_only_in_an_environment(world):
    with pytest.raises(TypeError, match=r"it is a gymnasium\.Env, or the id of one"):
        unchecked(play)(Agent(QLearning()), world, 1, 0)


@pytest.mark.parametrize(
    "values, told",
    [
        ({"model.bta": 1.0}, "no parameter 'model.bta'; did you mean 'model.beta'?"),
        ({"beta": 1.0}, "no parameter 'beta'; did you mean 'model.beta'?"),
        ({"zzz": 1.0}, "no parameter 'zzz'; there are lesion.dose, "),
        ({3: 1.0}, "no parameter 3; there are lesion.dose, "),
        ({"model.beta": "x"}, "model.beta is 'x'; it is one number in (0, ∞)."),
        ({"model.beta": None}, "model.beta is None; it is one number"),
        ({"model.beta": [1.0, 2.0]}, "model.beta is [1.0, 2.0]; it is one number"),
        ({"model.alpha_pos": 1.5}, "model.alpha_pos is 1.5; it is one number in (0, 1)."),
        ({"model.beta": float("nan")}, "model.beta is nan; it is one number"),
    ],
    ids=str,
)
def test_values_are_those_of_parameters(values, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        unchecked(play)(Agent(QLearning()), Corridor(), 1, 0, values=values)


def test_values_are_a_mapping():
    with pytest.raises(TypeError, match="values is 3; it is a dict"):
        unchecked(play)(Agent(QLearning()), Corridor(), 1, 0, values=3)


@pytest.mark.parametrize(
    "numbers, told",
    [
        ({"n_episodes": 0}, "n_episodes is 0; it is a whole number of at least 1."),
        ({"n_episodes": 1.5}, "n_episodes is 1.5; it is a whole number"),
        ({"seed": "1"}, "seed is '1'; it is a whole number of at least 0."),
        ({"max_steps": 0}, "max_steps is 0; it is a whole number of at least 1."),
        ({"max_steps": 2.0}, "max_steps is 2.0; it is a whole number"),
    ],
    ids=str,
)
def test_episodes_and_steps_are_counted(numbers, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        unchecked(play)(Agent(QLearning()), Corridor(), **{"n_episodes": 1, "seed": 0, **numbers})


class Odd(Corridor):
    """An environment that begins with `first` and then gives `step`."""

    def __init__(self, first, step):
        self.given = first, step

    def reset(self, *, seed=None, options=None):
        return self.given[0]

    def step(self, action):
        return self.given[1]


@pytest.mark.parametrize(
    "first, step, told",
    [
        ((9, {}), None, "after 0 steps the environment gave the observation 9, outside its space"),
        ((10.0, {}), None, "observation 10.0, outside its space; it is an integer from 10 to 11."),
        (
            (10, {}),
            (12, 0.0, True, False, {}),
            "after 1 step the environment gave the",
        ),
        ((10, {}), (11, np.nan, True, False, {}), "gave the reward nan; it is a finite number."),
        ((10, {}), (11, None, True, False, {}), "gave the reward None; it is a finite number."),
        (10, None, "reset of the environment gave 10; it gives (observation, info)."),
        ((10, {}), (11, 0.0, True, {}), "it gives (observation, reward, terminated, truncated"),
    ],
    ids=str,
)
def test_an_environment_that_breaks_its_word_is_refused(first, step, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        unchecked(play)(Agent(QLearning()), Odd(first, step), 1, 0)
