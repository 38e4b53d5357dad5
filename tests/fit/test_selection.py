"""Model selection against cases that can be worked by hand."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import betainc, betaln, expit, gammaln

from jaxda.fit import selection as s


def sure(*counts):
    """Log evidences of subjects that leave no doubt: `counts[k]` of them use model k."""
    used = np.repeat(np.arange(len(counts)), counts)
    return np.where(np.arange(len(counts)) == used[:, None], 0.0, -1e4)


def dirichlet_multinomial(counts, prior):
    """Log-probability of labels with `counts`, of a Dirichlet prior."""
    counts, prior = np.asarray(counts, float), np.asarray(prior, float)
    whole = lambda a: gammaln(a).sum() - gammaln(a.sum())
    return whole(counts + prior) - whole(prior)


def test_without_doubt_models_are_counted_and_the_bound_is_the_evidence():
    found = s.select_models(sure(7, 3))
    assert np.allclose(found.alpha, [8, 4])
    assert np.allclose(found.frequency, [8 / 12, 4 / 12])
    assert np.allclose(found.responsibility, np.repeat(np.eye(2), [7, 3], axis=0))
    assert found.free_energy == pytest.approx(betaln(8, 4))
    assert found.free_energy_equal == pytest.approx(10 * np.log(0.5))
    assert found.omnibus_risk == pytest.approx(1 / (1 + np.exp(betaln(8, 4)) * 2**10))
    assert found.exceedance[0] == pytest.approx(betainc(4, 8, 0.5), abs=1e-9)
    risk = found.omnibus_risk
    assert found.protected[0] == pytest.approx(risk / 2 + (1 - risk) * found.exceedance[0])


def test_equal_evidences_leave_everything_open():
    found = s.select_models(np.full((6, 3), -20.0))
    assert np.allclose(found.alpha, 3)
    assert np.allclose(found.exceedance, 1 / 3) and np.allclose(found.protected, 1 / 3)
    assert found.free_energy_equal == pytest.approx(6 * -20.0)
    # The data have the same evidence under both, and only the free frequencies a bound below.
    assert 0.5 <= found.omnibus_risk < 1


def test_variational_counts_solve_their_own_equation_and_the_bound_is_below_the_evidence():
    # One subject whose second model is e times as likely: the evidence is log((1 + e) / 2).
    found = s.select_models(np.asarray([[0.0, 1.0]]))
    from scipy.special import digamma

    odds = np.exp(1.0 + digamma(found.alpha[1]) - digamma(found.alpha[0]))
    assert found.alpha[1] - 1 == pytest.approx(odds / (1 + odds), abs=1e-8)
    assert found.free_energy < np.log((1 + np.e) / 2) == pytest.approx(found.free_energy_equal)
    assert found.free_energy > np.log((1 + np.e) / 2) - 0.2


@pytest.mark.parametrize(
    "alpha, expected",
    [
        ((1.0, 1.0, 1.0), 1 / 3),
        # A gamma(2) above two exponentials: 1 - 2 / 4 + 1 / 9.
        ((2.0, 1.0, 1.0), 11 / 18),
        ((30.0, 20.0), betainc(20, 30, 0.5)),
        ((0.2, 3.0), betainc(3.0, 0.2, 0.5)),
        ((2000.0, 1950.0), betainc(1950, 2000, 0.5)),
        ((5.0,), 1.0),
    ],
)
def test_exceedance_is_exact(alpha, expected):
    found = s.exceedance(np.asarray(alpha))
    assert found[0] == pytest.approx(expected, abs=1e-8)
    assert found.sum() == pytest.approx(1)


def test_exceedance_of_many_models_agrees_with_draws():
    alpha = np.asarray([0.3, 1.7, 4.0, 4.5, 9.0])
    draws = np.random.default_rng(0).dirichlet(alpha, 100_000)
    share = np.bincount(draws.argmax(axis=1), minlength=5) / len(draws)
    assert np.allclose(s.exceedance(alpha), share, atol=0.005)


def test_names_of_models_mean_nothing():
    evidence = np.random.default_rng(1).normal(0.0, 2.0, (15, 4))
    order = np.asarray([2, 0, 3, 1])
    a, b = s.select_models(evidence), s.select_models(evidence[::-1][:, order])
    for one, other in zip(a[:5], b[:5], strict=True):
        one = one[::-1] if one.ndim == 2 else one
        assert np.allclose(one[..., order], other, atol=1e-7)
    assert a.omnibus_risk == pytest.approx(b.omnibus_risk)
    inside = (a.protected - 1 / 4) * (a.exceedance - a.protected)
    assert np.all(inside >= -1e-12)
    # A constant that is added to all evidences of a subject says nothing about models.
    moved = s.select_models(evidence + np.arange(15.0)[:, None])
    assert np.allclose(moved.alpha, a.alpha, atol=1e-7)
    assert moved.omnibus_risk == pytest.approx(a.omnibus_risk)


def test_a_family_gains_nothing_by_its_size():
    kinds = ["b", "a", "b", "b"]
    open_ = s.select_families(np.zeros((5, 4)), kinds)
    assert open_.names == ["a", "b"]
    assert np.allclose(open_.frequency, 0.5, atol=0.02)
    assert np.allclose(open_.exceedance, 0.5, atol=0.02)
    found = s.select_families(sure(1, 6, 2, 0), kinds)
    assert np.allclose(found.alpha, [7, 4])
    assert found.exceedance[0] == pytest.approx(betainc(4, 7, 0.5), abs=0.01)
    prior = np.asarray([1 / 3, 1, 1 / 3, 1 / 3])
    models = s.select_models(sure(1, 6, 2, 0), prior)
    assert models.free_energy == pytest.approx(dirichlet_multinomial([1, 6, 2, 0], prior))
    equal = 6 * np.log(1 / 2) + 3 * np.log(1 / 6)
    assert models.free_energy_equal == pytest.approx(equal)
    assert found.omnibus_risk == pytest.approx(expit(equal - models.free_energy))


def test_families_have_the_posterior_of_all_assignments():
    # Three subjects and three models, one a family of its own: 27 assignments, all weighed.
    evidence = np.asarray([[0.0, 1.0, -1.0], [0.5, 0.0, 1.5], [0.0, 2.0, 0.0]])
    prior = np.asarray([1.0, 0.5, 0.5])
    labels = np.stack(np.unravel_index(np.arange(27), (3, 3, 3)), axis=-1)
    counts = np.stack([(labels == k).sum(axis=-1) for k in range(3)], axis=-1)
    weight = np.exp(
        [
            evidence[np.arange(3), mine].sum() + dirichlet_multinomial(n, prior)
            for mine, n in zip(labels, counts, strict=True)
        ]
    )
    first = 1 + counts[:, 0]
    mean = np.average(first / 5, weights=weight)
    exceeds = np.average(betainc(5 - first, first, 0.5), weights=weight)
    found = s.select_families(evidence, ["x", "y", "y"])
    assert found.frequency[0] == pytest.approx(mean, abs=0.01)
    assert found.exceedance[0] == pytest.approx(exceeds, abs=0.01)


def test_groups_are_one_population_or_two():
    separate = sum(dirichlet_multinomial(c, [1, 1]) for c in ([9, 1], [2, 8]))
    factor = separate - dirichlet_multinomial([11, 9], [1, 1])
    found = s.compare_groups([sure(9, 1), sure(2, 8)])
    assert found.log_bayes_factor == pytest.approx(factor)
    assert found.same == pytest.approx(expit(-factor)) and found.same < 0.05
    assert s.compare_groups([sure(9, 1), sure(9, 1)]).same > 0.5


def test_conditions_share_a_model_or_not():
    stays, changes = np.stack([sure(6, 2)] * 2, axis=-1), np.stack([sure(1, 0), sure(0, 1)[:1]], -1)
    found = s.compare_conditions(np.concatenate([stays, changes]))
    assert found.frequency == pytest.approx(9 / 11)
    assert found.exceedance == pytest.approx(betainc(2, 9, 0.5), abs=0.01)
    # From one model of a family to another of it is no change.
    three = np.stack([sure(5, 0, 0), sure(0, 5, 0)], axis=-1)
    assert s.compare_conditions(three).frequency == pytest.approx(1 / 7)
    assert s.compare_conditions(three, ["a", "a", "b"]).frequency == pytest.approx(6 / 7)
    with pytest.raises(ValueError, match="two of them"):
        s.compare_conditions(three[:, :, :1])
    with pytest.raises(ValueError, match="tuples"):
        s.compare_conditions(np.zeros((2, 30, 3)))


@pytest.mark.parametrize("row", [[0.0, np.nan], [-np.inf, -np.inf]])
def test_a_subject_without_evidences_is_refused(row):
    with pytest.raises(ValueError, match="every subject and model"):
        s.select_models(np.asarray([row]))
    assert s.select_models(np.asarray([[0.0, -np.inf]])).alpha[1] == pytest.approx(1.0)


def fits(rows, **columns):
    """A table of fits from `(model, subject, session, log evidence)`, one parameter each."""
    names = ("model", "subject", "session", "log_evidence")
    given = {n: pa.array([r[i] for r in rows]) for i, n in enumerate(names)}
    evidence = [e if e is not None else 0.0 for e in given["log_evidence"].to_pylist()]
    n = len(rows)
    constant = {"scenario": "x", "source": "y", "dose": 0.0, "log_likelihood": -1.0, "free": 2}
    given |= {k: pa.array([v] * n) for k, v in constant.items()}
    return pa.table(given | {c: [-2 * e for e in evidence] for c in ("aic", "bic")})


def cohort(used, session=""):
    rows = []
    for i, mine in enumerate(used):
        rows += [(m, f"s{i}", session, 0.0 if m == mine else -1e4) for m in ("a", "b", "c")]
    return rows


def test_tables_of_selection():
    table = fits(
        [*cohort("aaaab"), ("a", "s9", "", None), ("b", "s9", "", 0.0), ("c", "s9", "", 0.0)]
    )
    rows = {r["model"]: r for r in s.selection(table, "laplace").to_pylist()}
    assert [rows[m]["alpha"] for m in "abc"] == pytest.approx([5, 2, 1])
    assert (rows["a"]["n"], rows["a"]["left_out"], rows["a"]["criterion"]) == (5, 1, "laplace")
    assert rows["a"]["frequency"] == pytest.approx(5 / 8)
    # AIC has a value for the sixth, to whom all models are alike.
    assert s.selection(table, "aic").to_pylist()[0]["n"] == 6
    kinds = {"a": "rl", "b": "wm", "c": "wm"}
    families = {r["family"]: r for r in s.selection(table, "laplace", kinds).to_pylist()}
    assert families["rl"]["alpha"] == pytest.approx(5)
    given = s.assignment(table, "laplace").to_pylist()
    assert len(given) == 15
    assert sum(r["responsibility"] for r in given if r["model"] == "a") == pytest.approx(4)
    with pytest.raises(ValueError, match="'waic'; they have aic, bic, laplace"):
        s.selection(table, "waic")


def test_tables_of_differences():
    groups = {f"s{i}": "patients" if i < 4 else "controls" for i in range(7)}
    (row,) = s.group_difference(fits(cohort("aaaabbbb")), groups).to_pylist()
    assert (row["one"], row["other"]) == ("controls", "patients")
    assert (row["n_one"], row["n_other"], row["left_out"]) == (3, 4, 1)
    expected = s.compare_groups([sure(0, 3, 0), sure(4, 0, 0)])
    assert row["same"] == pytest.approx(expected.same)
    on_off = fits(cohort("aaab", "off") + cohort("aab", "on"))
    (row,) = s.condition_difference(on_off).to_pylist()
    assert (row["one"], row["other"], row["n"], row["left_out"]) == ("off", "on", 3, 1)
    assert row["frequency"] == pytest.approx((1 + 2) / (2 + 3))
    # Without groups, or with one session, there is a table without rows.
    assert s.group_difference(on_off, {}).num_rows == 0
    assert "same" in s.group_difference(on_off, {}).column_names
    assert s.condition_difference(fits(cohort("ab"))).num_rows == 0
