"""Another lab uses the workflow as a module, with its own table in place of our simulation."""

import pytest
import yaml

from tests import experiments


LAB = """
configfile: "lab.yaml"


module jaxda:
    snakefile:
        "jaxda/workflow/Snakefile"
    config:
        config["jaxda"]


use rule * from jaxda exclude simulate, read as jaxda_*


rule all:
    default_target: True
    input:
        rules.jaxda_report.output,
        "ours.txt",


rule convert:
    \"\"\"The lab's own way from its files to the table of sessions.\"\"\"
    input:
        "recordings.txt",
    output:
        "table.csv",
    shell:
        "tr ' ' ',' < {input} > {output}"


use rule read from jaxda as our_read with:
    input:
        "table.csv",


rule ours:
    input:
        "results/pairs/data/fits/q.parquet",
    output:
        "ours.txt",
    shell:
        "echo fitted > {output}"
"""
CONFIG = """
jaxda:
  title: Of another lab
  seed: 5
  fit: {restarts: 1, steps: 30}
  models: {q: {model: q_learning}}
  datasets:
    pairs:
      path: table.csv
      columns: {subject: who, trial: trial, choice: choice, reward: won}
      choice_base: 1
      candidates: [q]
"""


def lab(folder, text=LAB, config=CONFIG):
    experiments.copied(folder / "jaxda", "{}")
    (folder / "Snakefile").write_text(text)
    (folder / "lab.yaml").write_text(config)
    rows = [f"{w} {t} {1 + (t * (w + 2) // 3) % 2} {t % 2}" for w in (1, 2) for t in range(1, 31)]
    (folder / "recordings.txt").write_text("\n".join(["who trial choice won", *rows]) + "\n")
    return folder


def run(folder, *args):
    return experiments.snakemake(folder, *args, PYTHONPATH=str(folder / "jaxda"))


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    folder = lab(tmp_path_factory.mktemp("another lab"))
    done = run(folder)
    assert done.returncode == 0, experiments.said(done)
    return folder, experiments.said(done)


def test_a_module_runs_on_the_table_of_another_lab(theirs):
    folder, told = theirs
    made = experiments.bytes_of(folder)
    assert "results/report.html" in made and "results/pairs/data/fits/q.parquet" in made
    assert (folder / "ours.txt").read_text() == "fitted\n"
    assert "rule jaxda_fit:" in told and "rule convert:" in told and "rule our_read:" in told
    assert "simulate" not in told
    assert "Nothing to be done" in experiments.said(run(folder))


def test_a_module_reruns_what_depends_on_the_table(theirs):
    folder, _ = theirs
    table = folder / "recordings.txt"
    text = table.read_text()
    try:
        table.write_text(text.replace("1 1 ", "1 1 ", 1) + "3 1 1 1\n")
        dry = experiments.said(run(folder, "-n", "--quiet", "rules"))
    finally:
        table.write_text(text)
    for rule in ("convert", "our_read", "jaxda_fit", "jaxda_report", "ours"):
        assert rule in dry


def test_the_report_of_a_module_opens(theirs):
    folder, _ = theirs
    done = run(folder, "--report", "all.html")
    assert done.returncode == 0, experiments.said(done)
    assert (folder / "all.html").stat().st_size > 10_000


def test_a_prefix_is_refused(tmp_path):
    text = LAB.replace('config["jaxda"]\n', 'config["jaxda"]\n    prefix:\n        "inner"\n', 1)
    done = run(lab(tmp_path, text), "-n")
    assert done.returncode != 0
    assert "prefix" in experiments.said(done) and "workdir" in experiments.said(done)


def test_the_catalog_knows_how_to_run_it():
    text = (experiments.ROOT / ".snakemake-workflow-catalog.yml").read_text()
    usage = yaml.safe_load(text)["usage"]
    assert {"mandatory-flags", "software-stack-deployment", "report"} <= set(usage)
    assert set(usage["mandatory-flags"]) == {"desc", "flags"}
    assert (experiments.ROOT / "config" / "README.md").is_file()
    assert (experiments.ROOT / "workflow" / "Snakefile").is_file()
