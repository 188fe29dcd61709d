"""Where results go: refused before the work, not after hours of it."""

import re
from pathlib import Path

from qgis.core import (
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterRasterDestination,
    QgsProperty,
)

from ..core.errors import ParameterError, WriteError

#: ``memory:``, ``ogr:dbname=…``, ``postgis:…``; a drive letter is no such prefix.
_NOT_A_FILE = re.compile(r"^(TEMPORARY_OUTPUT$|[A-Za-z]{2,}:)")
_QUOTED = re.compile(r'^[A-Za-z0-9_]+:"(.+)":')


def check_targets(algorithm, parameters, sources):
    """Raise unless every output given as a file name can be written.

    Looks at the raw values only, so that QGIS does not register any layer for
    loading. ``sources`` are the sources of the raster inputs by parameter name.
    Raises `WriteError` for a missing folder or a folder as target,
    `ParameterError` for a wrong ending, an input as output, or one file twice.
    """
    taken = dict(_input_files(algorithm, parameters, sources))
    for definition in algorithm.destinationParameterDefinitions():
        name = definition.name()
        path = _file(parameters.get(name))
        if path is None or isinstance(definition, QgsProcessingParameterFolderDestination):
            continue
        if path.is_dir():
            raise WriteError("a file is expected", f"the folder {path}", name)
        if not path.parent.is_dir():
            raise WriteError(
                "a file in an existing folder is expected", path, name, "Make the folder first."
            )
        check_ending(definition, path)
        other = taken.setdefault(path.resolve(), name)
        if other != name:
            raise ParameterError(f"a file different from {other} is expected", path, name)


def check_folder(folder, name):
    """Raise `WriteError` for a folder that cannot be made; ``folder`` as it was given."""
    path = _file(folder)
    if path is not None and (path.is_file() or not path.parent.is_dir()):
        raise WriteError("a folder, or a new one in an existing folder, is expected", folder, name)


def check_ending(definition, path):
    """Raise `ParameterError` unless ``path`` ends as the destination asks."""
    if isinstance(definition, QgsProcessingParameterRasterDestination):
        endings = [".tif", ".tiff"]
    elif isinstance(definition, QgsProcessingParameterFileDestination):
        endings = re.findall(r"\*(\.\w+)", definition.fileFilter())
    else:
        return
    if endings and Path(path).suffix.lower() not in endings:
        raise ParameterError(
            f"a file ending in {' or '.join(endings)} is expected",
            Path(path).name,
            definition.name(),
            "Change the file's ending.",
        )


def _input_files(algorithm, parameters, sources):
    for name, source in sources.items():
        quoted = _QUOTED.match(source)
        yield Path(quoted[1] if quoted else source.split("|")[0]).resolve(), name
    for definition in algorithm.parameterDefinitions():
        value = parameters.get(definition.name())
        if isinstance(definition, QgsProcessingParameterFile) and isinstance(value, str) and value:
            yield Path(value).resolve(), definition.name()


def _file(value):
    """The file an output was given as, or None for anything else."""
    if isinstance(value, QgsProcessingOutputLayerDefinition):
        value = value.sink
    if isinstance(value, QgsProperty):
        value = value.staticValue()
    if not isinstance(value, str) or not value.strip() or _NOT_A_FILE.match(value):
        return None
    return Path(value.split("|")[0])
