"""Inspect model and downscale, through Processing."""

import json

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.downscaling.contract import Spacing, Training, Variable
from grace_water_toolbox.core.downscaling.onnxfacts import sha256
from grace_water_toolbox.core.downscaling.predictorset import predictor_writer
from headless import SITE_PACKAGES, Headless
from rasterio.transform import from_origin

from .conftest import FINE, MONTHS, write_linear


def read(path):
    with rasterio.open(path) as file:
        return file.read()


def classes(path, values):
    with rasterio.open(
        path, "w", driver="GTiff", width=values.shape[1], height=values.shape[0], count=1,
        dtype="uint8", crs="EPSG:4326", transform=from_origin(10, 40, 0.5, 0.5),
    ) as file:  # fmt: skip
        file.write(values.astype("uint8"), 1)
    return str(path)


def polygons(path, boxes):
    features = []
    for (west, south, east, north), number in boxes:
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": {"k": number}, "geometry": geometry})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return str(path)


def strata_model(folder):
    files = []
    for number in (11, 12):
        path = folder / f"s{number}.onnx"
        write_linear(path, (number, 0.0))
        files.append({"path": path.name, "sha256": sha256(path), "stratum": number})
    text = json.dumps({"contract": json.loads(_contract(folder / "s11.onnx")), "files": files})
    (folder / "strata.json").write_text(text)
    return str(folder / "strata.json")


def _contract(path):
    from grace_water_toolbox.core.downscaling.contract import KEY
    from grace_water_toolbox.core.downscaling.onnxfacts import read_facts

    return read_facts(path).metadata[KEY]


def basics(folder):
    return {"MODEL": str(folder / "model.onnx"), "PREDICTORS": str(folder / "set.tif")}


def test_maps_alone_take_the_months_of_the_coarse_stack(run, refused, tmp_path, world):
    _, elevation, _ = world
    inputs = (Variable("elevation", "m", "static", range=(0.0, 1000.0)),)
    write_linear(tmp_path / "maps.onnx", (0.1,), name="maps", inputs=inputs)
    with predictor_writer(tmp_path / "maps.tif", FINE, [("elevation", "m", None)]) as writer:
        writer.write(elevation[None].astype("f4"))
    given = {"MODEL": str(tmp_path / "maps.onnx"), "PREDICTORS": str(tmp_path / "maps.tif")}
    got = run(
        "downscale", **given, INPUT=str(tmp_path / "coarse.tif"), OUTPUT=str(tmp_path / "o.tif")
    )
    with rasterio.open(got["OUTPUT"]) as file:
        assert file.descriptions == tuple(map(str, MONTHS))
        np.testing.assert_allclose(file.read(), [0.1 * elevation] * 4, rtol=1e-5)
    text = refused("downscale", tmp_path, **given, OUTPUT=str(tmp_path / "p.tif"))
    assert "START and END, or a coarse stack in INPUT" in text


def test_a_model_over_all_of_its_predictors(run, tmp_path, world):
    rain, elevation, _ = world
    got = run(
        "downscale", **basics(tmp_path), OUTPUT=str(tmp_path / "o.tif"),
        OUTPUT_APPLICABILITY=str(tmp_path / "a.tif"), OUTPUT_HTML=str(tmp_path / "r.html"),
    )  # fmt: skip
    np.testing.assert_allclose(read(got["OUTPUT"]), rain + 0.1 * elevation, rtol=1e-5)
    np.testing.assert_allclose(read(got["OUTPUT_APPLICABILITY"]), (rain > 80) / 2)
    page = (tmp_path / "r.html").read_text()
    assert "made up" in page and "outside their training range" in page


