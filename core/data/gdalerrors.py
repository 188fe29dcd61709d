"""GDAL's errors, kept off the console for those who look at them themselves."""

from contextlib import contextmanager


@contextmanager
def quiet_errors():
    """GDAL's errors of this thread are not printed inside the block, and the last is forgotten."""
    from osgeo import gdal

    gdal.ErrorReset()
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        yield
    finally:
        gdal.PopErrorHandler()
