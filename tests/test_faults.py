"""Whatever breaks a run off, the next plain run ends with the same bytes.

Faults are real: signals from the kernel, a full or read-only disk, limits of memory. Where one
has to come at the worst moment, `sitecustomize.py` in the folder of the experiment stops a job
between the last byte of a file and its name.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from .experiments import bytes_of, command, copied, environment, jaxda, said, snakemake


SHORT = """
title: The shortest experiment
seed: 7
fit: {restarts: 1, steps: 30}
models: {q: {model: q_learning}}
scenarios:
  healthy: {task: bandit, sources: [q], subjects: 3, trials: 40}
datasets:
  mine:
    path: mine.csv
    columns: {subject: who, trial: trial, choice: choice, reward: won}
    choice_base: 1
    candidates: [q]
figures: {learning_curves: [healthy]}
"""
# FAULT is `kill` or `wait`, a colon, and the end of the name at which it happens.
FAULTS = """
import os, sys, time

what, _, name = os.environ.get("FAULT", "").partition(":")
if what:
    replace = os.replace

    def faulty(old, new):
        if str(new).endswith(name) and "records" not in str(new):
            open("reached", "w").close()
            if what == "kill":
                os.kill(os.getpid(), 9)
            while not os.path.exists("go"):
                time.sleep(0.05)
        replace(old, new)

    os.replace = faulty
