"""Likelihoods of short records that were worked out by other programs."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import numpy as np

from .. import rollout
from ..catalog import load
from ..rollout import Agent
from ..types import Env, Event
from ._base import AbstractLandmark, Measured, agree, equal
from ._play import agent, task
from ._records import TWO_ARMS, record


_CHOICES = (0, 0, 1, 0, 1, 1, 0, 0, 1, 0)
_REWARDS = (1, 0, 1, 1, 0, 0, 1, 0, 1, 1)
_POINTS = (60, 45, 55, 70, 52, 48, 66, 58, 57, 61)

# Two-step: first choices, states reached, second choices, rewards.
_FIRST, _REACHED = (0, 0, 1, 0, 1, 1, 0, 0), (0, 1, 1, 0, 1, 0, 0, 0)
_SECOND, _PAID = (0, 1, 0, 0, 1, 1, 0, 1), (1, 0, 1, 1, 0, 0, 1, 0)

# Go/no-go: the four cues twice.
_CUES, _PRESSES = (0, 1, 2, 3) * 2, (1, 1, 0, 0, 1, 0, 1, 0)
_OUTCOMES = (1, -1, 1, 0, 0, -1, 0, -1)

_Q = {"alpha_pos": 0.3, "alpha_neg": 0.3, "beta": 3.0, "q0": 0.0}


class GoldenChoiceRecords(AbstractLandmark):
    """Log-likelihoods of ten trials, and the states after them, for eight models."""

    title: ClassVar = "Golden records of choices"
    claim: ClassVar = (
        "Records of eight or ten trials have the likelihoods that independent programs give them."
    )
    source: ClassVar = (
        "independent computations; hBayesDM (Ahn, Haines & Zhang 2017, Comput. Psychiatry 1:24) "
        "for the orders of the two-step hybrid and for go/no-go"
    )
    models: ClassVar = (
        "q_learning",
        "pearce_hall",
        "actor_critic",
        "kalman",
        "two_step",
        "pavlovian_bias",
    )
    pictured: ClassVar = False

    def measure(self) -> Measured:
        cases, checks = _cases(), []
        found = _run({name: case.shown for name, case in cases.items()})
        for name, (_, logp, after) in cases.items():
            got, latents = found[name]
            checks.append(equal(f"{name}: log-likelihood", logp, got, 1e-8))
            for what, expected in after.items():
                ahead = np.reshape(expected, (-1, *latents[what].shape[1:]))
                last = latents[what][-len(ahead) :]
                checks.append(agree(f"{name}: {what} at the end", ahead, last, 1e-8))
        return Measured(checks, [])


class _Case(NamedTuple):
    """An agent with a record, and what is known: its likelihood, and latents at the last events."""

    shown: tuple[Agent, Env, Event]
    logp: float
    after: dict[str, Any]


@eqx.filter_jit
def _seen(agent: Agent, env: Env, events: Event) -> tuple[Any, Any]:
    seen = rollout.replay(agent, env, events)
    return rollout.log_likelihood(agent, env, events)[0], seen.latents


def _run(shown: Mapping[str, tuple[Agent, Env, Event]]) -> dict[str, Any]:
    """Log-likelihood and latents `[events, ...]` of each agent."""
    lane = lambda x: np.asarray(x)[..., 0] if np.ndim(x) else float(x)
    return {name: jax.tree.map(lane, _seen(*what)) for name, what in shown.items()}


def _cases() -> dict[str, _Case]:
    habit = lambda name, **values: {name: load("habits", name)(**values)}
    ten, stays = _ten(_REWARDS), habit("perseveration", kappa=0.4) | habit("lapse", xi=0.05)
    q = agent("q_learning", **_Q).model
    rich = {"alpha_pos": 0.4, "alpha_neg": 0.2, "beta": 3.0, "forget": 0.1, "q0": 0.5}
    hall = {"k": 0.5, "eta": 0.4, "beta": 3.0, "a0": 1.0, "q0": 0.0}
    actor = {"alpha_a": 0.3, "alpha_c": 0.2, "beta": 2.0}
    filter_ = {"beta": 0.1, "lam": 0.9836, "theta": 50.0, "sigma_o": 4.0, "sigma_d": 2.8}
    go = {"xi": 0.05, "epsilon": 0.2, "b": 0.3, "pi": 0.4, "rho_rew": 5.0, "rho_pun": 4.0}
    case = lambda who, events, logp, env=TWO_ARMS, **after: _Case((who, env, events), logp, after)
    kernel = Agent(q, habits=habit("choice_kernel", alpha_k=0.2, beta_k=1.5))
    learners = {
        "Q-learning": case(Agent(q), ten, -7.3966800650, q=(0.600321, 0.4029)),
        "two rates, decay, perseveration, lapse": case(
            Agent(agent("q_learning", **rich).model, habits=stays),
            ten,
            -8.4352245174,
            q=(0.7202702848, 0.5219989632),
        ),
        "Q-learning with a choice kernel": case(kernel, ten, -8.2573701144),
        "Pearce-Hall": case(
            agent("pearce_hall", **hall), ten, -7.4984570160, associability=(0.6112248, 0.688)
        ),
        "actor-critic, plain": case(
            agent("actor_critic", **actor),
            ten,
            -7.1231799308,
            preference=(0.6779387904, 0.197484288),
            value=0.5836153856,
        ),
        "actor-critic, score": case(
            agent("actor_critic", actor="score", **actor),
            ten,
            -8.6051224214,
            preference=(0.2728858853, -0.2728858853),
            value=0.5836153856,
        ),
        "Kalman filter": case(
            agent("kalman", mu0=50.0, v0=16.0, **filter_),
            _ten(_POINTS),
            -7.4686491112,
            mean=(60.6308623631, 54.4697202705),
            variance=(17.0286439479, 25.2248608494),
        ),
        "go/no-go": case(
            agent("pavlovian_bias", **go),
            _go_nogo(),
            -5.0717603466,
            env=task("go_nogo").env,
            value=(0.8, -1.44, 0.8, -0.8),
        ),
    }
    for order, logp in (("daw", -16.4616052138), ("hbayesdm", -16.2845984186)):
        ends = {"q": (0.3120166112, 0.06513048, 0.804888, 0, 0.42, 0)} if order == "daw" else {}
        learners[f"two-step, order {order}"] = case(
            agent("two_step", order=order), _two_step(), logp, env=task("two_step").env, **ends
        )
    return learners


def _ten(rewards: Sequence[float]) -> Event:
    """Ten trials, and one event more to look at what they have left."""
    n = len(_CHOICES)
    return record((*_CHOICES, 0), (*rewards, 0), valid=np.arange(n + 1) < n)


def _go_nogo() -> Event:
    n, cue = len(_CUES), np.array((*_CUES, 0, 1, 2, 3))
    return record(
        (*_PRESSES, 0, 0, 0, 0),
        (*_OUTCOMES, 0, 0, 0, 0),
        cue=cue,
        options=np.stack([2 * cue, 2 * cue + 1], axis=1),
        valid=np.arange(n + 4) < n,
    )


def _two_step() -> Event:
    n = 2 * len(_FIRST)
    second = np.arange(n + 3) % 2 == 1
    reached = np.repeat(_REACHED, 2)
    cue = np.concatenate([np.where(second[:n], 1 + reached, 0), [0, 1, 2]])
    return record(
        np.concatenate([np.ravel(np.column_stack([_FIRST, _SECOND])), [0, 0, 0]]),
        np.concatenate([np.ravel(np.column_stack([np.zeros(8), _PAID])), [0, 0, 0]]),
        cue=cue,
        options=np.stack([2 * cue, 2 * cue + 1], axis=1),
        onset=~second,
        terminal=second,
        successor=np.concatenate([np.where(second[:n], 0, 1 + reached), [0, 0, 0]]),
        valid=np.arange(n + 3) < n,
    )
