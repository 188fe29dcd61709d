"""Two stacks through Processing: outputs, units, refusals, real grids."""

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.data.grid import Grid

T = np.arange(36.0)
OUTPUTS = {"OUTPUT": "m.tif", "OUTPUT_SUMMARY": "b.gpkg", "OUTPUT_SCORES": "s.csv",
           "OUTPUT_HTML": "r.html"}  # fmt: skip


def outputs(folder):
    folder.mkdir(exist_ok=True)
    return {k: folder / v for k, v in OUTPUTS.items()}


def polygons(rings, crs="EPSG:4326"):
    from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

    layer = QgsVectorLayer(f"Polygon?crs={crs}&field=name:string", "basins", "memory")
    for name, wkt in rings:
        feature = QgsFeature(layer.fields())
        feature["name"] = name
        feature.setGeometry(QgsGeometry.fromWkt(wkt))
        layer.dataProvider().addFeature(feature)
    return layer


def test_by_hand(run, make_stack, tmp_path, layer_rows, read_csv, log):
    """Fine cells t−1 and t+1 beside a coarse t, in mm and cm."""
    fine = np.stack([T - 1, T + 1], axis=1)[:, None, :] * 10
    a = make_stack(tmp_path / "a.tif", fine, "mm", grid=Grid(0, 1, 1, 2, 2, 1))
    b = make_stack(tmp_path / "b.tif", T + 2, "cm", grid=Grid(0, 1, 2, 2, 1, 1))
    result = run(
        "comparestacks", log, INPUT=a, INPUT_B=b, BASIN_FIELD="name",
        BASINS=polygons([("all", "Polygon((0 -1, 2 -1, 2 1, 0 1, 0 -1))")]),
        **outputs(tmp_path / "out"),
    )  # fmt: skip
    with rasterio.open(result["OUTPUT"]) as file:
        bands = dict(zip(file.descriptions, file.read()[:, 0, 0]))
        assert file.units[3] == "mm" and file.shape == (1, 1)
    assert bands["n"] == 36 and bands["cc"] == pytest.approx(1)
    assert bands["bias"] == pytest.approx(-20) and bands["rmse"] == pytest.approx(20)
    assert bands["subgrid_sd"] == pytest.approx(10)
    assert bands["nse"] == pytest.approx(1 - 400 / (100 * T.var()))
    (basin,) = layer_rows(result["OUTPUT_SUMMARY"])
    assert (basin["basin"], basin["months"]) == ("all", 36)
    assert basin["bias"] == pytest.approx(-20) and basin["covered_share"] == pytest.approx(1)
    scores = read_csv(result["OUTPUT_SCORES"])
    assert [(s["what"], s["n"]) for s in scores] == [("all months and cells", "36"), ("means", "1")]
    page = (tmp_path / "out" / "r.html").read_text(encoding="utf-8")
    assert "Coarse grid" in page and page.count("<img") == 5
    assert "coarser grid" in log.text


def test_without_basins_there_is_no_summary(run, make_stack, tmp_path):
    a = make_stack(tmp_path / "a.tif", T)
    result = run("comparestacks", INPUT=a, INPUT_B=a, **outputs(tmp_path / "out"))
    assert set(result) == {"OUTPUT", "OUTPUT_SCORES", "OUTPUT_HTML"}


def test_refusals(refused, make_stack, tmp_path):
    a = make_stack(tmp_path / "a.tif", T)
    for name, changes, texts in (
        ("units", {"units": "K"}, ["'cm'", "'K'"]),
        ("months", {"start": "2010-01"}, ["months in common"]),
        ("place", {"grid": Grid(0, 0, 1, 1, 1, 1)}, ["must meet"]),
    ):
        b = make_stack(tmp_path / f"{name}.tif", T, **changes)
        message = refused("comparestacks", tmp_path, INPUT=a, INPUT_B=b, **outputs(tmp_path))
        assert all(text in message for text in texts), message
    far = polygons([("far", "Polygon((0 0, 1 0, 1 1, 0 0))")])
    message = refused("comparestacks", tmp_path, INPUT=a, INPUT_B=a, BASINS=far,
                      **outputs(tmp_path / "out2"))  # fmt: skip
    assert "BASINS" in message and "meet the grid" in message
    message = refused("comparestacks", tmp_path, INPUT=a, INPUT_B=a, START="2020-13",
                      **outputs(tmp_path))  # fmt: skip
    assert "START" in message and "YYYY-MM" in message


@pytest.mark.real
def test_mascons_beside_spherical_harmonics_over_bangladesh(
    run, data, csr, tmp_path, layer_rows, read_csv
):
    """CSR mascons of 0.25° against the 1° grid of the same months: the real thing, not ours."""
    folder = data / "bangladesh"
    product = str(folder / "TWSA_M_2002_2017_BGD_025.nc4")
    run("importseries", INPUT=[product], UNITS="mm", OUTPUT=tmp_path / "mascon.tif")
    run("importgrace", INPUT=csr, NOISY="missing", OUTPUT=tmp_path / "sh.tif",
        EXTENT="86,95,19,28")  # fmt: skip
    result = run(
        "comparestacks", INPUT=tmp_path / "mascon.tif", INPUT_B=tmp_path / "sh.tif", REBASE=True,
        BASINS=folder / "vb025yv7599.shp", **outputs(tmp_path / "out"),
    )  # fmt: skip
    month = read_csv(result["OUTPUT_SCORES"])[0]
    (country,) = layer_rows(result["OUTPUT_SUMMARY"])
    # The figures of docs/validation.md.
    for found, expected in ((month, (0.956, 0.834, 6.48)), (country, (0.969, 0.866, 5.95))):
        numbers = [float(found[k]) for k in ("cc", "nse", "rmse")]
        assert numbers == pytest.approx(expected, abs=0.006)
        assert found["kge"] in ("", None)  # both lost their means
    assert country["months"] == 156


def test_filled_values_are_set_aside_and_cancel_leaves_nothing(run, make_stack, tmp_path):
    import processing
    from qgis.core import QgsProcessingFeedback

    a, b = (make_stack(tmp_path / f"{n}.tif", T + k) for n, k in (("a", 0), ("b", 1)))
    flags = make_stack(tmp_path / "f.tif", (T < 6).astype(float), "", flags=True)
    result = run("comparestacks", INPUT=a, INPUT_B=b, FLAGS=flags, OUTPUT=tmp_path / "m.tif")
    with rasterio.open(result["OUTPUT"]) as file:
        assert file.read(7)[0, 0] == 30
    feedback = QgsProcessingFeedback(False)
    feedback.cancel()
    given = {k: str(v) for k, v in outputs(tmp_path / "out").items()}
    processing.run(
        "gracewater:comparestacks", {"INPUT": a, "INPUT_B": b, **given}, feedback=feedback
    )
    assert list((tmp_path / "out").iterdir()) == []
