"""Dopamine depletion slows every press, and costs most where most is pressed for a meal."""

from typing import ClassVar

import numpy as np

from ..theory import vigor
from ._base import AbstractLandmark, Measured, Panel, agree, equal, points, theory
from ._play import agent, play, task


_RATIOS = (1, 4, 16, 64)
_UTILITY, _C_V, _EATING, _SESSION, _LEFT = 100.0, 1.0, 10.0, 1800.0, 0.4
_AGENTS, _SHARP = 500, 1e4
_PRESSES = (174.3, 629.6, 1579.8, 1192.0)
_KEPT = (0.982, 0.932, 0.792, 0.657)


class VigorDepletion(AbstractLandmark):
    """Presses in half an hour by ratio, at full and at reduced tonic dopamine."""

    title: ClassVar = "Depletion cuts responding most on high ratios"
    claim: ClassVar = (
        "With the average reward at 40 % every latency is 1.58 times as long, whatever the ratio; "
        "presses per session fall by 2 % on ratio 1 and by a third on ratio 64, because meals take "
        "most of the time on low ratios."
    )
    source: ClassVar = (
        "Aberman & Salamone 1999, Neuroscience 92:545 (pattern); Niv et al. 2007 (account)"
    )
    models: ClassVar = ("niv_vigor",)
    caution: ClassVar = (
        "The pattern over ratios is that of Aberman & Salamone; their counts of presses were not "
        "available to compare with, and the size of the reduction is chosen."
    )

    def measure(self) -> Measured:
        keep = lambda event, readout: (event.latency, event.valid)
        presses, spread, rates, law = [], [], [], []
        for ratio in _RATIOS:
            best = vigor.random_ratio(1 / ratio, _UTILITY, 0.0, _C_V, _EATING)
            full, _ = vigor.session(_SESSION, 1 / ratio, _UTILITY, 0.0, _C_V, _EATING, 1.0)
            less, _ = vigor.session(_SESSION, 1 / ratio, _UTILITY, 0.0, _C_V, _EATING, _LEFT)
            law.append((full, less))
            lever = task(
                "free_operant",
                schedule="random",
                ratio=ratio,
                reward=_UTILITY,
                consumption=_EATING,
                duration=_SESSION,
            )
            who = agent(
                "niv_vigor", beta=_SHARP, c_v=_C_V, c_u=0.0, r0=best.rate, alpha=0.0, alpha_r=0.0
            )
            tone = np.repeat([1.0, _LEFT], _AGENTS)
            # Nobody is so unlucky at the lever as to press more.
            most = int(1.35 * full) + 40
            tau, valid = play(
                who,
                lever,
                most,
                keep,
                name="vigor_depletion",
                n_agents=len(tone),
                values={"model.tone": tone},
            )
            if valid[-1].any():
                raise RuntimeError(f"a session on ratio {ratio} has more than {most} presses.")
            count = valid.sum(axis=0).reshape(2, _AGENTS)
            presses.append(count.mean(axis=1))
            spread.append(1.96 * count.std(axis=1) / np.sqrt(_AGENTS))
            mean = (tau * valid).sum(axis=0) / valid.sum(axis=0)
            rates.append(mean[:_AGENTS].mean() / mean[_AGENTS:].mean())
        return self._told(np.array(presses), np.array(spread), np.array(rates), np.array(law))

    def _told(
        self, found: np.ndarray, spread: np.ndarray, rates: np.ndarray, law: np.ndarray
    ) -> Measured:
        kept, exact = found[:, 1] / found[:, 0], law[:, 1] / law[:, 0]
        checks = [
            agree("presses by closed form (computed digits)", _PRESSES, law[:, 0], 0.05),
            agree("share left by closed form (computed digits)", _KEPT, exact, 5e-4),
            agree(
                "presses of agents over the closed form", np.ones(4), found[:, 0] / law[:, 0], 0.02
            ),
            agree("share left in agents", exact, kept, 0.01),
            agree("rate while pressing, depleted over intact", np.full(4, 0.6325), rates, 1e-3),
            equal("the same, sqrt(0.4)", 0.6325, np.sqrt(_LEFT), 5e-5),
        ]
        x = np.arange(len(_RATIOS))
        marks = []
        for k, label in enumerate(("intact", f"{100 * _LEFT:g} % of R")):
            ends = {"low": found[:, k] - spread[:, k], "high": found[:, k] + spread[:, k]}
            marks.append(points(x, found[:, k], label, **ends))
            marks.append(theory(x, law[:, k], "closed form" if k == 0 else ""))
        ticks = [str(n) for n in _RATIOS]
        where = "presses per reward"
        left = Panel("Half an hour at the lever", where, "presses", marks, ticks, zero=True)
        marks = [
            points(x, kept, "presses in the session"),
            points(x, rates, "rate while pressing"),
            theory(x, exact, "closed form"),
            theory(x, np.full(4, np.sqrt(_LEFT)), ""),
        ]
        what = "depleted / intact"
        right = Panel("What is left of responding", where, what, marks, ticks, zero=True)
        caption = (
            f"Niv-Daw-Joel-Dayan vigour on random ratios, rewards of {_UTILITY:g} utility that "
            f"take {_EATING:g} s to eat, cost of speed {_C_V:g} utility s, sharp choice. The "
            f"average reward R is what the best policy earns, or {100 * _LEFT:g} % of it at the "
            f"moment of action. Means of {_AGENTS} agents per point with 95 % intervals (mostly "
            "smaller than the points)."
        )
        return Measured(checks, [left, right], caption)
