"""A job's digest covers every file that its results depend on."""

import ast
from pathlib import Path

import pytest

import jaxda
from jaxda import config, plan


ROOT = Path(jaxda.__file__).parent
# These decide what is accepted and where it lies, not what is computed.
ASIDE = {
    "__init__.py",
    "config.py",
    "_cells.py",
    "_checks.py",
    "_marked.py",
    "_phases.py",
    "_plain.py",
    "errors.py",
    "layout.py",
    "provenance.py",
    "schedules.py",
    "table.py",
}


def imported(file: Path, seen: set[Path]) -> set[Path]:
    """The files of the package that `file` imports, directly or through others."""
    if file in seen:
        return seen
    seen.add(file)
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not (isinstance(node, ast.ImportFrom) and node.level):
            continue
        base = file.parents[node.level - 1].joinpath(*(node.module or "").split("."))
        for path in (base.with_suffix(".py"), *(base / f"{a.name}.py" for a in node.names)):
            if path.is_file():
                imported(path, seen)
    return seen


@pytest.fixture
def experiment() -> config.Config:
    return config.load(ROOT.parent / "config" / "config.yaml")


@pytest.mark.parametrize("job", ["simulate", "fit", "dose"])
def test_a_digest_covers_what_the_stages_import(experiment, monkeypatch, job):
    patterns: set[str] = set()
    monkeypatch.setattr(plan, "fingerprint", lambda *p: patterns.update(p) or "")
    if job == "simulate":
        plan.code_simulate(experiment, "snc_loss", "opal")
    elif job == "fit":
        plan.code_fit(experiment, "opal")
    else:
        plan.code_dose(experiment, "snc_loss", "opal")
    covered = {f for p in patterns for f in ROOT.glob(p)}
    assert all(any(ROOT.glob(p)) for p in patterns)
    needed = {f for f in imported(ROOT / "stages.py", set()) if f.name not in ASIDE}
    # The plan knows how large a batch is; what it computes has digests of its own.
    needed = {f for f in needed if f.parent.name != "batch"}
    assert len(needed) > 20
    if job == "simulate":
        needed = {f for f in needed if "fit" not in f.relative_to(ROOT).parts}
    missing = sorted(str(f.relative_to(ROOT)) for f in needed - covered)
    assert not missing
    assert ROOT / "models" / "opal.py" in covered
