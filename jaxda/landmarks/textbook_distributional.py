"""A textbook snippet of a distributional population: right in the mean, never at rest."""

from typing import ClassVar

import numpy as np

from ..theory.expectiles import expectiles
from ._base import AbstractLandmark, Measured, Panel, agree, at_least, equal, line, theory
from ._play import agent, play, task


_TAUS = np.linspace(0.1, 0.9, 9)
_TRIALS, _LATE, _AGENTS, _LR, _CALM = 2_000, 1_000, 2_000, 0.1, 0.02


class TextbookDistributional(AbstractLandmark):
    """The snippet on one reward, on a coin, and on seven sizes, beside a slower population."""

    title: ClassVar = "A common snippet of distributional dopamine: expectiles, with much noise"
    claim: ClassVar = (
        "What the snippet learns are expectiles, though it names nothing so: one reward moves "
        "values to lr tau, a coin leaves them at tau. At its rate they keep wandering, most at the "
        "optimistic end, and pessimists take nine times as long as optimists to see a sure reward."
    )
    source: ClassVar = "A common textbook snippet; Dabney et al. 2020, Nature 577:671"
    models: ClassVar = ("note_distributional", "expectile")

    def measure(self) -> Measured:
        snippet = agent("note_distributional", lr=_LR, n_neurons=len(_TAUS))
        keep = lambda event, readout: readout.latents["value"]

        def values(who, trials: int, n_agents: int = 1, **law: tuple[float, ...]) -> np.ndarray:
            what = task("variable_magnitude", cued=0.0, **law)
            name = "textbook_distributional"
            return play(who, what, trials, keep, name=name, n_agents=n_agents)

        sure = values(snippet, 200, magnitudes=(1.0,), probabilities=(1.0,))[..., 0]
        seen = lambda i: int(np.argmax(sure[:, i] >= 1 - np.exp(-1)))
        coin = values(snippet, _TRIALS, _AGENTS, magnitudes=(0.0, 1.0), probabilities=(0.5, 0.5))
        water = values(snippet, _TRIALS, _AGENTS)
        calm = values(agent("expectile", rate=_CALM, taus=tuple(_TAUS.tolist())), _TRIALS, _AGENTS)
        what = task("variable_magnitude")
        odds = np.asarray(what.probabilities) / np.sum(what.probabilities)
        right = expectiles(np.asarray(what.magnitudes), odds, _TAUS)
        mean = lambda x: x[-_LATE:].mean(axis=(0, 2))
        spread = lambda x: x[-_LATE:].std(axis=(0, 2))
        ends = [0, 4, 8]
        checks = [
            agree("after one reward of 1, lr τ", _LR * _TAUS, sure[1], 1e-15),
            agree("settled on a coin, τ", _TAUS, mean(coin), 0.005),
            agree("settled on seven sizes, mean (µl)", right, mean(water), 0.15),
            agree(
                "... and standard deviation, τ = .1, .5, .9",
                (0.35, 0.85, 1.22),
                spread(water)[ends],
                0.05,
            ),
            equal("sure rewards to 1 − 1/e, τ = .1", 100, seen(0), 0),
            equal("sure rewards to 1 − 1/e, τ = .9", 11, seen(8), 0),
            agree("slower population, mean (µl)", right, mean(calm), 0.06),
            at_least(
                "how much less the slower one wanders", 2, (spread(water) / spread(calm)).min()
            ),
        ]
        trial = np.arange(300) + 1
        one = lambda x: [
            *(line(trial, x[-300:, i, 0], f"τ = {_TAUS[i]:.1f}") for i in ends),
            *(theory([1, 300], [right[i]] * 2, "" if i else "expectiles") for i in ends),
        ]
        words = "last 300 trials", "value (µl)"
        panels = [
            Panel(f"Snippet, lr = {_LR}", *words, one(water)),
            Panel(f"Expectile population, rate = {_CALM}", *words, one(calm)),
            Panel(
                "How far values wander",
                "optimism τ of the channel",
                "standard deviation (µl)",
                [
                    line(_TAUS, spread(water), f"snippet, lr = {_LR}"),
                    line(_TAUS, spread(calm), f"expectile, rate = {_CALM}"),
                ],
            ),
        ]
        caption = (
            f"Water rewards of 0.1 to 20 µl, uncued, {_TRIALS:,} trials. Left and middle: the end "
            "of one session of note_distributional and of expectile. Right: over the last "
            f"{_LATE:,} trials of {_AGENTS:,} sessions; intervals are smaller than the lines."
        )
        return Measured(checks, panels, caption)
