"""The plugin object that QGIS loads."""

from qgis.core import QgsApplication

from .packages import add_packages
from .provider import GraceWaterProvider


class GraceWaterToolbox:
    """Registers the Processing provider; works without an interface too."""

    def __init__(self, iface=None):
        """Keep the interface, which is None under ``qgis_process``."""
        self.iface = iface
        self.provider = None

    def initProcessing(self):
        """Register the provider (called directly by ``qgis_process``)."""
        add_packages()
        self.provider = GraceWaterProvider()
        QgsApplication.processingRegistry().addProvider(self.provider)
        # Models find the provider's algorithms only once it is registered.
        self.provider.refreshAlgorithms()

    def initGui(self):
        """Register the provider in the desktop."""
        self.initProcessing()

    def unload(self):
        """Take the provider away again."""
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
