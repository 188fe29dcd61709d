"""Several input files: a list of them or a folder, one of the two."""

from pathlib import Path

from ..core.data.products.files import files_of_folder
from ..core.errors import ParameterError, ReadError


def read_files(algorithm, parameters, context, endings=(".nc", ".nc4")):
    """Paths of ``INPUT`` or of the files in ``INPUT_FOLDER``.

    Raises `ParameterError` where both or neither are given, or one file twice,
    `ReadError` for a file that is not there.
    """
    files = [p for p in algorithm.parameterAsFileList(parameters, "INPUT", context) if p]
    folder = algorithm.parameterAsFile(parameters, "INPUT_FOLDER", context)
    if bool(files) == bool(folder):
        raise ParameterError(
            "either INPUT or INPUT_FOLDER is expected", "both" if files else "neither", "INPUT"
        )
    if folder:
        return files_of_folder(folder, endings)
    return check_files(files)


def check_files(files):
    """The files, each of them there and named once; as `read_files` raises."""
    seen = set()
    for path in files:
        if not Path(path).is_file():
            raise ReadError("an existing file is expected", f"no file {path}", "INPUT")
        if Path(path).resolve() in seen:
            raise ParameterError("each file once is expected", f"{path} twice", "INPUT")
        seen.add(Path(path).resolve())
    return files
