"""The shipped chain on the real GRACE record and real basins, headless."""

import csv

import numpy as np
import pytest
from grace_water_toolbox.core.data.importing import import_grace
from grace_water_toolbox.core.data.stack import MonthlyStack, StackInfo, write_stack
from headless import SITE_PACKAGES, Headless

pytestmark = [pytest.mark.real, pytest.mark.headless]

SOUTH_ASIA = (60, 5, 100, 40)
CHAIN = "gracewater:groundwatertrendbybasin"


@pytest.fixture(scope="module")
def soil_moisture(csr, tmp_path_factory):
    """A stand-in on the grid of the import: no monthly land-model grid is at hand.

    A pure annual cycle, so that it takes no trend off and what the chain finds
    can be held against the record's own trends.
    """
    folder = tmp_path_factory.mktemp("land_model")
    info = import_grace(csr, folder / "twsa.tif", extent=SOUTH_ASIA).info
    month = info.months.astype(int)[:, None, None]
    cycle = 250.0 + 40.0 * np.sin(2 * np.pi * (month - 4) / 12)
    write_stack(
        folder / "soil_moisture.tif",
        StackInfo(info.grid, info.months, "kg m-2", "stand-in soil moisture"),
        np.broadcast_to(cycle, (info.months.size, *info.grid.shape)),
    )
    return folder / "soil_moisture.tif"


def test_chain_finds_the_ganges_losing_water(csr, data, soil_moisture, tmp_path):
    west, south, east, north = SOUTH_ASIA
    out = {
        "import:OUTPUT_HTML": tmp_path / "import.html",
        "fill:OUTPUT": tmp_path / "twsa.tif",
        "fill:OUTPUT_FLAGS": tmp_path / "flags.tif",
        "separate:OUTPUT": tmp_path / "gwsa.tif",
        "totals:OUTPUT": tmp_path / "totals.csv",
        "totals:OUTPUT_SUMMARY": tmp_path / "totals.gpkg",
        "totals:OUTPUT_HTML": tmp_path / "totals.html",
        "basins:OUTPUT": tmp_path / "basins.csv",
        "basins:OUTPUT_SUMMARY": tmp_path / "summary.gpkg",
        "basins:OUTPUT_HTML": tmp_path / "basins.html",
        "trend:OUTPUT": tmp_path / "trend.tif",
    }
    with Headless(python_path=SITE_PACKAGES) as qgis:
        results = qgis.run(
            CHAIN,
            INPUT=csr,
            EXTENT=f"{west},{east},{south},{north} [EPSG:4326]",
            NOISY="missing",
            SOILMOISTURE=soil_moisture,
            BASINS=data / "basins" / "lehmann189_basins_05deg.gpkg",
            BASIN_FIELD=basin_field(data),
            **out,
        )
    assert set(out) <= set(results)
    assert all(path.stat().st_size > 0 for path in out.values())

    with MonthlyStack(tmp_path / "gwsa.tif") as gwsa, MonthlyStack(tmp_path / "flags.tif") as flags:
        assert gwsa.months.size == 265
        assert np.isfinite(gwsa.read()).all()
        marks = flags.read_flags().reshape(265, -1)
    # 36 missing months; 2004-09, 2015-01 and 2015-02 are noise months set to missing.
    assert (marks == marks[:, :1]).all()
    assert (marks[:, 0] == 1).sum() == 26
    assert (marks[:, 0] == 2).sum() == 13

    summary = read_summary(tmp_path / "summary.gpkg")
    ganges = next(row for name, row in summary.items() if "gang" in name.lower())
    assert -2.5 < ganges["slope_cm_yr"] < -0.5
    assert ganges["slope_upper"] < 0
    assert ganges["months"] == 226
    with (tmp_path / "basins.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 189 * 265
    outside = [r for r in rows if r["basin"].lower().startswith("amazon")]
    assert outside and all(r["value"] == "" for r in outside)


def basin_field(data):
    from osgeo import ogr

    source = ogr.Open(str(data / "basins" / "lehmann189_basins_05deg.gpkg"))
    definition = source.GetLayer(0).GetLayerDefn()
    fields = [definition.GetFieldDefn(i) for i in range(definition.GetFieldCount())]
    return next(f.GetName() for f in fields if f.GetTypeName() == "String")


def read_summary(path):
    from osgeo import ogr

    source = ogr.Open(str(path))
    return {f["basin"]: f.items() for f in source.GetLayer(0)}
