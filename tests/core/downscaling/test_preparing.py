"""Predictor sets: alignment, units, lags, sums, holes, masks, grids, and what is refused."""

import time

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.rasterfile import RasterWriter
from grace_water_toolbox.core.data.stack import StackInfo, write_stack
from grace_water_toolbox.core.downscaling.contract import Contract, Spacing, Target, Variable
from grace_water_toolbox.core.downscaling.cumulating import Cumulation
from grace_water_toolbox.core.downscaling.layers import Layer
from grace_water_toolbox.core.downscaling.mapping import parse_mapping
from grace_water_toolbox.core.downscaling.predictorset import PredictorSet
from grace_water_toolbox.core.downscaling.preparation import plan_preparation
from grace_water_toolbox.core.downscaling.prepare_report import prepare_report, warnings_of
from grace_water_toolbox.core.downscaling.preparing import Settings, aligned_readers, prepare
from grace_water_toolbox.core.downscaling.targetgrid import choose_grid
from grace_water_toolbox.core.errors import (
    Cancelled,
    DataError,
    GridError,
    ModelError,
    ParameterError,
    TimeAxisError,
)
from grace_water_toolbox.core.progress import Progress

FINE = Grid(10.0, 40.0, 0.5, 0.5, 12, 8)
COARSE = Grid(10.0, 40.0, 2.0, 2.0, 3, 2)
DETAIL = Grid(9.0, 41.0, 0.25, 0.25, 40, 40)


def contract_of(*inputs):
    return Contract("m", "pixel", Target("twsa", "cm"), tuple(inputs), Spacing(0.5, 0.5))


class World:
    """Layers on disk, opened; ``values`` by name."""

    def __init__(self, folder):
        self.folder, self.layers, self.values = folder, [], {}

    def add(self, name, values, units, grid, start="2004-01", long_name=""):
        path = self.folder / f"{name}.tif"
        values = np.asarray(values, np.float32)
        if start:
            months = np.datetime64(start, "M") + np.arange(len(values))
            write_stack(path, StackInfo(grid, months, units, long_name), values)
        else:
            with RasterWriter(path, grid, [name], units=units) as writer:
                writer.write(values[None])
        self.values[name] = values.astype(float)
        self.layers.append(Layer(path, "", len(self.layers) + 1))

    def plan(self, contract=None, mapping="", grid=FINE, **more):
        return plan_preparation(self.layers, parse_mapping(mapping), contract, grid=grid, **more)

    def make(self, contract=None, mapping="", settings=Settings(), mask=None, **more):  # noqa: B008
        kept = {k: more.pop(k) for k in ("memory", "progress") if k in more}
        plan = self.plan(contract, mapping, **more)
        path = self.folder / "set.tif"
        summaries = prepare(plan, path, settings, mask=mask, **kept)
        with PredictorSet(path) as file:
            return plan, summaries, file, read_all(file)


def read_all(file):
    made = {}
    for name, entry in file.variables.items():
        bands = [entry.band] if entry.is_static else [entry.bands[m] for m in entry.months]
        made[name] = file.read(bands).astype(float)
    return made


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    rng = np.random.default_rng(4)
    made.add("pr", rng.gamma(2, 0.04, (30, 8, 12)), "m month-1", FINE, "2004-01")
    made.add("t2m", rng.normal(10, 8, (30, 2, 3)), "degC", COARSE, "2004-01")
    made.add("dem", rng.uniform(0, 3, (40, 40)), "km", DETAIL, "")
    yield made
    for layer in made.layers:
        layer.close()


THREE = (
    Variable("precipitation", "mm month-1", lags=(0, 2), range=(0.0, 100.0)),
    Variable("temperature", "K"),
    Variable("elevation", "m", "static"),
)


