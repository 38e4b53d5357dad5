"""The report tells what the tables say, in one file that needs nothing else."""

import html.parser
import json
import re
import subprocess
import sys

import pyarrow as pa
import pytest

from jaxda import report_findings as found
from jaxda import wording
from jaxda.config import Config
from jaxda.data.files import write_table
from jaxda.errors import InputError
from jaxda.layout import Layout
from jaxda.plan import code_report
from jaxda.report import page, write


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" id="a"><g id="a"/>\n <!-- 5 -->\n'
    "<text>50 % &amp; #1</text></svg>"
)
NBSP = "\u00a0"


def spoken(text):
    return text.replace(NBSP, " ")


def experiment(**changes):
    base = {
        "title": "A tiny experiment",
        "seed": 7,
        "fit": {"restarts": 4, "steps": 50},
        "models": {
            "q": {"model": "q_learning", "population": {"beta": [4.0, 0.3]}},
            "opal": {"model": "opal"},
        },
        "scenarios": {
            "healthy": {
                "task": "bandit",
                "sources": ["q", "opal"],
                "candidates": ["q", "opal"],
                "subjects": 4,
                "trials": 60,
            },
            "loss": {
                "task": {"name": "pst", "settings": {"criterion": []}},
                "lesion": "snc_loss",
                "doses": [0, 0.5],
                "sources": ["opal"],
                "candidates": ["opal"],
                "subjects": 2,
                "trials": 450,
                "recover_dose": True,
            },
        },
        "datasets": {
            "lab": {
                "path": "tables/lab.csv",
                "columns": {"subject": "s", "trial": "t", "choice": "c", "reward": "r"},
                "choice_base": 0,
                "candidates": ["q", "opal"],
            }
        },
        "figures": {"learning_curves": ["healthy"]},
    }
    return Config.model_validate(base | changes)


def fitted(scenario, source, model, estimates, **changes):
    """Rows of fits; `estimates` maps (dose, subject) to the value of alpha."""
    rows = [
        {
            "scenario": scenario,
            "source": source,
            "model": model,
            "dose": dose,
            "subject": subject,
            "session": "",
            "parameter": "alpha",
            "truth": 0.3,
            "estimate": value,
            "se": 0.1,
            "lower": value - 0.2,
            "upper": value + 0.2,
            "corner": False,
            "log_likelihood": -30.0,
            "records": 60,
            "free": 1,
            "aic": 62.0,
            "bic": 64.1,
            "converged": True,
            "agree": 4,
            "positive_definite": True,
            "gap": None,
            "rank": 1,
            "condition_number": 1.0,
            "open": "",
            "prior_share": 0.2,
            "log_evidence": -33.0,
        }
        for (dose, subject), value in estimates.items()
    ]
    for row in rows:
        row |= changes.get(row["subject"], {})
    return rows


def recovered(scenario, model, parameter, r, coverage, n, dose=0.0, source=None):
    return {
        "scenario": scenario,
        "source": source or model,
        "model": model,
        "dose": dose,
        "parameter": parameter,
        "n": n,
        "r": r,
        "bias": -0.0123,
        "rmse": 0.25,
        "coverage": coverage,
        "corner": 0.0,
        "converged": 1.0,
    }


def compared(scenario, source, model, bic, aic, wins, gap, se, n=20, dose=0.0, best=0.0):
    return {
        "scenario": scenario,
        "source": source,
        "dose": dose,
        "model": model,
        "n": n,
        "free": 2,
        "log_likelihood": -0.5 * aic + 2,
        "aic": aic,
        "delta_aic": 0.0,
        "wins_aic": wins,
        "mean_aic": gap,
        "se_aic": se,
        "bic": bic,
        "delta_bic": bic - best,
        "wins_bic": wins,
        "mean_bic": gap,
        "se_bic": se,
    }


def confused(scenario, source, model, confusion, inversion, n=20, dose=0.0):
    return {
        "scenario": scenario,
        "dose": dose,
        "source": source,
        "model": model,
        "n": n,
        "confusion": confusion,
        "inversion": inversion,
    }


