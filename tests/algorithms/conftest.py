"""Runs that must fail, and small products to import."""

import numpy as np
import pytest
from qgis.core import QgsProcessingException

from .stackruns import T


def contents(folder):
    """Every file in a folder, but QGIS's own statistics beside the inputs it opened."""
    files = (p for p in folder.rglob("*") if p.is_file())
    return {
        p.relative_to(folder): p.read_bytes()
        for p in files
        if not (p.name.endswith(".aux.xml") and p.with_name(p.name[:-8]).exists())
    }


@pytest.fixture
def refused(run):
    """Run an algorithm that must fail; its message. Nothing may be left in ``folder``."""

    def call(algorithm, folder, **parameters):
        before = contents(folder)
        with pytest.raises(QgsProcessingException) as error:
            run(algorithm, **parameters)
        assert contents(folder) == before
        return str(error.value)

    return call


def write_product(path, values=None, lat=None, lon=None, first="2004-01", **changes):
    """A product like CSR's in NetCDF-3: ``values`` (time, lat, lon) of consecutive months.

    ``changes``: ``units``, ``time_units``, ``name`` of the variable, ``time`` False for
    no time axis, ``uncertainty`` as an array, ``land`` as a mask.
    """
    from scipy.io import netcdf_file

    values = np.arange(72.0 * 6).reshape(72, 2, 3) if values is None else np.asarray(values, float)
    lat = np.arange(values.shape[1]) + 0.5 if lat is None else lat
    lon = np.arange(values.shape[2]) + 70.5 if lon is None else lon
    months = np.datetime64(first, "M") + np.arange(len(values))
    days = (months.astype("datetime64[D]") - np.datetime64("2002-01-01")).astype(float) + 14
    with netcdf_file(str(path), "w", version=2) as file:
        for name, size in (("time", days.size), ("lat", len(lat)), ("lon", len(lon))):
            file.createDimension(name, size)
        if changes.get("time", True):
            time = file.createVariable("time", "d", ("time",))
            time[:] = days
            time.units = changes.get("time_units", "days since 2002-01-01")
        for name, centres in (("lat", lat), ("lon", lon)):
            file.createVariable(name, "d", (name,))[:] = centres
        fields = {changes.get("name", "lwe_thickness"): values}
        if "uncertainty" in changes:
            fields["uncertainty"] = changes["uncertainty"]
        for name, data in fields.items():
            field = file.createVariable(name, "f", ("time", "lat", "lon"))
            field[:] = np.where(np.isfinite(data), data, -99999.0)
            field._FillValue = np.float32(-99999.0)
            field.units = changes.get("units", "cm")
        if "land" in changes:
            file.createVariable("land_mask", "b", ("lat", "lon"))[:] = changes["land"]
    return str(path)


@pytest.fixture(scope="session")
def make_product():
    return write_product


@pytest.fixture
def good(make_stack, tmp_path):
    return make_stack(tmp_path / "good.tif", 10 * np.sin(T / 2))
