"""Tables and layers of wells for the tests, and the sample with its truth."""

import csv

import numpy as np
import pytest

T = np.arange(72)
MONTHS = np.datetime64("2004-01", "M") + T


@pytest.fixture(scope="session")
def write_csv():
    def write(path, header, rows):
        with open(path, "w", newline="", encoding="utf-8") as stream:  # noqa: PTH123
            writer = csv.writer(stream)
            writer.writerow(header)
            writer.writerows(rows)
        return str(path)

    return write


@pytest.fixture(scope="session")
def read_csv():
    def read(path):
        with open(path, newline="", encoding="utf-8") as stream:  # noqa: PTH123
            return list(csv.DictReader(stream))

    return read


@pytest.fixture(scope="session")
def layer_rows():
    """The attributes of a layer's features as dicts, NULL as None."""

    def read(path):
        from qgis.core import NULL, QgsVectorLayer

        layer = QgsVectorLayer(str(path), "rows", "ogr")
        names = layer.fields().names()
        return [{n: None if f[n] == NULL else f[n] for n in names} for f in layer.getFeatures()]

    return read


@pytest.fixture
def small(make_stack, write_csv, tmp_path):
    """Three wells in two cells: the stack, the wells and their readings as files."""
    stack = make_stack(tmp_path / "s.tif", np.stack([T, -0.5 * T], axis=1)[:, None, :])
    wells = write_csv(
        tmp_path / "wells.csv", ["name", "x", "y", "sy"],
        [["a", 70.2, 29.5, 0.1], ["b", 70.8, 29.1, 0.1], ["c", 71.5, 29.9, 0.1]],
    )  # fmt: skip
    rows = [["a", f"{m}-10", 0.1 * t, "level", "m"] for t, m in zip(T, MONTHS)]
    # Two readings a month whose mean is that of the month; one in feet, one a depth.
    rows += [
        ["b", f"{m}-{day}", (0.3 * t + move) / 0.3048, "level", "ft"]
        for t, m in zip(T, MONTHS)
        for day, move in (("03", -1), ("25", 1))
    ]
    rows += [["c", f"{m}-28", 5 * t + 300, "depth", "cm"] for t, m in zip(T, MONTHS)]
    readings = write_csv(tmp_path / "r.csv", ["id", "when", "v", "what", "unit"], rows)
    return {
        "INPUT": stack, "POINTS": wells, "POINT_FIELD": "name", "X_FIELD": "x", "Y_FIELD": "y",
        "POINTS_CRS": "EPSG:4326", "READINGS": readings, "WELL_FIELD": "id", "DATE_FIELD": "when",
        "VALUE_FIELD": "v", "QUANTITY_FIELD": "what", "UNIT_FIELD": "unit", "YIELD_FROM": "value",
        "SPECIFIC_YIELD": 0.1,
    }  # fmt: skip


@pytest.fixture(scope="session")
def sample(run, tmp_path_factory):
    """The synthetic sample with wells and its true groundwater; paths by name."""
    folder = tmp_path_factory.mktemp("wells")
    names = {
        "OUTPUT_GRACE": "grace.nc", "OUTPUT_SOILMOISTURE": "soil.tif", "OUTPUT_SNOW": "snow.tif",
        "OUTPUT_CANOPY": "canopy.tif", "OUTPUT_BASINS": "basins.gpkg",
        "OUTPUT_WELLS": "wells.gpkg", "OUTPUT_LEVELS": "levels.csv", "OUTPUT_TRUE_GWS": "gws.tif",
    }  # fmt: skip
    return run("sampledata", **{k: str(folder / v) for k, v in names.items()})
