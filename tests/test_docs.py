"""Pages say what is so: those made from the code are current, and examples can be followed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from jaxda import catalog, config
from jaxda.data import reader

from .pages import DRIVER, ROOT, build


PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "config/README.md"] + [
    f"docs/{p.name}" for p in sorted((ROOT / "docs").glob("*.md"))
]
BLOCK = re.compile(r'^```(\w+) title="([^"]+)"\n(.*?)^```$', re.M | re.S)
each_page = pytest.mark.parametrize("page", PAGES)


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def block(page: str, name: str) -> str:
    """The block called `name`."""
    return next(content for _, title, content in BLOCK.findall(text(page)) if title == name)


def test_pages_made_from_the_code_are_current():
    stale = [str(p) for p, made in build().pages().items() if p.read_text("utf-8") != made]
    assert not stale, f"run: python docs/build.py ({', '.join(stale)})"


def test_every_landmark_is_on_its_page():
    page = build().written(text("docs/landmarks.md"))
    missing = set(catalog.names("landmarks")) - set(page)
    assert not missing, f"run: python docs/build.py ({', '.join(sorted(missing))})"


def test_a_page_of_landmarks_is_read_as_it_was_written():
    rows = {"travelling_error": [["a | b", "≥ 1", "2", "0", "pass"], ["c", "", "", "", "FAIL"]]}
    page = build().landmarks(rows)
    assert build().written(page) == rows and "with 2 checks, of which 1 pass." in page


def test_the_builder_needs_no_jax():
    code = "import sys; sys.path.insert(0, 'docs'); import build; build.pages()"
    code += "; assert 'jax' not in sys.modules"
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True)


@pytest.mark.parametrize("record", build().RECORDS, ids=lambda r: r.__name__)
def test_examples_of_keys_are_valid(record):
    for name, (unit, example) in build().NOTES[record.__name__].items():
        assert unit
        if example.startswith("see "):
            continue
        given = yaml.safe_load(example)
        assert list(given) == [name]
        assert config._field(record, name, config._tidied(record, given)[name]) is not None


@each_page
def test_links_lead_somewhere(page):
    anchor = lambda h: re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-")
    for target in re.findall(r"\]\(([^)\s]+)\)", text(page)):
        path, _, place = target.partition("#")
        if path.startswith("https:"):
            continue
        there = (ROOT / page).parent / path if path else ROOT / page
        assert there.exists(), f"{page}: {target}"
        if place:
            headings = re.findall(r"^#+ (.+)$", there.read_text("utf-8"), re.M)
            assert place in map(anchor, headings), f"{page}: {target}"


@each_page
def test_commands_exist(page):
    from jaxda.cli import app

    for command in re.findall(r"^    jaxda (\w+)", text(page), re.M):
        assert command in app.commands, f"{page}: {command}"


def test_pages_of_the_site_are_in_its_contents():
    site = yaml.safe_load(text("mkdocs.yml"))
    listed = {path for entry in site["nav"] for path in entry.values()}
    assert listed == {p.name for p in (ROOT / "docs").glob("*.md")}


# Examples


def test_the_table_of_the_readme_is_read_as_it_says(tmp_path: Path):
    for name in ("my.yaml", "choices.csv"):
        (tmp_path / name).write_text(block("README.md", name), encoding="utf-8")
    experiment = config.load(tmp_path / "my.yaml")
    table = reader.read(experiment.dataset("our_lab"), "our_lab").to_pydict()
    assert table["action"] == [0, 1, None, 0]
    assert table["reward"] == [1.0, 0.0, None, 1.0]
    assert table["latency"] == [0.591, 0.779, None, 0.354]
    assert [table[f"option_{a}"][1] for a in (0, 1)] == [2, 3]


@pytest.mark.parametrize(
    "name, told",
    [
        ("learner.py", "of 300 trials"),
        ("watcher.py", "value of the interval"),
        ("lake.py", "in 100% of the last 30"),
    ],
)
def test_the_examples_of_gymnasium_run(name, told):
    command = [sys.executable, "-W", "error", "-c", block("docs/gymnasium.md", name)]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert run.returncode == 0 and told in run.stdout, run.stdout + run.stderr


def test_the_workflow_is_a_module_as_the_readme_says(tmp_path: Path):
    snakefile = block("README.md", "Snakefile").replace("path/to/jaxda", str(ROOT))
    (tmp_path / "Snakefile").write_text(snakefile, encoding="utf-8")
    (tmp_path / "config.yaml").write_text(json.dumps({"jaxda": EXPERIMENT}))
    env = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / ".cache")}
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--cores", "1"]
    run = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    for rule in ("simulate", "fit", "compare", "report"):
        assert f"jaxda_{rule}" in run.stdout + run.stderr


def test_the_experiments_of_the_reference_are_sound(tmp_path: Path):
    (tmp_path / "small.yaml").write_text(block("config/README.md", "small.yaml"))
    assert config.load(tmp_path / "small.yaml").scenarios
    recorded = yaml.safe_load(block("config/README.md", "recorded.yaml"))
    model = {"title": "", "seed": 0, "models": {"q": {"model": "q_learning"}}}
    assert config.load(overrides=model | recorded).dataset("my_lab").choice_base == 1


def test_the_readme_names_what_make_writes():
    from jaxda.layout import Layout

    layout = Layout(Path("results"))
    paths = [
        layout.sessions("SCENARIO", "SOURCE"),
        layout.truth("SCENARIO", "SOURCE"),
        layout.fits("SCENARIO", "SOURCE", "MODEL"),
        layout.dose("SCENARIO", "SOURCE"),
        layout.summary("SCENARIO", "comparison"),
        layout.report,
    ]
    for path in paths:
        assert f"`{path.relative_to('results')}`" in text("README.md")


# The columns of tables


def columns(heading: str) -> set[str]:
    """Names in the first column of the tables below a heading of the page on tables."""
    section = text("docs/data.md").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


# Every column but those that a model or a number of actions adds.
EXPERIMENT = {
    "title": "Columns",
    "seed": 0,
    "fit": {"restarts": 1, "steps": 5},
    "models": {"q": {"model": "q_learning"}},
    "scenarios": {
        "s": {
            "task": "bandit",
            "sources": ["q"],
            "candidates": ["q"],
            "subjects": 2,
            "trials": 12,
        }
    },
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every table of a very small experiment."""
    there = tmp_path_factory.mktemp("results")
    (there / "e.json").write_text(json.dumps(EXPERIMENT))
    commands = ("simulate -m q", "fit -m q -k q", "compare")
    said = "\n".join(f"{command} -c e.json -r . -s s" for command in commands)
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    run = [sys.executable, "-c", DRIVER]
    subprocess.run(run, cwd=there, env=env, input=said, text=True, check=True)
    return there


