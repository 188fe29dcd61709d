"""A NetCDF-3 file to be filled through scipy."""

from contextlib import contextmanager

from ..errors import DependencyError, WriteError


@contextmanager
def new_classic(path, target=""):
    """Yield a new ``scipy.io.netcdf_file`` with 64-bit offsets at ``path``.

    Raises `DependencyError` without scipy, `WriteError` naming ``target``, else ``path``,
    where it cannot be written.
    """
    try:
        from scipy.io import netcdf_file
    except ImportError as error:
        raise DependencyError(
            "the Python package scipy is expected",
            error,
            remedy="Install it with the package manager that brought QGIS.",
        ) from error
    try:
        with netcdf_file(str(path), "w", version=2) as file:
            yield file
    except OSError as error:
        raise WriteError("a writable target is expected", error, str(target or path)) from error
