"""GeoTIFFs made with GDAL's own binding, which can write out what waits in its cache.

rasterio cannot. That matters because a tile that waits in the cache may be written by any
thread that needs room there, the map canvas for one, while ours closes the file: GDAL calls
this a race of its design, and it ends the process. So nothing is left there for long.
"""

from contextlib import suppress

from ..errors import WriteError
from .gdalerrors import quiet_errors

_OPTIONS = (
    "TILED=YES",
    "INTERLEAVE=BAND",
    "COMPRESS=DEFLATE",
    "ZLEVEL=1",
    "BIGTIFF=IF_SAFER",
)
#: Differences along the row, of 32-bit floats as of integers: read twice as fast as with the
#: predictor for floats (3), in files some percent larger. Of 64 bits older readers know the
#: latter alone.
_PREDICTOR, _FLOAT64_PREDICTOR = 2, 3
_TYPES = {
    "uint8": "Byte",
    "int16": "Int16",
    "uint16": "UInt16",
    "int32": "Int32",
    "uint32": "UInt32",
    "float32": "Float32",
    "float64": "Float64",
}


def create(path, grid, bands, dtype, tile, name):
    """A new GeoTIFF on ``grid``, tiled, band after band, compressed.

    ``tile`` is (rows, columns). Raises `WriteError` naming ``name`` where none can be made.
    """
    from osgeo import gdal

    options = [
        *_OPTIONS,
        f"PREDICTOR={_FLOAT64_PREDICTOR if dtype == 'float64' else _PREDICTOR}",
        f"BLOCKYSIZE={tile[0]}",
        f"BLOCKXSIZE={tile[1]}",
    ]
    kind = getattr(gdal, f"GDT_{_TYPES[dtype]}")
    with quiet_errors():
        try:
            file = gdal.GetDriverByName("GTiff").Create(
                path, grid.nx, grid.ny, bands, kind, options
            )
            found = None if file else gdal.GetLastErrorMsg()
        # Whether GDAL raises or returns nothing is a switch of the program around us.
        except RuntimeError as error:
            file, found = None, error
        if file is None:
            raise WriteError("a writable GeoTIFF is expected", found, name)
        _place(file, grid)
    return file


def _place(file, grid):
    from osgeo import osr

    file.SetGeoTransform(grid.geotransform)
    if grid.crs:
        reference = osr.SpatialReference()
        reference.SetFromUserInput(grid.crs)
        reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
        file.SetSpatialRef(reference)


def describe(file, names, units, nodata, scale, tags):
    """Set the names and units of the bands, what stands for missing (or None), and the tags."""
    with quiet_errors():
        for number, (name, unit) in enumerate(zip(names, units), 1):
            band = file.GetRasterBand(number)
            band.SetDescription(name)
            band.SetUnitType(unit)
            if nodata is not None:
                band.SetNoDataValue(float(nodata))
            if scale != 1.0:
                band.SetScale(scale)
        texts = {key: str(value) for key, value in tags.items()}
        file.SetMetadata({"AREA_OR_POINT": "Area", **texts})


def write_pixels(file, values, window, bands):
    """Hand GDAL a C-contiguous array (band, y, x); what went wrong as a text, or "".

    ``window`` is (column, row, columns, rows), ``bands`` the numbers from 1.
    """
    from osgeo import gdal

    with quiet_errors():
        try:
            failed = file.WriteRaster(
                *window, values, buf_type=file.GetRasterBand(1).DataType, band_list=bands
            )
        except RuntimeError as error:
            return str(error)
        return (gdal.GetLastErrorMsg() or "a write that failed") if failed else ""


def flush_bands(file):
    """Write what waits in GDAL's cache, by this thread; what went wrong as a text, or ""."""
    from osgeo import gdal

    with quiet_errors():
        for number in range(1, file.RasterCount + 1):
            try:
                file.GetRasterBand(number).FlushCache()
            except RuntimeError as error:
                return str(error)
            if gdal.GetLastErrorType() >= gdal.CE_Failure:
                return gdal.GetLastErrorMsg()
    return ""


def close(file):
    """Close. GDAL before 3.8 does so when its last handle is given up."""
    if hasattr(file, "Close"):
        with suppress(RuntimeError):
            file.Close()
