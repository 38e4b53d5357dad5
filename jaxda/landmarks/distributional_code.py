"""Channels of different optimism hold a distribution of rewards, and it can be read from them."""

from typing import ClassVar

import numpy as np

from ..theory.expectiles import (
    asymmetry,
    decode,
    decode_quantiles,
    expectiles,
    imbalance,
    quantiles,
    reversal_point,
    wasserstein,
)
from ._base import AbstractLandmark, Measured, Panel, agree, at_least, at_most, equal, line, points
from ._base import theory as law
from ._play import agent, play, task


_RATE, _STEP, _AGENTS = 0.02, 0.05, 2_000
_TAUS = tuple(round(0.1 * i, 1) for i in range(1, 10))
# 2.00468 uL at tau = .1 ... 10.84883 uL at tau = .9.
_TABLE = (2.00468, 2.94208, 3.72203, 4.47689, 5.20783, 6.04408, 7.11290, 8.52699, 10.84883)
# Where the share of rewards up to a size is within .03 of tau, a quantile is found very slowly.
_CLEAR = tuple(t for t in _TAUS if t not in (0.3, 0.8))
_CELLS, _SESSIONS = 40, 100
_FINE = np.arange(0.1, 20.01, 0.1)


class DistributionalCode(AbstractLandmark):
    """Values of expectile and quantile channels, reversal points, and what they decode to."""

    title: ClassVar = "A distribution of rewards in channels of different optimism"
    claim: ClassVar = (
        "A channel that learns at rates alpha+ and alpha- settles on the expectile of the rewards "
        "at tau = alpha+ / (alpha+ + alpha-), one that counts only signs on the quantile; where "
        "its response reverses tells its expectile, and from those the distribution can be "
        "decoded. The values themselves are no samples of it."
    )
    source: ClassVar = "Dabney et al. 2020, Nature 577:671; Rowland et al. 2019, ICML"
    models: ClassVar = ("expectile", "quantile")
    caution: ClassVar = (
        "That dopamine cells carry such a code is contested: diverse reversal points can arise "
        "without it. Utility is taken as linear; sizes are decoded up to the true utility."
    )

    def measure(self) -> Measured:
        what = task("variable_magnitude", cued=0.0)
        sizes = np.asarray(what.magnitudes)
        odds = np.asarray(what.probabilities) / np.sum(what.probabilities)
        taus = np.asarray(_TAUS)

        def settled(model: str, taus: tuple[float, ...], n_agents: int, trials: int, **more: float):
            who = agent(model, taus=taus, **more)
            keep = lambda e, r: (r.latents["value"], e.reward)
            name = f"distributional_code {model} {len(taus)}"
            value, reward = play(who, what, trials, keep, name=name, n_agents=n_agents)
            return value[-(trials // 3) :], reward[-(trials // 3) :]

        found = settled("expectile", _TAUS, _AGENTS, 1_500, rate=_RATE)[0].mean(axis=(0, 2))
        signs = settled("quantile", _CLEAR, _AGENTS, 4_500, rate=_STEP, v0=5.0)[0].mean(axis=(0, 2))

        tau = np.linspace(0.05, 0.95, _CELLS)
        value, reward = settled("expectile", tuple(tau.tolist()), _SESSIONS, 3_000, rate=_RATE)
        cells = value.mean(axis=(0, 2))
        # A cell's response is its step: an error times the rate for its sign.
        error = reward[:, None] - value
        response = np.where(error > 0, tau[:, None], 1 - tau[:, None]) * error
        half = len(response) // 2
        flat = lambda x: x.reshape(-1)
        estimates = []
        for i in range(_CELLS):
            turn = reversal_point(flat(reward[:half]), flat(response[:half, i]))
            slopes = asymmetry(flat(reward[half:]), flat(response[half:, i]), turn)
            estimates.append((turn, slopes))
        turns, slopes = np.transpose(estimates)
        positive = (response > 0).transpose(1, 0, 2)[:, reward == 5.0].mean(axis=1) > 0.5

        exact = expectiles(sizes, odds, tau)
        perfect = decode(tau, exact, _FINE)
        decoded = decode(tau, cells, _FINE)
        by_sign = decode_quantiles(np.asarray(_CLEAR), signs, _FINE)
        even = np.full(_CELLS, 1 / _CELLS)
        off = lambda x, p: wasserstein(x, p, sizes, odds)
        # Of sizes below every expectile only the total and the mean can be known.
        low = exact[0] > _FINE
        mass = [perfect[np.abs(_FINE - size) < 0.05].sum() for size in sizes[3:]]
        under = perfect[low].sum(), perfect[low] @ _FINE[low]
        corr = lambda a, b: np.corrcoef(a, b)[0, 1]
        checks = [
            agree("expectiles of the rewards (µl)", _TABLE, expectiles(sizes, odds, taus), 6e-6),
            agree("settled values of expectile channels (µl)", _TABLE, found, 0.05),
            agree(
                "settled values of quantile channels (µl)",
                quantiles(sizes, odds, np.asarray(_CLEAR)),
                signs,
                0.2,
            ),
            agree("40 cells: lowest and highest value (µl)", (1.39, 13.80), cells[[0, -1]], 0.1),
            equal("40 cells: expectile and optimism, r", 0.963, corr(tau, exact), 6e-4),
            equal("share of cells that 5 µl excites", 0.475, positive.mean(), 0.026),
            at_least(
                "reversal point and asymmetry, from disjoint trials, r", 0.9, corr(turns, slopes)
            ),
            at_most(
                "imbalance of what exact expectiles decode to",
                1e-10,
                np.abs(imbalance(tau, exact, _FINE) @ perfect).max(),
            ),
            equal("... its mean (µl)", 5.207829, perfect @ _FINE, 1e-5),
            agree("... its mass at 2.5, 5, 10, 20 µl", odds[3:], mass, 1e-9),
            agree(
                "... and of the three sizes below all expectiles, total and mean",
                (odds[:3].sum(), odds[:3] @ sizes[:3]),
                under,
                1e-9,
            ),
            at_most("decoded from learned values, distance (µl)", 0.4, off(_FINE, decoded)),
            at_least("learned values taken as samples, distance (µl)", 1.5, off(cells, even)),
        ]
        span = np.linspace(0.02, 0.98, 400)
        below = lambda at, p: [p[at <= x + 1e-9].sum() for x in _FINE]
        order = np.argsort(cells)
        some = (4, 12, 20, 27, 35)
        mean_at = lambda i: [response[:, i][reward == s].mean() for s in sizes]
        panels = [
            Panel(
                "What channels settle on",
                "optimism τ of the channel",
                "value (µl)",
                [
                    points(_TAUS, found, "expectile channels"),
                    points(_CLEAR, signs, "quantile channels"),
                    law(span, expectiles(sizes, odds, span), "expectiles and quantiles"),
                    law(span, quantiles(sizes, odds, span), ""),
                ],
            ),
            Panel(
                "Responses reverse at different sizes",
                "reward (µl)",
                "response, rate × δ (µl)",
                [line(sizes, mean_at(i), f"τ = {tau[i]:.2f}") for i in some],
                log="x",
                zero=True,
            ),
            Panel(
                "Decoded from",
                "reward (µl)",
                "share of rewards no larger",
                [
                    line(_FINE, below(sizes, odds), "rewards")._replace(kind="step"),
                    line(_FINE, below(_FINE, decoded), f"{_CELLS} expectile cells"),
                    line(_FINE, below(_FINE, by_sign), f"{len(_CLEAR)} quantile cells"),
                    line(_FINE, below(cells[order], even), "values as samples"),
                ],
                log="x",
            ),
        ]
        caption = (
            "Rewards of 0.1 to 20 µl of water, uncued; linear utility; the rates of a channel sum "
            f"to {_RATE} (expectile) or {_STEP} µl (quantile). Left: means over the last third of "
            f"1,500 (expectile) and 4,500 (quantile) trials of {_AGENTS:,} sessions; intervals are "
            f"smaller than the points. Middle and right: {_CELLS} cells with τ from 0.05 to 0.95 "
            f"in {_SESSIONS} sessions of 3,000 trials, values averaged before decoding by "
            "non-negative least squares."
        )
        return Measured(checks, panels, caption)