RECOVERY = [
    recovered("healthy", "q", "alpha", 0.91, 0.95, 40),
    recovered("healthy", "q", "beta", 0.42, 0.5, 40),
]
CONFUSION = [
    confused("healthy", "q", "q", 0.9, 0.6),
    confused("healthy", "q", "opal", 0.1, 0.2),
    confused("healthy", "opal", "q", 0.6, 0.4),
    confused("healthy", "opal", "opal", 0.4, 0.8),
]
COMPARISON = [
    compared("lab", "data", "q", 1000.0, 950.0, 0.65, 0.0, 0.0, best=1000.0),
    compared("lab", "data", "opal", 1025.0, 960.0, 0.35, 1.25, 0.4, best=1000.0),
]
LOSS = fitted(
    "loss", "opal", "opal", {(0.0, "s1"): 0.3, (0.0, "s2"): 0.4, (0.5, "s1"): 0.1, (0.5, "s2"): 0.3}
)
# Errors 0.1, 0.1, -0.1 and -0.1, so the root mean square is 0.1 and the bias 0.
DOSE = [
    row | {"parameter": "dose", "truth": row["dose"]}
    for row in fitted(
        "loss",
        "opal",
        "opal",
        {(0.0, "s1"): 0.1, (0.0, "s2"): 0.1, (0.5, "s1"): 0.4, (0.5, "s2"): 0.4},
    )
]
WORDS = {
    "title": "Learning",
    "caption": "Mean over 4 subjects.",
    "findings": ["q reaches 0.81 correct choices."],
    "numbers": {},
    "alt": "A curve that rises.",
}


@pytest.fixture
def built(tmp_path):
    """An experiment with all its tables and figures."""
    layout = Layout(tmp_path)
    config = experiment()
    healthy = {(0.0, f"s{i}"): 0.3 for i in range(1, 5)}
    failed = {"s2": {"converged": False, "positive_definite": False}}
    for source in ("q", "opal"):
        for model in ("q", "opal"):
            changes = failed if (source, model) == ("q", "opal") else {}
            rows = fitted("healthy", source, model, healthy, **changes)
            save(layout.fits("healthy", source, model), rows)
    for model in ("q", "opal"):
        save(layout.fits("lab", "data", model), fitted("lab", "data", model, healthy, **failed))
    save(layout.fits("loss", "opal", "opal"), LOSS)
    save(layout.dose("loss", "opal"), DOSE)
    simulated = [
        compared("healthy", s, m, 10.0, 9.0, 0.5, 0.0, 0.0, best=10.0)
        for s in ("q", "opal")
        for m in ("q", "opal")
    ]
    alone = [compared("loss", "opal", "opal", 1.0, 1.0, 1.0, 0.0, 0.0, best=1.0)]
    summaries = {
        "healthy": (simulated, CONFUSION, RECOVERY),
        "loss": (
            alone,
            [confused("loss", "opal", "opal", 1.0, 1.0)],
            [recovered("loss", "opal", "alpha", None, None, 2)],
        ),
        "lab": (COMPARISON, [confused("lab", "data", "q", 1.0, 1.0)], RECOVERY[:0]),
    }
    for scenario, tables in summaries.items():
        for kind, rows in zip(("comparison", "confusion", "recovery"), tables, strict=True):
            save(layout.summary(scenario, kind), rows, RECOVERY)
    draw(layout, "learning_curves", WORDS)
    return config, layout


def save(path, rows, like=()):
    schema = pa.Table.from_pylist(list(rows or like)).schema
    write_table(path, pa.Table.from_pylist(list(rows), schema=schema))


def draw(layout, name, words, svg=SVG):
    layout.figure(name, "svg").parent.mkdir(parents=True, exist_ok=True)
    layout.figure(name, "svg").write_text(svg, encoding="utf-8")
    layout.figure(name, "json").write_text(json.dumps(words), encoding="utf-8")


