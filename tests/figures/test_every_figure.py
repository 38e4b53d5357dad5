"""What holds for every figure of the catalogue."""

import json
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest

from jaxda import catalog
from jaxda.figures._draw import draw

from .tables import EXPERIMENT, experiment, write


FIGURES = tuple(EXPERIMENT["figures"])
KINDS = {"sessions", "truth", "fits", "dose", "comparison", "confusion", "recovery"}
KINDS |= {"prior_predictive.statistics", "posterior_predictive.statistics"}
# Draws everything in a process of its own, under settings that are not the house's.
ELSEWHERE = """
import sys
import matplotlib as mpl
from pathlib import Path
from tests.figures.tables import EXPERIMENT, experiment, write
from jaxda.figures._draw import draw
mpl.rcParams.update({"font.size": 20, "svg.hashsalt": "other", "axes.facecolor": "pink"})
for name in EXPERIMENT["figures"]:
    draw(experiment(), name, write(Path(sys.argv[1])))
heavy = {"jax", "equinox", "optax", "matplotlib.pyplot"} & set(sys.modules)
assert not heavy, heavy
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("here")
    for name in FIGURES:
        draw(experiment(), name, write(root))
    return root / "figures"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("elsewhere")
    run = [sys.executable, "-W", "error", "-c", ELSEWHERE, str(root)]
    done = subprocess.run(run, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return root / "figures"


def test_figures_drawn_here_are_those_of_the_catalogue():
    assert set(FIGURES) <= set(catalog.names("figures"))


@pytest.mark.parametrize("name", FIGURES)
def test_the_same_bytes_from_a_process_without_jax(name: str, here: Path, elsewhere: Path):
    for suffix in ("svg", "png", "json"):
        made = [(folder / f"{name}.{suffix}").read_bytes() for folder in (here, elsewhere)]
        assert made[0] == made[1], suffix


@pytest.mark.parametrize("name", FIGURES)
def test_words_are_enough_without_the_paper(name: str, here: Path):
    said = json.loads((here / f"{name}.json").read_text(encoding="utf-8"))
    assert set(said) == {"title", "caption", "findings", "numbers", "alt"}
    scenarios = EXPERIMENT["figures"][name]
    for scenario in scenarios:
        kind = "Data" if scenario == "lab" else "Simulation"
        assert f"{kind} '{scenario}'" in said["caption"]
    assert "n = " in said["caption"] and "Sources: " in said["caption"]
    width = "90 %" if "predictive" in name else "95 %"
    assert width in said["caption"] or name == "confusion"
    if "learn" in scenarios:
        assert "fraction of nigral dopamine cells lost" in said["caption"]
        assert "Contested (snc_loss)" in said["caption"]
    assert 1 <= len(said["findings"]) <= 3
    assert all(text.endswith(".") and not text[0].islower() for text in said["findings"])
    assert all("nan" not in text.lower() for text in (said["caption"], *said["findings"]))
    assert said["numbers"].keys() == set(scenarios)
    assert said["alt"].startswith(said["title"])


@pytest.mark.parametrize("name", FIGURES)
def test_pictures_are_as_large_as_a_report_takes(name: str, here: Path):
    png = (here / f"{name}.png").read_bytes()
    width, height = (int.from_bytes(png[at : at + 4]) for at in (16, 20))
    assert 0 < width <= 2400 and 0 < height <= 2400
    svg = (here / f"{name}.svg").read_text(encoding="utf-8")
    assert "<dc:date>" not in svg and len(svg) < 1_500_000


@pytest.mark.parametrize("name", FIGURES)
def test_the_catalogue_can_read_the_card(name: str):
    card = catalog.describe("figures", name)
    assert set(card.facts["reads"]) <= KINDS and card.facts["title"] and card.title and card.doc


def test_settings_of_the_user_are_left_alone(here: Path):
    assert mpl.rcParams["svg.hashsalt"] != "jaxda"