@pytest.mark.parametrize(
    "heading, path, more",
    [
        ("sessions", "s/q/sessions.parquet", {"q_0", "q_1", "true_p_0", "true_p_1"}),
        ("truth", "s/q/truth.parquet", set()),
        ("fits", "s/q/fits/q.parquet", set()),
        ("comparison", "s/comparison.parquet", set()),
        ("confusion", "s/confusion.parquet", set()),
        ("recovery", "s/recovery.parquet", set()),
    ],
)
def test_every_column_is_described(heading, path, more, results):
    # What tasks tell of their truth stands in a table by task.
    described = columns(heading) - set(catalog.names("tasks"))
    assert set(pq.read_schema(results / path).names) == described | more


def test_a_figure_says_what_the_page_says():
    from jaxda.figures._base import Drawn
    from jaxda.figures._draw import told
    from jaxda.figures._style import canvas

    section = text("docs/data.md").split("\n## figures\n")[1]
    said = told("A", Drawn(canvas(), "It.", ["One."], {}))
    assert set(said) <= set(re.findall(r"`(\w+)`", section))


def test_every_key_of_columns_is_described():
    section = text("docs/data.md").split("\n## Your own table\n")[1].split("\n## ")[0]
    described = set(re.findall(r"^\| `(\w+)` \|", section, re.M))
    assert described == set(config.Columns.model_fields)


def test_no_component_is_missing_from_the_catalogue():
    page = text("docs/catalogue.md")
    for kind in catalog.KINDS:
        for name in catalog.names(kind):
            assert f"\n### {name}\n" in page
