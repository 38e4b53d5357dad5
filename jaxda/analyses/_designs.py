"""The linear model of a group, from what a table of sessions says of its units."""

from collections.abc import Sequence

import pyarrow as pa

from ..data.covariates import Design, design, of_units


def linear_model(
    sessions: pa.Table, names: Sequence[tuple[float, str, str]], reference: Sequence[str] = ()
) -> Design:
    """Covariates of the units called `names`, and their dose where there are several.

    `reference` are pairs "covariate: level".

    Raises:
        InputError: if the covariates make no linear model.
    """
    covariates = dict(of_units(sessions, names))
    doses = [dose for dose, _, _ in names]
    if len(set(doses)) > 1:
        covariates["dose"] = list(doses)
    pairs = (each.partition(":") for each in reference)
    levels = {name.strip(): level.strip() for name, _, level in pairs}
    return design(covariates, [subject for _, subject, _ in names], levels)
