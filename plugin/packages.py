"""Python packages that QGIS does not bring, in a folder of the user's profile.

One folder a Python version, outside the plugin's own, which an update replaces. It is
appended to the search path: what QGIS brings itself always comes first.
"""

import sys
from pathlib import Path

from qgis.core import QgsApplication

from ..core import dependencies


def packages_folder():
    """Where packages of this Python go in this profile; it need not exist."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return Path(QgsApplication.qgisSettingsDirPath()) / "grace_water_toolbox" / version


def add_packages():
    """Let packages in the profile be found, and messages name their folder."""
    folder = str(packages_folder())
    dependencies.packages_folder = folder
    if folder not in sys.path:
        sys.path.append(folder)
