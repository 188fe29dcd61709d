"""The files of a folder."""

from pathlib import Path

from ...errors import ParameterError


def files_of_folder(folder, endings=(".nc", ".nc4")):
    """The files of a folder that end so, by name; `ParameterError` where there are none."""
    there = Path(folder).is_dir()
    found = [p for p in Path(folder).iterdir() if p.is_file()] if there else []
    found = sorted(str(p) for p in found if p.suffix.lower() in endings)
    if not found:
        raise ParameterError(
            f"a folder with files ending in {' or '.join(endings)} is expected",
            "none in it" if there else "no such folder",
            f"INPUT_FOLDER ({folder})",
        )
    return found
