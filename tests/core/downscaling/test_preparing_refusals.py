"""What a predictor set cannot be made of, and what the messages name."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.downscaling.contract import Variable
from grace_water_toolbox.core.downscaling.prepare_report import prepare_report
from grace_water_toolbox.core.downscaling.preparing import Settings, aligned_readers
from grace_water_toolbox.core.errors import (
    DataError,
    GridError,
    ModelError,
    ParameterError,
    TimeAxisError,
)

from .layersofaworld import FINE, THREE, World, contract_of


def test_everything_that_is_missing_is_named_at_once(world):
    inputs = (*THREE, Variable("ndvi", "1"), Variable("clay", "g kg-1", "static", source="my map"),
              Variable("runoff", "mm month-1"),
              Variable("xc", "mm", derived="cumulative(x)"))  # fmt: skip
    with pytest.raises(ModelError) as caught:
        world.plan(contract_of(*inputs), "runoff = t2m")
    text = str(caught.value)
    assert "5 missing or unfit" in text and "temperature [K]: no layer is it" in text
    assert "ndvi [1]: no layer is it, for example from MODIS MOD13A3" in text
    assert "clay [g kg-1]: no layer is it, for example from my map" in text
    assert "runoff [mm month-1]: t2m: units 'degC', for example from ERA5-Land ro" in text
    assert "xc [mm]" in text and "#3 dem [km]" in text


def test_a_layer_without_a_unit_is_no_fraction(world):
    world.add("irrigation", np.full((8, 12), 30.0), "", FINE, "")
    with pytest.raises(ModelError, match=r"irrigation: units no units"):
        world.plan(contract_of(Variable("irrigation", "%", "static")))
    plan = world.plan(contract_of(Variable("irrigation", "1", "static")))
    assert "taken as a plain number" in plan.warnings[0]
    _, _, _, got = world.make(
        contract_of(Variable("irrigation", "1", "static")), "irrigation = irrigation [%]"
    )
    np.testing.assert_allclose(got["irrigation"], 0.3, rtol=1e-6)


@pytest.mark.parametrize(
    ("mapping", "word"),
    [
        ("precipitation = rain", "'rain' beside #1 pr, #2 t2m, #3 dem"),
        ("rain = pr", "variables among elevation, precipitation, temperature"),
        ("precipitation = pr; precipitation = t2m", "twice"),
    ],
)
def test_mappings_that_lead_nowhere(world, mapping, word):
    with pytest.raises(ParameterError, match=word):
        world.plan(contract_of(*THREE), mapping)


def test_months_that_do_not_overlap(world):
    world.add("ndvi", np.ones((3, 8, 12)), "1", FINE, "2010-01")
    with pytest.raises(TimeAxisError, match="ndvi 2010-01 to 2010-03") as caught:
        world.plan(contract_of(*THREE, Variable("ndvi", "1")))
    assert "precipitation 2004-01 to 2006-06 (lags up to 2)" in str(caught.value)
    with pytest.raises(TimeAxisError, match="from 2012-01 to 2012-02"):
        world.plan(contract_of(*THREE), start="2012-01", end="2012-02")


def test_months_that_lags_lack_are_reported(world):
    plan, summaries, _, _ = world.make(contract_of(*THREE), start="2004-01", end="2006-08")
    assert [str(m) for m in plan.parts[0].absent] == ["2003-11", "2003-12", "2006-07", "2006-08"]
    assert plan.months.size == 32 and plan.usable.size == 28
    page = prepare_report(plan, summaries, Settings(), contract_of(*THREE)).html()
    assert "2003-11, 2003-12, 2006-07" in page and "4 of 32 months" in page
    assert "precipitation = pr" in page and "training range" in page


def test_layers_elsewhere_and_in_another_system(world):
    world.add("ndvi", np.ones((30, 8, 12)), "1", Grid(100.0, 40.0, 0.5, 0.5, 12, 8))
    plan = world.plan(contract_of(*THREE, Variable("ndvi", "1")))
    with pytest.raises(GridError, match="must meet"):
        aligned_readers(plan, Settings())
    world.add("lst", np.ones((30, 8, 12)), "K", Grid(5e5, 4e6, 1e4, 1e4, 12, 8, "EPSG:32645"))
    plan = world.plan(contract_of(*THREE, Variable("lst", "K")))
    with pytest.raises(GridError, match="one coordinate system"):
        aligned_readers(plan, Settings())


def test_a_set_without_a_value(tmp_path):
    made = World(tmp_path)
    made.add("pr", np.full((2, 8, 12), np.nan), "mm month-1", FINE)
    with pytest.raises(DataError):
        made.make(contract_of(Variable("pr", "mm month-1")))


@pytest.mark.parametrize("change", [{"holes": 0.5}, {"holes": -1}, {"holes": 500}, {"finer": "x"}])
def test_settings_that_cannot_be_meant(change):
    with pytest.raises(ParameterError):
        Settings(**change).check()
