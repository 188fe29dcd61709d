"""The plugin object that QGIS loads."""

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import Qt

from .packages import add_packages, packages_folder
from .provider import GraceWaterProvider


class GraceWaterToolbox:
    """Registers the Processing provider; works without an interface too."""

    def __init__(self, iface=None):
        """Keep the interface, which is None under ``qgis_process``."""
        self.iface = iface
        self.provider = None
        self.menu = None

    def initProcessing(self):
        """Register the provider (called directly by ``qgis_process``)."""
        add_packages()
        self.provider = GraceWaterProvider()
        QgsApplication.processingRegistry().addProvider(self.provider)
        # Models find the provider's algorithms only once it is registered.
        self.provider.refreshAlgorithms()

    def initGui(self):
        """Register the provider in the desktop, and the plugin's menu."""
        self.initProcessing()
        self.menu = self.iface.pluginMenu().addMenu(self.provider.icon(), self.provider.name())
        self.menu.addAction("Install ONNX Runtime…", self.install_onnxruntime)

    def install_onnxruntime(self):
        """Show what would be run to install it, and ask; the dialog."""
        from .install_dialog import InstallDialog

        dialog = InstallDialog(packages_folder(), self.iface.mainWindow())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        return dialog

    def unload(self):
        """Take the provider and the menu away again."""
        if self.menu is not None:
            self.iface.pluginMenu().removeAction(self.menu.menuAction())
            self.menu.deleteLater()
            self.menu = None
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
