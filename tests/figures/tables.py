"""One small experiment, and tables for it that are written by hand."""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from jaxda import config
from jaxda.config import Config
from jaxda.data.files import with_metadata, write_table
from jaxda.figures._base import AbstractFigure, Drawn, Tables
from jaxda.figures._style import style
from jaxda.layout import Layout


EXPERIMENT: dict[str, Any] = {
    "title": "Figures",
    "seed": 0,
    "models": {
        "q": {"model": "q_learning"},
        "opal": {"model": "opal"},
        "td": {"model": "td_lambda"},
        "vigour": {"model": "niv_vigor"},
        "channels": {"model": "expectile", "settings": {"channels": 2}},
    },
    "scenarios": {
        "learn": {
            "task": "pst",
            "lesion": "snc_loss",
            "doses": [0, 0.5],
            "sources": ["opal"],
            "candidates": ["q", "opal"],
            "subjects": 2,
            "trials": 26,
            "recover_dose": True,
        },
        "cues": {
            "task": "pavlovian_trace",
            "lesion": "snc_loss",
            "doses": [0, 0.5],
            "sources": ["td"],
            "subjects": 2,
            "trials": 4,
        },
        "lever": {
            "task": "free_operant",
            "lesion": "tonic",
            "doses": [-1, 0],
            "sources": ["vigour"],
            "subjects": 2,
            "trials": 3,
        },
        "drops": {
            "task": {
                "name": "variable_magnitude",
                "settings": {"magnitudes": [0.0, 1.0], "probabilities": [0.5, 0.5]},
            },
            "sources": ["channels"],
            "subjects": 2,
            "trials": 8,
        },
    },
    "datasets": {
        "lab": {
            "path": "lab.csv",
            "columns": {"subject": "who", "trial": "t", "choice": "c", "reward": "r"},
            "choice_base": 0,
            "candidates": ["q", "opal"],
        }
    },
    "figures": {
        "cs_shift": ["cues"],
        "learning_curves": ["learn"],
        "go_nogo_weights": ["learn"],
        "choose_avoid": ["learn"],
        "vigor": ["lever"],
        "expectile_code": ["drops"],
        "dose_response": ["learn"],
        "recovery": ["learn"],
        "confusion": ["learn"],
        "comparison": ["learn", "lab"],
        "data_overview": ["lab"],
        "prior_predictive": ["learn"],
        "posterior_predictive": ["learn"],
    },
    "analyses": {
        name: ["learn"] for name in ("power", "design", "prior_predictive", "posterior_predictive")
    },
}
Key = tuple[str, str, str, str]


@functools.cache
def experiment() -> Config:
    """The experiment, checked."""
    return config.load(overrides=EXPERIMENT)


def table(rows: Sequence[Mapping[str, Any]], **facts: Any) -> pa.Table:
    """A table of `rows`; a key that a row lacks is null there."""
    names = list(dict.fromkeys(n for row in rows for n in row))
    return with_metadata(pa.table({n: [row.get(n) for row in rows] for n in names}), facts)


def choice(
    dose: float, subject: str, trial: int, options: tuple[int, int], taken: int | None, **more: Any
) -> dict[str, Any]:
    """A row of a session in which the item `taken` was chosen among `options`."""
    return {
        "dose": float(dose),
        "subject": subject,
        "session": "1",
        "trial": trial,
        "event": trial - 1,
        "cue": 0,
        "option_0": options[0],
        "option_1": options[1],
        "action": None if taken is None else options.index(taken),
        "choice": taken is not None,
        "latency": None,
        "reward": 1.0,
        "feedback": True,
        "valid": True,
    } | more


def learn() -> pa.Table:
    """20 trials of the pair AB, then A and B against C to F.

    Subject a is right on 5 of the first 10 trials and on all that follow, subject b on 5 and 8;
    at dose 0.5 both are right on 5 and 5. At test a takes A once of twice and avoids B twice of
    twice, b takes A always and avoids B once. G of A is 1 + trial / 10 (half the growth at dose
    0.5), G of B is 1, N of A is 0.5 and N of B is 2.
    """
    rows = []
    for dose in (0.0, 0.5):
        for subject, right in (("a", 10), ("b", 8)):
            for t in range(1, 21):
                good = t % 2 == 0 if t <= 10 or dose else t - 10 <= right
                go = 1 + t / (10 if dose == 0 else 20)
                weights = {"go_0": go, "go_1": 1.0, "nogo_0": 0.5, "nogo_1": 2.0}
                rows.append(choice(dose, subject, t, (0, 1), 0 if good else 1, **weights))
            pairs = [((0, 2), 0), ((3, 0), 3), ((1, 4), 4), ((5, 1), 5), ((0, 1), 1)]
            if subject == "b":
                pairs = [((0, 2), 0), ((3, 0), 0), ((1, 4), 1), ((5, 1), 5), ((0, 1), 1)]
            for t, (options, taken) in enumerate(pairs, 21):
                unseen = {"feedback": False, "reward": None}
                weights = {"go_0": 9.0, "go_1": 9.0, "nogo_0": 9.0, "nogo_1": 9.0}
                rows.append(choice(dose, subject, t, options, taken, **unseen, **weights))
    return table(rows)