"""
PICTURE = "figures/learning_curves.svg"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """An undisturbed run, in a folder with an awkward name."""
    folder = copied(tmp_path_factory.mktemp("größe und maß") / "the undisturbed", SHORT)
    run = snakemake(folder)
    assert run.returncode == 0, said(run)
    (folder / "sitecustomize.py").write_text(FAULTS)
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    """The same run, about to draw its figure and what follows from it again."""
    copy = tmp_path / "wie größe"
    shutil.copytree(finished, copy)
    forget(copy, "learning_curves")
    return copy


def forget(folder, *names):
    for file in (folder / "results").rglob("*"):
        if file.is_file() and file.stem in (*names, "report", "manifest"):
            file.unlink()


def ends_well(folder, finished, run=None):
    """The next plain run ends as if nothing had happened."""
    run = run or snakemake(folder)
    assert run.returncode == 0, said(run)
    assert bytes_of(folder) == bytes_of(finished)
    assert not list((folder / "results").rglob(".*.part"))
    assert not list((folder / ".snakemake" / "incomplete").rglob("*"))
    checked = jaxda(folder, "verify")
    assert checked.returncode == 0, said(checked)
    return run


def tells(run, *words):
    """A run that failed says why, in words."""
    assert run.returncode != 0
    for word in words:
        assert word in said(run)
    assert "Traceback" not in said(run)


def no_false_alarm(folder):
    checked = jaxda(folder, "verify")
    assert "edited" not in said(checked) and "stale" not in said(checked)
    assert "unknown" not in said(checked)


@contextmanager
def waiting(folder, at=PICTURE):
    """A run whose job stands between the bytes of a file and its name."""
    env = environment(folder, FAULT=f"wait:{at}")
    out = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command(), cwd=folder, env=env, start_new_session=True, **out) as run:
        try:
            reached(run, folder / "reached")
            yield run
        finally:
            (folder / "go").touch()


def reached(run, file):
    until = time.monotonic() + 300
    while not file.exists():
        assert run.poll() is None, run.stdout.read()
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_killed_job(folder, finished):
    run = snakemake(folder, FAULT=f"kill:{PICTURE}")
    tells(run, "Error in rule figure")
    assert list((folder / "results").rglob(".*.part"))
    assert not (folder / "results" / PICTURE).exists()
    no_false_alarm(folder)
    ends_well(folder, finished)


def test_a_killed_run_and_the_job_that_outlives_it(folder, finished):
    with waiting(folder) as run:
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        assert (folder / ".snakemake" / "locks").is_dir()
        no_false_alarm(folder)
        told = folder / "told"
        with open(told, "w") as out:
            env = environment(folder)
            again = subprocess.Popen(command(), cwd=folder, env=env, stdout=out, stderr=out)
            until = time.monotonic() + 120
            while "waiting for jobs" not in told.read_text():
                assert again.poll() is None and time.monotonic() < until, told.read_text()
                time.sleep(0.05)
            assert "kill " in told.read_text()
            (folder / "go").touch()
            again.wait(timeout=600)
    assert again.returncode == 0, told.read_text()
    ends_well(folder, finished)


def test_an_interrupt_from_the_keyboard(folder, finished):
    with waiting(folder) as run:
        begun = time.monotonic()
        os.killpg(run.pid, signal.SIGINT)
        run.wait(timeout=60)
        assert run.returncode != 0 and time.monotonic() - begun < 30
        assert not (folder / "results" / PICTURE).exists()
        no_false_alarm(folder)
    ends_well(folder, finished)


def test_a_second_run_in_the_same_folder_is_refused(folder, finished):
    with waiting(folder) as run:
        second = snakemake(folder)
        tells(second, "Directory cannot be locked", str(folder))
        (folder / "go").touch()
        assert run.wait(timeout=300) == 0
    ends_well(folder, finished)


@pytest.mark.parametrize("name", ["mine/comparison.parquet", "figures/learning_curves.json"])
def test_a_truncated_result(finished, tmp_path, name):
    folder = tmp_path / "wie größe"
    shutil.copytree(finished, folder)
    file = folder / "results" / name
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert f"edited      results/{name}" in said(jaxda(folder, "verify"))
    run = snakemake(folder)
    tells(run, f"results/{name}: damaged or edited since it was made", "run again")
    ends_well(folder, finished)


def test_damaged_programs_in_the_cache(finished, tmp_path):
    folder, caches = tmp_path / "wie größe", tmp_path / "caches"
    shutil.copytree(finished, folder)
    step = ("simulate", "-s", "healthy", "-m", "q")
    assert jaxda(folder, *step, XDG_CACHE_HOME=str(caches)).returncode == 0
    entries = [f for f in caches.rglob("*-cache") if f.is_file()]
    assert entries
    for i, file in enumerate(entries):
        whole = file.read_bytes()
        half = len(whole) // 2
        file.write_bytes([b"", whole[:half], whole[:half] + b"\0\1" + whole[half + 2 :]][i % 3])
    run = jaxda(folder, *step, XDG_CACHE_HOME=str(caches))
    assert run.returncode == 0, said(run)
    assert bytes_of(folder) == bytes_of(finished)


@contextmanager
def small_disk(folder, kibibytes):
    """The results on a disk of their own."""
    results = folder / "results"
    kept = folder / "kept"
    results.rename(kept)
    results.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", str(results)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        shutil.copytree(kept, results, dirs_exist_ok=True)
        yield lambda how: subprocess.run(
            ["mount", "-o", f"remount,{how}", str(results)], check=True
        )
    finally:
        subprocess.run(["umount", "-l", str(results)], check=True)


def test_a_full_disk(folder, finished):
    with small_disk(folder, 4096) as remount:
        disk = os.statvfs(folder / "results")
        left = (disk.f_bavail - 8) * disk.f_frsize
        (folder / "results" / "logs" / "ballast").write_bytes(bytes(left))
        run = snakemake(folder)
        tells(run, "cannot be written (No space left on device)", "room for it")
        assert not (folder / "results" / PICTURE).exists()
        no_false_alarm(folder)
        remount("size=64m")
        ends_well(folder, finished)


def test_a_folder_that_cannot_be_written_to(folder, finished):
    with small_disk(folder, 65_536) as remount:
        remount("ro")
        run = snakemake(folder)
        assert run.returncode != 0
        assert "Read-only file system" in said(run) and "results" in said(run)
        step = jaxda(folder, "figure", "learning_curves")
        tells(step, "results", "a folder that cannot be written to")
        remount("rw")
        ends_well(folder, finished)


def test_a_home_that_cannot_be_written_to(folder, finished):
    env = {"HOME": "/proc/nobody", "XDG_CACHE_HOME": "/proc/nobody", "MPLCONFIGDIR": ""}
    step = jaxda(folder, "figure", "learning_curves", **env)
    assert step.returncode == 0, said(step)
    # As `make` runs it.
    env |= {"XDG_CACHE_HOME": str(folder / ".cache")}
    ends_well(folder, finished, snakemake(folder, **env))


def test_a_clock_that_was_set_back(finished, tmp_path):
    folder = tmp_path / "wie größe"
    shutil.copytree(finished, folder)
    day = 86_400
    for i, file in enumerate(sorted((folder / "results").rglob("*.*"))):
        if file.is_file():
            at = time.time() + (i % 3 - 1) * day
            os.utime(file, (at, at))
    at = time.time() + 2 * day
    os.utime(folder / "mine.csv", (at, at))
    run = ends_well(folder, finished)
    assert "Nothing to be done" in said(run)
    # An edit is seen although what it is made from now seems newer than what comes of it.
    config = folder / "config" / "config.yaml"
    text = config.read_text()
    config.write_text(text.replace("trials: 40", "trials: 41"))
    assert snakemake(folder).returncode == 0
    assert bytes_of(folder) != bytes_of(finished)
    config.write_text(text)
    ends_well(folder, finished)


def test_a_job_without_enough_memory(finished, tmp_path):
    folder = tmp_path / "wie größe"
    shutil.copytree(finished, folder)
    config = folder / "config" / "config.yaml"
    config.write_text(SHORT.replace("subjects: 3, trials: 40", "subjects: 20000, trials: 20000"))
    limited = ["sh", "-c", f'ulimit -v {6 * 2**20}; exec "$@"', "sh"]
    run = subprocess.run(
        [*limited, sys.executable, "-m", "jaxda", "simulate", "-s", "healthy", "-m", "q"],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=300,
    )
    tells(run, "jaxda: out of memory", "mem_mb")
    config.write_text(SHORT)
    ends_well(folder, finished)
