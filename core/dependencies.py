"""Which Python packages a method needs, and how an analyst gets them."""

from importlib.util import find_spec

from .errors import DependencyError

REMEDY = (
    "Install them with the package manager that installed QGIS: on Debian and Ubuntu "
    "'sudo apt install {apt}', on Windows the OSGeo4W Setup (packages {osgeo}), with conda "
    "'conda install -c conda-forge {plain}'; then restart QGIS."
)

#: Packages that few package managers have.
ELSEWHERE = {
    "onnxruntime": "Where the package manager has no onnxruntime (Debian 12 has none), run "
    "'python3 -m pip install --user --no-deps onnxruntime' with the Python of QGIS; Debian and "
    "Ubuntu also want --break-system-packages. --no-deps leaves numpy and GDAL as they are.",
}


def missing_packages(names):
    """The packages among ``names`` that cannot be found."""
    return [name for name in names if not _found(name)]


def _found(name):
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # the package around a module is missing
        return False


def check_packages(names):
    """Raise `DependencyError` naming what is missing and how to install it."""
    missing = missing_packages(names)
    if missing:
        raise missing_error(missing)


def missing_error(names):
    """The error for missing packages."""
    dashed = " ".join(f"python3-{n.lower()}" for n in names)
    remedy = REMEDY.format(apt=dashed, osgeo=dashed, plain=" ".join(names))
    return DependencyError(
        f"the Python package{'s' if len(names) > 1 else ''} {', '.join(names)} must be installed",
        remedy=" ".join([remedy, *(ELSEWHERE[name] for name in names if name in ELSEWHERE)]),
    )