def test_extent_months_area_of_interest_and_correction(run, tmp_path, world):
    _, _, coarse = world
    got = run(
        "downscale", **basics(tmp_path), INPUT=str(tmp_path / "coarse.tif"),
        EXTENT="10,14,36,40", START="2004-02", END="2004-03", CORRECTION="conserving",
        AOI=polygons(tmp_path / "aoi.geojson", [((10, 38, 14, 40), 1)]),
        OUTPUT=str(tmp_path / "o.tif"), OUTPUT_FLAGS=str(tmp_path / "f.tif"),
    )  # fmt: skip
    values = read(got["OUTPUT"])
    assert values.shape == (2, 8, 8) and np.isnan(values[:, 4:]).all()
    height = -np.diff(np.sin(np.radians(40 - 0.5 * np.arange(5))))
    mean = (values[:, :4].reshape(2, 4, 2, 4) * height[:, None, None]).sum(axis=(1, 3))
    mean /= 4 * height.sum()
    assert np.abs(mean - coarse[1:3, 0, :2]).max() < 0.01
    assert set(np.unique(read(got["OUTPUT_FLAGS"]))) == {0, 255}


@pytest.mark.parametrize("kind", ["raster", "polygons"])
def test_classes_choose_the_model(run, tmp_path, world, kind):
    rain, _, _ = world
    model = strata_model(tmp_path)
    numbers = np.full((8, 12), 11)
    numbers[:, 6:] = 12
    if kind == "raster":
        where = {"STRATA": classes(tmp_path / "k.tif", numbers)}
    else:
        boxes = [((10, 36, 12, 40), 11), ((12, 36, 13, 40), 11), ((13, 36, 16, 40), 12)]
        path = polygons(tmp_path / "k.geojson", boxes)
        where = {"STRATA_POLYGONS": path, "STRATA_FIELD": "k"}
    got = run(
        "downscale", **{**basics(tmp_path), "MODEL": model}, **where,
        OUTPUT=str(tmp_path / "o.tif"),
    )  # fmt: skip
    np.testing.assert_allclose(read(got["OUTPUT"]), numbers * rain, rtol=1e-5)


