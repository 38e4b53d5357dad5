"""The profile for Slurm, on a real Slurm of one node."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import experiments


START = Path(__file__).with_name("private-slurm.sh")
PROFILE = experiments.ROOT / "profiles" / "slurm"
SMALL = """
title: The smallest experiment
seed: 7
fit: {restarts: 1, steps: 30, blocks: 2}
models:
  q: {model: q_learning}
scenarios:
  healthy: {task: bandit, sources: [q], candidates: [q], subjects: 3, trials: 40}
figures:
  confusion: [healthy]
"""
HUNGRY = '''
rule all:
    input: "hungry.txt", "1.txt", "2.txt", "card.txt"

rule hungry:
    output: "hungry.txt"
    resources: mem_mb=lambda w, attempt: 400 * 2 ** (attempt - 1)
    shell: """{sys.executable} -c "import time; x = bytearray(b'x') * 600_000_000; time.sleep(4)" \\
        && echo {resources.mem_mb} > {output}"""

rule simulate:
    output: "{i,[0-9]}.txt"
    shell: "touch {output}"

rule card:
    output: "card.txt"
    resources: gpu=1
    shell: "touch {output}"

rule broken:
    output: "broken.txt"
    log: "broken.log"
    shell: "echo the reason of it all > {log}; exit 1"

rule endless:
    output: "endless.txt"
    shell: "touch begun; sleep 600"
'''.replace("{sys.executable}", sys.executable)


@pytest.fixture(scope="module")
def slurm():
    """A Slurm that runs for these tests."""
    missing = [t for t in ("munged", "slurmctld", "slurmd", "sbatch") if shutil.which(t) is None]
    if missing:
        pytest.skip(f"no {' or '.join(missing)}: apt-get install slurm-wlm munge")
    if os.geteuid() != 0:
        pytest.skip("only root can start a Slurm")
    # Sockets have short names.
    folder = f"/tmp/jaxda-slurm-{os.getpid()}"
    begun = subprocess.run([START, "start", folder], capture_output=True, text=True, timeout=120)
    if begun.returncode == 4:
        pytest.skip(begun.stderr.strip())
    assert begun.returncode == 0, begun.stderr
    yield
    subprocess.run([START, "stop", folder], timeout=60, check=True)
    shutil.rmtree(folder, ignore_errors=True)


def submit(folder, *args):
    """Snakemake through Slurm."""
    command = [sys.executable, "-m", "snakemake", "--workflow-profile", str(PROFILE), *args]
    env = experiments.environment(folder)
    # One node sees its own files at once.
    command += ["--latency-wait", "5", "--slurm-init-seconds-before-status-checks", "2"]
    command += ["--seconds-between-status-checks", "2"]
    return subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def finished(running):
    told, _ = running.communicate(timeout=600)
    return running.returncode, told


def queue():
    return subprocess.run(["squeue", "-h"], check=True, capture_output=True, text=True).stdout


def submitted(folder):
    """What Slurm knows of the jobs of a folder, a line each."""
    show = ["scontrol", "show", "job", "--oneliner"]
    jobs = subprocess.run(show, check=True, capture_output=True, text=True).stdout.splitlines()
    return [job for job in jobs if f"WorkDir={folder}" in job]


@pytest.fixture
def rules(tmp_path):
    (tmp_path / "Snakefile").write_text(HUNGRY)
    return tmp_path


def test_the_same_bytes_as_without_a_cluster(slurm, tmp_path):
    here = experiments.copied(tmp_path / "here", SMALL)
    there = experiments.copied(tmp_path / "there", SMALL)
    local = experiments.snakemake(here)
    assert local.returncode == 0, experiments.said(local)
    code, told = finished(submit(there))
    assert code == 0, told
    assert experiments.bytes_of(there) == experiments.bytes_of(here)
    assert "results/report.html" in experiments.bytes_of(there)
    # Blocks were one array, what follows them was one job, and the lightest left the queue alone.
    mine = submitted(there)
    assert sum("rule_fit_block" in job and "ArrayTaskId=" in job for job in mine) == 2
    assert len({re.search(r"ArrayJobId=\d+|JobId=\d+", job)[0] for job in mine}) <= 4
    assert "group_page_compare_figure_report" in told
    assert "localrule fit:" in told and "localrule manifest:" in told
    assert queue() == ""


def test_memory_doubles_arrays_are_one_job_and_cards_are_counted(slurm, rules):
    code, told = finished(submit(rules, "all"))
    assert code == 0, told
    assert (rules / "hungry.txt").read_text().strip() == "800"
    assert "Trying to restart job" in told
    mine = submitted(rules)
    assert sum("ArrayTaskId=" in job for job in mine) == 2
    (card,) = [job for job in mine if "rule_card" in job]
    assert "gres:gpu:1" in card or "gres/gpu=1" in card, card
    assert queue() == ""


def test_the_log_of_what_failed_is_shown(slurm, rules):
    code, told = finished(submit(rules, "broken.txt", "--retries", "0"))
    assert code == 1
    assert "the reason of it all" in told
    assert "Traceback" not in told and not (rules / "broken.txt").exists()


def test_an_interrupt_empties_the_queue(slurm, rules):
    running = submit(rules, "endless.txt")
    try:
        for _ in range(300):
            if (rules / "begun").exists():
                break
            time.sleep(0.2)
        assert queue() != ""
        running.send_signal(signal.SIGINT)
        told, _ = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode != 0
    for _ in range(50):
        if queue() == "":
            break
        time.sleep(0.2)
    assert queue() == "", told
