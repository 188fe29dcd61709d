"""JPL's Tellus Level-3 land grids: metres, bounds, fill −99999, ocean missing."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.importing import import_grace


def write_tellus(path, values, lat, lon):
    """GRCTellus.JPL.*.LND.*.nc: `lwe_thickness` in m over (time, lat, lon), lon 0.5…359.5."""
    import netCDF4

    edges = (np.datetime64("2004-01", "M") + np.arange(len(values) + 1)).astype("datetime64[D]")
    edges = (edges - np.datetime64("2002-01-01")).astype(float)
    with netCDF4.Dataset(path, "w") as file:
        file.title = "GRACE TELLUS monthly mass grids, Land"
        for name, size in (("lon", lon.size), ("lat", lat.size), ("time", None), ("bounds", 2)):
            file.createDimension(name, size)
        for name, centres, east in (("lon", lon, "east"), ("lat", lat, "north")):
            file.createVariable(name, "f8", (name,))[:] = centres
            file[name].units = f"degrees_{east}"
        time = file.createVariable("time", "f8", ("time",))
        time.units, time.calendar = "days since 2002-01-01T00:00:00", "gregorian"
        time.bounds = "time_bounds"
        time[:] = (edges[:-1] + edges[1:]) / 2
        file.createVariable("time_bounds", "f8", ("time", "bounds"))[:] = np.stack(
            [edges[:-1], edges[1:]], axis=1
        )
        for name, field in (("lwe_thickness", values), ("uncertainty", 0 * values + 0.02)):
            variable = file.createVariable(name, "f8", ("time", "lat", "lon"), fill_value=-99999.0)
            variable.units, variable.grid_mapping = "m", "WGS84"
            variable[:] = np.where(np.isfinite(field), field, -99999.0)
    return str(path)


def test_metres_become_centimetres(tmp_path, read_stack):
    lat, lon = np.arange(-89.5, 90), np.arange(0.5, 360)
    values = 0.01 * np.arange(4.0)[:, None, None] + np.zeros((4, 180, 360))
    values[:, :, 180:] = np.nan  # the western half is ocean
    path = write_tellus(tmp_path / "GRCTellus.nc", values, lat, lon)
    summary = import_grace(
        path, str(tmp_path / "t.tif"), baseline=("2004-01", "2004-04"),
        uncertainty_output=str(tmp_path / "s.tif"),
    )  # fmt: skip
    found, info = read_stack(tmp_path / "t.tif")
    np.testing.assert_allclose(found[:, 90, 200], [-1.5, -0.5, 0.5, 1.5], atol=1e-6)
    assert np.isnan(found[:, :, :180]).all() and summary.source_units == "m"
    assert info.units == "cm"
    assert read_stack(tmp_path / "s.tif")[0][0, 90, 200] == pytest.approx(2.0)
