"""Small grids, and basins read through OGR, for the tests of this room."""

from collections import namedtuple

import numpy as np
import pytest


class TinyGrid(namedtuple("TinyGrid", "x0 y0 dx dy nx ny is_geographic", defaults=[False])):
    """What the room needs of a grid, with its own formula for the areas."""

    def cell_areas(self):
        if not self.is_geographic:
            return np.full((1, 1), self.dx * self.dy / 1e6)
        top = np.radians(self.y0 - np.arange(self.ny) * self.dy)
        rows = np.sin(top) - np.sin(top - np.radians(self.dy))
        return (6371.0**2 * np.radians(self.dx) * rows)[:, None]


def geometry_parts(geometry):
    if geometry.GetGeometryName() == "POLYGON":
        count = geometry.GetGeometryCount()
        rings = [np.array(geometry.GetGeometryRef(i).GetPoints())[:, :2] for i in range(count)]
        return [(rings[0], rings[1:])]
    count = geometry.GetGeometryCount()
    return [part for i in range(count) for part in geometry_parts(geometry.GetGeometryRef(i))]


@pytest.fixture(scope="session")
def tiny_grid():
    return TinyGrid


@pytest.fixture(scope="session")
def read_basins():
    """Function: path -> names, GeoJSON texts, parts, the file's own areas; repaired."""
    ogr = pytest.importorskip("osgeo.ogr")

    def read(path):
        source = ogr.Open(str(path))
        names, texts, parts, areas = [], [], [], []
        layer = source.GetLayer()
        fields = [field.GetName() for field in layer.schema]
        area = "RASTAREA" if "RASTAREA" in fields else "area_km2"
        for feature in layer:
            geometry = feature.GetGeometryRef()
            if not geometry.IsValid():
                geometry = geometry.MakeValid()
            names.append(feature.GetField("NAME"))
            texts.append(geometry.ExportToJson())
            parts.append(geometry_parts(geometry))
            areas.append(feature.GetField(area))
        return names, texts, parts, np.array(areas)

    return read


@pytest.fixture(scope="session")
def csr_months(csr):
    """Function: positions -> CSR values north-up from −180, land mask, months."""
    xarray = pytest.importorskip("xarray")

    def read(positions):
        with xarray.open_dataset(csr) as dataset:
            values = dataset["lwe_thickness"].isel(time=positions).values.astype(float)
            assert dataset["lon"].values[0] == 0.5
            assert dataset["lat"].values[0] == -89.5
            land = dataset["land_mask"].values
            months = dataset["time"].isel(time=positions).values.astype("datetime64[M]")
        values = np.roll(values[:, ::-1], 180, axis=2)
        return values, np.roll(land[::-1], 180, axis=1), months

    return read
