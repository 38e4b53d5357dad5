"""The workflow as it comes with the package, run in the current folder. Imports no JAX."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from . import _marked, catalog
from .errors import InputError, Problem


_PACKAGE = Path(__file__).resolve().parent
_DEFAULT = "config/config.yaml"


def home() -> Path:
    """The folder of the Snakefile and the profiles: in the wheel, or the repository.

    Raises:
        InputError: if neither is there.
    """
    for folder in (_PACKAGE / "_workflow", _PACKAGE.parent):
        if (folder / "workflow" / "Snakefile").is_file():
            return folder
    found, right = "no workflow", "an installation from a wheel, or the repository"
    raise InputError([Problem(str(_PACKAGE), found, right)])


def run(configs: Sequence[str], more: Sequence[str], *, cores: str, profile: str) -> NoReturn:
    """Become Snakemake on the experiment of `configs`, with `more` of its arguments.

    `profile` is a folder, or the name of one that comes with jaxda.

    Raises:
        InputError: if a file or the profile is not there.
    """
    folder, problems = home(), []
    files = list(configs) or [_DEFAULT]
    for file in files:
        if not Path(file).is_file():
            problems.append(Problem(file, "no such file", "the name of an experiment (YAML)"))
    # Snakemake spells out what a file repeats, however often.
    found: _marked.Found = {}
    for file in files if not problems else ():
        _marked.read(Path(file), found)
    problems += _marked.told(found)
    known = {p.name: p for p in sorted((folder / "profiles").iterdir()) if p.is_dir()}
    where = known.get(profile, Path(profile))
    if not where.is_dir():
        right = catalog.did_you_mean(profile, known)
        problems.append(Problem("--profile", f"no profile called {profile!r}", right))
    if problems:
        raise InputError(problems)
    bin_ = str(Path(sys.executable).parent)
    # Rules call `jaxda`, and nothing is written outside of this folder.
    env = {"XDG_CACHE_HOME": os.path.abspath(".cache")}
    env["MPLCONFIGDIR"] = os.path.join(env["XDG_CACHE_HOME"], "matplotlib")
    env = env | os.environ | {"PATH": os.pathsep.join([bin_, os.environ.get("PATH", os.defpath)])}
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(folder / "Snakefile")]
    command += ["--workflow-profile", str(where.absolute()), "--cores", cores]
    command += [*more, "--configfile", *files]
    sys.stdout.flush()
    # Signals and the exit status then are those of Snakemake.
    os.execve(sys.executable, command, env)
