"""Parameters in messages: by the name that scripts use and by the label of the dialog."""

import re
from pathlib import Path

#: A name that is part of a path, a file name or a longer word is none.
_WORD = r"(?<![\w./\\\"'-])({})(?![\w/\\\"'-]|\.\w)"


def label_parameters(text, labels):
    """``text`` and, behind it, what the dialog calls each parameter that it names.

    ``labels`` maps names to labels: ``INPUT: …`` is followed by ``In the dialog, INPUT is
    "GRACE product".`` The message itself stays as it is, so scripts may search it.
    """
    names = [name for name, label in labels.items() if label]
    if not names:
        return text
    found = re.findall(_WORD.format("|".join(map(re.escape, names))), text)
    if not found:
        return text
    said = ", ".join(f'{name} is "{labels[name]}"' for name in dict.fromkeys(found))
    return f"{text} In the dialog, {said}."


def title(source, layer_name=""):
    """What a person calls a raster: its file, or the layer where the file is temporary.

    QGIS calls every temporary file after its parameter (``OUTPUT.tif``), which tells
    nothing in a report.
    """
    from ..core.data.stack import short_name

    short = short_name(source)
    temporary = short.startswith("OUTPUT") and layer_name not in ("", None, Path(short).stem)
    return layer_name if temporary else short