def cues() -> pa.Table:
    """Trials of three bins: at the cue trial / 4, at the reward 1 - trial / 4, nothing between.

    Half of that at dose 0.5. Subject b goes without the reward on trial 4, where it gets -0.8.
    """
    rows = []
    for dose, gain in ((0.0, 1.0), (0.5, 0.5)):
        for subject in "ab":
            for t in range(1, 5):
                omitted = subject == "b" and t == 4
                signal = (t / 4, 0.0, -0.8 if omitted else 1 - t / 4)
                rows += [
                    {
                        "dose": dose,
                        "subject": subject,
                        "trial": t,
                        "event": 3 * (t - 1) + b,
                        "choice": False,
                        "reward": float(b == 2 and not omitted),
                        "terminal": b == 2,
                        "elapsed": 0.5,
                        "dopamine": gain * signal[b],
                        "rpe": signal[b],
                    }
                    for b in range(3)
                ]
    return table(rows)


def lever() -> pa.Table:
    """At dose 0 latencies of 1, 2 and 3 s (b: twice that); at dose -1 three times as long.

    A reward after the last press takes 3 s to eat.
    """
    rows = []
    for dose, slow in ((-1.0, 3.0), (0.0, 1.0)):
        for subject, own in (("a", 1.0), ("b", 2.0)):
            for t in (1, 2, 3):
                latency = slow * own * t
                rows.append(
                    {
                        "dose": dose,
                        "subject": subject,
                        "trial": t,
                        "latency": latency,
                        "elapsed": latency + (3.0 if t == 3 else 0.0),
                        "reward_rate": 0.04 if dose == 0 else 0.01,
                    }
                )
    return table(rows)


def drops() -> pa.Table:
    """Two channels with values 0.2 and 0.8 (subject b: 0.3 and 0.7) for rewards of 0 and 1."""
    rows = []
    for subject, (low, high) in (("a", (0.2, 0.8)), ("b", (0.3, 0.7))):
        for t in range(1, 9):
            reward = float(t % 2)
            errors = {"rpe_0": reward - low, "rpe_1": reward - high}
            values = {"value_0": low, "value_1": high}
            where = {"dose": 0.0, "subject": subject, "trial": t, "feedback": True}
            rows.append({**where, "reward": reward, **values, **errors})
    return table(rows)


def lab() -> pa.Table:
    """Recorded choices of two subjects: b takes the item that pays from the 11th trial on."""
    rows = []
    for subject in "ab":
        for t in range(1, 21):
            taken = None if (subject, t) == ("a", 20) else int(subject == "a" or t > 10)
            paid = {"reward": None if taken is None else float(taken)}
            rows.append(choice(0, subject, t, (0, 1), taken, **paid, feedback=taken is not None))
    return table(rows, source="lab")


def fit(
    scenario: str, source: str, model: str, parameters: Mapping[str, Sequence[Any]], bic: float
) -> pa.Table:
    """Estimates of subjects a and b at dose 0: `parameter: (truths, estimates)`."""
    rows = []
    for i, subject in enumerate("ab"):
        for name, (truths, estimates) in parameters.items():
            rows.append(
                {
                    "scenario": scenario,
                    "source": source,
                    "model": model,
                    "dose": 0.0,
                    "subject": subject,
                    "session": "",
                    "parameter": name,
                    "truth": truths[i] if truths else None,
                    "estimate": estimates[i],
                    "corner": False,
                    "bic": bic,
                }
            )
    return table(rows)


def dose() -> pa.Table:
    """Estimates 0 and 0.2 at dose 0, 0.4 and 0.6 at dose 0.5."""
    found = {(0.0, "a"): 0.0, (0.0, "b"): 0.2, (0.5, "a"): 0.4, (0.5, "b"): 0.6}
    return table(
        [
            {"dose": d, "subject": s, "estimate": e, "truth": d, "corner": e == 0}
            for (d, s), e in found.items()
        ]
    )


def recovery() -> pa.Table:
    """What is said of two parameters of opal."""
    where = {"scenario": "learn", "source": "opal", "model": "opal", "dose": 0.0}
    rest = {"rmse": 0.1, "coverage": 0.5, "corner": 0.0, "converged": 1.0}
    return table(
        [
            {**where, "parameter": "alpha_c", "n": 2, "r": 0.9, "bias": 0.05, **rest},
            {**where, "parameter": "beta", "n": 2, "r": 0.3, "bias": -0.05, **rest},
        ]
    )


