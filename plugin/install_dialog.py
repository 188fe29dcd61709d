"""The dialog that shows what would be run, asks, and runs it."""

import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtGui import QFontDatabase, QTextCursor
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QVBoxLayout,
)

from ..core.dependencies import onnxruntime_remedy
from .installing import PACKAGE, Installer
from .interpreter import find_interpreter

TITLE = "Install ONNX Runtime"
_ABOUT = (
    "<p><b>ONNX Runtime</b> runs trained downscaling models (<i>Downscale</i>, <i>Inspect "
    "model</i>). It is free software (MIT) of about 20 MB that is downloaded from the Python "
    "package index, or from where pip is set up to look.</p>"
    "<p>It goes into this user profile alone, to <code>{folder}</code>. Packages of QGIS and of "
    "the system, numpy among them, are not touched. Cancelling leaves nothing behind.</p>"
    "<p>{found}This will be run:</p>"
)
_NO_PYTHON = "<p>The Python interpreter of this QGIS was not found, so nothing can be run here.</p>"
_NO_PIP = (
    "<p>The Python of this QGIS, <code>{python}</code>, has no pip. Install it first: on Debian "
    "and Ubuntu <code>sudo apt install python3-pip</code>, on Windows python3-pip in the OSGeo4W "
    "Setup.</p>"
)
_ELSEWHERE = (
    "<p>ONNX Runtime is installed already, in <code>{where}</code>, outside this profile; that "
    "one is used. There is nothing to do.</p>"
)


class InstallDialog(QDialog):
    """Shows the command; nothing runs before Install is pressed."""

    def __init__(self, folder, parent=None):
        """``folder``: where packages of this profile go."""
        super().__init__(parent)
        self.setWindowTitle(TITLE)
        self.resize(760, 460)
        self.about, self.command, self.log = QLabel(), QPlainTextEdit(), QPlainTextEdit()
        self.about.setWordWrap(True)
        self.about.setTextFormat(Qt.TextFormat.RichText)
        for box in (self.command, self.log):
            box.setReadOnly(True)
            box.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.command.setMaximumHeight(90)
        self.command.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.log.setPlaceholderText("What pip says appears here.")
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)  # pip tells no share
        self.outcome = QLabel()
        self.outcome.setWordWrap(True)
        buttons = QDialogButtonBox()
        self.install = buttons.addButton("Install", QDialogButtonBox.ButtonRole.ActionRole)
        self.close_button = buttons.addButton(QDialogButtonBox.StandardButton.Close)
        self.install.clicked.connect(self._start)
        self.close_button.clicked.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (self.about, self.command, self.log, self.bar, self.outcome, buttons):
            layout.addWidget(widget)
        layout.setStretchFactor(self.log, 1)
        self.bar.hide()
        self.installer = None
        self._offer(Path(folder))

    def _offer(self, folder):
        python, has_pip = find_interpreter()
        where = _where(PACKAGE)
        problem = ""
        if where is not None and folder not in where.parents:
            problem = _ELSEWHERE.format(where=where)
        elif python is None:
            problem = _NO_PYTHON
        elif not has_pip:
            problem = _NO_PIP.format(python=python)
        if problem:
            self.about.setText(problem)
            self.command.setPlainText(onnxruntime_remedy())
            self.command.setVisible(where is None)
            self.install.setEnabled(False)
            return
        again = "It is there already and will be replaced. " if where is not None else ""
        self.about.setText(_ABOUT.format(folder=folder, found=again))
        self.installer = Installer(python, folder, self)
        self.command.setPlainText(_as_typed(self.installer.command()))
        self.installer.said.connect(self._show)
        self.installer.finished.connect(self._finished)
        # Leaving QGIS ends pip and takes its scratch folder away.
        QCoreApplication.instance().aboutToQuit.connect(self.installer.cancel)

    def reject(self):
        """Close; while pip runs this cancels it, and the dialog stays to tell so."""
        if self.installer is not None and self.installer.running:
            self.installer.cancel()
        else:
            super().reject()

    def _start(self):
        self.install.setEnabled(False)
        self.close_button.setText("Cancel")
        self.log.clear()
        self.outcome.clear()
        self.bar.show()
        self.installer.start()

    def _show(self, text):
        self.log.moveCursor(QTextCursor.MoveOperation.End)
        self.log.insertPlainText(text)
        self.log.moveCursor(QTextCursor.MoveOperation.End)

    def _finished(self, worked, message):
        self.bar.hide()
        self.close_button.setText("Close")
        self.install.setText("Install" if worked else "Try again")
        self.install.setEnabled(not worked)
        self.outcome.setText(message)


def _where(package):
    """The file that the package would be loaded from, or None."""
    spec = find_spec(package)
    return None if spec is None or spec.origin is None else Path(spec.origin)


def _as_typed(command):
    """The command as it would be typed into a terminal."""
    if sys.platform == "win32":
        return " ".join(f'"{part}"' if " " in part else part for part in command)
    return shlex.join(command)
