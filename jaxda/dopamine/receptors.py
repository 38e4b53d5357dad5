"""Occupancy of receptors by dopamine under a competitive antagonist."""

from jaxtyping import Array, Float


def remaining_tone(antagonist: Float[Array, "..."], dopamine_over_kd: float) -> Float[Array, "..."]:
    """Occupancy by dopamine relative to no drug, at antagonist occupancy `antagonist`.

    The antagonist raises the apparent K_D to K_D / (1 - antagonist) (Cheng & Prusoff 1973);
    `dopamine_over_kd` is the dopamine concentration in units of K_D. 1 at 0, 0 at 1.
    """
    unblocked = 1 - antagonist
    return unblocked * (1 + dopamine_over_kd) / (1 + dopamine_over_kd * unblocked)