def test_units_grids_lags_and_maps(world):
    plan, summaries, file, got = world.make(contract_of(*THREE))
    assert list(file.variables) == ["precipitation", "temperature", "elevation"]
    assert not file.grid.difference(FINE)
    # Lag 2 needs two months before the first that can be predicted.
    assert str(plan.months[0]) == "2004-03" and plan.usable.size == 28
    assert str(file.variables["precipitation"].months[0]) == "2004-01"
    assert str(file.variables["temperature"].months[0]) == "2004-03"
    np.testing.assert_allclose(got["precipitation"], 1000 * world.values["pr"], rtol=1e-6)
    # Bilinear by hand at one cell: 1.25 degrees right of and 1.75 under the first centre.
    t = world.values["t2m"][2] + 273.15
    x, y = (10.25 + 4 * 0.5 - 11) / 2, (39 - (39.75 - 3 * 0.5)) / 2
    want = (1 - y) * ((1 - x) * t[0, 0] + x * t[0, 1]) + y * ((1 - x) * t[1, 0] + x * t[1, 1])
    assert got["temperature"][0, 3, 4] == pytest.approx(want, rel=1e-6)
    # Area-weighted mean of four finer cells by hand.
    d = world.values["dem"][4 + 2 * 3 : 6 + 2 * 3, 4 + 2 * 5 : 6 + 2 * 5]
    edges = np.sin(np.radians(40 - 1.5 - 0.25 * np.arange(3)))
    weights = (edges[:-1] - edges[1:])[:, None] * np.ones((2, 2))
    assert got["elevation"][0, 3, 5] == pytest.approx(1000 * (d * weights).sum() / weights.sum())
    lines = "\n".join(file.history)
    assert "temperature: t2m: aligned by bilinear from 2 x 2" in lines and "no new detail" in lines
    assert "elevation: dem: aligned by area-weighted mean from 0.25 x 0.25" in lines
    assert "m month-1 → mm month-1: × 1000" in lines and "× 1 + 273.15" in lines
    assert summaries[0].outside == (got["precipitation"] > 100).sum()


def test_nearest_keeps_blocks(world):
    _, _, _, got = world.make(contract_of(*THREE), settings=Settings(finer="nearest"))
    want = np.kron(world.values["t2m"][2] + 273.15, np.ones((4, 4)))
    np.testing.assert_allclose(got["temperature"][0], want, rtol=1e-6)


def test_a_stack_for_a_map_and_a_map_for_a_stack(world):
    inputs = (Variable("t", "degC", "static"), Variable("h", "m"), Variable("pr", "m month-1"))
    plan, _, file, got = world.make(contract_of(*inputs), "t = t2m; h = dem",
                                    settings=Settings(finer="nearest"))  # fmt: skip
    want = np.kron(world.values["t2m"].mean(axis=0), np.ones((4, 4)))
    np.testing.assert_allclose(got["t"][0], want, rtol=1e-5)
    assert file.variables["h"].is_static and plan.usable.size == 30
    assert "mean of 30 months" in plan.warnings[0] and "is one map" in plan.warnings[1]


def test_a_wrong_sign_is_suspected(world):
    contract = contract_of(Variable("et", "mm month-1", range=(0.0, 500.0)))
    said = {}
    for mapping in ("et = -1 * pr", "et = pr"):
        plan, summaries, _, _ = world.make(contract, mapping)
        said[mapping] = list(warnings_of(plan, summaries))
    assert any("100 % of the values lie outside" in w and "sign" in w for w in said["et = -1 * pr"])
    assert not any("outside" in w for w in said["et = pr"])


def test_factors_and_units_of_the_mapping(world):
    _, _, _, got = world.make(
        contract_of(Variable("et", "mm month-1")), "et = -1 * pr [cm month-1]"
    )
    np.testing.assert_allclose(got["et"], -10 * world.values["pr"], rtol=1e-6)


SUMS = Cumulation("anomaly", "2004-04", ("2004-04", "2005-03"))


def cumulated(values, first, window):
    """Li et al., section 2.2.3: less the time mean, then summed up, in plain loops."""
    mean = values[window].mean(axis=0)
    total, out = 0.0, []
    for month in values[first:]:
        total = total + (month - mean)
        out.append(total)
    return np.array(out)


def test_sums_are_made_from_the_flux(world):
    inputs = (
        Variable("precipitation", "mm month-1"),
        Variable("pc", "cm", derived="cumulative_anomaly(precipitation)"),
        Variable("ps", "mm", derived="cumulative(precipitation)"),
    )
    plan, _, file, got = world.make(
        contract_of(*inputs), start="2005-01", end="2005-06", cumulation=SUMS
    )
    rain = 1000 * world.values["pr"]
    want = cumulated(rain, 3, slice(3, 15))[9:15]
    np.testing.assert_allclose(got["pc"], want / 10, atol=1e-4)
    np.testing.assert_allclose(got["ps"], np.cumsum(rain[3:], axis=0)[9:15], rtol=1e-5)
    assert file.variables["pc"].units == "cm" and got["precipitation"].shape[0] == 6
    assert plan.mapping().splitlines()[1] == "pc = cumulative_anomaly(precipitation)"


