"""``make demo``: the main job on generated sample data, through the real qgis_process."""

import csv
import sys
import time

import numpy as np
from headless import ROOT, SITE_PACKAGES, Headless

OUT = ROOT / "demo-output"
CHAIN = "gracewater:groundwatertrendbybasin"


def run_chain():
    """Sample data, then the shipped chain, both through ``qgis_process``."""
    with Headless(python_path=SITE_PACKAGES) as qgis:
        print("1  sample data", flush=True)
        qgis.run(
            "gracewater:sampledata",
            OUTPUT_GRACE=OUT / "grace.nc",
            OUTPUT_SOILMOISTURE=OUT / "soil_moisture.tif",
            OUTPUT_SNOW=OUT / "snow.tif",
            OUTPUT_CANOPY=OUT / "canopy.tif",
            OUTPUT_BASINS=OUT / "basins.gpkg",
            OUTPUT_TRUTH=OUT / "truth.csv",
        )
        print(
            "2  chain: import, fill gaps, separate groundwater, basin statistics, trend map",
            flush=True,
        )
        qgis.run(
            CHAIN,
            INPUT=OUT / "grace.nc",
            SOILMOISTURE=OUT / "soil_moisture.tif",
            SNOW=OUT / "snow.tif",
            CANOPY=OUT / "canopy.tif",
            BASINS=OUT / "basins.gpkg",
            BASIN_FIELD="basin",
            **{
                "import:OUTPUT_HTML": OUT / "import.html",
                "fill:OUTPUT": OUT / "twsa.tif",
                "fill:OUTPUT_FLAGS": OUT / "flags.tif",
                "separate:OUTPUT": OUT / "gwsa.tif",
                "totals:OUTPUT": OUT / "twsa_by_basin.csv",
                "totals:OUTPUT_SUMMARY": OUT / "twsa_summary.gpkg",
                "totals:OUTPUT_HTML": OUT / "twsa_by_basin.html",
                "basins:OUTPUT": OUT / "gwsa_by_basin.csv",
                "basins:OUTPUT_SUMMARY": OUT / "gwsa_summary.gpkg",
                "basins:OUTPUT_HTML": OUT / "gwsa_by_basin.html",
                "trend:OUTPUT": OUT / "gwsa_trend.tif",
            },
        )


def read_truth():
    """True trends by basin, cm/yr."""
    with (OUT / "truth.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {r["basin"]: {k: float(v) for k, v in r.items() if k != "basin"} for r in rows}


def read_summary(name):
    """Columns of a basin summary, and the outlines, by basin."""
    from osgeo import ogr

    source = ogr.Open(str(OUT / name))
    rows, rings = {}, []
    for feature in source.GetLayer(0):
        items = feature.items()
        rows[items["basin"]] = items
        geometry = feature.GetGeometryRef()
        parts = [geometry] if geometry.GetGeometryName() == "POLYGON" else list(geometry)
        rings += [np.array(ring.GetPoints())[:, :2] for part in parts for ring in part]
    return rows, rings


def print_totals(truth, found):
    """True and recovered trends of total storage, with leakage apart."""
    print("\nTotal water storage, cm per year (95 % Theil limits, effective sample size)")
    print(f"{'basin':10}{'true*':>8}{'found':>8}{'limits':>18}  {'':9}{'leakage':>9}{'full':>8}")
    for name, t in truth.items():
        f = found[name]
        inside = f["slope_lower"] <= t["resolved_tws"] <= f["slope_upper"]
        limits = f"{f['slope_lower']:+.2f} … {f['slope_upper']:+.2f}"
        print(
            f"{name:10}{t['resolved_tws']:+8.2f}{f['slope_cm_yr']:+8.2f}{limits:>18}  "
            f"{'inside' if inside else 'OUTSIDE':9}{t['leakage']:+9.2f}{t['true_tws']:+8.2f}"
        )
    print(
        "* at the satellite's resolution, which is what noise and gaps act on; leakage is the\n"
        "  blur of the satellite (true* − full), full the trend at full resolution."
    )


def print_groundwater(truth, found):
    """True and recovered groundwater trends; leakage and component error apart."""
    print("\nGroundwater, cm per year")
    print(
        f"{'basin':10}{'true':>8}{'found':>8}{'limits':>18}{'leakage':>10}{'components':>12}{'rest':>8}"
    )
    for name, t in truth.items():
        f = found[name]
        limits = f"{f['slope_lower']:+.2f} … {f['slope_upper']:+.2f}"
        rest = f["slope_cm_yr"] - t["true_gws"] - t["leakage"] + t["component_error"]
        print(
            f"{name:10}{t['true_gws']:+8.2f}{f['slope_cm_yr']:+8.2f}{limits:>18}"
            f"{t['leakage']:+10.2f}{-t['component_error']:+12.2f}{rest:+8.2f}"
        )
    print(
        "  found = true + leakage + error of the land model's components + rest (noise, gaps, and\n"
        "  slopes that do not add up exactly because they are medians)."
    )


def draw(truth, totals, groundwater, rings):
    """Maps and bars as PNG."""
    import rasterio
    from grace_water_toolbox.core.report.bars import bar_plot
    from grace_water_toolbox.core.report.maps import map_plot

    with rasterio.open(OUT / "gwsa_trend.tif") as file:
        slope, box = file.read(1), file.bounds
        significant = np.where(file.read(5) < 0.01, slope, np.nan)
    extent = (box.left, box.bottom, box.right, box.top)
    pictures = {"gwsa_trend.png": slope, "gwsa_trend_significant.png": significant}
    for name, values in pictures.items():
        where = ", p < 0.01" if "significant" in name else ""
        png = map_plot(
            values,
            extent,
            title=f"Groundwater trend 2002-04 to 2024-04{where} (synthetic sample)",
            label="cm/yr",
            outlines=rings,
            limits=(-1.5, 1.5),
        )
        (OUT / name).write_bytes(png)
    for name, found, key, title in (
        ("twsa_trends.png", totals, "resolved_tws", "Total water storage"),
        ("gwsa_trends.png", groundwater, "true_gws", "Groundwater"),
    ):
        png = bar_plot(
            list(truth),
            [found[b]["slope_cm_yr"] for b in truth],
            [found[b]["slope_lower"] for b in truth],
            [found[b]["slope_upper"] for b in truth],
            [truth[b][key] for b in truth],
            title=f"{title}: recovered and true trends (synthetic sample)",
        )
        (OUT / name).write_bytes(png)


def main():
    """Sample, chain, comparison with the truth, pictures."""
    OUT.mkdir(exist_ok=True)
    started = time.perf_counter()
    print("SYNTHETIC sample: an invented region with known truth, not an observation.\n")
    run_chain()
    truth = read_truth()
    totals, rings = read_summary("twsa_summary.gpkg")
    groundwater, _ = read_summary("gwsa_summary.gpkg")
    print_totals(truth, totals)
    print_groundwater(truth, groundwater)
    draw(truth, totals, groundwater, rings)
    print(f"\n{time.perf_counter() - started:.0f} s. Results are in {OUT.name}/:")
    names = sorted(p.name for p in OUT.iterdir() if not p.name.endswith(".aux.xml"))
    print("\n".join(f"  {name}" for name in names))


if __name__ == "__main__":
    sys.exit(main())
