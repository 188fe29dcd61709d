"""Real wells against the CSR grid, end to end; the figures are those of docs/validation.md."""

import numpy as np
import pytest

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def stack(run, csr, tmp_path_factory):
    path = tmp_path_factory.mktemp("csr") / "twsa.tif"
    run("importgrace", INPUT=csr, NOISY="missing", OUTPUT=path)
    return path


def scores(read_csv, path):
    return {(s["what"].split(",")[0], s["yield_factor"]): s for s in read_csv(path)}


def test_california(run, stack, data, tmp_path, layer_rows, read_csv, log):
    table = data / "wells" / "california_sac" / "gwl_10.csv"
    given = {
        "INPUT": stack, "POINTS": table, "POINT_FIELD": "SITE_CODE", "X_FIELD": "LONGITUDE",
        "Y_FIELD": "LATITUDE", "POINTS_CRS": "EPSG:4326", "DATE_FIELD": "MSMT_DATE", "UNITS": "ft",
    }  # fmt: skip
    result = run("validatewells", log, **given, VALUE_FIELD="WSE", OUTPUT=tmp_path / "w.gpkg",
                 OUTPUT_SCORES=tmp_path / "s.csv", OUTPUT_HTML=tmp_path / "r.html")  # fmt: skip
    wells = layer_rows(result["OUTPUT"])
    cc = np.array([w["cc"] for w in wells])
    assert len(wells) == 10 and {w["cell"] for w in wells} == {1}
    assert np.median(cc) == pytest.approx(0.58, abs=0.02) and (cc > 0).sum() == 8
    month = scores(read_csv, tmp_path / "s.csv")["monthly anomalies of the cells", "1"]
    assert float(month["cc"]) == pytest.approx(0.73, abs=0.01)
    assert "377 readings occur twice" in log.text and "1 cell holds wells" in log.text
    # Depth to water read as a level: the sign turns, and the log says so.
    run("validatewells", log, **given, VALUE_FIELD="GSE_WSE", OUTPUT=tmp_path / "d.gpkg")
    turned = [w["cc"] for w in layer_rows(tmp_path / "d.gpkg")]
    assert "8 of 10 wells have a negative correlation" in log.text
    assert np.median(turned) == pytest.approx(-np.median(cc), abs=0.02)


def test_netherlands(run, stack, data, tmp_path, layer_rows, read_csv):
    folder = data / "wells" / "netherlands_pastas"
    first, *more = sorted(folder.glob("B*_monthly.csv"))
    result = run(
        "validatewells", INPUT=stack, POINTS=folder / "metadata_heads.csv", POINT_FIELD="oseries",
        X_FIELD="x", Y_FIELD="y", POINTS_CRS="EPSG:28992", READINGS=first,
        MORE_READINGS=[str(p) for p in more], LAYOUT="wells in columns", DATE_FIELD="Date",
        OUTPUT=tmp_path / "w.gpkg", OUTPUT_CELLS=tmp_path / "c.gpkg",
        OUTPUT_SCORES=tmp_path / "s.csv",
    )  # fmt: skip
    wells = layer_rows(result["OUTPUT"])
    assert [w["specific_yield"] for w in wells] == [0.14] * 5
    assert np.median([w["cc"] for w in wells]) == pytest.approx(0.73, abs=0.02)
    (cell,) = layer_rows(result["OUTPUT_CELLS"])
    assert cell["wells"] == 5 and cell["cc"] == pytest.approx(0.80, abs=0.01)
    assert abs(cell["difference_cm_yr"]) < 0.1


def test_illinois(run, stack, data, tmp_path, layer_rows, read_csv):
    table = data / "wells" / "illinois_dgwl" / "dgwlData.csv"
    result = run(
        "validatewells", INPUT=stack, POINTS=table, POINT_FIELD="wellme", X_FIELD="Long",
        Y_FIELD="Lat", POINTS_CRS="EPSG:4326", DATE_FIELD="Year", MONTH_FIELD="Month",
        VALUE_FIELD="DGWL_m", QUANTITY="depth", OUTPUT=tmp_path / "w.gpkg",
        OUTPUT_CELLS=tmp_path / "c.gpkg", OUTPUT_BINS=tmp_path / "b.csv",
        OUTPUT_SCORES=tmp_path / "s.csv",
    )  # fmt: skip
    cc = np.array([w["cc"] for w in layer_rows(result["OUTPUT"])])
    assert cc.size == 32 and (cc > 0.4).all() and np.median(cc) == pytest.approx(0.68, abs=0.01)
    s = scores(read_csv, tmp_path / "s.csv")
    assert float(s["monthly anomalies of the cells", "1"]["cc"]) == pytest.approx(0.67, abs=0.01)
    trend = s["trends of the cells", "1"]
    assert int(trend["n"]) == len(layer_rows(result["OUTPUT_CELLS"])) == 16
    assert float(trend["r2"]) < float(trend["cc_squared"])
    assert len(read_csv(result["OUTPUT_BINS"])) == 8