def test_a_sum_of_a_flux_that_is_no_predictor_itself(world):
    inputs = (Variable("pc", "mm", derived="cumulative_anomaly(precipitation)"),)
    plan, _, _, got = world.make(contract_of(*inputs), cumulation=SUMS)
    assert got["pc"].shape[0] == 27
    lines = plan.mapping()
    assert lines == "pc = cumulative_anomaly(precipitation)\nprecipitation = pr"
    # The mapping that was written out gives the same set.
    again = world.make(contract_of(*inputs), lines, cumulation=SUMS)[3]
    np.testing.assert_array_equal(again["pc"], got["pc"])


def test_a_layer_that_is_a_sum_already_is_taken(world):
    world.add("pc", np.ones((30, 8, 12)), "mm", FINE)
    inputs = (Variable("pc", "mm", derived="cumulative_anomaly(precipitation)"),)
    assert (world.make(contract_of(*inputs))[3]["pc"] == 1).all()


def test_holes_are_filled_before_sums_and_masked_cells_never(tmp_path):
    made = World(tmp_path)
    values = np.ones((6, 8, 12))
    values[2, 3, 3] = values[4, 5, 5] = np.nan
    values[:, :, 11] = np.nan
    made.add("pr", values, "mm month-1", FINE)
    masked = np.zeros((8, 12), bool)
    masked[5, 5] = True

    def mask(row, col, ny, nx):
        return masked[row : row + ny, col : col + nx]

    contract = contract_of(
        Variable("precipitation", "mm month-1"),
        Variable("ps", "mm", derived="cumulative(precipitation)"),
    )
    _, summaries, _, got = made.make(
        contract, settings=Settings(holes=2), mask=mask, cumulation=Cumulation("sum", "2004-01")
    )
    assert np.isnan(got["precipitation"][:, 5, 5]).all()
    assert np.isnan(got["precipitation"][:, :, 11]).all()
    assert got["precipitation"][2, 3, 3] == 1 and got["ps"][5, 3, 3] == 6
    first = summaries[0]
    assert (first.filled, first.masked, first.missing) == (1, 6, 48)
    assert first.cells == 6 * 96 and first.known == 6 * 87
    for layer in made.layers:
        layer.close()


def noisy(folder):
    made = World(folder)
    rng = np.random.default_rng(8)
    grid = Grid(10.0, 40.0, 0.5, 0.5, 300, 70)
    values = rng.normal(size=(5, 70, 300))
    values[rng.random(values.shape) < 0.2] = np.nan
    made.add("pr", values, "mm month-1", grid)
    made.add("dem", rng.normal(size=(140, 600)), "m", Grid(10.0, 40.0, 0.25, 0.25, 600, 140), "")
    return made, grid


def test_the_size_of_blocks_changes_nothing(tmp_path):
    made, grid = noisy(tmp_path)
    contract = contract_of(Variable("precipitation", "mm month-1"), Variable("dem", "m", "static"))
    more = {"settings": Settings(holes=3), "grid": grid}
    whole = made.make(contract, **more)
    parts = made.make(contract, memory=200_000, **more)
    for name in whole[3]:
        np.testing.assert_array_equal(whole[3][name], parts[3][name])
    assert vars(whole[1][0]) == vars(parts[1][0]) and whole[1][0].filled > 10_000


def test_cancel_leaves_nothing(tmp_path):
    made, grid = noisy(tmp_path)

    class Impatient(Progress):
        asked = 0

        def is_cancelled(self):
            self.asked += 1
            return self.asked > 4

    contract = contract_of(Variable("precipitation", "mm month-1"))
    with pytest.raises(Cancelled):
        made.make(contract, grid=grid, settings=Settings(holes=3), progress=Impatient())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dem.tif", "pr.tif"]


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


