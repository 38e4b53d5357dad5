"""Tonic dopamine as a gain of choice: what it changes and what it cannot."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from .. import rollout
from ._base import AbstractLandmark, Measured, Panel, agree, at_least, equal, line, theory
from ._play import agent, play, replay, task
from ._records import TWO_ARMS, record


_LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
_VALUES, _KNOWN = (1.0, 0.5, 0.0), (0.665241, 0.244728, 0.090031)
_CHOICES, _REWARDS = (0, 0, 1, 0, 1, 1, 0, 0, 1, 0), (1, 0, 1, 1, 0, 0, 1, 0, 1, 1)
_PRESSES, _RATS = 200, 100


class TonicGain(AbstractLandmark):
    """Choice probabilities by tonic level, beside the latencies of a model of vigour."""

    title: ClassVar = "Tonic dopamine: a gain of choice is not vigour"
    claim: ClassVar = (
        "softmax(β tonic Q) sharpens choice and holds no rate: probabilities sum to 1 at every "
        "level and a constant added to all values changes nothing; β and tonic are one parameter."
    )
    source: ClassVar = (
        "Beeler et al. 2010, Front. Behav. Neurosci. 4:170; Humphries et al. 2012, Front. "
        "Neurosci. 6:9; vigour: Niv et al. 2007, Psychopharmacology 191:507"
    )
    models: ClassVar = ("tonic_gain", "niv_vigor")
    caution: ClassVar = (
        "A common textbook snippet computes this gain and calls it the vigour of Niv et al. Mice "
        "with high tonic dopamine couple choice to reward history more weakly (Beeler et al. "
        "2010), the opposite of a higher gain."
    )

    def measure(self) -> Measured:
        p = _probabilities(0.0)
        checks = [
            agree("tonic 1, β 2, values 1, .5, 0", _KNOWN, p[:, _LEVELS.index(1.0)], 1e-6),
            agree(
                "sum of probabilities at every level", np.ones(len(_LEVELS)), p.sum(axis=0), 1e-12
            ),
            agree("tonic 0 chooses blindly", np.full(3, 1 / 3), p[:, 0], 1e-12),
            agree("500 added to all values", p, _probabilities(500.0), 1e-9),
        ]
        found = _slopes()
        checks.append(equal("β dL/dβ less tonic dL/dtonic", 0.0, found[0] - found[1], 1e-12))
        checks.append(at_least("size of either", 0.1, abs(found[0])))
        latency = _latencies()
        root = np.asarray(_LEVELS[1:]) ** -0.5
        ratio = latency / latency[_LEVELS.index(1.0) - 1]
        checks.append(agree("vigour: latency over that at tonic 1, 1 / √tonic", root, ratio, 0.03))

        names = (f"action worth {v:g}" for v in _VALUES)
        marks = [line(_LEVELS, row, name) for row, name in zip(p, names, strict=True)]
        marks.append(line(_LEVELS, p.sum(axis=0), "all three"))
        where = "tonic dopamine (1 is normal)"
        panels = [Panel("Gain of choice", where, "probability", marks, zero=True)]
        marks = [
            line(_LEVELS[1:], ratio, "model of vigour"),
            theory(_LEVELS[1:], root, "1 / √tonic"),
        ]
        title = "Vigour, of which the gain knows nothing"
        panels.append(Panel(title, where, "mean latency (1 at tonic 1)", marks))
        caption = (
            "Left: softmax(β tonic Q) with β = 2. Right: average-reward model of vigour with its "
            f"reward rate held fixed, {_RATS} agents with {_PRESSES} presses per level."
        )
        return Measured(checks, panels, caption)


def _probabilities(more: float) -> np.ndarray:
    """Probabilities `[actions, levels]` after each action has shown what it is worth."""
    arms = task("bandit", p=(0.5, 0.5, 0.5))
    events = record([0, 1, 2, 0], np.asarray([*_VALUES, 0.0]) + more)
    many = jax.tree.map(lambda x: jnp.repeat(x, len(_LEVELS), axis=-1), events)
    values = {"model.tonic": jnp.asarray(_LEVELS)}
    keep = lambda event, readout: jax.nn.softmax(readout.policy.logits, axis=0)
    who = agent("tonic_gain", alpha=1.0, beta=2.0)
    return replay(who, arms.env, many, keep, values=values)[-1]


def _slopes() -> tuple[float, float]:
    """Slope of a log-likelihood by log beta and by log tonic."""
    who, events = agent("tonic_gain"), record(_CHOICES, _REWARDS)

    def logp(log_beta: Any, log_tonic: Any) -> Any:
        values = {"model.beta": jnp.exp(log_beta), "model.tonic": jnp.exp(log_tonic)}
        return rollout.log_likelihood(who, TWO_ARMS, events, values)[0]

    by_beta, by_tonic = jax.jit(jax.grad(logp, (0, 1)))(jnp.log(2.0), jnp.log(1.3))
    return float(by_beta), float(by_tonic)


def _latencies() -> np.ndarray:
    """Mean latency at each level above 0."""
    tone = jnp.repeat(jnp.asarray(_LEVELS[1:]), _RATS)
    # Much less noise than drift: the mean of the law is then its mode.
    who = agent("niv_vigor", alpha=0.0, alpha_r=0.0, r0=0.05, c_v=0.05, beta=2000.0)
    latency = play(
        who,
        task("free_operant", duration=1e6),
        _PRESSES,
        lambda event, readout: event.latency,
        name="tonic_gain",
        n_agents=tone.shape[0],
        values={"model.tone": tone},
    )
    return latency.mean(axis=0).reshape(-1, _RATS).mean(axis=1)
