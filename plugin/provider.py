"""The Processing provider ``gracewater``."""

from pathlib import Path

from qgis.core import QgsApplication, QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from ..algorithms.registry import ALGORITHMS
from ..algorithms.version import VERSION
from .chains import load_chains

ROOT = Path(__file__).resolve().parents[1]


class GraceWaterProvider(QgsProcessingProvider):
    """Lists the toolbox's algorithms and its ready-made chains."""

    def id(self):
        """The fixed id, part of scripts and models."""
        return "gracewater"

    def name(self):
        """The name in the toolbox."""
        return "GRACE Water Toolbox"

    def longName(self):
        """Name and version."""
        return f"{self.name()} {self.versionInfo()}"

    def versionInfo(self):
        """The version in metadata.txt."""
        return VERSION

    def icon(self):
        """The plugin's icon."""
        return QIcon(self.svgIconPath())

    def svgIconPath(self):
        """The plugin's icon as a file."""
        return str(ROOT / "plugin" / "icons" / "icon.svg")

    def supportsNonFileBasedOutput(self):
        """Tables may stay in memory."""
        return True

    def supportedOutputRasterLayerExtensions(self):
        """Stacks are GeoTIFFs between steps."""
        return ["tif"]

    def defaultRasterFileExtension(self):
        """GeoTIFF."""
        return "tif"

    def loadAlgorithms(self):
        """Add every algorithm; chains once the registry knows this provider."""
        for algorithm in ALGORITHMS:
            self.addAlgorithm(algorithm())
        if QgsApplication.processingRegistry().providerById(self.id()) is not None:
            for chain in load_chains(ROOT / "plugin" / "chains"):
                self.addAlgorithm(chain)