class Reader(html.parser.HTMLParser):
    """Tags in order, ids, addresses and visible text; complains of what is not well formed."""

    VOID = ("meta", "img", "br", "link", "input")

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.addresses = [], [], [], []
        self.text, self.images = [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        names = [k for k, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in <{tag}>"
        told = dict(attrs)
        self.tags.append(tag)
        self.ids += [told["id"]] if "id" in told else []
        self.addresses += [(tag, told[k]) for k in ("src", "href", "srcset", "action") if k in told]
        self.images += [told] if tag == "img" else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.text.append(data)

    @property
    def said(self):
        return spoken(" ".join("".join(self.text).split()))


# Sentences


def test_parameters_are_recovered_from_r_070_on_and_intervals_are_checked():
    (text,) = found.parameters(experiment(), RECOVERY)
    text = spoken(text)
    assert "recovered: alpha (r = 0.91); not recovered: beta (r = 0.42)" in text
    assert "95 % (alpha) and 50 % (beta)" in text
    assert text.endswith("too rarely for beta, so do not trust it.")


def test_coverage_is_judged_against_what_chance_allows():
    # Of 20 intervals, 16 or fewer hold the truth in 1.6 % of cases, 17 or fewer in 7.5 %.
    judged = lambda held, n: found.coverage_is({"coverage": held / n, "n": n})
    assert judged(16, 20) == "low"
    assert judged(17, 20) == ""
    # All of 72 hold it in 2.49 % of cases, all of 71 in 2.6 %.
    assert judged(72, 72) == "high"
    assert judged(71, 71) == ""


def test_another_variant_or_a_lesion_says_nothing_of_recovery():
    rows = [
        recovered("healthy", "q", "alpha", 0.1, 0.1, 40, source="opal"),
        recovered("loss", "opal", "alpha", 0.1, 0.1, 40, dose=0.5),
    ]
    assert found.parameters(experiment(), rows) == []


def test_few_subjects_and_equal_subjects_are_told():
    few = recovered("healthy", "q", "alpha", 0.99, 1.0, 4)
    equal = recovered("healthy", "q", "beta", None, 1.0, 4)
    (text,) = found.parameters(experiment(), [few, equal])
    assert "With so few subjects a correlation says little." in text
    assert "not to be judged, being the same in all subjects: beta" in text


def test_models_recognised_and_confused():
    q, opal, meaning = map(spoken, found.models(experiment(), CONFUSION))
    assert q == "healthy, data of q: q is recognised in 90 % of 20 subjects (chance 50 %)."
    assert "opal is recognised in 40 % of 20 subjects" in opal
    assert "confused with it: q for 60 %" in opal
    assert "not chosen most often: the best model of one subject tells little" in opal
    assert "one of q in 60 % and one of opal in 80 % of cases" in meaning


def test_recognition_under_a_lesion_is_told_by_dose():
    rows = [
        confused("loss", "opal", m, x, 1.0, dose=d)
        for d, shares in ((0.0, (0.1, 0.9)), (0.5, (0.7, 0.3)))
        for m, x in zip(("q", "opal"), shares, strict=True)
    ]
    (text,) = map(spoken, found.models(experiment(), rows))
    assert "opal is recognised in 90 % (dose 0) and 30 % (0.5) of 20 subjects" in text
    assert "q for 10 % (dose 0) and 70 % (0.5)" in text
    assert "not chosen most often at dose 0.5" in text


def test_a_source_that_was_not_fitted():
    rows = [confused("healthy", "td", "q", 0.75, 1.0), confused("healthy", "td", "opal", 0.25, 1.0)]
    (text,) = map(spoken, found.models(experiment(), rows))
    assert "td, which is not among the candidates" in text
    assert "q for 75 % and opal for 25 % of 20 subjects" in text


def test_comparison_names_winner_share_and_difference():
    (text,) = map(spoken, found.comparisons(experiment(), COMPARISON))
    assert text.startswith("lab (20 subjects): q has the lowest summed BIC")
    assert "best for 65 % of subjects" in text
    assert "opal, is higher by 25.0, or 1.25 ± 0.40 (standard error) per subject" in text
    assert "do not decide" not in text
    assert text.endswith("AIC agrees.")


def test_comparison_within_its_error_does_not_decide():
    rows = [
        compared("lab", "data", "q", 1000.0, 960.0, 0.45, 0.0, 0.0, best=1000.0),
        compared("lab", "data", "opal", 1010.0, 950.0, 0.55, 0.5, 0.3, best=1000.0),
    ]
    (text,) = map(spoken, found.comparisons(experiment(), rows))
    assert "the data do not decide between the two" in text
    assert "opal is best for more subjects (55 %)" in text
    assert text.endswith("AIC prefers opal.")


def test_dose_recovery():
    told = found.dose_recovery(experiment(), DOSE)
    assert told["r"] == pytest.approx(1)
    assert told["rmse"] == pytest.approx(0.1)
    assert told["bias"] == pytest.approx(0)
    # Intervals are estimate ± 0.2; a dose of 0 is the end of the domain and not counted.
    assert (told["coverage"], told["intervals"]) == (1, 2)
    (text,) = map(spoken, found.doses(experiment(), DOSE))
    assert "(dose: fraction of nigral dopamine cells lost; given 0 to 0.5)" in text
    assert "root mean square error 0.10, mean error 0.00" in text
    assert "over 4 sessions of 2 subjects" in text


def test_shift_is_paired_by_subject():
    # Changes -0.2 and -0.1: mean -0.15, standard error 0.0707 / sqrt(2) = 0.05.
    (text,) = found.shifts(experiment(), LOSS)
    assert "dose 0.5 against dose 0: these estimates move: alpha −0.150 ± 0.050" in text


def test_cautions_name_simulated_subjects_only():
    bad = {"s2": {"converged": False}}
    one = {(0.0, "s1"): 0.3, (0.0, "s2"): 0.3}
    simulated = fitted("healthy", "q", "opal", one, **bad)
    recorded = fitted("lab", "data", "opal", one, **bad)
    first, second = found.cautions(experiment(), [*simulated, *recorded], [])
    assert first == "healthy, opal fitted to q: 1 of 2 fits did not converge (s2)."
    assert second == "lab, opal: 1 of 2 fits did not converge."


def test_cautions_about_corners_and_flat_optima():
    rows = fitted("healthy", "q", "q", {(0.0, "s1"): 0.3, (0.0, "s2"): 0.3}, s1={"corner": True})
    (text,) = map(spoken, found.cautions(experiment(), rows, []))
    assert "alpha lies at an end of its domain in 50 % of fits" in text
    rows = fitted("healthy", "q", "q", {(0.0, "s1"): 0.3}, s1={"positive_definite": False})
    (text,) = found.cautions(experiment(), rows, [])
    assert "1 of 1 fit ended where the data leave some direction flat" in text


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0.0, "0"),
        (-0.012345, "−0.0123"),
        (12345.6, "12,346"),
        (0.00001, "1 × 10⁻⁵"),
        (None, "–"),
        (float("nan"), "–"),
        (999.6, "1,000"),
    ],
)
def test_numbers_are_readable(x, text):
    assert wording.number(x) == text


