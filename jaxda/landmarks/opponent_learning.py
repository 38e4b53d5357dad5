"""Go tells good options apart, NoGo bad ones, and dopamine chooses whom to ask."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from ._base import AbstractLandmark, Measured, Panel, agree, at_least, bars, equal, line, points
from ._options import ONE_OPTION, paying
from ._play import agent, replay


_P = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
# Mean Go weight after 100 trials, by how often the option pays.
_GO = (0.120, 0.139, 0.201, 0.335, 0.614, 1.183, 2.264, 3.982, 5.737)
# How much better .8 is than .7, and .3 than .2, at four levels of dopamine at choice.
_GAPS = {-1.0: (0.124, 3.448), 0.0: (1.780, 1.786), 0.5: (2.608, 0.955), 1.0: (3.437, 0.124)}
_RICH, _LEAN = (0.8, 0.7), (0.3, 0.2)
_TRIALS, _AGENTS = 100, 3000


class OpponentLearning(AbstractLandmark):
    """Go and NoGo weights of OpAL by how often an option pays, and differences of Act."""

    title: ClassVar = "Two pathways: Go knows the rich end, NoGo the lean end"
    claim: ClassVar = (
        "Hebbian actors are convex: Go weights spread among options that pay often, NoGo weights "
        "among those that pay rarely, so dopamine at choice decides which differences count."
    )
    source: ClassVar = (
        "Collins & Frank 2014, Psychol. Rev. 121:337; annealing of Jaskir & Frank 2023, eLife "
        "12:e85107"
    )
    models: ClassVar = ("opal_star",)
    caution: ClassVar = (
        "At balance differences are as large at the rich as at the lean end (by symmetry), and "
        "nearly the same one step further out, but not near 1/2: discrimination is not invariant "
        "to translation."
    )

    def measure(self) -> Measured:
        groups = [(p, 0.0) for p in _P]
        groups += [(p, rho) for rho in _GAPS if rho for p in (*_RICH, *_LEAN)]
        rho = jnp.repeat(jnp.asarray([r for _, r in groups]), _AGENTS)
        keep = lambda event, readout: jnp.stack(
            [readout.latents["go"][0], readout.latents["nogo"][0], readout.policy.logits[0]]
        ).astype(jnp.float32)
        seen = replay(
            agent("opal_star", alpha_c=0.05, alpha_g=0.5, alpha_n=0.5, beta=1.0, modulation="none"),
            ONE_OPTION,
            paying([p for p, _ in groups], _TRIALS + 1, _AGENTS, name="opponent_learning"),
            keep,
            values={"model.rho": rho},
        )
        each = seen[-1].astype(float).reshape(3, len(groups), _AGENTS)
        go, nogo, act = each.mean(axis=2)
        error = each.std(axis=2) / np.sqrt(_AGENTS)
        at = {group: i for i, group in enumerate(groups)}
        n = len(_P)
        checks = [
            agree("mean G relative to what it should be", np.ones(n), go[:n] / _GO, 0.04),
            agree("mean N relative to G mirrored", np.ones(n), nogo[:n] / _GO[::-1], 0.04),
        ]
        gap = lambda pair, rho: act[at[pair[0], rho]] - act[at[pair[1], rho]]
        found = {rho: (gap(_RICH, rho), gap(_LEAN, rho)) for rho in sorted(_GAPS)}
        for level, expected in sorted(_GAPS.items()):
            name = f"Act at ρ = {level:g}: .8 − .7 and .3 − .2"
            checks.append(agree(name, expected, found[level], 0.1))
        checks.append(equal("Act .9 − .8 less .8 − .7 at ρ = 0", 0, _third(act), 0.15))
        checks.append(at_least("Act .8 − .7 less .7 − .6 at ρ = 0", 0.4, _near(act)))

        seen_mean = lambda i: (go, nogo)[i][:n]
        each_ends = lambda i, s: seen_mean(i) + s * 1.96 * error[i, :n]
        sides = lambda i: {"low": each_ends(i, -1), "high": each_ends(i, 1)}
        marks = [
            line(_P, go[:n], "Go, G", color=0, **sides(0)),
            line(_P, nogo[:n], "NoGo, N", color=1, **sides(1)),
            points(_P, _GO, "", color=0),
        ]
        where = "how often the option pays"
        panels = [Panel("What is learned", where, "weight after 100 trials", marks)]
        levels = sorted(found)
        marks = [
            bars(range(len(levels)), [found[r][i] for r in levels], label)
            for i, label in enumerate(("0.8 against 0.7", "0.3 against 0.2"))
        ]
        ticks = tuple(f"{r:+g}" if r else "0" for r in levels)
        about = "dopamine at choice ρ (−1: NoGo only, +1: Go only)"
        panels.append(Panel("What counts at choice", about, "difference of Act", marks, ticks))
        caption = (
            f"OpAL* without modulation (annealed actors, T_eff = 100), α_C = .05, α = .5, β = 1, "
            f"V0 = .5, one option for {_TRIALS} trials; means of {_AGENTS} agents with 95 % "
            "intervals, and an independent computation of G (points)."
        )
        return Measured(checks, panels, caption)


def _third(act: np.ndarray) -> float:
    return float((act[8] - act[7]) - (act[7] - act[6]))


def _near(act: np.ndarray) -> float:
    return float((act[7] - act[6]) - (act[6] - act[5]))
