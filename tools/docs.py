"""``make docs``: one page an algorithm in docs/algorithms, from the algorithm's own help."""

import sys
import tempfile
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsProcessing,
    QgsProcessingModelAlgorithm,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
)

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "algorithms"
INDEX = "README.md"
NOTE = "<!-- Made by `make docs` from the help in the code: change it there. -->"
#: How parameters and outputs of QGIS are called here.
KINDS = {
    "raster": "raster",
    "multilayer": "several layers",
    "source": "vector layer",
    "vector": "vector layer",
    "file": "file",
    "string": "text",
    "boolean": "yes or no",
    "extent": "extent",
    "field": "field",
    "band": "band",
    "crs": "coordinate system",
    "distance": "distance",
    "point": "point",
    "folderDestination": "folder",
    "outputRaster": "raster",
    "outputVector": "vector layer or table",
    "outputHtml": "HTML file",
    "outputFile": "file",
    "outputFolder": "folder",
    "outputNumber": "number",
    "outputString": "text",
}
#: What stands for a needed value in the example call.
EXAMPLES = {
    "raster": "{name}.tif",
    "multilayer": "first.{ending} --{key}=second.{ending}",
    "source": "{name}.gpkg",
    "vector": "{name}.gpkg",
    "field": "name",
    "extent": "60,100,5,40",
    "number": "1",
    "string": "text",
    "folderDestination": "{name}",
    "fileDestination": "{name}.{ending}",
    "rasterDestination": "{name}.tif",
    "vectorDestination": "{name}.gpkg",
}
MANY = {
    QgsProcessing.SourceType.TypeFile: "nc",
    QgsProcessing.SourceType.TypeVectorPolygon: "gpkg",
}
LAYERS = ("raster", "multilayer", "source", "file")
FLAGS = QgsProcessingParameterDefinition.Flag


def cell(text):
    """Text for a table: one line, no column marks."""
    return " ".join(str(text).split()).replace("|", "\\|").replace("<", "&lt;")


def table(head, rows):
    """Lines of a table."""
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return [*lines, *(f"| {' | '.join(map(cell, row))} |" for row in rows)]


def kind_of(definition):
    """What a parameter takes, with the limits of a number and the choices of a list."""
    kind = definition.type()
    if kind == "enum":
        return "one of " + ", ".join(f"`{o}`" for o in definition.options())
    if kind == "number":
        whole = definition.dataType() == QgsProcessingParameterNumber.Type.Integer
        low, high = definition.minimum(), definition.maximum()
        text = "whole number" if whole else "number"
        text += f", at least {low:g}" if low > -1e9 else ""
        return text + (f", at most {high:g}" if high < 1e9 else "")
    if kind == "file" and definition.behavior() == QgsProcessingParameterFile.Behavior.Folder:
        return "folder"
    return KINDS.get(kind, kind)


def default_of(definition):
    """The default, 'none' for an optional parameter, 'needed' where a value must be given."""
    value = definition.defaultValue()
    if value not in (None, ""):
        return f"`{value}`"
    return "none" if definition.flags() & FLAGS.FlagOptional else "needed"


def example_value(definition):
    """What the example call gives to a parameter."""
    step, _, own = definition.name().rpartition(":")
    own = own.lower().removeprefix("output_")
    own = {"output": "" if step else "result", "html": "report"}.get(own, own)
    name = "_".join(part for part in (step, own) if part)
    kind, ending = definition.type(), ""
    if definition.isDestination():
        ending = definition.defaultFileExtension() or "txt"
        if kind == "sink":
            flat = definition.dataType() == QgsProcessing.SourceType.TypeVector
            return f"{name}.{'csv' if flat else 'gpkg'}"
    if kind == "file":
        folder = definition.behavior() == QgsProcessingParameterFile.Behavior.Folder
        return name if folder else f"{name}.{definition.extension() or 'nc'}"
    if kind == "multilayer":
        ending = MANY.get(definition.layerType(), "tif")
    return EXAMPLES[kind].format(name=name, ending=ending, key=definition.name())


