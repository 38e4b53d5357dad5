"""Recovery, comparison and confusion of small tables worked by hand."""

import numpy as np
import pyarrow as pa
import pytest

from jaxda.fit.comparison import comparison, confusion
from jaxda.fit.recovery import recovery


def fits(rows):
    """A table of fits from `(source, model, subject, aic, bic)`, one parameter each."""
    names = ("source", "model", "subject", "aic", "bic")
    columns = {n: [r[i] for r in rows] for i, n in enumerate(names)}
    n = len(rows)
    constant = {"scenario": "s", "dose": 0.0, "session": "", "log_likelihood": -1.0, "free": 2}
    return pa.table(columns | {k: [v] * n for k, v in constant.items()})


def by(table, *keys):
    return {tuple(r[k] for k in keys): r for r in table.to_pylist()}


def test_comparison_sums_over_units_and_shares_ties():
    table = fits(
        [
            ("a", "a", "1", 10.0, 12.0),
            ("a", "b", "1", 13.0, 12.0),
            ("a", "a", "2", 20.0, 21.0),
            ("a", "b", "2", 19.0, 25.0),
        ]
    )
    out = by(comparison(table), "model")
    a, b = out["a",], out["b",]
    assert (a["aic"], b["aic"], a["delta_aic"], b["delta_aic"]) == (30, 32, 0, 2)
    assert (a["bic"], b["bic"], a["delta_bic"], b["delta_bic"]) == (33, 37, 0, 4)
    assert (a["wins_aic"], b["wins_aic"]) == (0.5, 0.5)
    assert (a["wins_bic"], b["wins_bic"]) == (0.75, 0.25)
    assert b["mean_aic"] == 1.0
    # Differences 3 and -1: sd sqrt(8), over the root of two subjects.
    assert b["se_aic"] == pytest.approx(2.0)
    assert (a["n"], a["free"], a["log_likelihood"]) == (2, 2, -2.0)


def test_comparison_by_evidence_is_over_units_that_have_one_of_every_candidate():
    rows = [("a", m, u, 10.0, 12.0) for u in "123" for m in "ab"]
    table = fits(rows)
    assert "laplace" not in comparison(table).column_names
    evidence = pa.array([-5.0, -6.0, -7.0, -7.5, -9.0, None])
    out = by(comparison(table.append_column("log_evidence", evidence)), "model")
    a, b = out["a",], out["b",]
    assert (a["laplace"], b["laplace"], b["delta_laplace"]) == (24, 27, 3)
    assert (a["n"], a["n_laplace"], a["wins_laplace"], b["mean_laplace"]) == (3, 2, 1, 1.5)
    # The other criteria still count everybody.
    assert a["aic"] == 30
    shares = confusion(table.append_column("log_evidence", evidence), "laplace").to_pylist()
    assert [(r["n"], r["confusion"]) for r in shares] == [(2, 1.0), (2, 0.0)]
    nobody = table.append_column("log_evidence", pa.nulls(6, pa.float64()))
    assert "laplace" not in comparison(nobody).column_names


def test_confusion_and_inversion_of_a_worked_example():
    rows = [("a", "a", str(i), 0.0, 0.0 if i < 3 else 2.0) for i in range(4)]
    rows += [("a", "b", str(i), 0.0, 1.0) for i in range(4)]
    rows += [("b", "a", str(i), 0.0, 0.0 if i < 1 else 2.0) for i in range(4)]
    rows += [("b", "b", str(i), 0.0, 1.0) for i in range(4)]
    out = by(confusion(fits(rows)), "source", "model")
    share = {k: r["confusion"] for k, r in out.items()}
    assert share == {("a", "a"): 0.75, ("a", "b"): 0.25, ("b", "a"): 0.25, ("b", "b"): 0.75}
    assert out["a", "a"]["inversion"] == 0.75
    assert out["b", "a"]["inversion"] == 0.25
    assert out["a", "a"]["n"] == 4


def test_a_candidate_that_never_wins_has_no_inversion():
    rows = [("a", "a", "1", 0.0, 0.0), ("a", "b", "1", 0.0, 9.0)]
    out = by(confusion(fits(rows)), "source", "model")
    assert out["a", "b"]["inversion"] is None


def test_recovery_of_a_worked_example():
    truth = [1.0, 2.0, 3.0, None]
    estimate = [1.5, 2.5, 3.0, 7.0]
    n = len(truth)
    table = pa.table(
        {
            **{k: ["x"] * n for k in ("scenario", "source", "model", "parameter")},
            "dose": [0.0] * n,
            "truth": pa.array(truth),
            "estimate": estimate,
            "lower": pa.array([0.5, 2.1, None, 0.0]),
            "upper": pa.array([2.0, 3.0, None, 9.0]),
            "corner": [False, False, True, False],
            "converged": [True, False, True, True],
        }
    )
    (row,) = recovery(table).to_pylist()
    assert row["n"] == 3
    assert row["bias"] == pytest.approx(1 / 3)
    assert row["rmse"] == pytest.approx(np.sqrt(0.5 / 3))
    assert row["r"] == pytest.approx(np.corrcoef(truth[:3], estimate[:3])[0, 1])
    # One of the two intervals that exist holds its truth.
    assert row["coverage"] == 0.5
    assert (row["corner"], row["converged"]) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
