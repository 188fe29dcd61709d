"""Predictor sets: alignment, units, lags, sums, holes, masks, grids, and what is refused."""

import time

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.downscaling.contract import Variable
from grace_water_toolbox.core.downscaling.predictorset import PredictorSet
from grace_water_toolbox.core.downscaling.prepare_report import warnings_of
from grace_water_toolbox.core.downscaling.preparing import Settings
from grace_water_toolbox.core.downscaling.targetgrid import choose_grid
from grace_water_toolbox.core.errors import Cancelled, GridError, ParameterError
from grace_water_toolbox.core.progress import Progress

from .layersofaworld import COARSE, FINE, THREE, World, contract_of
from .test_prepared_sums import SUMS


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


def test_without_a_model_by_mapping_or_by_own_names(world):
    _, _, file, _ = world.make(mapping="rain = pr; h = dem; wet = cumulative(rain)",
                               cumulation=SUMS)  # fmt: skip
    assert {n: v.units for n, v in file.variables.items()} == {
        "rain": "m month-1", "h": "km", "wet": "m",
    }  # fmt: skip
    _, _, file, _ = world.make()
    assert list(file.variables) == ["precipitation", "temperature", "elevation"]


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
