"""An actor has no fixed point: preferences grow like the logarithm of time."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ._base import AbstractLandmark, Measured, Panel, agree, at_least, equal, line, theory
from ._play import agent, play, task


_AFTER = (50, 200, 1000, 2000)
_BEST = {"plain": (0.795, 0.950, 0.991, 0.996), "score": (0.782, 0.947, 0.991, 0.996)}
_LEFT = (0.0089, 0.0043)
_AGENTS = 2500


class ActorCriticGrowth(AbstractLandmark):
    """Probability of the better arm over 2,000 trials, for both actors."""

    title: ClassVar = "An actor that never settles"
    claim: ClassVar = (
        "While the critic settles on the value of the policy, the gap of preferences grows like "
        "log t: what is left of the worse arm falls like 1 / t, for both actors."
    )
    source: ClassVar = "Barto, Sutton & Anderson 1983; O'Doherty et al. 2004, Science 304:452"
    models: ClassVar = ("actor_critic",)

    def measure(self) -> Measured:
        checks, worse, gaps = [], [], []
        trial = np.unique(np.geomspace(1, 2000, 120).astype(int))
        for actor, told in _BEST.items():
            p, gap, value = _play(actor)
            best, rest = p.mean(axis=1), (1 - p).mean(axis=1)
            checks.append(
                agree(f"{actor}: P(better) after {_AFTER}", told, best[list(_AFTER)], 0.01)
            )
            checks.append(equal(f"{actor}: critic at the end", 0.797, value[-200:].mean(), 0.005))
            checks.append(
                at_least(f"{actor}: 1 − P at 1000 over at 2000", 1.8, rest[1000] / rest[2000])
            )
            worse.append(line(trial, rest[trial], actor))
            gaps.append(line(trial, gap.mean(axis=1)[trial], actor))
            if actor == "plain":
                checks.append(agree("1 − P after 1000 and 2000", _LEFT, rest[[1000, 2000]], 0.001))
                slope = theory((100, 2000), (rest[1000] * 10, rest[1000] / 2), "1 / t")
        panels = [
            Panel(
                "What is left of the worse arm", "trial", "1 − P(better)", [*worse, slope], log="xy"
            ),
            Panel("Gap of the preferences", "trial", "θ(better) − θ(worse)", gaps, log="x"),
        ]
        caption = (
            "Actor-critic with α_A = α_C = .1, β = 1 on a bandit that pays with .8 and .2; means "
            f"of {_AGENTS} agents for the actor that adds the error (plain) and the one that "
            "follows the gradient of log P (score)."
        )
        return Measured(checks, panels, caption)


def _play(actor: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """P(better), gap of the preferences and critic before each trial, `[trials, agents]`."""

    def keep(event, readout):
        theta = readout.latents["preference"]
        p = jax.nn.softmax(readout.policy.logits, axis=0)[0]
        return tuple(
            x.astype(jnp.float32) for x in (p, theta[0] - theta[1], readout.latents["value"])
        )

    p, gap, value = play(
        agent("actor_critic", alpha_a=0.1, alpha_c=0.1, beta=1.0, actor=actor),
        task("bandit", p=(0.8, 0.2)),
        2001,
        keep,
        name=f"actor_critic_growth, {actor}",
        n_agents=_AGENTS,
    )
    return p.astype(float), gap.astype(float), value.astype(float)
