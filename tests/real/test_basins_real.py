"""Every month of the real record over the real basins, beside exactextract."""

import csv
import json

import numpy as np
import pytest
from grace_water_toolbox.core.data.importing import import_grace
from grace_water_toolbox.core.data.stack import MonthlyStack
from headless import Headless

pytestmark = pytest.mark.real

#: File, name field, number of basins, invalid geometries among them.
LAYERS = {
    "lehmann189_basins_05deg.gpkg": ("NAME", 189, 0),
    "grdc_mrb_lehmann2022.shp": ("NAME", 405, 4),
}


@pytest.fixture(scope="module")
def record(csr, tmp_path_factory):
    """The whole record as a stack: its path, values (month, y, x), grid."""
    path = tmp_path_factory.mktemp("record") / "twsa.tif"
    import_grace(csr, path)
    with MonthlyStack(path) as stack:
        return path, stack.read(), stack.grid


@pytest.fixture(scope="module", params=sorted(LAYERS))
def case(request, data, record):
    """A layer and what exactextract makes of it: (path, names, means (month, basin))."""
    exactextract = pytest.importorskip("exactextract")
    from exactextract.feature import JSONFeatureSource
    from exactextract.raster import NumPyRasterSource
    from osgeo import ogr

    path = data / "basins" / request.param
    _, values, grid = record
    source = ogr.Open(str(path))
    names, features, invalid = [], [], 0
    for feature in source.GetLayer():
        shape = feature.GetGeometryRef()
        if not shape.IsValid():
            invalid += 1
            shape = shape.MakeValid()
        names.append(feature.GetField(LAYERS[request.param][0]))
        features.append(
            {"type": "Feature", "properties": {}, "geometry": json.loads(shape.ExportToJson())}
        )
    assert (len(names), invalid) == LAYERS[request.param][1:]
    west, south, east, north = grid.extent
    box = (west, south, east, north)
    rasters = [NumPyRasterSource(v, *box, name=f"m{i}") for i, v in enumerate(values)]
    weights = NumPyRasterSource(np.array(grid.cell_areas()), *box, name="w")
    found = exactextract.exact_extract(
        rasters, JSONFeatureSource(features), ["weighted_mean"], weights=weights
    )
    means = [
        [one["properties"][f"m{i}_w_weighted_mean"] for one in found] for i in range(len(values))
    ]
    return path, names, np.array(means, float)


@pytest.fixture(scope="module")
def outside(case, record, tmp_path_factory):
    """The long table as ``qgis_process`` writes it."""
    out = tmp_path_factory.mktemp("outside") / "series.csv"
    with Headless() as qgis:
        results = qgis.run(
            "gracewater:basinstatistics",
            INPUT=record[0], BASINS=case[0], BASIN_FIELD="NAME", OUTPUT=out, MIN_COVERED_SHARE=0,
        )  # fmt: skip
    assert results["OUTPUT"] == str(out)
    return out


def read_table(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def compare(path, names, expected):
    """Hold the long table at ``path`` against exactextract."""
    rows = read_table(path)
    months, basins = expected.shape
    assert len(rows) == months * basins == 265 * len(names)
    order = [row["basin"] for row in rows[::months]]
    # Equal names are numbered; what stands before the number is the layer's own.
    pairs = list(zip(order, names))
    assert all(mine == theirs or mine.startswith(f"{theirs} (") for mine, theirs in pairs)
    assert len(set(order)) == basins
    assert [row["date"] for row in rows[:2]] == ["2002-04", "2002-05"]
    assert rows[-1]["date"] == "2024-04"
    got = np.array([float(row["value"] or "nan") for row in rows]).reshape(basins, months).T
    np.testing.assert_array_equal(np.isnan(got), np.isnan(expected))
    assert np.isfinite(got).any(axis=0).all() and np.isfinite(got).any(axis=1).sum() == 229
    assert np.nanmax(np.abs(got - expected)) <= 1e-3


@pytest.mark.headless
def test_qgis_process_is_exactextract(case, outside):
    compare(outside, *case[1:])


@pytest.mark.headless
def test_processing_run_is_exactextract(case, record, outside, tmp_path, qgis_processing):
    import processing
    from grace_water_toolbox import classFactory
    from qgis.core import QgsApplication, QgsProcessingFeedback, QgsVectorLayer

    path, names, expected = case
    warnings = []

    class Log(QgsProcessingFeedback):
        def pushWarning(self, text):
            warnings.append(text)

    plugin = None
    if QgsApplication.processingRegistry().providerById("gracewater") is None:
        plugin = classFactory(None)
        plugin.initProcessing()
    try:
        processing.run(
            "gracewater:basinstatistics",
            {
                "INPUT": str(record[0]),
                "BASINS": str(path),
                "BASIN_FIELD": "NAME",
                "OUTPUT": str(tmp_path / "series.csv"),
                "OUTPUT_SUMMARY": str(tmp_path / "summary.gpkg"),
                # Every basin is wholly inside and every cell has a value.
                "MIN_COVERED_SHARE": 1,
            },
            feedback=Log(),
        )
    finally:
        if plugin is not None:
            plugin.unload()
    compare(tmp_path / "series.csv", names, expected)
    for mine, theirs in zip(read_table(tmp_path / "series.csv"), read_table(outside)):
        for column in ("basin", "date", "variable", "cells", "uncertainty", "filled"):
            assert mine[column] == theirs[column]
        for column in ("value", "volume_km3", "covered_share"):
            assert (mine[column] == "") == (theirs[column] == "")
            assert float(mine[column] or 0) == pytest.approx(float(theirs[column] or 0), abs=1e-9)
    summary = {f["basin"]: f for f in QgsVectorLayer(str(tmp_path / "summary.gpkg")).getFeatures()}
    assert len(summary) == len(names)
    assert all(f.geometry().isGeosValid() for f in summary.values())
    told = [text for text in warnings if "repaired" in text]
    if LAYERS[path.name][2]:
        assert len(told) == 1 and told[0].startswith("4 ")
        for name in ("MEKONG", "NIGER", "AMAZONAS", "ZAMBEZI"):
            assert name in told[0]
        # The ice sheet loses mass, and the Amazon swings by tens of cm after the rains.
        assert summary["GREENLAND"]["slope_upper"] < 0
        assert summary["AMAZONAS"]["amplitude_cm"] > 10
        assert summary["AMAZONAS"]["wettest"] in (3, 4, 5)
    else:
        assert not told
