"""What is wrong with Go and NoGo weights that only grow."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from ..theory.opponent import half_wave_growth
from ._base import AbstractLandmark, Measured, Panel, agree, at_least, equal, line, theory
from ._options import ONE_OPTION, paying
from ._play import agent, replay


_ALPHA, _SLOW, _DECAY = 0.1, 0.05, 0.01
_TRIALS, _AGENTS = 10_000, 200
# Probability of reward, rate of NoGo and decay of both weights.
_CASES = (
    (0.5, _ALPHA, 0.0),
    (0.5, _ALPHA, _DECAY),
    (0.3, _SLOW, 0.0),
    (0.5, _SLOW, 0.0),
    (0.7, _SLOW, 0.0),
)


class AdditiveGoNogo(AbstractLandmark):
    """Growth, redundancy and drift of half-wave weights, beside Hebbian ones."""

    title: ClassVar = "Half-wave Go and NoGo: growth, redundancy, drift"
    claim: ClassVar = (
        "If gains only raise Go and losses only raise NoGo, both grow without bound; with equal "
        "rates the pair repeats the critic exactly, with unequal ones any option "
        "drifts to look "
        "good or bad."
    )
    source: ClassVar = (
        "half-wave reading of Frank, Seeberger & O'Reilly 2004, Science 306:1940; remedies of "
        "Collins & Frank 2014 and Moller & Bogacz 2019"
    )
    models: ClassVar = ("note_go_nogo", "opal")

    def measure(self) -> Measured:
        each = lambda i: jnp.repeat(jnp.asarray([case[i] for case in _CASES]), _AGENTS)
        events = paying([case[0] for case in _CASES], _TRIALS + 1, _AGENTS, name="additive_go_nogo")
        # The critic's value is the reward less the error.
        keep = lambda event, readout: jnp.stack(
            [
                readout.latents["go"][0],
                readout.latents["nogo"][0],
                event.reward - readout.rpe[0],
            ]
        )
        who = agent("note_go_nogo", alpha_go=_ALPHA, alpha_c=_ALPHA)
        values = {"model.alpha_nogo": each(1), "model.decay": each(2)}
        seen = replay(who, ONE_OPTION, events, keep, values=values)
        seen = seen.reshape(_TRIALS + 1, 3, len(_CASES), _AGENTS)
        go, nogo = seen[:, 0].mean(axis=-1), seen[:, 1].mean(axis=-1)
        growth = half_wave_growth(0.5, _ALPHA)
        grown = np.array([go[-1, 0] - go[-1001, 0], nogo[-1, 0] - nogo[-1001, 0]]) / 1000
        checks = [
            agree("go and nogo after 1000 trials", (25.4, 24.9), (go[1000, 0], nogo[1000, 0]), 0.5),
            agree("go and nogo after 10,000 trials", (249.7, 249.1), (go[-1, 0], nogo[-1, 0]), 1.0),
            agree("late growth per trial over α p (1 − p)", (1, 1), grown / growth, 0.05),
        ]
        copied = seen[:, 0, 0] - seen[:, 1, 0]
        checks.append(agree("go − nogo against α V / α_C", seen[:, 2, 0], copied, 1e-9))
        late = seen[-5000:, :2, 1].mean(axis=(0, 2))
        settled = [growth / _DECAY] * 2
        checks.append(agree("go and nogo that decay, settled", settled, late, 0.1))
        drift = (go - nogo)[-1, 2:]
        law = [half_wave_growth(case[0], _ALPHA - _SLOW) * _TRIALS for case in _CASES[2:]]
        checks.append(agree("drift over its law, p = .3, .5, .7", np.ones(3), drift / law, 0.05))
        checks.append(equal("drift, p = .5", 125, drift[1], 3))
        checks.append(at_least("least drift, in rewards", 50, drift.min()))

        n, step = 1000, 10
        hebbian = replay(
            agent("opal", alpha_c=_ALPHA, alpha_g=_ALPHA, alpha_n=_ALPHA, v0=0.0),
            ONE_OPTION,
            paying([0.5], n + 1, 2000, name="additive_go_nogo, opal"),
            lambda e, r: jnp.stack([r.latents["go"][0], r.latents["nogo"][0]]),
        ).mean(axis=2)
        t = np.arange(0, n + 1, step)
        marks = [
            line(t, go[t, 0], "Go, additive", color=0),
            line(t, nogo[t, 0], "NoGo, additive", color=1),
            theory(t, growth * t, "α p (1 − p) per trial"),
            line(t, go[t, 1], "Go, with decay", color=2),
            line(t, hebbian[t, 0], "Go, OpAL", color=3),
            line(t, hebbian[t, 1], "NoGo, OpAL", color=4),
        ]
        panels = [Panel("p = .5, equal rates", "trial", "weight", marks)]
        t = np.arange(0, _TRIALS + 1, 100)
        marks = [line(t, (go - nogo)[t, i], f"p = {_CASES[i][0]:g}", color=i) for i in range(2, 5)]
        title = "Unequal rates: all options look good"
        panels.append(Panel(title, "trial", "go − nogo", marks))
        caption = (
            f"One option. Half-wave weights with α = α_C = {_ALPHA} (right: {_SLOW} for NoGo) "
            f"from 0, means of {_AGENTS} agents, with a decay of {_DECAY} per "
            "trial in one case; "
            "OpAL with the same rates from 1, means of 2000 agents."
        )
        return Measured(checks, panels, caption)
