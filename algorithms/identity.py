"""What an algorithm is called, where it stands in the toolbox, and what its help says."""

from pathlib import Path

from qgis.core import QgsProcessingAlgorithm
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon

from .groups import GROUPS
from .help import help_html

ICONS = Path(__file__).resolve().parents[1] / "plugin" / "icons"
HELP_URL = "https://github.com/grace-water-toolbox/grace-water-toolbox/blob/main/docs/{page}.md"


class Identity(QgsProcessingAlgorithm):
    """An algorithm as the toolbox shows it.

    A subclass states ``ID``, ``NAME``, ``SUMMARY``, ``HELP`` (paragraphs), ``CITATION``,
    ``TAGS`` and ``PAGE`` (its method page in docs).
    """

    ID = NAME = SUMMARY = CITATION = PAGE = ""
    HELP = ()
    TAGS = ()
    COMMON_TAGS = ("GRACE", "GRACE-FO", "TWSA", "TWS", "equivalent water height", "water storage")

    def tr(self, text):
        """``text`` in the language of the interface."""
        return QCoreApplication.translate("GraceWaterToolbox", text)

    def createInstance(self):
        """A fresh copy for one run."""
        return type(self)()

    def name(self):
        """The fixed id, part of scripts and models."""
        return self.ID

    def displayName(self):
        """The name in the toolbox."""
        return self.tr(self.NAME)

    def groupId(self):
        """The folder the class lives in."""
        return type(self).__module__.split(".")[-2]

    def group(self):
        """The toolbox group of that folder."""
        return self.tr(GROUPS[self.groupId()])

    def icon(self):
        """The group's icon."""
        return QIcon(str(ICONS / f"{self.groupId()}.svg"))

    def svgIconPath(self):
        """The group's icon as a file."""
        return str(ICONS / f"{self.groupId()}.svg")

    def tags(self):
        """Words under which the toolbox search finds it."""
        return [self.tr(t) for t in (*self.TAGS, *self.COMMON_TAGS)]

    def shortDescription(self):
        """One sentence."""
        return self.tr(self.SUMMARY)

    def shortHelpString(self):
        """The help panel: method, units, limits, citation."""
        return help_html(self)

    def helpUrl(self):
        """The method page."""
        return HELP_URL.format(page=self.PAGE or "README")
