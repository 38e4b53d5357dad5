"""The script that writes the pages, as a module."""

import functools
import importlib.util
from pathlib import Path


ROOT = Path(__file__).parents[1]


@functools.cache
def build():
    """`docs/build.py`."""
    spec = importlib.util.spec_from_file_location("build", ROOT / "docs/build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
