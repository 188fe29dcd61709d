"""Which Python packages a method needs, and how an analyst gets them."""

import platform
import sys
from importlib.util import find_spec

from .errors import DependencyError

#: Folder in the user's profile for packages that no package manager of QGIS has; the plugin
#: sets it, and appends it to the search path.
packages_folder = ""
#: The newest ONNX Runtime with a wheel for a Python; later ones get the last.
ONNXRUNTIME = {(3, 9): "1.19.2", (3, 10): "1.23.2"}
ONNXRUNTIME_NEWEST = "1.32.0"
#: The last with a wheel for Macs with an Intel processor.
ONNXRUNTIME_INTEL_MAC = "1.23.2"
#: What starts the Python of QGIS, by platform.
_TERMINAL = "in a terminal 'python3 -m pip"
_PYTHON = {
    "win32": "in the OSGeo4W Shell 'python -m pip",
    "darwin": "in a terminal '/Applications/QGIS.app/Contents/MacOS/bin/python3 -m pip",
}

REMEDY = (
    "Install them with the package manager that installed QGIS: on Debian and Ubuntu "
    "'sudo apt install {apt}', on Windows the OSGeo4W Setup (packages {osgeo}), with conda "
    "'conda install -c conda-forge {plain}'; then restart QGIS."
)


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
    packaged = [n for n in names if n != "onnxruntime"]
    remedies = []
    if packaged:
        dashed = " ".join(f"python3-{n.lower()}" for n in packaged)
        remedies.append(REMEDY.format(apt=dashed, osgeo=dashed, plain=" ".join(packaged)))
    if "onnxruntime" in names:
        remedies.append(onnxruntime_remedy())
    return DependencyError(
        f"the Python package{'s' if len(names) > 1 else ''} {', '.join(names)} must be installed",
        remedy=" ".join(remedies),
    )


def broken_package(error):
    """The error for a package that is absent, or there but does not load (`ImportError`)."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        return missing_error([error.name.split(".")[0]])
    return DependencyError(
        "a Python package that this algorithm needs must load",
        error,
        remedy="Reinstall it with the package manager that installed QGIS, then restart QGIS.",
    )


def onnxruntime_remedy():
    """How ONNX Runtime is installed here, a few sentences."""
    options = [f'"{x}"' if x == packages_folder else x for x in install_onnxruntime()]
    return (
        "Neither Debian nor OSGeo4W packages ONNX Runtime. Install it for this QGIS alone: from "
        "the menu Plugins > GRACE Water Toolbox > Install ONNX Runtime, or "
        f"{_PYTHON.get(sys.platform, _TERMINAL)} {' '.join(options)}' (with conda "
        "'conda install -c conda-forge onnxruntime'); then restart QGIS."
    )


def install_onnxruntime(folder=None, version=None, machine=None):
    """Arguments of pip that install ONNX Runtime into ``folder``.

    ``folder``: None for where the plugin finds it. ``--no-deps``: a second numpy beside that
    of QGIS would break it. ``version``: (major, minor) of Python, ``machine``: system and
    processor; None for those of this one.
    """
    version = tuple(version or sys.version_info[:2])
    pin = ONNXRUNTIME.get(version, ONNXRUNTIME_NEWEST)
    if (machine or (platform.system(), platform.machine())) == ("Darwin", "x86_64"):
        pin = min(pin, ONNXRUNTIME_INTEL_MAC)
    folder = str(folder or packages_folder)
    where = ["--target", folder] if folder else []
    return ["install", *where, "--no-deps", "--only-binary=:all:", f"onnxruntime=={pin}"]
