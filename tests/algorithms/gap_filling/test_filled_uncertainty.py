"""What later steps receive of a filling: errors and flags together."""

import csv

import numpy as np
import rasterio
from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

NAN = np.nan


def box(west, south, east, north):
    """A layer with one polygon named ``box``."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:4326&field=name:string", "box", "memory")
    feature = QgsFeature(layer.fields())
    feature.setAttributes(["box"])
    feature.setGeometry(
        QgsGeometry.fromWkt(
            f"POLYGON(({west} {south}, {east} {south}, {east} {north}, {west} {north}, "
            f"{west} {south}))"
        )
    )
    layer.dataProvider().addFeature(feature)
    return layer


def test_basin_means_of_filled_months_carry_the_error_of_the_filling(run, make_stack, tmp_path):
    rng = np.random.default_rng(0)
    t = np.arange(200)[:, None, None]
    values = 8 * np.sin(2 * np.pi * (t / 12 + rng.random((1, 2, 2))))
    values = values + rng.normal(size=values.shape)
    values[[20, 60]] = values[162:173] = NAN
    stack = make_stack(tmp_path / "in.tif", values)
    given = make_stack(tmp_path / "sigma.tif", np.full(values.shape, 2.0))
    filled = run("fillgapsssa", INPUT=stack, UNCERTAINTY=given, CANDIDATE_MODES="1-4", **{
        name: tmp_path / f"{name}.tif"
        for name in ("OUTPUT", "OUTPUT_FLAGS", "OUTPUT_ERROR", "OUTPUT_UNCERTAINTY")
    })  # fmt: skip
    run("basinstatistics", INPUT=filled["OUTPUT"], FLAGS=filled["OUTPUT_FLAGS"],
        UNCERTAINTY=filled["OUTPUT_UNCERTAINTY"], BASINS=box(70, 28, 72, 30), BASIN_FIELD="name",
        OUTPUT=tmp_path / "table.csv", OUTPUT_SUMMARY=tmp_path / "summary.gpkg")  # fmt: skip
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    sigma = np.array([float(row["uncertainty"]) for row in rows])
    with rasterio.open(filled["OUTPUT_ERROR"]) as file:
        weights = np.cos(np.radians([29.5, 28.5]))[:, None] * np.ones((2, 2))
        weights = weights / weights.sum()
        one, two = ((file.read(band) * weights).sum() for band in (1, 2))
    # The error of a filling is one for the whole basin: its weighted mean, not less.
    np.testing.assert_allclose(sigma[[20, 60]], one, rtol=1e-3)
    np.testing.assert_allclose(sigma[162:173], two, rtol=1e-3)
    seen = np.isfinite(values[:, 0, 0])
    assert (sigma[seen] <= 2.0).all() and (sigma[seen] > 1.0).all()
    assert [int(row["filled"]) for row in rows] == (~seen).astype(int).tolist()
