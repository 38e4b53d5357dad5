"""What is read from a population of dopamine channels when some fall silent."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from ..assays._base import individuals
from ..assays.population_decode import CHANNELS, RATE, SIZES, TAUS, TRIALS, PopulationDecode
from ..lesions.channel_loss import ChannelLoss
from ..models.expectile import Expectile
from ..theory.expectiles import expectiles
from ._base import (
    AbstractLandmark,
    Measured,
    Panel,
    agree,
    equal,
    line,
    points,
    theory,
)


_PEOPLE = 2_000
_LOST = (0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9)
# Standard deviation between individuals at losses of 0, 30, 60 and 90 % at random, and means
# after 30 % of one side, all over the mean that the whole population reads (independent
# simulation with other rewards of mean .479).
_SPREAD = {0.0: 0.023 / 0.479, 0.3: 0.041 / 0.479, 0.6: 0.069 / 0.479, 0.9: 0.159 / 0.479}
_SHIFT = {"optimistic": 0.375 / 0.479, "pessimistic": 0.567 / 0.479}
_SIDES = ("optimistic", "pessimistic")


class ChannelLossDecode(AbstractLandmark):
    """Mean and spread of what is read, by share and kind of the channels that are lost."""

    title: ClassVar = "A population of dopamine channels that loses some"
    claim: ClassVar = (
        "Channels lost at random leave the mean that is read and widen it from one individual to "
        "the next, threefold at 60 %; losing the optimistic 30 % lowers it by a fifth, the "
        "pessimistic raises it by a fifth."
    )
    source: ClassVar = "after Dabney et al. 2020, Nature 577:671"
    models: ClassVar = ("expectile",)
    caution: ClassVar = (
        "Nobody has silenced dopamine cells by their optimism, and that they carry a "
        "distributional code is contested. Sizes depend on the rewards; they are compared "
        "relative to the whole population."
    )

    def measure(self) -> Measured:
        keys = individuals("channel_loss_decode", _PEOPLE)
        read = lambda lost, which: PopulationDecode(lost=lost, which=which).run(keys)[
            "decoded_mean"
        ]
        random = {lost: read(lost, "random") for lost in _LOST}
        means = {side: np.asarray([read(lost, side).mean() for lost in _LOST]) for side in _SIDES}
        whole = random[0.0].mean()
        odds = np.full(len(SIZES), 1 / len(SIZES))
        settled = expectiles(np.asarray(SIZES), odds, np.asarray(TAUS))

        widened = [random[lost].std() / whole for lost in _SPREAD]
        at = _LOST.index(0.3)
        checks = [
            equal("whole population: mean that is read", settled.mean(), whole, 0.01),
            agree(
                "random loss of 30, 60, 90 %: mean over that of the whole",
                np.ones(3),
                [random[lost].mean() / whole for lost in (0.3, 0.6, 0.9)],
                0.02,
            ),
            agree(
                "random loss of 0, 30, 60, 90 %: spread over the mean",
                list(_SPREAD.values()),
                widened,
                0.04,
            ),
            equal(
                "random loss of 60 %: spread over that of the whole",
                3.0,
                widened[2] / widened[0],
                0.4,
            ),
        ]
        for side, shift in _SHIFT.items():
            label = f"{side} 30 % lost: mean over that of the whole"
            checks.append(equal(label, shift, means[side][at] / whole, 0.04))

        marks = [theory(TAUS, settled, "value of a channel")]
        for i, side in enumerate(_SIDES):
            cut = ChannelLoss(jnp.asarray(0.3), which=side)  # type: ignore[arg-type]
            left = np.asarray(cut.weights(Expectile(taus=TAUS), CHANNELS))
            marks.append(points(TAUS, left, f"left, {side} lost", color=i + 1))
        panels = [
            Panel("30 % of one side lost", "optimism τ of the channel", "share; rewards", marks),
            _shifts(means, random, settled),
            Panel(
                "Random loss, between individuals",
                "share of channels lost",
                "standard deviation over mean",
                [
                    line(_LOST, [x.std() / whole for x in random.values()], "simulated"),
                    points(list(_SPREAD), list(_SPREAD.values()), "other rewards"),
                ],
                zero=True,
            ),
        ]
        caption = (
            f"Simulation, no medical advice. {CHANNELS} expectile channels, τ = .05 to .95, rate "
            f"{RATE:g}, {TRIALS} trials with rewards of 0, .25, .5, .75 and 1, equally often; the "
            "mean of channels, each weighted by what is left of it. Means and standard deviations "
            f"over {_PEOPLE} individuals, each with a random order of its own. Dashed: "
            "expectiles. Points on the right: an independent simulation with other rewards."
        )
        return Measured(checks, panels, caption)


def _shifts(
    means: dict[str, np.ndarray], random: dict[float, np.ndarray], settled: np.ndarray
) -> Panel:
    mean = np.asarray([x.mean() for x in random.values()])
    deviation = np.asarray([x.std() for x in random.values()])
    low, high = mean - deviation, mean + deviation
    marks = [line(_LOST, mean, "random ± s.d.", low=low, high=high, color=0)]
    for i, (side, found) in enumerate(means.items()):
        marks.append(line(_LOST, found, side, color=i + 1))
    # Whole channels gone, without fading.
    gone = np.arange(CHANNELS - 1)
    for label, ranked in (("expectiles", settled), ("", settled[::-1])):
        kept = [ranked[: CHANNELS - n].mean() for n in gone]
        marks.append(theory(gone / CHANNELS, kept, label))
    what = "mean that is read (rewards)"
    return Panel("What is read", "share of channels lost", what, marks)