def example_of(algorithm):
    """A call that gives what must be given, and the results QGIS makes by default."""
    parts = [f"qgis_process run {algorithm.id()}"]
    definitions = algorithm.parameterDefinitions()
    layers = [d for d in definitions if not d.isDestination() and d.type() in LAYERS]
    # Of inputs that can each be left out one must be given after all.
    first = layers[:1] if all(default_of(d) != "needed" for d in layers) else []
    for definition in definitions:
        optional = definition.flags() & FLAGS.FlagOptional
        wanted = default_of(definition) == "needed" or definition in first
        if definition.isDestination():
            wanted = not optional or definition.createByDefault()
        if wanted:
            parts.append(f"--{definition.name()}={example_value(definition)}")
    return ["```sh", " \\\n    ".join(parts), "```"]


def words_of(algorithm):
    """(summary, paragraphs, citation, method page, help by parameter) of an algorithm."""
    definitions = algorithm.parameterDefinitions()
    helps = {d.name(): d.help() for d in definitions}
    if isinstance(algorithm, QgsProcessingModelAlgorithm):
        content = algorithm.helpContent()
        helps = {n: str(content.get(n) or text) for n, text in helps.items()}
        what, _, how = str(content.get("ALG_DESC", "")).partition(". ")
        return what.rstrip(".") + ".", [how], "", "architecture", helps
    citation = algorithm.CITATION
    return algorithm.SUMMARY, list(algorithm.HELP), citation, algorithm.PAGE, helps


def page(algorithm):
    """The page of one algorithm."""
    summary, paragraphs, citation, method, helps = words_of(algorithm)
    lines = [NOTE, "", f"# {algorithm.displayName()}", ""]
    lines += [f"`{algorithm.id()}` in the group *{algorithm.group()}*.", ""]
    for text in (summary, *paragraphs):
        lines += [" ".join(text.split()).replace("<", "&lt;"), ""] if text else []
    if method:
        lines += [f"Formula, units and limits: [{method}](../{method}.md).", ""]
    definitions = algorithm.parameterDefinitions()
    advanced = {d.name() for d in definitions if d.flags() & FLAGS.FlagAdvanced}
    rows = [
        (
            f"`{d.name()}`",
            d.description() + (" (advanced)" if d.name() in advanced else ""),
            kind_of(d),
            default_of(d),
            helps[d.name()],
        )
        for d in definitions
        if not d.isDestination()
    ]
    head = ("name", "label", "type", "default", "help")
    lines += ["## Parameters", "", *table(head, rows), ""]
    rows = []
    for output in algorithm.outputDefinitions():
        target = algorithm.parameterDefinition(output.name())
        made = "always"
        if target and target.flags() & FLAGS.FlagOptional:
            made = "by default" if target.createByDefault() else "if asked for"
        kind = KINDS.get(output.type(), output.type())
        name = f"`{output.name()}`"
        rows.append((name, output.description(), kind, made, helps.get(output.name(), "")))
    head = ("name", "label", "type", "made", "help")
    lines += ["## Outputs", "", *table(head, rows), ""]
    lines += ["## Example", "", *example_of(algorithm), ""]
    if citation:
        lines += ["## Source", "", citation.replace("<", "&lt;"), ""]
    return "\n".join(lines)


def pages(provider):
    """{file name: text} of all pages and their index."""
    algorithms = {a.name(): a.create() for a in provider.algorithms()}
    groups = {}
    for name in sorted(algorithms):
        groups.setdefault(algorithms[name].group(), []).append(name)
    index = [NOTE, "", "# Algorithms", "", "What each algorithm takes and gives, by group.", ""]
    for group in sorted(groups):
        rows = [
            (f"[`{n}`]({n}.md)", algorithms[n].displayName(), words_of(algorithms[n])[0])
            for n in groups[group]
        ]
        index += [f"## {group}", "", *table(("id", "name", "what it does"), rows), ""]
    made = {f"{name}.md": page(algorithm) for name, algorithm in algorithms.items()}
    return {**made, INDEX: "\n".join(index)}


def write(made, folder=FOLDER):
    """Write the pages; delete those of algorithms that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


def main():
    """Start QGIS without a window, load the plugin, write."""
    with tempfile.TemporaryDirectory() as profile:
        application = QgsApplication([], False, profile)
        application.initQgis()
        sys.path.append(f"{QgsApplication.pkgDataPath()}/python/plugins")
        from grace_water_toolbox import classFactory
        from processing.core.Processing import Processing

        Processing.initialize()
        plugin = classFactory(None)
        plugin.initProcessing()
        made = pages(QgsApplication.processingRegistry().providerById("gracewater"))
        write(made)
        plugin.unload()
        del plugin
        application.exitQgis()
    print(f"{len(made)} pages in {FOLDER.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
