"""A basal level of reward that rises with use: the drug's value is bounded, others fall."""

from typing import ClassVar

import numpy as np

from ..assays.drug_conditioning import DrugConditioning
from ..keys import named_keys
from ._base import (
    AbstractLandmark,
    Check,
    Measured,
    Panel,
    agree,
    at_most,
    bars,
    equal,
    line,
    theory,
)


_ALPHA, _SURGE, _TRIALS = 0.05, 0.05, 8000
_HABITUATION, _FASTER = 0.001, 0.003
_SHOWN = slice(0, _TRIALS + 1, 40)


class BoundedDrugValue(AbstractLandmark):
    """The drug of `drug_value_growth` for a learner that gets used to it."""

    title: ClassVar = "Habituation bounds a drug's value and devalues other rewards"
    claim: ClassVar = (
        "If a basal level κ rises with use to the surge of the drug and is held against every "
        "reward, the drug's value is bounded, blocking returns, and a natural reward R comes to "
        "be worth R − κ."
    )
    source: ClassVar = "after Dezfouli et al. 2009, Neural Comput. 21:2869"
    models: ClassVar = ("td_zero", "rescorla_wagner")
    caution: ClassVar = (
        "The exact update of the source is not reproduced; the one here, κ += r (κmax − κ) with "
        "each dose and κmax = D, is a formalisation of jaxda's, and so are its rates."
    )

    def measure(self) -> Measured:
        keys = named_keys(0, [("bounded_drug_value", "1")])
        drug = DrugConditioning(dopamine=_SURGE, trials=_TRIALS + 1, variation=0.0)
        used = _used(_HABITUATION)
        (free, _, _), (value, food, error) = (
            [x[:, 0] for x in assay.course(keys)] for assay in (drug, used)
        )
        kappa = _SURGE * (1 - (1 - _HABITUATION) ** np.arange(_TRIALS + 1))
        blocked = [float(drug.blocking(keys)[1][0])]
        trained, x = (float(s[0]) for s in _used(_FASTER).blocking(keys))
        blocked.append(x)
        checks = [
            *_bound(value),
            equal("error at the drug in the end", 0.0, error[-1], 1e-4),
            # Once it is learned; κ moves on while the value follows.
            agree("value of food, R − κ", 1 - kappa[1000:], food[1000:], 1e-3),
            equal("value of food after 8000 doses", 0.95, food[-1], 1e-3),
            equal("blocking: strength of A, trained alone", 1.692, trained, 0.02 * 1.692),
            equal("blocking: strength of X beside A", 0.0, x, 1e-3),
        ]
        trial = np.arange(_TRIALS + 1)[_SHOWN]
        limit = _limit(value)
        panels = [
            Panel(
                "Value of the drug",
                "trial",
                "value (rewards)",
                [
                    line(trial, free[_SHOWN], "no habituation"),
                    line(trial, value[_SHOWN], "habituation"),
                    theory((0, _TRIALS), (limit, limit), "bound"),
                ],
                zero=True,
            ),
            Panel(
                "Value of food",
                "trial",
                "value (rewards)",
                [
                    line(trial[5:], food[_SHOWN][5:], "with habituation"),
                    theory(trial, 1 - kappa[_SHOWN], "R − κ"),
                ],
            ),
            Panel(
                "Blocking with the drug",
                "learner",
                "strength of the added X (rewards)",
                [bars([0, 1], blocked)],
                ticks=("no habituation", "habituation"),
                zero=True,
            ),
        ]
        caption = (
            "Simulation, no medical advice; no species' constants; one learner each and nothing "
            "random, so no interval. TD(0) on three states to a drug and three to food, α = .05, "
            "γ = .95, both worth 1; surge D = .05 rewards; κ rises to .05 at r = .001 per dose. "
            f"Blocking (Rescorla-Wagner): {_TRIALS + 1} trials of A, then 1000 of A and X, "
            "r = .003."
        )
        return Measured(checks, panels, caption)


def _used(habituation: float) -> DrugConditioning:
    return DrugConditioning(
        dopamine=_SURGE, basal=_SURGE, habituation=habituation, trials=_TRIALS + 1, variation=0.0
    )


def _bound(value: np.ndarray) -> list[Check]:
    at = (1000, 2000, 4000, 8000)
    checks = [
        equal(f"value after {n} doses", v, value[n], 0.02 * v)
        for n, v in zip(at, (2.44, 3.02, 3.31, 3.35), strict=True)
    ]
    limit = _limit(value)
    return [*checks, at_most("value at any time", limit, value.max(), 0.02 * limit)]


def _limit(value: np.ndarray) -> float:
    """Where growth by alpha (D - kappa) ends that begins when the value passes 1."""
    start = int(np.argmax(value > 1))
    return 1 + _ALPHA * _SURGE * (1 - _HABITUATION) ** start / _HABITUATION
