"""Model comparison and model recovery from tables of fits."""

import numpy as np
import pyarrow as pa


CRITERIA = ("aic", "bic")
# Minus twice the log evidence by Laplace's approximation, where a table of fits has one.
LAPLACE = "laplace"


def comparison(fits: pa.Table) -> pa.Table:
    """Candidates side by side, per scenario, source, dose and model.

    `aic` and `bic` are summed over units, `delta_*` against the best candidate there, `wins_*`
    the share of units for which this candidate has the lowest criterion (ties share), `mean_*`
    and `se_*` the mean difference per unit to the best candidate and its standard error. Fits
    with a `log_evidence` are also compared by `laplace`, minus twice its sum, over those
    `n_laplace` units for which all candidates have one.
    """
    criteria = (*CRITERIA, LAPLACE) if has_evidence(fits) else CRITERIA
    columns: dict[str, list] = {k: [] for k in ("scenario", "source", "dose", "model", "n", "free")}
    columns["log_likelihood"] = []
    if LAPLACE in criteria:
        columns["n_laplace"] = []
    for c in criteria:
        columns |= {f"{prefix}{c}": [] for prefix in ("", "delta_", "wins_", "mean_", "se_")}
    for (scenario, source, dose), (models, units, values) in cells(fits).items():
        known = {c: known_to_all(values[c]) if c == LAPLACE else values[c] for c in criteria}
        totals = {c: known[c].sum(axis=0) for c in criteria}
        for j, model in enumerate(models):
            row = {
                "scenario": scenario,
                "source": source,
                "dose": dose,
                "model": model,
                "n": len(units),
                "free": int(values["free"][0, j]),
                "log_likelihood": float(values["log_likelihood"][:, j].sum()),
            }
            if LAPLACE in criteria:
                row["n_laplace"] = len(known[LAPLACE])
            for c in criteria:
                if not len(known[c]):
                    row |= {f"{p}{c}": None for p in ("", "delta_", "wins_", "mean_", "se_")}
                    continue
                best = int(np.argmin(totals[c]))
                gap = known[c][:, j] - known[c][:, best]
                spread = gap.std(ddof=1) / np.sqrt(len(gap)) if len(gap) > 1 else 0.0
                row |= {
                    c: float(totals[c][j]),
                    f"delta_{c}": float(totals[c][j] - totals[c][best]),
                    f"wins_{c}": float(_wins(known[c]).mean(axis=0)[j]),
                    f"mean_{c}": float(gap.mean()),
                    f"se_{c}": float(spread),
                }
            for k, v in row.items():
                columns[k].append(v)
    return pa.table(columns)


def confusion(fits: pa.Table, criterion: str = "bic") -> pa.Table:
    """Model recovery: which candidate wins on data of which source.

    `confusion` is P(best candidate | source), `inversion` P(source | best candidate) with all
    sources equally likely beforehand; both per scenario and dose.
    """
    shares: dict[tuple, dict[str, dict[str, float]]] = {}
    counts: dict[tuple, int] = {}
    for (scenario, source, dose), (models, _, criteria) in cells(fits).items():
        of_units = criteria[criterion]
        if criterion == LAPLACE:
            of_units = known_to_all(of_units)
        won = _wins(of_units).mean(axis=0) if len(of_units) else np.zeros(len(models))
        shares.setdefault((scenario, dose), {})[source] = dict(zip(models, won, strict=True))
        counts[scenario, source, dose] = len(of_units)
    names = ("scenario", "dose", "source", "model", "n", "confusion", "inversion")
    columns: dict[str, list] = {k: [] for k in names}
    for (scenario, dose), by_source in shares.items():
        for source, row in by_source.items():
            for model, share in row.items():
                among = sum(other.get(model, 0.0) for other in by_source.values())
                values = (
                    scenario,
                    dose,
                    source,
                    model,
                    counts[scenario, source, dose],
                    float(share),
                    float(share / among) if among > 0 else None,
                )
                for k, v in zip(columns, values, strict=True):
                    columns[k].append(v)
    return pa.table(columns, schema=_CONFUSION)


_CONFUSION = pa.schema(
    [
        ("scenario", pa.string()),
        ("dose", pa.float64()),
        ("source", pa.string()),
        ("model", pa.string()),
        ("n", pa.int64()),
        ("confusion", pa.float64()),
        ("inversion", pa.float64()),
    ]
)


def _wins(criterion: np.ndarray) -> np.ndarray:
    """Shares `[units, models]` of having the lowest criterion."""
    best = np.isclose(criterion, criterion.min(axis=1, keepdims=True), rtol=0, atol=1e-9)
    return best / best.sum(axis=1, keepdims=True)


def known_to_all(criterion: np.ndarray) -> np.ndarray:
    """The rows of `[units, models]` in which no model lacks its value."""
    return criterion[np.isfinite(criterion).all(axis=1)]


def has_evidence(fits: pa.Table) -> bool:
    """Whether a table of fits has any log evidence."""
    name = "log_evidence"
    return name in fits.column_names and fits.column(name).null_count < fits.num_rows


def cells(fits: pa.Table) -> dict[tuple, tuple[list[str], list[tuple], dict[str, np.ndarray]]]:
    """Per (scenario, source, dose): models, units, and `[units, models]` of every fit value.

    `laplace` is there if the fits have a `log_evidence`; a null is NaN.
    """
    names = ("scenario", "source", "dose", "model", "subject", "session")
    wanted = (*CRITERIA, "log_likelihood", "free", *(["log_evidence"] * has_evidence(fits)))
    rows = {n: fits.column(n).to_pylist() for n in (*names, *wanted)}
    found: dict[tuple, dict[tuple, dict[str, dict[str, float]]]] = {}
    for i in range(fits.num_rows):
        cell = (rows["scenario"][i], rows["source"][i], rows["dose"][i])
        unit = (rows["subject"][i], rows["session"][i])
        values = {w: rows[w][i] for w in wanted}
        found.setdefault(cell, {}).setdefault(unit, {})[rows["model"][i]] = values
    out = {}
    for cell, by_unit in found.items():
        models = sorted({m for by_model in by_unit.values() for m in by_model})
        table = {
            w: np.asarray(
                [[by_model[m][w] for m in models] for by_model in by_unit.values()], float
            )
            for w in wanted
        }
        if has_evidence(fits):
            table[LAPLACE] = -2.0 * table["log_evidence"]
        out[cell] = (models, list(by_unit), table)
    return out
