"""A drug whose dopamine cannot be predicted away: value without bounds."""

from typing import ClassVar

import numpy as np

from ..assays.drug_conditioning import DrugConditioning, elasticity
from ..keys import named_keys
from ._base import (
    AbstractLandmark,
    Check,
    Measured,
    Panel,
    agree,
    bars,
    equal,
    line,
    theory,
)


_ALPHA, _SURGE, _TRIALS, _COMPOUND = 0.05, 0.05, 4000, 1000
_SHOWN = slice(0, _TRIALS + 1, 20)


class DrugValueGrowth(AbstractLandmark):
    """One learner with a drug and one with a natural reward of the same size."""

    title: ClassVar = "A drug's value grows without bounds"
    claim: ClassVar = (
        "Where the error cannot fall below a surge D, value grows by αD with every dose, the "
        "error at the drug ends as D and not as 0, taking it comes to ignore its price, and what "
        "is paired with it acquires value although it was predicted already."
    )
    source: ClassVar = "Redish 2004, Science 306:1944"
    models: ClassVar = ("td_zero", "rescorla_wagner")
    caution: ClassVar = (
        "Contradicted on blocking: with cocaine, a tone that was trained first did block "
        "conditioning to a light in rats (Panlilio, Thorndike & Schindler 2007). That a basal "
        "level rises with use restores blocking and bounds value (landmark bounded_drug_value)."
    )

    def measure(self) -> Measured:
        keys = named_keys(0, [("drug_value_growth", "1")])
        drug, natural = (
            DrugConditioning(dopamine=d, trials=_TRIALS + 1, variation=0.0) for d in (_SURGE, 0.0)
        )
        courses = {
            name: [x[:, 0] for x in assay.course(keys)]
            for name, assay in (("drug", drug), ("natural reward", natural))
        }
        blocked = [float(assay.blocking(keys)[1][0]) for assay in (natural, drug)]
        checks = [
            *_growth(courses["drug"][0], courses["natural reward"][0]),
            *_residual(courses["drug"][2], courses["natural reward"][2]),
            *_price(courses["drug"][0]),
            equal("strength that X acquires beside A: drug", 2.5, blocked[1], 0.05),
            equal("the same, natural reward", 0.0, blocked[0], 1e-9),
        ]
        panels = [
            _values({name: c[0] for name, c in courses.items()}),
            _errors({name: c[2] for name, c in courses.items()}),
            _prices({name: c[0] for name, c in courses.items()}),
            Panel(
                "Blocking",
                "what A and X foretell",
                "strength of the added X (rewards)",
                [bars([0, 1], blocked)],
                ticks=("natural reward", "drug"),
                zero=True,
            ),
        ]
        caption = (
            "Simulation, no medical advice; no species' constants; one learner each and nothing "
            "random, so no interval. TD(0) on three states, α = .05, γ = .95, reward 1; drug: "
            "surge D = .05 rewards, the maximum smoothed over .01. Dashed: slope αD; D. Price: "
            "choice against food worth .95 with β = 3, at a price of .5. Blocking "
            f"(Rescorla-Wagner): {_TRIALS + 1} trials of A, then {_COMPOUND} of A and X."
        )
        return Measured(checks, panels, caption)


def _growth(drug: np.ndarray, natural: np.ndarray) -> list[Check]:
    at = np.array([1000, 2000, 4000])
    expected = (3.352, 5.852, 10.852)
    checks = [
        equal(f"value after {n} doses", v, drug[n], 0.02 * v)
        for n, v in zip(at, expected, strict=True)
    ]
    slope = np.diff(drug[2000:])
    return [
        *checks,
        agree("growth per dose, αD", np.full(slope.shape, _ALPHA * _SURGE), slope, 5e-5),
        equal("value of a natural reward", 1.0, natural[-1], 1e-9),
    ]


def _residual(drug: np.ndarray, natural: np.ndarray) -> list[Check]:
    return [
        equal("error at the drug in the end, D", _SURGE, drug[-1], 1e-3),
        equal("error at a natural reward in the end", 0.0, natural[-1], 1e-9),
    ]


def _price(drug: np.ndarray) -> list[Check]:
    seen = elasticity(np.array([0.95, drug[500], drug[2000]]))
    names = ("worth as much as food", "after 500 doses", "after 2000 doses")
    return [
        equal(f"d ln P(drug) / d price: {name}", expected, got, 0.02)
        for name, expected, got in zip(names, (-2.45, -0.37, 0.0), seen, strict=True)
    ]


def _values(values: dict[str, np.ndarray]) -> Panel:
    trial = np.arange(_TRIALS + 1)
    marks = [line(trial[_SHOWN], v[_SHOWN], name) for name, v in values.items()]
    # The error settles at D when the value passes 1.
    start = int(np.argmax(values["drug"] > 1))
    ends = np.array([start, _TRIALS])
    marks.append(theory(ends, 1 + _ALPHA * _SURGE * (ends - start), "slope αD"))
    return Panel("Value", "trial", "value (rewards)", marks, zero=True)


def _errors(errors: dict[str, np.ndarray]) -> Panel:
    shown = slice(0, 201, 2)
    trial = np.arange(_TRIALS + 1)
    marks = [line(trial[shown], e[shown], name) for name, e in errors.items()]
    marks.append(theory((0, 200), (_SURGE, _SURGE), "D"))
    return Panel("Error when it is taken", "trial", "error (rewards)", marks, zero=True)


def _prices(values: dict[str, np.ndarray]) -> Panel:
    trial = np.arange(_TRIALS + 1)
    marks = [line(trial[_SHOWN], elasticity(v)[_SHOWN], name) for name, v in values.items()]
    return Panel("Sensitivity to its price", "trial", "d ln P(taking) / d price", marks, zero=True)
