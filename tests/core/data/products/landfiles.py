"""Land-surface files with the names, units, attributes and quirks of the real products."""

import numpy as np

FILL = -9999.0
NOAH = (
    "SoilMoi0_10cm_inst",
    "SoilMoi10_40cm_inst",
    "SoilMoi40_100cm_inst",
    "SoilMoi100_200cm_inst",
    "SWE_inst",
    "CanopInt_inst",
)
ERA5 = ("swvl1", "swvl2", "swvl3", "swvl4", "sd", "src")
LAT = np.array([-1.875, -1.625, -1.375])  # rising, as in GLDAS
LON = np.array([10.125, 10.375, 10.625, 10.875])


def gldas_file(path, month, fields, lat=LAT, lon=LON, **quirks):
    """One month as NASA writes it; ``fields`` maps variables to (lat, lon) in kg m-2.

    ``quirks``: ``source``, ``title``, ``units`` by variable, ``span`` in days, ``bounds``
    False, ``time_units``, ``calendar``, ``fill`` False for an undeclared fill value,
    ``scale`` by variable.
    """
    import netCDF4

    first = np.datetime64(month, "M").astype("datetime64[D]")
    after = (np.datetime64(month, "M") + 1).astype("datetime64[D]")
    begin = (first - np.datetime64("2000-01-01")).astype(float)
    span = quirks.get("span", float((after - first).astype(int)))
    with netCDF4.Dataset(path, "w") as file:
        file.missing_value = FILL
        file.title = quirks.get("title", "GLDAS2.1 LIS land surface model output monthly mean")
        file.institution = "NASA GSFC"
        file.source = quirks.get("source", "Noah_v3.6 forced with GDAS-AGRMET-GPCPv13rA1")
        file.conventions = "CF-1.6"
        file.MAP_PROJECTION = "EQUIDISTANT CYLINDRICAL"
        for name, size in (("time", None), ("lat", len(lat)), ("lon", len(lon)), ("bnds", 2)):
            file.createDimension(name, size)
        if quirks.get("bounds", True):
            file.createVariable("time_bnds", "f8", ("time", "bnds"))[0] = [begin, begin + span]
        for name, centres, axis in (("lon", lon, "east"), ("lat", lat, "north")):
            variable = file.createVariable(name, "f4", (name,), fill_value=np.float32(FILL))
            variable.units = f"degrees_{axis}"
            variable.scale_factor, variable.add_offset = np.float32(1), np.float32(0)
            variable.missing_value = np.float32(FILL)
            variable[:] = centres
        for name, values in fields.items():
            declared = quirks.get("fill", True)
            variable = file.createVariable(
                name,
                "f4",
                ("time", "lat", "lon"),
                fill_value=np.float32(FILL) if declared else None,
                zlib=True,
            )
            variable.units = quirks.get("units", {}).get(name, "kg m-2")
            variable.cell_methods = "time: mean"
            if declared:
                variable.missing_value = np.float32(FILL)
            variable.set_auto_maskandscale(False)
            variable.scale_factor = np.float32(quirks.get("scale", {}).get(name, 1))
            variable.add_offset = np.float32(0)
            variable[0] = np.where(np.isfinite(values), values, FILL)
        time = file.createVariable("time", "f8", ("time",))
        time[:] = begin
        time.units = quirks.get("time_units", "days since 2000-01-01 00:00:00")
        if "calendar" in quirks:
            time.calendar = quirks["calendar"]
        time.long_name = "time"
        if quirks.get("bounds", True):
            time.bounds = "time_bnds"
    return str(path)


def era5_file(path, months, fields, lat, lon, **quirks):
    """ERA5-Land monthly means in packed shorts; ``fields`` maps variables to (time, lat, lon).

    ``quirks``: ``time`` = 'time' (hours since 1900) or 'valid_time' (seconds since 1970),
    ``expver`` = index of the first preliminary month, ``hours`` = several times a month,
    ``units`` by variable, ``stamps`` of the months.
    """
    import netCDF4

    stamps = quirks.get("stamps", np.asarray(months, "datetime64[M]"))
    name = quirks.get("time", "time")
    origin, step = ("1900-01-01", "h") if name == "time" else ("1970-01-01", "s")
    times = (stamps.astype(f"datetime64[{step}]") - np.datetime64(origin, step)).astype("i8")
    dims = (name, "latitude", "longitude")
    split = quirks.get("expver")
    units = {"sd": "m of water equivalent", "src": "m of water equivalent"}
    with netCDF4.Dataset(path, "w", format="NETCDF3_64BIT_OFFSET") as file:
        file.Conventions = "CF-1.6"
        file.createDimension("longitude", len(lon))
        file.createDimension("latitude", len(lat))
        if split is not None:
            file.createDimension("expver", 2)
            file.createVariable("expver", "i4", ("expver",))[:] = [1, 5]
            dims = (name, "expver", "latitude", "longitude")
        file.createDimension(name, len(times))
        for axis, centres, unit in (
            ("longitude", lon, "degrees_east"),
            ("latitude", lat, "degrees_north"),
        ):
            file.createVariable(axis, "f4", (axis,))[:] = centres
            file[axis].units = unit
        time = file.createVariable(name, "i4" if name == "time" else "f8", (name,))
        time[:] = times
        time.units = (
            "hours since 1900-01-01 00:00:00.0" if name == "time" else "seconds since 1970-01-01"
        )
        time.calendar = "gregorian"
        for layer, values in fields.items():
            variable = file.createVariable(layer, "i2", dims, fill_value=np.int16(-32767))
            variable.set_auto_maskandscale(False)
            low, high = np.nanmin(values), np.nanmax(values)
            scale, offset = (high - low) / 65532 or 1e-5, (high + low) / 2
            variable.scale_factor, variable.add_offset = scale, offset
            variable.missing_value = np.int16(-32767)
            variable.units = quirks.get("units", {}).get(layer, units.get(layer, "m**3 m**-3"))
            packed = np.where(np.isfinite(values), np.round((values - offset) / scale), -32767)
            if split is None:
                variable[:] = packed
            else:
                final = np.arange(len(times))[:, None, None] < split
                variable[:, 0] = np.where(final, packed, -32767)
                variable[:, 1] = np.where(final, -32767, packed)
    return str(path)
