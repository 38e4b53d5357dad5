"""Parameter recovery: estimates against the truth that made the data."""

import numpy as np
import pyarrow as pa


def recovery(fits: pa.Table) -> pa.Table:
    """Agreement of estimate and truth per scenario, source, model, dose and parameter.

    `r` is Pearson's correlation, `bias` the mean and `rmse` the root mean square of estimate -
    truth, on the natural scale; `coverage` the share of 95 % intervals, where there is one,
    that hold the truth; `corner` and `converged` are shares. Rows without truth are left out.
    """
    keys = ("scenario", "source", "model", "dose", "parameter")
    groups: dict[tuple, list[int]] = {}
    for i, row in enumerate(zip(*(fits.column(k).to_pylist() for k in keys), strict=True)):
        groups.setdefault(row, []).append(i)
    number = lambda name: fits.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False)
    truth, estimate = number("truth"), number("estimate")
    lower, upper = number("lower"), number("upper")
    corner, converged = number("corner"), number("converged")
    out: dict[str, list] = {k: [] for k in keys}
    measures = ("n", "r", "bias", "rmse", "coverage", "corner", "converged")
    out |= {k: [] for k in measures}
    for key, rows in groups.items():
        at = np.asarray(rows)
        at = at[np.isfinite(truth[at])]
        if not len(at):
            continue
        error = estimate[at] - truth[at]
        bracketed = np.isfinite(lower[at]) & np.isfinite(upper[at])
        inside = (lower[at] <= truth[at]) & (truth[at] <= upper[at])
        varied = np.std(truth[at]) > 0 and np.std(estimate[at]) > 0
        values = (
            len(at),
            float(np.corrcoef(truth[at], estimate[at])[0, 1]) if varied else None,
            float(error.mean()),
            float(np.sqrt(np.mean(error**2))),
            float(inside[bracketed].mean()) if bracketed.any() else None,
            float(corner[at].mean()),
            float(converged[at].mean()),
        )
        for k, v in zip((*keys, *measures), (*key, *values), strict=True):
            out[k].append(v)
    kinds = {k: pa.string() for k in keys} | {"dose": pa.float64(), "n": pa.int64()}
    return pa.table({k: pa.array(v, type=kinds.get(k, pa.float64())) for k, v in out.items()})
