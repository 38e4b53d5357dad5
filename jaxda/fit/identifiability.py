"""Whether the data can tell the free parameters apart at all."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from ..errors import Refused
from ..params import Free


# Eigenvalues of the scaled score covariance below this times the largest are zero, in x64 and
# in float32: rounding of a product of 1e2-1e3 terms.
_ZERO = {8: 1e-10, 4: 1e-5}


class Unidentified(Refused):
    """A free set that no amount of data of this kind can determine."""


def null_direction(
    score: Float[np.ndarray, "records free"],
) -> Float[np.ndarray, " free"] | None:
    """The combination of coordinates that changes no record's probability, or None.

    `score` holds the derivative of each record's log-probability. Its Gram matrix estimates
    the Fisher information; it is scaled to unit diagonal, so units do not matter.
    """
    size = np.linalg.norm(score, axis=0)
    dead = size <= _ZERO[score.dtype.itemsize] * max(1.0, float(size.max(initial=0.0)))
    if dead.any():
        return dead.astype(float)
    scaled = score / size
    # All directions, also where there are fewer records; never a square of the records.
    few = scaled.shape[0] < scaled.shape[1]
    _, spread, directions = np.linalg.svd(scaled, full_matrices=few)
    spread = np.append(spread, np.zeros(scaled.shape[1] - len(spread)))
    if spread[-1] ** 2 > _ZERO[score.dtype.itemsize] * spread[0] ** 2:
        return None
    direction = directions[-1] / size
    return direction / np.abs(direction).max()


def check_identified(
    frees: Sequence[Free],
    score: Float[np.ndarray, "events sessions free"],
    owner: Int[np.ndarray, " sessions"],
    *,
    what: str,
) -> None:
    """Refuse a free set that is rank-deficient for every unit.

    Each unit is judged at its own coordinates: a direction that is null everywhere in
    parameter space is null for each.

    Raises:
        Unidentified: naming the parameters and the combination that cannot be told apart.
    """
    found = []
    for unit in np.unique(owner):
        rows = score[:, owner == unit].reshape(-1, score.shape[-1])
        null = null_direction(rows)
        if null is None:
            return
        found.append(null)
    # The same in all units up to sign and local scale: report the fullest.
    null = max(found, key=lambda c: np.sum(np.abs(c)))
    names = [f.name for f, c in zip(frees, null, strict=True) if abs(c) > 1e-3]
    if len(names) == 1:
        raise Unidentified(
            f"{what}: {names[0]!r} changes the probability of no record here; fix it, or give "
            f"data that depend on it"
        )
    mix = " ".join(f"{c:+.2g}·{f.name}" for f, c in zip(frees, null, strict=True) if abs(c) > 1e-3)
    raise Unidentified(
        f"{what}: {', '.join(names)} cannot be told apart: moving their coordinates along "
        f"({mix}) changes the probability of no record; fix one of them"
    )