def test_the_standard_deviation_of_the_graph_is_the_uncertainty(run, tmp_path, world):
    rain, elevation, _ = world
    write_linear(tmp_path / "model.onnx", output_std="sigma")
    got = run(
        "downscale", **basics(tmp_path), OUTPUT=str(tmp_path / "o.tif"),
        OUTPUT_UNCERTAINTY=str(tmp_path / "s.tif"),
    )  # fmt: skip
    expected = np.abs(rain + 0.1 * elevation)
    np.testing.assert_allclose(read(got["OUTPUT_UNCERTAINTY"]), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"MODEL": "set.tif"}, "ONNX"),
        ({"MODEL": "nothing.onnx"}, "nothing.onnx"),
        ({"PREDICTORS": "coarse.tif"}, "predictor set"),
        ({"OUTPUT_UNCERTAINTY": "s.tif"}, "OUTPUT_UNCERTAINTY"),
        ({"REPLACE_UNCERTAIN": True}, "REPLACE_UNCERTAIN"),
        ({"CORRECTION": "conserving"}, "INPUT"),
        ({"EXTENT": "100,110,0,10"}, "EXTENT"),
        ({"EXTENT": "14,10,36,40"}, "west < east"),
        ({"START": "2010-01", "END": "2010-03"}, "2010-01"),
        ({"START": "January"}, "START"),
        ({"MODEL": "strata.json"}, "STRATA"),
        ({"MODEL": "strata.json", "STRATA_POLYGONS": "aoi.geojson"}, "STRATA_FIELD"),
        ({"PROVIDER": "cuda"}, "PROVIDER"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_runs(refused, tmp_path, world, change, word):
    strata_model(tmp_path)
    polygons(tmp_path / "aoi.geojson", [((10, 38, 14, 40), 1)])
    files = {"MODEL", "PREDICTORS", "STRATA_POLYGONS", "OUTPUT_UNCERTAINTY"}
    given = {k: str(tmp_path / v) if k in files else v for k, v in change.items()}
    parameters = {**basics(tmp_path), "OUTPUT": str(tmp_path / "o.tif"), **given}
    assert word in refused("downscale", tmp_path, **parameters)


def test_a_missing_predictor_is_named_with_unit_and_source(refused, tmp_path, world):
    write_linear(
        tmp_path / "model.onnx",
        inputs=(Variable("rain", "K"), Variable("ndvi", "1", source="MODIS MOD13A3")),
    )
    message = refused("downscale", tmp_path, **basics(tmp_path), OUTPUT=str(tmp_path / "o.tif"))
    assert "ndvi [1]" in message and "MODIS MOD13A3" in message and "rain [K]" in message


def test_another_spacing_is_refused_with_the_remedy(refused, tmp_path, world):
    write_linear(tmp_path / "model.onnx", spacing=Spacing(0.1, 0.1))
    message = refused("downscale", tmp_path, **basics(tmp_path), OUTPUT=str(tmp_path / "o.tif"))
    assert "0.1" in message and "Prepare predictors" in message


def test_the_least_certain_cells_take_the_value_of_their_neighbours(run, tmp_path, world):
    rain, elevation, coarse = world
    write_linear(tmp_path / "model.onnx", output_std="sigma")
    common = {**basics(tmp_path), "INPUT": str(tmp_path / "coarse.tif"), "REPLACE_UNCERTAIN": True}
    got = run(
        "downscale", **common, OUTPUT=str(tmp_path / "o.tif"),
        OUTPUT_HTML=str(tmp_path / "r.html"),
    )  # fmt: skip
    plain = rain + 0.1 * elevation
    values, changed = read(got["OUTPUT"]), []
    for t in range(4):
        # Sigma of this model is the size of its result.
        different = ~np.isclose(values[t], plain[t], rtol=1e-5)
        np.testing.assert_array_equal(different, plain[t] > np.percentile(plain[t], 99))
        changed.append(different.sum())
    assert min(changed) == 1 and "99th percentile" in (tmp_path / "r.html").read_text()
    got = run("downscale", **common, CORRECTION="conserving", OUTPUT=str(tmp_path / "c.tif"))
    height = -np.diff(np.sin(np.radians(40 - 0.5 * np.arange(9))))
    mean = (read(got["OUTPUT"]) * height[:, None]).reshape(4, 2, 4, 3, 4).sum(axis=(2, 4))
    mean /= 4 * height.reshape(2, 4).sum(axis=1)[:, None]
    assert np.abs(mean - coarse).max() < 0.01


def test_a_model_whose_results_are_not_finite_says_so(refused, tmp_path, world):
    write_linear(tmp_path / "model.onnx", (np.nan, 1.0))
    message = refused("downscale", tmp_path, **basics(tmp_path), OUTPUT=str(tmp_path / "o.tif"))
    assert "finite" in message and "Inspect model" in message


class TestInspectModel:
    def test_the_contract_is_shown_and_the_model_tried(self, run, tmp_path, world):
        got = run(
            "inspectmodel", MODEL=str(tmp_path / "model.onnx"),
            OUTPUT_HTML=str(tmp_path / "m.html"),
        )  # fmt: skip
        assert got["RUNS"] is True and got["NAME"] == "linear"
        assert got["VARIABLES"] == "rain [mm month-1], elevation [m]"
        page = (tmp_path / "m.html").read_text()
        assert "ERA5-Land tp" in page and sha256(tmp_path / "model.onnx") in page

    def test_damaged_weights_do_not_run(self, run, tmp_path, world):
        write_linear(tmp_path / "nan.onnx", (np.nan, 1.0))
        assert run("inspectmodel", MODEL=str(tmp_path / "nan.onnx"))["RUNS"] is False

    def test_what_is_no_model_is_refused(self, refused, tmp_path, world):
        assert "ONNX" in refused("inspectmodel", tmp_path, MODEL=str(tmp_path / "set.tif"))


@pytest.mark.headless
def test_from_the_command_line(tmp_path, world):
    with Headless(python_path=SITE_PACKAGES) as qgis:
        qgis.run(
            "gracewater:downscale", **basics(tmp_path), EXTENT="10,14,36,40",
            OUTPUT=tmp_path / "o.tif",
        )  # fmt: skip
    rain, elevation, _ = world
    expected = (rain + 0.1 * elevation)[:, :, :8]
    np.testing.assert_allclose(read(tmp_path / "o.tif"), expected, rtol=1e-5)


def test_an_extent_across_the_date_line_is_one_piece(run, tmp_path):
    grid = Grid(-180.0, 45.0, 10.0, 10.0, 36, 9)
    rain = np.random.default_rng(2).uniform(0, 80, (2, 9, 36)).astype("f4")
    months = np.arange("2004-01", "2004-03", dtype="datetime64[M]")
    with predictor_writer(tmp_path / "set.tif", grid, [("rain", "mm", months)]) as writer:
        writer.write(rain)
    write_linear(
        tmp_path / "model.onnx", (2.0,), inputs=(Variable("rain", "mm"),),
        spacing=Spacing(10.0, 10.0), training=Training(),
    )  # fmt: skip
    got = run(
        "downscale", **basics(tmp_path), EXTENT="160,210,-15,15", OUTPUT=str(tmp_path / "o.tif")
    )
    with rasterio.open(got["OUTPUT"]) as file:
        assert file.transform.c == 160 and file.width == 5
    columns = np.r_[34, 35, 0, 1, 2]
    np.testing.assert_allclose(read(got["OUTPUT"]), 2 * rain[:, 3:6][:, :, columns], rtol=1e-6)


def test_a_tile_without_any_predictor_stays_empty(run, tmp_path, world):
    rain, elevation, _ = world
    rain[:, 2:6, 4:8] = np.nan
    variables = [("rain", "mm month-1", MONTHS), ("elevation", "m", None)]
    with predictor_writer(tmp_path / "set.tif", FINE, variables) as writer:
        writer.write(np.concatenate([rain, elevation[None]]))
    got = run("downscale", **basics(tmp_path), OUTPUT=str(tmp_path / "o.tif"))
    np.testing.assert_allclose(read(got["OUTPUT"]), rain + 0.1 * elevation, rtol=1e-5)


def test_predictors_without_any_value_are_an_error(refused, tmp_path, world):
    variables = [("rain", "mm month-1", MONTHS), ("elevation", "m", None)]
    with predictor_writer(tmp_path / "set.tif", FINE, variables) as writer:
        writer.write(np.full((5, 8, 12), np.nan))
    message = refused("downscale", tmp_path, **basics(tmp_path), OUTPUT=str(tmp_path / "o.tif"))
    assert "all predictors" in message


def test_months_that_do_not_overlap_are_named(refused, tmp_path, world):
    rain = world[0]
    later = MONTHS + 24
    variables = [("rain", "mm month-1", MONTHS), ("elevation", "m", later)]
    with predictor_writer(tmp_path / "set.tif", FINE, variables) as writer:
        writer.write(np.concatenate([rain, rain]))
    write_linear(
        tmp_path / "model.onnx",
        inputs=(Variable("rain", "mm month-1"), Variable("elevation", "m")),
    )
    message = refused("downscale", tmp_path, **basics(tmp_path), OUTPUT=str(tmp_path / "o.tif"))
    assert "2004-01" in message and "every predictor" in message


def test_a_class_without_a_model_and_a_model_of_another_region_are_said(run, tmp_path, world, log):
    numbers = np.full((8, 12), 11)
    numbers[:, 9:] = 34
    path = strata_model(tmp_path)
    content = json.loads((tmp_path / "strata.json").read_text())
    content["contract"]["training"]["extent"] = [100.0, 110.0, 0.0, 10.0]
    (tmp_path / "strata.json").write_text(json.dumps(content))
    got = run(
        "downscale", feedback=log, **{**basics(tmp_path), "MODEL": path},
        STRATA=classes(tmp_path / "k.tif", numbers), OUTPUT=str(tmp_path / "o.tif"),
    )  # fmt: skip
    values = read(got["OUTPUT"])
    assert np.isnan(values[:, :, 9:]).all() and np.isfinite(values[:, :, :9]).all()
    said = "\n".join(log.warnings)
    assert "96 cell-months in class 34 got no value" in said
    assert "beyond the region of the training data (100 to 110, 0 to 10)" in said
