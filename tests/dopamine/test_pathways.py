"""The four pathways: what each hears of one error, what is read out, and what is kept apart."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.dopamine.kinetics import region, steady_state
from jaxda.dopamine.pathways import (
    PATHWAYS,
    Forebrain,
    Pituitary,
    Terminals,
    Tuberoinfundibular,
    broadcast,
    pathway,
    pathways,
)
from jaxda.dopamine.prolactin import RatProlactin
from jaxda.dopamine.receptors import receptors
from jaxda.dopamine.transfer import inverted_u


def test_one_error_for_all_each_with_its_gain():
    four = pathways()
    assert set(four) == set(PATHWAYS)
    four["nigrostriatal"] = pathway("nigrostriatal", gain=0.5, channels=jnp.array([1.0, 0.0, 2.0]))
    four["mesolimbic"] = pathway("mesolimbic").denervated(0.5)
    rpe = jnp.array([[1.0, -2.0], [3.0, 4.0], [5.0, 6.0]])
    heard = broadcast(rpe, four)
    np.testing.assert_allclose(heard["mesocortical"]["delta"], rpe)
    np.testing.assert_allclose(heard["nigrostriatal"]["delta"], [[0.5, -1.0], [0, 0], [5.0, 6.0]])
    # Half of the terminals leave .5 (1 + 1.4) / (.5 + 1.4) = 1.2 / 1.9 of a burst.
    np.testing.assert_allclose(heard["mesolimbic"]["delta"], rpe * 1.2 / 1.9, rtol=1e-12)
    # Nobody has found a prediction error there.
    assert not np.asarray(heard["tuberoinfundibular"]["delta"]).any()


def test_weights_are_one_for_each_channel():
    four = {"mesolimbic": pathway("mesolimbic", channels=jnp.ones(2))}
    with pytest.raises(ValueError, match="mesolimbic weighs 2 channels, the error has 3"):
        broadcast(jnp.zeros((3, 4)), four)


def test_whatever_comes_out_says_whose_constants_it_has():
    about = {}
    for kind in ("human", "rodent"):
        four = pathways(kind)
        heard = broadcast(jnp.zeros((1,)), four)
        about[kind] = {
            n: {p.species_mixed, p.read().species_mixed, heard[n].species_mixed}
            for n, p in four.items()
        }
        for p in four.values():
            if isinstance(p, Forebrain):
                assert p.tonic().species_mixed == (kind == "human")
    mixed = {"mesolimbic", "mesocortical", "nigrostriatal"}
    assert about["human"] == {n: {n in mixed} for n in PATHWAYS}
    assert about["rodent"] == {n: {False} for n in PATHWAYS}
    # The tag goes the other way for prolactin.
    assert pathway("tuberoinfundibular", "rodent", prolactin="healthy_men").read().species_mixed
    assert pathway("tuberoinfundibular", "human", prolactin="remoxipride_rat").species_mixed
    assert pathway("mesolimbic").burst(points=60).species_mixed


def test_a_state_acts_on_the_kinetics():
    nigral = pathway("nigrostriatal")
    half = nigral.denervated(0.5).denervated(0.5)
    assert float(half.state.survivors) == 0.25
    np.testing.assert_allclose(
        half.tonic()["dopamine"], steady_state(region("ds", survivors=0.25), 4.0), rtol=1e-12
    )
    drugged = nigral.put(precursor=3.0, uptake=1.14, efflux=0.1, transporter=0.5, d2=0.65)
    expected = region(
        "ds", precursor=3.0, vmax=1.14 * 4000, efflux=456.0, occupancy=0.5, ec50=100 / 0.35
    )
    level = steady_state(expected, 4.0)
    seen = drugged.tonic()
    np.testing.assert_allclose(seen["dopamine"], level, rtol=1e-12)
    np.testing.assert_allclose(seen["d2"], level / (level + 1000 / 0.35), rtol=1e-12)
    np.testing.assert_allclose(seen["d1"], level / (level + 1000), rtol=1e-12)
    # What is not given stays.
    assert float(drugged.put(d1=0.2).state.d2) == 0.65
    assert float(nigral.burst(points=60)["rise"]) == pytest.approx(494, abs=2)


def test_readouts_in_health_are_neutral():
    four = pathways()
    got = {n: {k: float(v) for k, v in p.read().values.items()} for n, p in four.items()}
    assert got["mesolimbic"] == {"phasic": 1.0, "tone": 1.0}
    assert got["mesocortical"] == {"phasic": 1.0, "weight": 1.0}
    assert got["nigrostriatal"] == {"phasic": 1.0, "rho": 0.0, "latency": 1.0}
    assert got["tuberoinfundibular"]["level"] == pytest.approx(7.67)


def test_readouts_after_loss():
    lost = pathway("nigrostriatal", leak="calibrated").denervated(0.95).read()
    # Tonic .563 of intact: rho = tanh(log .563), latency 1 / sqrt(.563).
    assert float(lost["rho"]) == pytest.approx(np.tanh(np.log(0.563)), abs=2e-3)
    assert float(lost["latency"]) == pytest.approx(1.333, abs=2e-3)
    cortex = pathway("mesocortical").put(transporter=0.6)
    tone = cortex.tonic()["dopamine"] / pathway("mesocortical").tonic()["dopamine"]
    assert float(tone) > 1
    got = float(cortex.read()["weight"])
    assert got == pytest.approx(np.exp(-(np.log(float(tone)) ** 2) / 0.98), rel=1e-9)


def test_the_pituitary_has_its_own_model():
    people = pathway("tuberoinfundibular")
    # (1 + x)^(1 / 2.44), h^(-1 / 2.44), and the root of p (p^1.44 + 3) = 1.
    assert float(people.put(antagonist=15 * 1.96).read()["fold"]) == pytest.approx(3.115, rel=1e-3)
    assert float(people.denervated(0.5).read()["fold"]) == pytest.approx(1.329, rel=1e-3)
    assert float(people.put(agonist=3.0).read()["fold"]) == pytest.approx(0.314, abs=1e-3)
    rats = pathway("tuberoinfundibular", "rodent")
    assert isinstance(rats.prolactin, RatProlactin)
    # Their pool empties, and the level comes back.
    assert float(rats.put(antagonist=0.1).read()["fold"]) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="survivors in the model of rats"):
        rats.denervated(0.5)
    with pytest.raises(ValueError, match="agonist in the model of rats"):
        rats.put(agonist=1.0)


def test_families_are_never_mixed():
    with pytest.raises(ValueError, match="dreyer and ejdrup cannot be combined"):
        pathway("mesolimbic", receptor="ejdrup")
    fast = receptors("fast")
    with pytest.raises(ValueError, match="cannot be combined"):
        Forebrain(kinetics=region("ds_ej"), d1=fast.d1, d2=fast.d2, family=fast.family)
    other = receptors("ejdrup")
    one = {
        "nigrostriatal": Forebrain(
            kinetics=region("ds_ej"), d1=other.d1, d2=other.d2, family=other.family
        ),
        "mesolimbic": pathway("mesolimbic"),
    }
    with pytest.raises(ValueError, match="cannot be combined"):
        broadcast(jnp.zeros((1, 2)), one)
    # Receptors without family go with every other.
    assert pathway("mesolimbic", receptor="slow").family == "dreyer"


def test_what_makes_no_sense_is_refused():
    for call, message in (
        (lambda: pathway("mesostriatal"), "no pathway 'mesostriatal'"),
        (lambda: pathway("mesolimbic", receptor="none"), "no receptors 'none'"),
        (lambda: pathway("mesolimbic", readout=("pleasure",)), "no readout pleasure"),
        (lambda: pathway("mesolimbic").put(transporter=1.0), "transporter must lie in"),
        (lambda: pathway("mesolimbic").denervated(1.5), "severity must lie in"),
        (lambda: Terminals(uptake=0.0), "uptake must lie in"),
        (lambda: Pituitary(antagonist=-1.0), "antagonist must lie in"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize("lost", [0.0, 0.5, 1.0])
def test_derivatives_by_loss_are_finite(lost):
    nigral, hypothalamic = pathway("nigrostriatal"), pathway("tuberoinfundibular")
    heard = lambda s: broadcast(jnp.ones((1,)), {"a": nigral.denervated(s)})["a"]["delta"][0]
    slope = float(jax.grad(heard)(lost))
    # d/ds of (1 - s) 2.4 / (2.4 - s) is -3.36 / (2.4 - s)^2.
    assert slope == pytest.approx(-3.36 / (2.4 - lost) ** 2, rel=1e-9)
    level = lambda s: nigral.denervated(s).tonic()["dopamine"]
    assert np.isfinite(jax.grad(level)(lost))
    if lost < 1:
        fold = lambda s: hypothalamic.denervated(s).read()["fold"]
        # h^(-1 / 2.44).
        law = (1 - lost) ** (-1 / 2.44 - 1) / 2.44
        assert float(jax.grad(fold)(lost)) == pytest.approx(law, rel=1e-3)


def test_inverted_u_is_best_at_its_optimum():
    np.testing.assert_allclose(
        inverted_u(np.array([0.25, 0.5, 1.0, 2.0, 4.0])), [0.141, 0.612, 1, 0.612, 0.141], atol=1e-3
    )
    assert float(inverted_u(0.0)) == 0
    assert float(jax.grad(inverted_u)(1.0)) == 0


def test_pathways_are_told_apart_by_their_kinetics():
    level = {n: float(pathway(n).tonic()["dopamine"]) for n in PATHWAYS if n[0] != "t"}
    assert level["mesolimbic"] > level["nigrostriatal"]
    assert isinstance(pathway("tuberoinfundibular"), Tuberoinfundibular)
    slow = {n: float(pathway(n).tissue.decay_time) for n in level}
    assert slow["nigrostriatal"] < slow["mesolimbic"] < slow["mesocortical"]
