"""Figures of power and of designs, from tables written by hand."""

import json
from typing import Any

import pyarrow as pa
import pytest

from jaxda.errors import InputError
from jaxda.figures._base import Drawn, Tables
from jaxda.figures._style import style
from jaxda.figures.design import DesignSearch
from jaxda.figures.power import Power

from .tables import experiment, table


_KINDS = {"power.power": "power", "design.designs": "design", "design.path": "design_path"}


def drawn(figure: Any, **tables: pa.Table) -> Drawn:
    with style():
        return figure.draw(Tables(experiment(), ["learn"], lambda kind, *_: tables[_KINDS[kind]]))


def power(blocks: tuple[int, ...] = (1,)) -> pa.Table:
    """r of 0.5 and 0.75 at 40 and 160 trials; power 0.3 to 0.9 of 20 subjects, 0.1 of 10."""
    rows = []
    for b in blocks:
        for trials, r, much, little in ((160, 0.75, 0.9, 0.1), (40, 0.5, 0.3, 0.1)):
            at = {"source": "opal", "model": "opal", "blocks": b, "trials": trials, "n": 50}
            made = lambda kind, of, value, n, at=at, method="simulation": {
                **at,
                **{"quantity": kind, "of": of, "method": method, "subjects": n, "value": value},
                **({"low": value - 0.1, "high": value + 0.05} if method == "simulation" else {}),
                "size": 0.2 if kind == "power" else None,
            }
            rows += [
                made("r", "beta", r, 50),
                made("rmse", "beta", 1 - r, 50),
                made("rmse", "beta", 0.9 - r, 50, method="information"),
                made("power", "alpha_g - alpha_n", much, 20),
                made("power", "alpha_g - alpha_n", little, 10),
                made("power", "alpha_g - alpha_n", much - 0.2, 20, method="information"),
                made("right subjects", "bic", r, 1),
                made("right group", "bic", much, 20),
            ]
    return table(rows)


def design() -> dict[str, pa.Table]:
    """The search moves `rich` from .6 to .8; the error of beta falls by a half, found by .4."""
    steps = [
        {"step": i, "variable": "rich", "value": 0.6 + 0.1 * i, "criterion": 0.4 - 0.1 * i}
        | {"gradient": -1.0, "se": 0.01}
        for i in range(3)
    ]
    rows = []
    for name, worth, predicted, confirmed in (
        ("published", 0.4, 1.0, 1.1),
        ("found", 0.2, 0.5, 0.66),
    ):
        ends = lambda kind, x: {kind: x, f"{kind}_low": 0.9 * x, f"{kind}_high": 1.1 * x}
        rows.append(
            {
                "design": name,
                "quantity": "criterion",
                "n": 50,
                **ends("predicted", worth),
                **ends("gain", 0.4 - worth),
            }
        )
        both = ends("predicted", predicted) | ends("confirmed", confirmed)
        rows.append({"design": name, "quantity": "beta", "n": 50, **both})
    rows = [{**row, "goal": "variance of beta"} for row in rows]
    return {"design_path": table(steps), "design": table(rows)}


def test_curves_of_power_are_those_of_the_table():
    it = drawn(Power(), power=power())
    found = it.numbers["learn"]["opal"]
    assert found["r"]["beta"]["trials"] == [40, 160]
    assert found["r"]["beta"]["mean"] == [0.5, 0.75]
    assert found["rmse"]["beta"]["predicted"] == pytest.approx([0.4, 0.15])
    tests = found["power"]["alpha_g - alpha_n"]
    assert tests["20 subjects"]["mean"] == [0.3, 0.9]
    assert tests["20 subjects"]["low"] == pytest.approx([0.2, 0.8])
    assert set(found["right"]["bic"]) == {"1 subject", "20 subjects"}
    assert "beta from 160 trials" in it.findings[0]
    assert "10 subjects never, 20 subjects from 160 trials" in it.findings[1]
    assert "n = 50 subjects simulated" in it.caption and "Sources: " in it.caption
    json.dumps(it.numbers)


def test_several_numbers_of_blocks_are_lines_of_their_own():
    found = drawn(Power(), power=power((1, 2))).numbers["learn"]["opal"]["r"]
    assert found["beta, 2 blocks"]["trials"] == [80, 320]
    assert found["beta, 1 block"]["trials"] == [40, 160]


def test_an_interval_beyond_its_value_is_drawn_all_the_same():
    rows = power().to_pylist()
    for row in rows:
        if row["quantity"] == "right group":
            row |= {"value": 0.99975, "low": 1.0, "high": 1.0}
    drawn(Power(), power=table(rows))


def test_nothing_simulated_is_refused():
    with pytest.raises(InputError, match="nothing was simulated"):
        drawn(Power(), power=power().slice(0, 0))
    with pytest.raises(InputError, match="no design was searched for"):
        drawn(DesignSearch(), **{n: t.slice(0, 0) for n, t in design().items()})


def test_a_design_says_what_it_gains():
    it = drawn(DesignSearch(), **design())
    assert it.findings == [
        "Learn: the search moves rich 0.60 → 0.80; the standard deviation of beta falls by 50 % "
        "as predicted and by 40 % in new fits."
    ]
    assert it.numbers["learn"]["found"]["beta"]["confirmed"] == 0.66
    notes = [text.get_text() for ax in it.figure.axes for text in ax.texts]
    assert "variance of beta\nfound less by 0.2 [0.18, 0.22] within subjects" in notes


@pytest.mark.parametrize(
    "figure, made", [(Power(), {"power": power()}), (DesignSearch(), design())]
)
def test_no_key_lies_on_a_curve(figure, made):
    it = drawn(figure, **made)
    it.figure.draw_without_rendering()
    keys = [k.get_window_extent() for k in it.figure.legends]
    keys += [ax.get_legend().get_window_extent() for ax in it.figure.axes if ax.get_legend()]
    assert keys
    for ax in it.figure.axes:
        assert not any(k.overlaps(ax.get_window_extent()) for k in keys)
