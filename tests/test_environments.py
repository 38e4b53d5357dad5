"""An environment is the task, and an agent in it is the agent of `simulate`."""

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
from jaxda.listing import acts
from jaxda.models.q_learning import QLearning
from jaxda.rollout import Agent

from .catalogue import TASK_SETTINGS
from .records import log_likelihood


ACTING = [t for t in names("tasks") if acts(describe("tasks", t))]
KEY, TRIALS = 7, 12


def model_for(task):
    """Some model that does the task."""
    kind = describe("tasks", task).facts["kind"]
    name = next(m for m in names("models") if kind in describe("models", m).facts["tasks"])
    return load("models", name)()


def simulated(agent, task, n_events, seed=KEY):
    """One session `[events, ...]` without its lane, as NumPy arrays."""
    keys = session_key(seed)[None]
    run = jax.jit(lambda k: rollout.simulate(agent, task, k, n_events, record=lambda e, r: e))
    return jax.tree.map(lambda x: np.asarray(x)[..., 0], run(keys))


# The tasks as environments


@pytest.mark.parametrize("task", names("tasks"))
def test_what_acts_is_registered(task):
    assert acts(describe("tasks", task)) == load("tasks", task)().env.acts
    assert (environment_id(task) in gymnasium.registry) == (task in ACTING)
    assert "n_trials" not in describe("tasks", task).settings


def test_gymnasium_is_imported_only_for_environments():
    code = "import sys, jaxda.cli, jaxda.stages; assert 'gymnasium' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_environments_in_parallel_are_sessions_of_their_own():
    many = gymnasium.make_vec("jaxda/RestlessBandit-v0", num_envs=3, vectorization_mode="sync")
    _, info = many.reset(seed=4)
    p = info["plan"]["p"]
    for i in range(3):
        alone = gymnasium.make("jaxda/RestlessBandit-v0").reset(seed=4 + i)[1]["plan"]["p"]
        np.testing.assert_array_equal(p[i], alone)


@pytest.mark.parametrize("task", ACTING)
def test_gymnasium_finds_no_fault(task):
    # Warnings are errors here.
    check_env(gymnasium.make(environment_id(task), n_trials=TRIALS).unwrapped)


@pytest.mark.parametrize(
    "task, settings",
    [(t, {}) for t in ACTING] + [(t, s) for t, s in TASK_SETTINGS.items() if t in ACTING],
    ids=str,
)
def test_an_environment_gives_what_simulate_gives(task, settings):
    env = gymnasium.make(environment_id(task), n_trials=TRIALS, **settings)
    inner = env.unwrapped
    events = simulated(Agent(model_for(task)), inner.task, inner.task.events_for(TRIALS))
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
        if truncated or (terminated and info["trial"] == TRIALS):
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
    first = [env.reset()[1]["plan"]["p"] for _ in range(2)]
    assert not np.array_equal(*first)


def test_the_truth_is_that_of_the_event_on_offer():
    env = gymnasium.make("jaxda/RestlessBandit-v0", n_trials=40, arms=3)
    plan = env.unwrapped.task.plan(session_key(5), 41).p
    found = [env.reset(seed=5)[1]] + [env.step(0)[4] for _ in range(40)]
    np.testing.assert_allclose([info["plan"]["p"] for info in found], plan, rtol=1e-12)


def test_a_key_may_be_given():
    env = gymnasium.make("jaxda/RestlessBandit-v0", n_trials=2)
    by_key = env.reset(options={"key": session_key(5)})[1]["plan"]["p"]
    np.testing.assert_array_equal(by_key, env.reset(seed=5)[1]["plan"]["p"])


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="nothing to choose in 'pavlovian_trace'"):
        TaskEnv("pavlovian_trace")
    with pytest.raises(ValueError, match="no setting 'pp'"):
        gymnasium.make("jaxda/Bandit-v0", pp=(0.1, 0.2))
    with pytest.raises(ValueError, match="n_trials is 0"):
        TaskEnv("bandit", n_trials=0)
    bandit = TaskEnv("bandit")
    bandit.reset(seed=0)
    for action in (2, -1):
        with pytest.raises(gymnasium.error.InvalidAction, match="there are 0 to 1"):
            bandit.step(action)
    lever = TaskEnv("free_operant")
    lever.reset(seed=0)
    with pytest.raises(gymnasium.error.InvalidAction, match="seconds above 0"):
        lever.step({"action": 0, "latency": 0.0})


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


@pytest.mark.parametrize("task", ACTING)
def test_a_session_played_is_the_session_simulated(task):
    env = gymnasium.make(environment_id(task), n_trials=TRIALS)
    inner, agent = env.unwrapped.task, Agent(model_for(task))
    if not isinstance(env.observation_space, gymnasium.spaces.Discrete) or inner.env.timed:
        with pytest.raises(ValueError, match="play the task"):
            play(agent, env, 1, KEY)
        return
    played = play(agent, env, TRIALS if inner.kind == "mdp" else 1, KEY)
    assert played.env == inner.env
    found = jax.tree.map(lambda x: np.asarray(x)[..., 0], played.events)
    expected = simulated(agent, inner, inner.events_for(TRIALS))
    n = len(found.valid)
    assert found.onset.sum() == TRIALS == expected.onset[:n].sum()
    for name in ("cue", "onset", "action", "reward", "terminal", "feedback", "elapsed"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name)[:n], rtol=1e-12)
    on = ~found.terminal
    np.testing.assert_array_equal(found.successor[on], expected.successor[:n][on])


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