def test_a_difference_has_a_sign_if_it_has_one_at_its_places():
    found = [wording.signed(x) for x in (0.336, -0.336, 0.001, -0.001, 0.0, None)]
    assert found == ["+0.34", "−0.34", "0.00", "0.00", "0.00", "–"]


def test_shares_and_correlations_do_not_round_to_certainty():
    assert spoken(wording.share(0.999)) == "> 99 %"
    assert spoken(wording.share(0.001)) == "< 1 %"
    assert [spoken(wording.share(x)) for x in (0, 0.5, 1)] == ["0 %", "50 %", "100 %"]
    assert spoken(wording.correlation(0.9974)) == "r > 0.99"


# The page


def test_the_page_is_well_formed_with_unique_ids_that_links_find(built):
    read = Reader(page(*built))
    assert len(read.ids) == len(set(read.ids))
    for tag, address in read.addresses:
        assert tag == "img" or address.startswith("#")
        if address.startswith("#"):
            assert address[1:] in read.ids
    assert read.tags.count("h1") == 1


def test_the_page_loads_nothing(built):
    text = page(*built)
    read = Reader(text)
    assert not {"script", "link", "iframe", "object", "embed", "base"} & {*read.tags}
    assert [a.split(",")[0] for tag, a in read.addresses if tag == "img"] == ["data:image/svg+xml"]
    assert not re.search(r"url\(|@import", text)
    assert "default-src 'none'" in text


def test_the_page_tells_the_numbers_of_tables_and_figures(built):
    said = Reader(page(*built)).said
    for text in (
        "A tiny experiment",
        "q reaches 0.81 correct choices.",
        "Mean over 4 subjects.",
        "q has the lowest summed BIC and is best for 65 % of subjects",
        "recovered: alpha (r = 0.91)",
        "opal is recognised in 40 %",
        "Fits: 3 of 28 did not converge",
        "Grogan et al. 2017",
        "Fraction of nigral dopamine cells lost.",
        "Beta(1.1, 1.1)",
        "without a Jacobian term",
        "no diagnosis, no dosing",
        "not pleasure",
    ):
        assert text in said, text


