"""Product files in the shape of the real ones, written with netCDF4."""

import numpy as np

EPOCH = np.datetime64("2002-01-01")


def days(*dates):
    """Days since 2002-01-01 of ISO dates."""
    return np.array([(np.datetime64(d) - EPOCH).astype(int) for d in dates], float)


def monthly(first, count):
    """Start and end in days since 2002-01-01 of ``count`` calendar months."""
    edges = (np.datetime64(first, "M") + np.arange(count + 1)).astype("datetime64[D]")
    edges = (edges - EPOCH).astype(float)
    return edges[:-1], edges[1:]


def write_netcdf(
    path,
    values,
    lat,
    lon,
    start,
    end,
    *,
    name="lwe_thickness",
    units="cm",
    bounds=True,
    time_attribute="units",
    time_units="days since 2002-01-01T00:00:00Z",
    time_dim="time",
    coordinates="f8",
    fill=None,
    packing=None,
    uncertainty=None,
    land=None,
    extras=None,
    kind="f4",
    format="NETCDF4",
    chunks=None,
):
    """A product with ``values`` (time, lat, lon); every argument is one of the real warts."""
    import netCDF4

    values = np.asanyarray(values)
    with netCDF4.Dataset(path, "w", format=format) as file:
        file.title = "made for a test"
        for dim, size in ((time_dim, len(start)), ("lat", len(lat)), ("lon", len(lon))):
            file.createDimension(dim, size)
        for axis, centres in (("lat", lat), ("lon", lon)):
            file.createVariable(axis, coordinates, (axis,))[:] = centres
            file[axis].units = {"lat": "degrees_north", "lon": "degrees_east"}[axis]
        if time_dim == "time":
            time = file.createVariable("time", "f8", ("time",))
            time[:] = (np.asarray(start) + np.asarray(end)) / 2
            time.calendar = "gregorian"
            if time_attribute:
                time.setncattr(time_attribute, time_units)
            if bounds:
                file.createDimension("bounds", 2)
                time.bounds = "time_bounds"
                file.createVariable("time_bounds", "f8", ("time", "bounds"))[:] = np.stack(
                    [start, end], axis=1
                )
        field = file.createVariable(
            name, kind, (time_dim, "lat", "lon"), fill_value=fill, chunksizes=chunks
        )
        if packing:
            field.scale_factor, field.add_offset = packing
        if units is not None:
            field.units = units
        field[:] = values
        if uncertainty is not None:
            sigma = file.createVariable("uncertainty", "f4", (time_dim, "lat", "lon"))
            sigma.units = "cm"
            sigma[:] = uncertainty
        if land is not None:
            file.createVariable("land_mask", "f8", ("lat", "lon"))[:] = land
        for extra, field_2d in (extras or {}).items():
            file.createVariable(extra, "f8", ("lat", "lon"))[:] = field_2d
    return str(path)
