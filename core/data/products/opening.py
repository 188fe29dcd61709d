"""What several input files are as a series, told by their endings."""

from contextlib import contextmanager
from pathlib import Path

from ...errors import ParameterError
from ..openraster import open_raster
from ..stack import MonthlyStack
from .cf import CfRecord
from .datedrasters import ENDINGS, RasterRecord, StackRecord

NETCDF = (".nc", ".nc4", ".cdf", ".h5", ".hdf5")


@contextmanager
def open_series(paths, variable, progress):
    """The record of ``paths``: NetCDF files, dated rasters, or one monthly stack.

    Raises `ParameterError` for endings that are mixed or unknown, or a VARIABLE where
    there are none, and what the records raise.
    """
    kinds = {_kind(path) for path in paths}
    if len(kinds) != 1:
        raise ParameterError("either NetCDF files or GeoTIFF files are expected", "both", "INPUT")
    if kinds == {"netcdf"}:
        yield CfRecord(paths, variable, progress)
        return
    if variable:
        raise ParameterError(
            "no VARIABLE is expected for rasters", variable, "VARIABLE", "Leave it empty."
        )
    if len(paths) == 1 and _bands(paths[0]) > 1:
        with MonthlyStack(paths[0]) as stack:
            yield StackRecord(stack)
        return
    yield RasterRecord(paths, progress)


def _kind(path):
    ending = Path(path).suffix.lower()
    if ending in NETCDF:
        return "netcdf"
    if ending in ENDINGS:
        return "raster"
    raise ParameterError(
        f"files ending in {', '.join((*NETCDF, *ENDINGS))} are expected", Path(path).name, "INPUT"
    )


def _bands(path):
    with open_raster(path, Path(path).name) as file:
        return file.count
