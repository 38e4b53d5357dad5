"""Recorded data sets, which are not part of the repository."""

import os
from pathlib import Path

import pytest


def recorded(name: str) -> Path:
    """A file of recorded data; the test is skipped where there is none."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    path = Path(os.environ.get("JAXDA_DATA", beside)) / name
    if not path.is_file():
        pytest.skip(f"no recorded data: {path} (set JAXDA_DATA to their folder)")
    return path
