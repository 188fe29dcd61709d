"""Mappings: their text, names that fit, names that do not, units that convert."""

from types import SimpleNamespace

import pytest
from grace_water_toolbox.core.downscaling.contract import Variable
from grace_water_toolbox.core.downscaling.known import KNOWN, likeness
from grace_water_toolbox.core.downscaling.mapping import (
    derivation,
    find_layer,
    match_layers,
    parse_mapping,
)
from grace_water_toolbox.core.downscaling.variableunits import conversion
from grace_water_toolbox.core.errors import ParameterError, UnitsError


def layers(*names):
    return [
        SimpleNamespace(number=i, name=n, names=(n,), long_name="", source=f"{n}.tif")
        for i, n in enumerate(names, 1)
    ]


def variables(*names):
    return [Variable(n, "1") for n in names]


def matched(wanted, *names):
    return {k: x.name for k, x in match_layers(variables(*wanted), layers(*names)).items()}


def test_the_text_of_a_mapping():
    text = (
        "precipitation = tp\n evapotranspiration= -1 * e [mm month-1] ;\n\nt=#2; "
        "c = cumulative_anomaly( precipitation );x = 0.5×my layer (2)"
    )
    got = parse_mapping(text)
    assert list(got) == ["precipitation", "evapotranspiration", "t", "c", "x"]
    et = got["evapotranspiration"]
    assert (et.layer, et.factor, et.units) == ("e", -1.0, "mm month-1")
    assert got["x"].layer == "my layer (2)" and got["x"].factor == 0.5
    assert derivation(got["c"].derived) == ("anomaly", "precipitation")
    # What is written out reads the same again.
    again = parse_mapping("\n".join(map(str, got.values())))
    assert again == got


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("precipitation", "'precipitation'"), ("= tp", "= tp"), ("p =", "'p ='"),
        ("2 = tp", "2 = tp"), ("p = tp; p = pr", "p twice"), ("p = 0 * tp", "'p = tp'"),
        ("p = [mm]", "p ="),
    ],
)  # fmt: skip
def test_lines_that_say_nothing(text, word):
    with pytest.raises(ParameterError, match="MAPPING") as caught:
        parse_mapping(text)
    assert word in str(caught.value)


def test_names_of_products_are_understood():
    names = ("tp", "e", "ro", "t2m", "MOD13A3_NDVI", "irrigation", "irrigation_groundwater",
             "population", "dem")  # fmt: skip
    wanted = ("precipitation", "evapotranspiration", "runoff", "temperature", "ndvi",
              "irrigation", "irrigation_groundwater", "population_density",
              "elevation")  # fmt: skip
    assert matched(wanted, *names) == dict(zip(wanted, names))
    names = ("CHELSA_tas", "CHELSA_pr", "SM_surface", "PML_V2_ET", "MOD11A2_LST_Day",
             "clay_0-30cm_mean", "phh2o_0-30cm_mean", "soc_0-30cm_mean", "cec")  # fmt: skip
    wanted = ("TAS", "PRE", "SM", "ET", "LST", "clay", "ph", "SOC", "CEC")
    assert matched(wanted, *names) == dict(zip(wanted, names))


def test_what_only_looks_alike_does_not_match():
    assert matched(("precipitation",), "cumulative_precipitation", "pr_uncertainty") == {}
    assert matched(("evapotranspiration",), "e_coli", "petrol") == {}
    assert matched(("runoff", "clay"), "r", "claystone") == {"runoff": "r"}
    assert likeness(Variable("cumulative_precipitation", "mm"), ("cumulative_precipitation",)) == 4


def test_the_better_name_wins_whatever_the_order():
    for names in (("CHELSA_pr", "precipitation"), ("precipitation", "CHELSA_pr")):
        assert matched(("precipitation",), *names) == {"precipitation": "precipitation"}


def test_long_names_help():
    layer = layers("OUTPUT")[0]
    layer.long_name = "2 metre temperature"
    assert match_layers(variables("temperature"), [layer])["temperature"] is layer


def test_two_that_fit_equally_are_named():
    with pytest.raises(ParameterError, match=r"#1 .pr. and #2 .tp.") as caught:
        matched(("precipitation",), "pr", "tp")
    assert "precipitation = #1" in str(caught.value)


def test_no_alias_is_that_of_two_predictors():
    aliases = [a for k in KNOWN for a in (k.name, *k.aliases)]
    assert len(aliases) == len(set(aliases))
    assert all(k.source and k.units for k in KNOWN)


def test_layers_by_name_and_number():
    found = layers("tp", "OUTPUT", "OUTPUT")
    assert find_layer("TP", found).number == 1 and find_layer("#3", found).number == 3
    with pytest.raises(ParameterError, match=r"#2 .OUTPUT.tif. and #3"):
        find_layer("OUTPUT", found)
    for name in ("snow", "#4", "#0"):
        with pytest.raises(ParameterError, match="#1 tp, #2 OUTPUT"):
            find_layer(name, found)


@pytest.mark.parametrize(
    ("found", "wanted", "value", "result"),
    [
        ("degrees Celsius", "K", 10.0, 283.15), ("K", "degC", 283.15, 10.0),
        ("m month-1", "mm month-1", 0.12, 120.0), ("kg m-2 month-1", "cm/month", 50.0, 5.0),
        ("%", "1", 25.0, 0.25), ("fraction", "percent", 0.25, 25.0), ("pH x 10", "pH", 65.0, 6.5),
        ("cm3 dm-3", "m3 m-3", 300.0, 0.3), ("mmol(c)/kg", "cmol kg-1", 150.0, 15.0),
        ("dg/kg", "g kg-1", 120.0, 12.0), ("cg kg-1", "g kg-1", 120.0, 1.2),
        ("persons km-2", "people km-2", 5.0, 5.0), ("km", "m", 1.5, 1500.0),
    ],
)  # fmt: skip
def test_units_convert(found, wanted, value, result):
    factor, offset = conversion(found, wanted)
    assert value * factor + offset == pytest.approx(result, rel=1e-12)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [("mm", "mm month-1"), ("mm day-1", "mm month-1"), ("", "K"), ("m3 m-3", "mm"), ("K", "%")],
)
def test_units_of_other_things_do_not(found, wanted):
    with pytest.raises(UnitsError):
        conversion(found, wanted)
