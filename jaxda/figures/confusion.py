"""Which model wins on data of which model."""

from typing import Any, ClassVar, NamedTuple

import numpy as np

from . import _style as look
from ._base import About, AbstractFigure, Drawn, Tables
from ._measures import Rows
from ._words import baseline, capital, caption, dose_name, human, num, people, short


class _Matrices(NamedTuple):
    """Shares `[sources, candidates]`; `n` sessions per source."""

    about: About
    dose: float
    sources: list[str]
    candidates: list[str]
    n: np.ndarray
    confusion: np.ndarray
    inversion: np.ndarray


class Confusion(AbstractFigure):
    """P(best candidate | source) and P(source | best candidate), at the dose nearest to 0."""

    reads: ClassVar = ("confusion",)
    title: ClassVar = "Recovery of models"

    def draw(self, tables: Tables) -> Drawn:
        every = [self._matrices(tables, s) for s in tables.scenarios]
        rows = [len(m.sources) for m in every]
        heights = [1.5 + 0.6 * r for r in rows]
        figure = look.canvas(sum(heights) + 0.3)
        blocks = figure.subfigures(len(every), 1, squeeze=False, height_ratios=heights)[:, 0]
        for block, m in zip(blocks, every, strict=True):
            _draw(block, m)
        counts = {m.about.name: people(m.n.tolist()) + " per source" for m in every}
        what = (
            "Model recovery by the Bayesian information criterion. Left: how often each "
            "candidate (column) had the lowest criterion on sessions of each generating model "
            "(row), as a share with the number of subjects in brackets (ties are shared); rows "
            "sum to 1. Right: how probable each generating model is when a candidate has won, if "
            "all were equally probable before; columns sum to 1. Framed: the candidate is the "
            "model that generated the data"
        )
        text = caption(tables, what, counts, fitted=True, end="")
        return Drawn(figure, text, _findings(every), _numbers(every))

    def _matrices(self, tables: Tables, scenario: str) -> _Matrices:
        about = tables.about(scenario)
        rows = Rows(tables.confusion(scenario))
        if not about.simulated or not rows.table.num_rows:
            right = "a scenario with candidates"
            raise self.refuse(scenario, "no data of known origin with candidates", right)
        dose = baseline(rows.values("dose"))
        rows = rows.where(rows["dose"] == dose)
        sources, candidates = (
            [x for x in wanted(scenario) if x in set(rows[column])]
            for wanted, column in ((tables.sources, "source"), (tables.candidates, "model"))
        )
        shape = (len(sources), len(candidates))
        n, confusion, inversion = (
            np.zeros(len(sources), int),
            np.zeros(shape),
            np.full(shape, np.nan),
        )
        for source, model, count, share, back in zip(
            *(rows[c] for c in ("source", "model", "n", "confusion", "inversion")), strict=True
        ):
            i, j = sources.index(source), candidates.index(model)
            n[i], confusion[i, j], inversion[i, j] = count, share, back
        return _Matrices(about, dose, sources, candidates, n, confusion, inversion)


def _draw(block: Any, m: _Matrices) -> None:
    left, right = block.subplots(1, 2)
    where = human(m.about.name)
    if m.about.lesion and m.about.lesion.name != "intact":
        where += f", {dose_name(m.about, m.dose)}"
    block.suptitle(where, x=0.01, ha="left", fontweight="bold", fontsize=9.5)
    for ax, shares, name in (
        (left, m.confusion, "P(best candidate | source)"),
        (right, m.inversion, "P(source | best candidate)"),
    ):
        picture = ax.imshow(shares, "Blues", vmin=0, vmax=1, aspect="auto")
        ax.set_title(name, fontweight="normal")
        ax.set_xticks(range(len(m.candidates)), m.candidates)
        ax.set_yticks(range(len(m.sources)), m.sources)
        ax.set_xlabel("candidate with the lowest BIC")
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        for (i, j), share in np.ndenumerate(shares):
            count = f"\n({short(round(share * m.n[i], 1))})" if ax is left else ""
            ink = "white" if share > 0.55 else "black"
            ax.text(j, i, num(share) + count, ha="center", va="center", color=ink, fontsize=9)
            if m.sources[i] == m.candidates[j]:
                box = (j - 0.48, i - 0.48), 0.96, 0.96
                ax.add_patch(look.frame(*box))
    left.set_ylabel("generating model")
    bar = block.colorbar(picture, ax=[left, right], shrink=0.9, pad=0.02)
    bar.set_label("probability")
    bar.outline.set_visible(False)


def _own(m: _Matrices) -> dict[str, float]:
    """How often each generating model wins on its own data."""
    return {
        s: float(m.confusion[i, m.candidates.index(s)])
        for i, s in enumerate(m.sources)
        if s in m.candidates
    }


def _findings(every: list[_Matrices]) -> list[str]:
    out = []
    for m in every:
        own = _own(m)
        if not own:
            continue
        each = ", ".join(f"{s} {num(100 * share, 0)} %" for s, share in own.items())
        out.append(
            f"{capital(human(m.about.name))}: share of subjects for whom the model that generated "
            f"the data has the lowest BIC: {each} (chance among {len(m.candidates)} candidates: "
            f"{num(100 / len(m.candidates), 0)} %)."
        )
    return out[:3] or ["No candidate is a model that generated the data."]


def _numbers(every: list[_Matrices]) -> dict[str, Any]:
    def table(m: _Matrices, shares: np.ndarray) -> dict[str, dict[str, float]]:
        return {
            s: dict(zip(m.candidates, row.tolist(), strict=True))
            for s, row in zip(m.sources, shares, strict=True)
        }

    return {
        m.about.name: {
            "dose": m.dose,
            "n": dict(zip(m.sources, m.n.tolist(), strict=True)),
            "confusion": table(m, m.confusion),
            "inversion": table(m, m.inversion),
        }
        for m in every
    }
