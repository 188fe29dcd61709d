"""The named outputs of the sample data that are made only when asked for."""

from pathlib import Path

from qgis.core import QgsProcessingParameterFolderDestination

from ...core.errors import WriteError


def declare_extras(algorithm):
    """Add the optional outputs, all of them advanced."""
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFolderDestination(
            "OUTPUT_GLDAS", tr("Land model as GLDAS files"), optional=True, createByDefault=False
        ),
        "Folder: the land model as 265 monthly files in the shape of GLDAS-2.1 Noah, for "
        "'Import land-surface storage'. Files of the same names are replaced.",
        advanced=True,
    )


def given(parameters, name):
    """Whether an output is wanted."""
    return parameters.get(name) not in (None, "")


def check_extras(parameters):
    """Raise `WriteError` for a folder that cannot be made."""
    folder = parameters.get("OUTPUT_GLDAS")
    if isinstance(folder, str) and folder and folder != "TEMPORARY_OUTPUT":
        path = Path(folder)
        if path.is_file() or not path.parent.is_dir():
            raise WriteError(
                "a folder, or a new one in an existing folder, is expected", folder, "OUTPUT_GLDAS"
            )


def write_extras(algorithm, parameters, context, twin, files, progress):
    """Write what is wanted; results by name. ``files`` is the stack that ends all writing."""
    from ...core.data.twin_gldas import whole_folder, write_gldas

    results = {}
    if given(parameters, "OUTPUT_GLDAS"):
        folder = algorithm.parameterAsFileOutput(parameters, "OUTPUT_GLDAS", context)
        write_gldas(twin, files.enter_context(whole_folder(folder)), progress)
        results["OUTPUT_GLDAS"] = folder
    return results
