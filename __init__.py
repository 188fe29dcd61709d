"""GRACE Water Toolbox: a QGIS plugin for satellite gravimetry."""


def classFactory(iface):
    """Make the plugin. ``iface`` is None under ``qgis_process``."""
    from .plugin.plugin import GraceWaterToolbox

    return GraceWaterToolbox(iface)