def test_grids(world):
    contract = contract_of(*THREE)
    assert not choose_grid(world.layers, contract).difference(FINE)
    grid = choose_grid(world.layers, contract, None, (11.2, 36.6, 12.4, 38.1))
    assert grid.extent == pytest.approx((11.0, 36.5, 12.5, 38.5))
    over = choose_grid(world.layers, contract, None, (170.0, -3.0, 190.0, 3.0))
    assert over.extent == (170.0, -3.0, 190.0, 3.0) and over.nx == 40
    cut = choose_grid(world.layers, contract, (FINE, "REFERENCE"), (11.2, 36.6, 12.4, 38.1))
    assert cut.extent == pytest.approx((11.0, 36.5, 12.5, 38.5))
    with pytest.raises(GridError, match="are expected, for which m"):
        choose_grid(world.layers, contract, (COARSE, "REFERENCE"))
    with pytest.raises(ParameterError, match="REFERENCE"):
        choose_grid(world.layers[1:], contract)


def test_layers_elsewhere_and_in_another_system(world):
    world.add("ndvi", np.ones((30, 8, 12)), "1", Grid(100.0, 40.0, 0.5, 0.5, 12, 8))
    plan = world.plan(contract_of(*THREE, Variable("ndvi", "1")))
    with pytest.raises(GridError, match="must meet"):
        aligned_readers(plan, Settings())
    world.add("lst", np.ones((30, 8, 12)), "K", Grid(5e5, 4e6, 1e4, 1e4, 12, 8, "EPSG:32645"))
    plan = world.plan(contract_of(*THREE, Variable("lst", "K")))
    with pytest.raises(GridError, match="one coordinate system"):
        aligned_readers(plan, Settings())


@pytest.mark.parametrize("west", [-180.0, 0.0])
def test_across_the_date_line(tmp_path, west):
    made = World(tmp_path)
    grid = Grid(west, 2.0, 0.5, 0.5, 720, 8)
    made.add("pr", np.broadcast_to(grid.x, (2, 8, 720)), "mm month-1", grid)
    contract = contract_of(Variable("pr", "mm month-1"))
    target = choose_grid(made.layers, contract, None, (178.9, -1.0, 181.2, 1.0))
    _, _, file, got = made.make(contract, grid=target)
    assert file.grid.extent == (178.5, -1.0, 181.5, 1.0)
    want = np.array([178.75, 179.25, 179.75, 180.25, 180.75, 181.25])
    np.testing.assert_allclose((got["pr"][1, 0] - want + 180) % 360, 180)


def test_a_set_without_a_value(tmp_path):
    made = World(tmp_path)
    made.add("pr", np.full((2, 8, 12), np.nan), "mm month-1", FINE)
    with pytest.raises(DataError):
        made.make(contract_of(Variable("pr", "mm month-1")))


def test_without_a_model_by_mapping_or_by_own_names(world):
    _, _, file, _ = world.make(mapping="rain = pr; h = dem; wet = cumulative(rain)",
                               cumulation=SUMS)  # fmt: skip
    assert {n: v.units for n, v in file.variables.items()} == {
        "rain": "m month-1", "h": "km", "wet": "m",
    }  # fmt: skip
    _, _, file, _ = world.make()
    assert list(file.variables) == ["precipitation", "temperature", "elevation"]


@pytest.mark.parametrize("change", [{"holes": 0.5}, {"holes": -1}, {"holes": 500}, {"finer": "x"}])
def test_settings_that_cannot_be_meant(change):
    with pytest.raises(ParameterError):
        Settings(**change).check()


def test_thousands_of_bands_open_at_once(tmp_path):
    made = World(tmp_path)
    values = np.random.default_rng(0).normal(size=(265, 8, 12))
    names = [f"v{i}" for i in range(12)]
    for name in names:
        made.add(name, values, "1", FINE, "2002-04")
    plan, _, _, _ = made.make(contract_of(*(Variable(n, "1") for n in names)))
    assert plan.months.size == 265
    begin = time.perf_counter()
    with PredictorSet(tmp_path / "set.tif") as file:
        got = file.read([file.bands_at(n, "2010-07") for n in names])
    seconds = time.perf_counter() - begin
    np.testing.assert_allclose(got, np.broadcast_to(values[99], got.shape), rtol=1e-6)
    print(f"12 × 265 bands: opened and one month read in {seconds:.3f} s")
    assert sum(len(v.bands) for v in file.variables.values()) == 3180
