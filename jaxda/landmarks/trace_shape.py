"""How long the trace is shows in the shape of the travelling error (Pan et al. 2005)."""

from typing import ClassVar

import numpy as np

from ..theory.wave import errors, interior_bump
from ._base import AbstractLandmark, Measured, Panel, agree, at_most, line, points, theory
from ._play import agent, play, task


_ALPHA, _GAMMA = 0.005, 0.98
_LAMS = (0.0, 0.5, 0.8, 0.9, 0.95, 1.0)
_TRIALS = 6_000


class TraceShape(AbstractLandmark):
    """Height of the moving bump, and what is left at the reward when the cue has half its burst."""

    title: ClassVar = "Long traces leave no moving bump"
    claim: ClassVar = (
        "The bump that moves from reward to cue is at most gamma (1 - lambda) / e high, so below "
        "5 % of the reward for lambda above 0.86; with long traces responses to reward and cue "
        "live side by side, as they do in rats."
    )
    source: ClassVar = "Pan, Schmidt, Wickens & Hyland 2005, J. Neurosci. 25:6235"
    models: ClassVar = ("delay_line",)
    caution: ClassVar = (
        "With light and optical recordings, gradual shifts have been reported as well (Amo et al. "
        "2022); only alpha / (1 - lambda) is seen in the speed of the wave, so lambda is told "
        "from alpha by its shape alone."
    )

    def measure(self) -> Measured:
        lams = np.array(_LAMS)
        found = _errors(20, lams, _TRIALS)
        bump = found[:, 1:-1].max(axis=(0, 1))
        at_cue, at_reward = found[:, 0], found[:, -1]
        half = np.argmax(at_cue >= 0.5 * _GAMMA**21, axis=0)
        left = at_reward[half, np.arange(len(lams))]
        law = [interior_bump(_ALPHA, _GAMMA, lam) for lam in lams]
        table = (0.361, 0.181, 0.072, 0.036, 0.018)
        left_table = {0.0: 0.0, 0.8: 0.010, 0.9: 0.078, 0.95: 0.210, 1.0: 0.498}
        shown = [_LAMS.index(lam) for lam in left_table]
        pan = _errors(16, np.array([0.9]), 801)[..., 0]
        trials = (100, 200, 400, 800)
        rows = [(pan[n, 0], pan[n, 1:-1].max(), pan[n, -1]) for n in trials]
        published = (
            (0.076, 0.030, 0.606),
            (0.163, 0.036, 0.367),
            (0.332, 0.027, 0.135),
            (0.563, 0.011, 0.018),
        )
        checks = [
            agree("interior bump, exact law", law, bump, 1e-9),
            agree("interior bump, λ = 0 … 0.95", table, bump[:-1], 6e-4),
            at_most("interior bump, λ = 1", 1e-9, bump[-1]),
            agree(
                "left at the reward at half the burst, λ = 0 … 1",
                list(left_table.values()),
                left[shown],
                6e-4,
            ),
            agree("K = 16, λ = 0.9: cue, bump and reward", published, rows, 6e-4),
            agree(
                "K = 16, λ = 0.9: every state and trial",
                errors(801, 16, _ALPHA, _GAMMA, 0.9),
                pan,
                1e-10,
            ),
        ]
        bins, some = np.arange(22), [i for i, lam in enumerate(_LAMS) if lam in (0, 0.5, 0.9, 1)]
        words = "prediction error δ (rewards)"
        few = slice(0, 801, 8)
        trial = np.arange(801)[few] + 1
        panels = [
            Panel(
                "When the cue has half its burst",
                "time since the cue (bins; reward at 21)",
                words,
                [line(bins, found[half[i], :, i], f"λ = {_LAMS[i]:g}") for i in some],
            ),
            Panel(
                "λ = 0.9, reward 16 bins after the cue",
                "trial",
                words,
                [
                    line(trial, pan[few, 0], "cue"),
                    line(trial, pan[few, 1:-1].max(axis=1), "largest in between"),
                    line(trial, pan[few, -1], "reward"),
                ],
            ),
            Panel(
                "By length of the trace",
                "λ",
                words,
                [
                    points(lams, bump, "highest bump in between"),
                    points(lams, left, "left at the reward"),
                    theory(lams, law, "γ(1 − λ)/e"),
                ],
            ),
        ]
        caption = (
            f"Deterministic sessions of delay_line (α = {_ALPHA}, γ = {_GAMMA} per bin, interval "
            "pinned at 0), reward of 1, 20 bins after the cue except in the middle. Left: the "
            "first trial in which the error at the cue is half of what it becomes."
        )
        return Measured(checks, panels, caption)


def _errors(delay: int, lams: np.ndarray, n_trials: int) -> np.ndarray:
    """Errors `[trials, bins, lams]`."""
    what = task("pavlovian_trial", delay=delay, omission=0.0)
    who = agent("delay_line", alpha=_ALPHA, gamma=_GAMMA)
    keep = lambda event, readout: readout.rpe
    n, values = len(lams), {"model.lam": lams}
    return play(who, what, n_trials, keep, name="trace_shape", n_agents=n, values=values)