def comparison(scenario: str, source: str) -> pa.Table:
    """opal wins by 3 BIC and loses by 1 AIC, in alphabetical order as the step writes it."""
    rows = []
    for model, bic, aic, wins in (("opal", 0.0, 1.0, 0.75), ("q", 3.0, 0.0, 0.25)):
        rows.append(
            {
                "scenario": scenario,
                "source": source,
                "dose": 0.0,
                "model": model,
                "n": 2,
                **{"mean_bic": bic, "se_bic": bic / 3, "wins_bic": wins},
                **{"mean_aic": aic, "se_aic": aic / 2, "wins_aic": 1 - wins},
            }
        )
    return table(rows)


def confusion() -> pa.Table:
    """opal wins three times of four on its own data."""
    where = {"scenario": "learn", "dose": 0.0, "source": "opal", "n": 4}
    return table(
        [
            {**where, "model": "opal", "confusion": 0.75, "inversion": 1.0},
            {**where, "model": "q", "confusion": 0.25, "inversion": None},
        ]
    )


def tables() -> dict[Key, pa.Table]:
    """All tables by kind, scenario, source and model."""
    opal = {"alpha_c": ((0.1, 0.3), (0.2, 0.3)), "beta": ((1.0, 4.0), (2.0, 2.0))}
    q = {"alpha_pos": ((), (0.2, 0.4)), "beta": ((), (3.0, 5.0))}
    return {
        ("sessions", "learn", "opal", ""): learn(),
        ("sessions", "cues", "td", ""): cues(),
        ("sessions", "lever", "vigour", ""): lever(),
        ("sessions", "drops", "channels", ""): drops(),
        ("sessions", "lab", "data", ""): lab(),
        ("fits", "learn", "opal", "opal"): fit("learn", "opal", "opal", opal, 10.0),
        ("fits", "learn", "opal", "q"): fit("learn", "opal", "q", q, 13.0),
        ("fits", "lab", "data", "opal"): fit("lab", "lab", "opal", opal, 10.0),
        ("fits", "lab", "data", "q"): fit("lab", "lab", "q", q, 7.0),
        ("dose", "learn", "opal", ""): dose(),
        ("recovery", "learn", "", ""): recovery(),
        ("comparison", "learn", "", ""): comparison("learn", "opal"),
        ("comparison", "lab", "", ""): comparison("lab", "lab"),
        ("confusion", "learn", "", ""): confusion(),
        **{
            (f"{kind}_predictive.statistics", "learn", "opal", model): predictive("simulated", p)
            for kind, p in (("prior", None), ("posterior", 0.4))
            for model in ("q", "opal")
        },
    }


def drawn(figure: AbstractFigure, *scenarios: str, **changed: pa.Table) -> Drawn:
    """`figure` of `scenarios`; `changed` replaces tables of a kind."""
    every = tables()

    def load(kind: str, scenario: str, source: str, model: str, columns: Any) -> pa.Table:
        return changed.get(kind, every.get((kind, scenario, source, model)))

    with style():
        return figure.draw(Tables(experiment(), scenarios, load))


def write(root: Path) -> Layout:
    """All tables as files."""
    layout = Layout(root)
    for (kind, scenario, source, model), made in tables().items():
        if "." in kind:
            analysis, name = kind.split(".")
            path = layout.analysis(analysis, scenario, source, model, name)
        elif kind == "fits":
            path = layout.fits(scenario, source, model)
        elif source:
            path = getattr(layout, kind)(scenario, source)
        else:
            path = layout.summary(scenario, kind)
        write_table(path, made)
    return layout


def predictive(how: str, p: float | None, shift: float = 0.0) -> pa.Table:
    """A course in three blocks and stays at two levels, at dose 0; the band is ± .1 of .6.

    Observed are .5, .7 and .9 (the last beyond the band) and stays of .8 and .5.
    """
    rows = []
    where = {"dose": 0.0, "n": 2, "draws": 50, "how": how, "covered": None if p is None else 0.5}
    levels = [("P(better option)", f"trials {10 * i + 1} to {10 * i + 10}") for i in range(3)]
    levels += [("P(stay)", "after a win"), ("P(stay)", "after a loss")]
    for (statistic, level), x, seen in zip(
        levels, (5.5, 15.5, 25.5, 0.0, 1.0), (0.5, 0.7, 0.9, 0.8, 0.5), strict=True
    ):
        at = 0.6 + shift + (0.2 if level == "after a win" else 0.0)
        band = {"low": at - 0.1, "q25": at - 0.04, "mean": at, "q75": at + 0.04, "high": at + 0.1}
        far = p is not None and seen > at + 0.1
        more = {"observed": seen, "p": 0.0 if far else p, "chance": 0.5 if x > 2 else None}
        rows.append({"statistic": statistic, "level": level, "x": x, **band, **more, **where})
    kinds = {"p": pa.float64(), "covered": pa.float64(), "chance": pa.float64()}
    columns = {n: pa.array([r[n] for r in rows], kinds.get(n)) for n in rows[0]}
    return pa.table(columns)