def test_the_picture_is_whole_but_for_what_is_not_drawn(built):
    from urllib.parse import unquote

    (image,) = Reader(page(*built)).images
    assert image["alt"] == "A curve that rises."
    assert unquote(image["src"].split(",", 1)[1]) == SVG.replace("\n <!-- 5 -->\n", "")


def test_tables_have_scopes_and_captions(built):
    text = page(*built)
    assert text.count("<caption") == text.count("<table")
    assert len(re.findall(r"<th\b", text)) == len(re.findall(r"<th scope=", text))


def test_the_same_tables_give_the_same_bytes(built):
    config, layout = built
    write(config, layout)
    first = layout.report.read_bytes()
    write(config, layout)
    assert layout.report.read_bytes() == first
    assert str(layout.root) not in first.decode()


def test_paths_of_the_machine_are_not_told(built):
    config, layout = built
    lab = config.datasets["lab"].model_copy(update={"path": "/home/somebody/secret/lab.csv"})
    text = page(config.model_copy(update={"datasets": {"lab": lab}}), layout)
    assert "lab.csv" in text
    assert "somebody" not in text


def test_hostile_names_are_text(built):
    config, layout = built
    evil = "<script>alert(1)</script>"
    draw(
        layout,
        "learning_curves",
        WORDS | dict.fromkeys(("title", "caption"), evil) | {"alt": f'"{evil}', "findings": [evil]},
        SVG.replace("50", "'\"><script>"),
    )
    lab = config.datasets["lab"].model_copy(update={"path": "<img src=x onerror=alert(1)>.csv"})
    text = page(config.model_copy(update={"title": evil, "datasets": {"lab": lab}}), layout)
    read = Reader(text)
    assert "script" not in read.tags
    assert len(read.images) == 1
    assert evil in read.said


def test_an_experiment_without_fits_data_and_figures(tmp_path):
    scenario = {"task": "bandit", "sources": ["q"], "subjects": 4, "trials": 60}
    config = experiment(scenarios={"only": scenario}, datasets={}, figures={})
    write(config, Layout(tmp_path))
    read = Reader(Layout(tmp_path).report.read_text(encoding="utf-8"))
    assert "Nothing is fitted." in read.said
    assert "In brief" not in read.said


def test_an_experiment_without_anything(tmp_path):
    config = experiment(scenarios={}, datasets={}, figures={})
    assert "no scenario and no data set" in Reader(page(config, Layout(tmp_path))).said


def test_every_missing_file_is_named(built):
    config, layout = built
    gone = [layout.dose("loss", "opal"), layout.figure("learning_curves", "svg")]
    for path in gone:
        path.unlink()
    with pytest.raises(InputError) as error:
        page(config, layout)
    assert [p.where for p in error.value.problems] == [str(p) for p in gone]


def test_words_of_a_figure_that_are_none(built):
    config, layout = built
    layout.figure("learning_curves", "json").write_text("{}")
    with pytest.raises(InputError, match=r"learning_curves\.json: not the words of a figure"):
        page(config, layout)


def test_the_report_needs_no_jax(built):
    config, layout = built
    spec = layout.root / "spec.json"
    spec.write_text(config.model_dump_json(), encoding="utf-8")
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from jaxda.config import Config\n"
        "from jaxda.layout import Layout\n"
        "from jaxda.report import write\n"
        "spec, root = map(Path, sys.argv[1:])\n"
        "write(Config.model_validate_json(spec.read_text(encoding='utf-8')), Layout(root))\n"
        "assert 'jax' not in sys.modules and 'matplotlib' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code, str(spec), str(layout.root)], check=True)
    assert layout.report.is_file()


def test_the_digest_of_the_report_covers_its_sources(monkeypatch, tmp_path):
    import shutil

    from jaxda import config as jaxda_config

    copy = tmp_path / "jaxda"
    shutil.copytree(jaxda_config._ROOT, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(jaxda_config, "_ROOT", copy)
    seen = {code_report()}
    parts = ("report.py", "report_findings.py", "wording.py", "report_template.html.j2")
    for name in parts:
        with (copy / name).open("a", encoding="utf-8") as file:
            file.write("\n")
        seen.add(code_report())
    assert len(seen) == 1 + len(parts)
