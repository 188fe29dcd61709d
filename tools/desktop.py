"""QGIS's main window as a scenario of ``window.run_in_window`` sees it; runs inside QGIS."""

import faulthandler
import json
import os
import runpy
import sys
import time
import traceback
from pathlib import Path

from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import QModelIndex, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAction, QApplication, QMessageBox, QTextEdit, QTreeView
from qgis.utils import iface

PATIENCE = 180  # seconds a condition may take on a slow, loaded machine
PROVIDER = "GRACE Water Toolbox"


def run(job):
    """Run the job's scenario; called by QGIS's ``--code``."""
    Window.current = Window(json.loads(Path(job).read_text(encoding="utf-8")))
    QTimer.singleShot(0, Window.current.begin)


class Window:
    """The main window, the toolbox panel and the dialogs of algorithms.

    Methods that take time are generators, for ``yield from`` in a scenario.
    """

    current = None

    def __init__(self, job):
        """``job`` is what ``run_in_window`` wrote."""
        self.iface, self.main = iface, iface.mainWindow()
        self.parameters, self.folder = job["parameters"], Path(job["folder"])
        self.result = {}
        self._job, self._steps, self._errors = job, None, []
        self._what, self._condition, self._deadline = "the start", bool, time.monotonic() + PATIENCE
        self._last = time.monotonic() + 0.8 * job["timeout"]
        self._busy = self._ended = False

    # -- what a scenario uses -----------------------------------------------
    def later(self, action, *arguments):
        """Do something that may open a dialog and so return only when that is closed."""
        QTimer.singleShot(0, lambda: action(*arguments))

    def picture(self, name, widget=None):
        """Save the screen, or a widget, as ``name``.png."""
        grabbed = widget.grab() if widget is not None else self.main.screen().grabWindow(0)
        grabbed.save(str(self.folder / f"{name}.png"))

    def visible(self):
        """The visible windows and dialogs."""
        return [w for w in QApplication.topLevelWidgets() if w.isVisible()]

    def dialog(self, title):
        """The visible dialog of that title, or None; QGIS capitalises titles its own way."""
        dialogs = (w for w in self.visible() if w is not self.main)
        return next((w for w in dialogs if w.windowTitle().lower() == title.lower()), None)

    def idle(self):
        """Whether the canvas has drawn everything and no task runs."""
        tasks = QgsApplication.taskManager().countActiveTasks()
        return not tasks and not self.iface.mapCanvas().isDrawing()

    def rows(self, tree, parent=None):
        """The rows of a tree view below ``parent``: text and index, as shown."""
        model, parent = tree.model(), parent or QModelIndex()
        indexes = (model.index(i, 0, parent) for i in range(model.rowCount(parent)))
        return {index.data(Qt.ItemDataRole.DisplayRole): index for index in indexes}

    def open_toolbox(self):
        """Open the panel and the provider in it; the tree view and its groups' rows."""
        action = self.main.findChild(QAction, "toolboxAction")
        if not action.isChecked():
            action.trigger()
        tree = yield "the toolbox panel", lambda: self._seen(QTreeView, "algorithmTree")
        provider = yield "the provider in the toolbox", lambda: self.rows(tree).get(PROVIDER)
        tree.expand(provider)
        groups = self.rows(tree, provider)
        for index in groups.values():
            tree.expand(index)
        tree.scrollTo(provider, QTreeView.ScrollHint.PositionAtTop)
        return tree, groups

    def open_dialog(self, name):
        """Double-click the algorithm of that name in the toolbox; its dialog."""
        tree, groups = yield from self.open_toolbox()
        found = [rows[name] for g in groups.values() if name in (rows := self.rows(tree, g))]
        if not found:
            raise LookupError(f"{name} is not in the toolbox: {list(groups)}")
        tree.scrollTo(found[0])
        yield f"{name} in view", lambda: tree.visualRect(found[0]).isValid()
        spot = tree.visualRect(found[0]).center()
        buttons = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
        QTest.mouseClick(tree.viewport(), *buttons, spot)
        self.later(QTest.mouseDClick, tree.viewport(), *buttons, spot)
        return (yield f"the dialog of {name}", lambda: self.dialog(name))

    def run_dialog(self, dialog, parameters):
        """Fill in the parameters, press Run, wait; the results."""
        outcome = []
        dialog.algorithmFinished.connect(lambda *finished: outcome.append(finished))
        dialog.setParameters(parameters)
        self.later(QTest.mouseClick, dialog.runButton(), Qt.MouseButton.LeftButton)
        yield f"the end of {dialog.windowTitle()}", lambda: outcome
        successful, results = outcome[0]
        if not successful:
            log = dialog.findChild(QTextEdit, "txtLog")
            text = log.toPlainText() if log else ""
            raise RuntimeError(f"{dialog.windowTitle()} failed\n{text}")
        yield "the canvas", self.idle
        return dict(results)

    def close_dialog(self, dialog):
        """Close it and wait until it is gone."""
        title = dialog.windowTitle()
        dialog.close()
        yield f"{title} closed", lambda: self.dialog(title) is None

    # -- how it runs --------------------------------------------------------
    def begin(self):
        """Read the scenario and start polling."""
        sys.excepthook = self._uncaught
        # Where a hang of the whole program was, for the log.
        faulthandler.dump_traceback_later(self._job["timeout"] * 0.9, file=sys.__stderr__)
        self.main.setGeometry(self.main.screen().geometry())
        self._poll()

    def _seen(self, kind, name):
        found = (w for w in self.main.findChildren(kind) if w.objectName() == name)
        return next((w for w in found if w.isVisible()), None)

    def _poll(self):
        # A step that opens a dialog holds its own poll: the next one must come all the same.
        if not self._ended:
            QTimer.singleShot(100, self._poll)
            self._watch()
        if not self._ended and not self._busy:
            self._busy = True
            try:
                self._step()
            except StopIteration:
                self._end("")
            except Exception:
                self._end(traceback.format_exc())
            finally:
                self._busy = False

    def _watch(self):
        boxes = [w for w in self.visible() if isinstance(w, QMessageBox)]
        if self._errors:
            self._end("Uncaught in QGIS:\n" + "\n".join(self._errors))
        elif boxes:
            self._end(f"QGIS asks: {boxes[0].text()}\nafter: {self._what}")
        elif time.monotonic() > min(self._deadline, self._last):
            stuck = "stuck after" if self._busy else "in vain waited for"
            self._end(f"{stuck}: {self._what}")

    def _step(self):
        if self._steps is None:
            self._steps = runpy.run_path(self._job["script"])["scenario"](self)
            self._advance(None)
        elif value := self._condition():
            self._advance(value)

    def _advance(self, value):
        self._deadline = time.monotonic() + PATIENCE
        self._what, self._condition, *seconds = self._steps.send(value)
        self._deadline = time.monotonic() + (seconds[0] if seconds else PATIENCE)

    def _uncaught(self, kind, error, trace):
        self._errors.append("".join(traceback.format_exception(kind, error, trace)))

    def _end(self, error):
        self._ended = True
        if error:
            titles = [f"{type(w).__name__} '{w.windowTitle()}'" for w in self.visible()]
            error += f"\nOpen windows: {', '.join(titles)}"
            self.picture("failed")
        answer = Path(self._job["answer"])
        part = answer.with_suffix(".part")
        part.write_text(json.dumps({"error": error, "result": self.result}), encoding="utf-8")
        part.replace(answer)
        if error:
            os._exit(1)
        # QGIS asks about changes and temporary layers on the way out.
        self.iface.newProject(False)
        QgsProject.instance().setDirty(False)
        QTimer.singleShot(0, self.iface.actionExit().trigger)
