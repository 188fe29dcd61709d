"""What every algorithm of the toolbox shares."""

from pathlib import Path

from qgis.core import (
    QgsProcessingException,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterRasterLayer,
)

from ..core.data.gdalcache import bounded_cache
from ..core.data.sound import check_source
from ..core.dependencies import broken_package, check_packages, missing_error, missing_packages
from ..core.errors import Cancelled, GraceWaterError, ReadError
from .declaring import BASELINE, PERIOD, Declaring
from .feedback import QgisProgress
from .labels import label_parameters, title
from .layerstyler import LayerStyler
from .targets import check_ending, check_targets
from .values import has_value


class GraceAlgorithm(Declaring):
    """Base class: `Declaring`, dependency checks, error translation, styling.

    A subclass states what `Identity` asks for and ``REQUIRES`` (Python packages),
    declares parameters in ``declare`` through ``add``, and works in
    ``compute(parameters, context, progress)``. Checks that need only headers go in
    ``check(parameters, context)``, which raises the core's errors.
    """

    REQUIRES = ("rasterio",)

    def __init__(self):
        """Start without resolved layers."""
        super().__init__()
        self.sources, self.titles = {}, {}

    # -- running ------------------------------------------------------------
    def canExecute(self):
        """Whether the needed packages are there; a hint to the dialog only."""
        missing = missing_packages(self.REQUIRES)
        return (not missing, str(missing_error(missing)) if missing else "")

    def checkParameterValues(self, parameters, context):
        """Inputs and targets in our words, then QGIS's own checks, then ours on headers."""
        try:
            self._check_ways(parameters, context)
            ok, message = super().checkParameterValues(self.known_to_qgis(parameters), context)
            if ok:
                self.check(parameters, context)
        except (GraceWaterError, QgsProcessingException) as error:
            return False, self.with_labels(error)
        except ImportError as error:
            return False, str(broken_package(error))
        except OSError as error:
            return False, f"A file cannot be read: {error}."
        return ok, message

    def known_to_qgis(self, parameters):
        """The parameters as QGIS's own check gets them; without what only we can open."""
        return parameters

    def check(self, parameters, context):
        """Raise the core's errors for input that cannot work (headers only)."""

    def prepareAlgorithm(self, parameters, context, feedback):
        """Resolve layers on the main thread; repeat what models and scripts do not check."""
        try:
            self._check_ways(parameters, context)
        except GraceWaterError as error:
            raise QgsProcessingException(self.with_labels(error)) from error
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Run, and turn the core's errors into QGIS's."""
        progress = QgisProgress(feedback)
        try:
            with bounded_cache():
                return self.compute(parameters, context, progress)
        except Cancelled:
            progress.info(self.tr("Cancelled: nothing was written."))
            return {}
        except GraceWaterError as error:
            raise QgsProcessingException(self.with_labels(error)) from error
        except ImportError as error:
            raise QgsProcessingException(str(broken_package(error))) from error
        except MemoryError as error:
            raise QgsProcessingException(
                "Out of memory. Close other programs or work on a smaller extent."
            ) from error
        except OSError as error:
            # rasterio's errors are of this family, and so is a full disk.
            raise QgsProcessingException(
                f"A file cannot be read or written: {error}. Nothing was written."
            ) from error

    def check_report(self, parameters):
        """Raise `DependencyError` where an HTML report is wanted that cannot be drawn."""
        if has_value(parameters, "OUTPUT_HTML"):
            # The report comes last: without its package the work would be in vain.
            check_packages(("matplotlib",))

    def compute(self, parameters, context, progress):
        """Do the work; return the results by output name."""
        raise QgsProcessingException(f"{type(self).__name__} does nothing")

    def _check_ways(self, parameters, context):
        """Packages, where values come from, where results go."""
        check_packages(self.REQUIRES)
        self._resolve(parameters, context)
        check_targets(self, parameters, self.sources)

    def _resolve(self, parameters, context):
        self.sources, self.titles = {}, {}
        for definition in self.parameterDefinitions():
            if not isinstance(definition, QgsProcessingParameterRasterLayer):
                continue
            name = definition.name()
            if isinstance(parameters.get(name), str):
                # QGIS opens what is given by path: a damaged file must not get that far.
                check_source(parameters[name])
            layer = self.parameterAsRasterLayer(parameters, name, context)
            if layer is not None and layer.isValid():
                self.sources[name], self.titles[name] = layer.source(), layer.name()
            elif has_value(parameters, name):
                raise _no_raster(name, parameters[name])

    def with_labels(self, error):
        """The text of an error, its parameters named as scripts and as the dialog name them."""
        labels = {d.name(): d.description() for d in self.parameterDefinitions()}
        return label_parameters(str(error), labels)

    # -- helpers for compute ----------------------------------------------------
    def has(self, name):
        """Whether the raster parameter ``name`` was given."""
        return name in self.sources

    def open_stack(self, name):
        """The stack of a raster parameter, named after it in errors."""
        from ..core.data.stack import MonthlyStack

        source = self.sources[name]
        return MonthlyStack(source, f"{name} ({title(source, self.titles.get(name))})")

    def open_stacks(self, files, *names):
        """The stacks of several parameters on an `ExitStack`, None where one is not given."""
        return tuple(
            files.enter_context(self.open_stack(name)) if self.has(name) else None for name in names
        )

    def open_stack_or_map(self, name):
        """As `open_stack`, or the map of a parameter that may be one."""
        from ..core.data.static import open_stack_or_map

        source = self.sources[name]
        return open_stack_or_map(source, f"{name} ({title(source, self.titles.get(name))})")

    def baseline(self, parameters, context):
        """The two months of `BASELINE` as they were written."""
        return tuple(self.parameterAsString(parameters, n, context).strip() for n in BASELINE)

    def period(self, parameters, context):
        """First and last month of `START` and `END` as they were written."""
        return tuple(self.parameterAsString(parameters, n, context).strip() for n in PERIOD)

    def raster_target(self, parameters, name, context):
        """Path of a raster output, or '' where an optional one is not wanted."""
        if not has_value(parameters, name):
            definition = self.parameterDefinition(name)
            if definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional:
                return ""
        path = self.parameterAsOutputLayer(parameters, name, context)
        check_ending(self.parameterDefinition(name), path)
        return path

    def file_target(self, parameters, name, context):
        """Path of a file output, or '' where it is not wanted."""
        if not has_value(parameters, name):
            return ""
        path = self.parameterAsFileOutput(parameters, name, context)
        check_ending(self.parameterDefinition(name), path)
        return path

    def require_sink(self, sink, name, parameters):
        """Raise when a table or layer output cannot be created."""
        if sink is None:
            raise QgsProcessingException(self.invalidSinkError(parameters, name))

    def style(self, context, path, style, title=""):
        """Have the layer of an output styled once QGIS has loaded it."""
        if path and context.willLoadLayerOnCompletion(path):
            details = context.layerToLoadOnCompletionDetails(path)
            if title:
                details.name = title
            details.setPostProcessor(LayerStyler.keep(style))


def _no_raster(name, value):
    text = str(value)
    if isinstance(value, str) and not Path(value).exists() and ":" not in value[2:]:
        return ReadError("an existing raster is expected", f"no file {text}", name)
    return ReadError("a raster that QGIS can open is expected", text, name, "Is it damaged?")
