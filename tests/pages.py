"""What carries out the pages: the script that writes them, and commands one after the other."""

import functools
import importlib.util
from pathlib import Path


ROOT = Path(__file__).parents[1]
# Commands in one process: most of a command's time is imports and compilation.
DRIVER = """
import sys
from jaxda.cli import app
for line in sys.stdin.read().splitlines():
    app(line.split(), standalone_mode=False)
"""


@functools.cache
def build():
    """`docs/build.py`."""
    spec = importlib.util.spec_from_file_location("build", ROOT / "docs/build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
