"""Import GRACE through Processing."""

import numpy as np
import pytest
from qgis.core import QgsRectangle

MONTHS = 84  # 2004-01 … 2010-12


@pytest.fixture(scope="module")
def product(make_product, tmp_path_factory):
    """2 × 3 cells; value = month index + 100·row + 10·column, south row first."""
    t = np.arange(MONTHS, dtype=float)[:, None, None]
    values = t + 100 * np.arange(2)[:, None] + 10 * np.arange(3)
    path = tmp_path_factory.mktemp("product") / "made.nc"
    return make_product(path, values, uncertainty=np.full(values.shape, 2.0), units="mm")


def test_values_units_baseline(run, product, tmp_path, read_stack, log):
    result = run("importgrace", log, INPUT=product, OUTPUT=tmp_path / "out.tif")
    assert result == {"OUTPUT": str(tmp_path / "out.tif")}
    values, info = read_stack(tmp_path / "out.tif")
    # Anomaly to the mean of months 0…71, in cm of mm: the same in every cell.
    expected = (np.arange(MONTHS) - 35.5) / 10
    np.testing.assert_allclose(values, np.broadcast_to(expected[:, None, None], values.shape),
                               rtol=1e-6)  # fmt: skip
    assert info.units == "cm" and info.baseline == ("2004-01", "2009-12")
    assert (str(info.months[0]), info.months.size) == ("2004-01", MONTHS)
    np.testing.assert_allclose(info.grid.extent, (70, 0, 73, 2))
    assert f"{MONTHS} solutions" in log.text and "Noise months were not assessed" in log.text


def test_baseline_and_uncertainty_and_report(run, product, tmp_path, read_stack):
    result = run(
        "importgrace", INPUT=product, BASELINE_START="2004-01", BASELINE_END="2004-01",
        OUTPUT=tmp_path / "out.tif", OUTPUT_UNCERTAINTY=tmp_path / "sigma.tif",
        OUTPUT_HTML=tmp_path / "report.html",
    )  # fmt: skip
    assert set(result) == {"OUTPUT", "OUTPUT_UNCERTAINTY", "OUTPUT_HTML"}
    values, info = read_stack(tmp_path / "out.tif")
    assert (values[0] == 0).all() and np.allclose(values[10], 1) and info.baseline[1] == "2004-01"
    sigma, about = read_stack(tmp_path / "sigma.tif")
    np.testing.assert_allclose(sigma, 0.2, rtol=1e-6)
    assert about.units == "cm"
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "made.nc" in page and "2004-01 to 2010-12" in page and "<script" not in page
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.tif", "report.html", "sigma.tif"]


@pytest.mark.parametrize("extent", ["70.9,72.1,0.2,0.8", "70.9,72.1,0.2,0.8 [EPSG:4326]"])
def test_extent_snaps_outward(run, product, tmp_path, read_stack, extent):
    run("importgrace", INPUT=product, EXTENT=extent, OUTPUT=tmp_path / "out.tif")
    values, info = read_stack(tmp_path / "out.tif")
    assert info.grid.extent == (70, 0, 73, 1) and values.shape == (MONTHS, 1, 3)


def test_extent_as_a_rectangle(provider, product, tmp_path, read_stack):
    import processing

    processing.run("gracewater:importgrace", {
        "INPUT": product, "EXTENT": QgsRectangle(71, 0, 72, 1), "OUTPUT": str(tmp_path / "out.tif"),
    })  # fmt: skip
    assert read_stack(tmp_path / "out.tif")[1].grid.extent == (71, 0, 72, 1)


@pytest.fixture(scope="module")
def globe(make_product, tmp_path_factory):
    """10° cells, 0–360: value = longitude of the centre in the last month, else 0."""
    lon, lat = np.arange(5.0, 360, 10), np.arange(-85.0, 90, 10)
    values = np.zeros((30, 18, 36))
    values[-1] = lon
    return make_product(tmp_path_factory.mktemp("globe") / "globe.nc", values, lat, lon)


def test_longitudes_turn_and_an_extent_crosses_the_date_line(run, globe, tmp_path, read_stack):
    base = {"BASELINE_START": "2004-01", "BASELINE_END": "2004-12"}
    run("importgrace", INPUT=globe, OUTPUT=tmp_path / "all.tif", **base)
    values, info = read_stack(tmp_path / "all.tif")
    assert info.grid.extent == (-180, -90, 180, 90)
    assert values[-1, 0, 0] == 185 and values[-1, 0, 18] == 5
    run("importgrace", INPUT=globe, EXTENT="170,190,0,10", OUTPUT=tmp_path / "pacific.tif", **base)
    values, info = read_stack(tmp_path / "pacific.tif")
    assert info.grid.extent == (170, 0, 190, 10)
    np.testing.assert_array_equal(values[-1, 0], [175, 185])


REFUSED = {
    "west > east": ({"EXTENT": "190,170,0,10"}, "EXTENT: .*170,190"),
    "no numbers": ({"EXTENT": "1e,2,e,4"}, "EXTENT"),
    "elsewhere": ({"EXTENT": "0,10,50,60"}, "EXTENT: .*meets the data.*70"),
    "no uncertainty": (
        {"INPUT": "globe", "OUTPUT_UNCERTAINTY": "sigma.tif", "BASELINE_END": "2004-12"},
        "OUTPUT_UNCERTAINTY.*globe.nc|globe.nc: .*OUTPUT_UNCERTAINTY",
    ),
    "baseline outside": (
        {"BASELINE_START": "1990-01", "BASELINE_END": "1999-12"},
        "made.nc: .*1990-01 to 1999-12.*2004-01 to 2010-12",
    ),
    "baseline swapped": (
        {"BASELINE_START": "2009-12", "BASELINE_END": "2004-01"},
        "baseline that starts before it ends.*2009-12 to 2004-01",
    ),
    "baseline text": ({"BASELINE_START": "January"}, "baseline: a month.*'January'"),
    "no such choice": ({"NOISY": "drop"}, "NOISY"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(refused, product, globe, tmp_path, case):
    given, text = REFUSED[case]
    given = {k: tmp_path / v if k.startswith("OUTPUT") else v for k, v in given.items()}
    if given.get("INPUT") == "globe":
        given["INPUT"] = globe
    message = refused(
        "importgrace", tmp_path, **{"INPUT": product, "OUTPUT": tmp_path / "out.tif", **given}
    )
    import re

    assert re.search(text, message), message
