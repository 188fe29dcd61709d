"""Installs ONNX Runtime into the user's profile with the pip of QGIS's own Python.

pip writes into a scratch folder beside the packages; only what then loads in a fresh Python
is moved in. So a cancelled or failed run leaves what was there before.
"""

import importlib
import shutil
import sys
from pathlib import Path

from qgis.PyQt.QtCore import QLockFile, QObject, QProcess, QProcessEnvironment, pyqtSignal

from ..core.dependencies import install_onnxruntime
from .pip_messages import explain

PACKAGE = "onnxruntime"
#: The same for every pip, whatever the user's own settings: no second place, no question.
_OPTIONS = ["--no-user", "--no-input", "--no-cache-dir", "--disable-pip-version-check"]
_TRIAL = (
    "import sys; sys.path.insert(0, sys.argv[1]); import numpy, onnxruntime as o; "
    "print('Loaded: onnxruntime', o.__version__, 'with numpy', numpy.__version__)"
)


class Installer(QObject):
    """One run: pip, a trial, the move. Signals tell its output and its end."""

    said = pyqtSignal(str)
    finished = pyqtSignal(bool, str)  # whether it worked; what to tell the user

    def __init__(self, interpreter, folder, parent=None):
        """``interpreter``: path of Python. ``folder``: where packages go; may not exist."""
        super().__init__(parent)
        self._python, self._folder = str(interpreter), Path(folder)
        self._scratch = self._folder.parent / "installing"
        self._new = self._scratch / "packages"
        self._lock, self._process = None, None
        self._output, self._then, self._running = "", None, False

    def command(self):
        """What is run, program first."""
        return [self._python, "-m", "pip", *install_onnxruntime(self._new), *_OPTIONS]

    @property
    def running(self):
        """Whether it is under way."""
        return self._running

    def start(self):
        """Begin; returns at once. `finished` is emitted in any case."""
        self._running, self._output = True, ""
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            self._lock = QLockFile(str(self._folder.parent / "installing.lock"))
            self._lock.setStaleLockTime(0)  # stale only if its process is gone
            if not self._lock.tryLock(0):
                self._lock = None
                self._end(False, "Another QGIS is installing into this profile: wait for it.")
                return
            # What a killed QGIS left behind.
            shutil.rmtree(self._scratch, ignore_errors=True)
            (self._scratch / "tmp").mkdir(parents=True)
        except OSError as error:
            self._end(False, f"The folder {self._folder.parent} cannot be written: {error}")
            return
        self._run(self.command(), self._try)

    def cancel(self):
        """End pip at once and take away what it wrote; does nothing when none runs."""
        if not self._running:
            return
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.waitForFinished(5000)
        self._end(False, "Cancelled: nothing was installed.")

    # -- its steps -----------------------------------------------------------
    def _run(self, command, then):
        self._then = then
        environment = QProcessEnvironment.systemEnvironment()
        for name in ("TMPDIR", "TEMP", "TMP"):  # whatever pip unpacks goes with the scratch
            environment.insert(name, str(self._scratch / "tmp"))
        environment.insert("PYTHONUNBUFFERED", "1")
        environment.insert("PYTHONIOENCODING", "utf-8")
        process = self._process = QProcess(self)
        process.setProcessEnvironment(environment)
        process.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
        process.readyReadStandardOutput.connect(lambda: self._read(process))
        process.errorOccurred.connect(lambda kind: self._failed_to_start(process, kind))
        process.finished.connect(lambda code, _: self._stopped(process, code))
        process.start(command[0], command[1:])
        process.closeWriteChannel()

    def _read(self, process):
        text = bytes(process.readAllStandardOutput()).decode(errors="replace")
        self._output += text
        if text:
            self.said.emit(text)

    def _failed_to_start(self, process, kind):
        if process is self._process and kind == QProcess.ProcessError.FailedToStart:
            self._end(False, f"{self._python} did not start: {process.errorString()}")

    def _stopped(self, process, code):
        if process is not self._process:
            return  # cancelled meanwhile
        self._read(process)
        if code != 0 or process.exitStatus() != QProcess.ExitStatus.NormalExit:
            self._end(False, explain(self._output))
        else:
            self._then()

    def _try(self):
        self._output = ""
        self._run([self._python, "-c", _TRIAL, str(self._new)], self._move)

    def _move(self):
        loaded = PACKAGE in sys.modules
        try:
            replace_package(self._new, self._folder, self._scratch / "old", PACKAGE)
        except OSError as error:
            why = f"ONNX Runtime could not be put into {self._folder}: {error}."
            if loaded:
                why += " It is in use: restart QGIS and install before running a model."
            self._end(False, why)
            return
        # The folder was not there when Python last looked.
        importlib.invalidate_caches()
        if loaded:
            self._end(True, "ONNX Runtime is installed. Restart QGIS: the old one is in use.")
        else:
            self._end(True, "ONNX Runtime is installed and ready; QGIS need not be restarted.")

    def _end(self, worked, message):
        self._process, self._running = None, False
        if self._lock is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._lock.unlock()
            self._lock = None
        self.finished.emit(worked, message)


def replace_package(new, folder, old, package):
    """Move what pip wrote for ``package`` from ``new`` into ``folder``; its old files to ``old``.

    All on one file system. Raises OSError with everything as it was before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    old.mkdir(exist_ok=True)
    moves = [(path, old / path.name) for path in sorted(folder.glob(f"{package}*"))]
    moves += [(path, folder / path.name) for path in sorted(new.glob(f"{package}*"))]
    done = []
    try:
        for source, target in moves:
            source.replace(target)
            done.append((source, target))
    except OSError:
        for source, target in reversed(done):
            target.replace(source)
        raise
