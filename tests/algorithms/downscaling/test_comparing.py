"""Compare downscaling, through Processing."""

import json

import numpy as np
import pytest
from grace_water_toolbox.core.data.stack import StackInfo, write_stack
from osgeo import ogr

from .conftest import FINE, MONTHS

BASELINE = ("2004-01", "2009-12")


def table(path):
    source = ogr.Open(path)
    return [dict(feature.items()) for feature in source.GetLayer(0)]


def up(coarse):
    return coarse.repeat(4, axis=1).repeat(4, axis=2)


HEIGHT = -np.diff(np.sin(np.radians(40 - 0.5 * np.arange(9))))


def means(values):
    weighted = (values * HEIGHT[:, None]).reshape(len(values), 2, 4, 3, 4).sum(axis=(2, 4))
    return weighted / (4 * HEIGHT.reshape(2, 4).sum(axis=1)[:, None])


@pytest.fixture
def compared(tmp_path, world):
    """A truth with detail, its coarse means, a good stack, a poor one, a land model."""
    rng = np.random.default_rng(3)
    detail = rng.normal(size=(4, 8, 12))
    detail -= up(means(detail))
    values = {
        "truth": up(world[2]) + detail,
        "good": up(world[2]) + 0.8 * detail,
        "poor": up(world[2]) + rng.normal(size=detail.shape),
    }
    for name, data in values.items():
        write_stack(tmp_path / f"{name}.tif", StackInfo(FINE, MONTHS, "cm", "", BASELINE), data)
    land = rng.uniform(50, 90, (1, 8, 12)) + 0.5 * detail
    write_stack(tmp_path / "land.tif", StackInfo(FINE, MONTHS, "mm"), 10 * land)
    return values


def call(folder, *names, **more):
    return {
        "INPUTS": [str(folder / f"{n}.tif") for n in names],
        "COARSE": str(folder / "coarse.tif"),
        "OUTPUT": str(folder / "scores.csv"),
        **more,
    }


def test_each_stack_and_each_baseline_has_its_row(run, tmp_path, world, compared):
    got = run(
        "comparedownscaling", **call(tmp_path, "good", "poor"), TRUTH=str(tmp_path / "truth.tif"),
        FINE_MODEL=str(tmp_path / "land.tif"), OUTPUT_HTML=str(tmp_path / "r.html"),
    )  # fmt: skip
    rows = {row["stack"]: row for row in table(got["OUTPUT"])}
    assert list(rows) == ["good", "poor", "replicate", "bilinear", "delta"]
    weights = np.broadcast_to(HEIGHT[:, None], (4, 8, 12))
    for name in ("good", "poor"):
        error = np.sqrt(np.average((compared[name] - compared["truth"]) ** 2, weights=weights))
        assert float(rows[name]["fine_rmse"]) == pytest.approx(error, rel=1e-5)
    # The replicated field has the coarse means and no detail.
    assert float(rows["replicate"]["coarse_rmse"]) < 1e-6
    assert float(rows["replicate"]["subgrid_sd"]) < 1e-6
    assert [int(r["baseline"]) for r in rows.values()] == [0, 0, 1, 1, 1]
    # The land model is absolute and in mm: re-based, what it knows of the detail shows.
    assert float(rows["delta"]["coarse_rmse"]) < 1e-3
    assert float(rows["delta"]["within_cc"]) > float(rows["bilinear"]["within_cc"]) + 0.2
    assert float(rows["good"]["fine_rmse"]) < float(rows["bilinear"]["fine_rmse"])
    page = (tmp_path / "r.html").read_text()
    assert "good beats the best baseline" in page and "poor does not beat" in page


def test_without_a_truth_and_without_baselines(run, tmp_path, world, compared):
    got = run("comparedownscaling", **call(tmp_path, "poor"), BASELINES=[], START="2004-02")
    (row,) = table(got["OUTPUT"])
    mean = means(compared["poor"])[1:]
    area = np.broadcast_to(HEIGHT.reshape(2, 4).sum(axis=1)[:, None], mean.shape)
    error = np.sqrt(np.average((mean - world[2][1:]) ** 2, weights=area))
    assert float(row["coarse_rmse"]) == pytest.approx(error, rel=1e-5)
    assert row["fine_rmse"] in (None, "") and int(row["months"]) == 3


def test_each_basin_is_scored_alone(run, tmp_path, world, compared):
    features = []
    for name, west in (("left", 10), ("right", 14)):
        box = [[west, 36], [west + 2, 36], [west + 2, 40], [west, 40], [west, 36]]
        features.append({"type": "Feature", "properties": {"name": name},
                         "geometry": {"type": "Polygon", "coordinates": [box]}})  # fmt: skip
    path = tmp_path / "basins.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    got = run(
        "comparedownscaling", **call(tmp_path, "poor"), TRUTH=str(tmp_path / "truth.tif"),
        BASELINES=["replicate"], BASINS=str(path), BASIN_FIELD="name",
    )  # fmt: skip
    rows = table(got["OUTPUT"])
    assert [(r["region"], r["stack"]) for r in rows] == [
        (region, stack) for region in ("all", "left", "right") for stack in ("poor", "replicate")
    ]
    error = (compared["poor"] - compared["truth"])[:, :, 8:]
    weights = np.broadcast_to(HEIGHT[:, None], error.shape)
    expected = np.sqrt(np.average(error**2, weights=weights))
    assert float(rows[4]["fine_rmse"]) == pytest.approx(expected, rel=1e-5)
    assert int(rows[4]["cells"]) == 32


def test_a_fine_model_on_other_cells_is_interpolated(run, tmp_path, world, compared):
    grid = type(FINE)(9.0, 41.0, 1.0, 1.0, 8, 6)
    values = np.random.default_rng(1).normal(size=(4, 6, 8))
    write_stack(tmp_path / "land.tif", StackInfo(grid, MONTHS, "cm"), values)
    got = run("comparedownscaling", **call(tmp_path, "good"), FINE_MODEL=str(tmp_path / "land.tif"))
    delta = table(got["OUTPUT"])[-1]
    assert delta["stack"] == "delta" and float(delta["coarse_rmse"]) < 0.01


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"BASELINES": ["delta"]}, "FINE_MODEL"),
        ({"COARSE": "good.tif"}, "finer cells"),
        ({"TRUTH": "coarse.tif"}, "grid"),
        ({"START": "2010-01"}, "2010-01"),
        ({"START": "May"}, "START"),
        ({"INPUTS": ["nothing.tif"]}, "INPUTS"),
        ({"INPUTS": ["unitless.tif"]}, "units"),
        ({"INPUTS": ["rebased.tif"]}, "baseline"),
    ],
)
def test_what_does_not_fit_is_refused(refused, tmp_path, world, compared, change, word):
    write_stack(tmp_path / "unitless.tif", StackInfo(FINE, MONTHS, ""), compared["good"])
    info = StackInfo(FINE, MONTHS, "cm", "", ("2005-01", "2010-12"))
    write_stack(tmp_path / "rebased.tif", info, compared["good"])
    given = call(tmp_path, "good")
    for key, value in change.items():
        if key == "INPUTS":
            value = [str(tmp_path / v) for v in value]
        elif key in ("COARSE", "TRUTH"):
            value = str(tmp_path / value)
        given[key] = value
    assert word in refused("comparedownscaling", tmp_path, **given)
