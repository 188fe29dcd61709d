"""Runs algorithms through the real ``qgis_process`` with this checkout as the plugin."""

import json
import os
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLUGIN = "grace_water_toolbox"
#: Packages of this virtual environment (numba, ONNX Runtime), which ``qgis_process`` ignores.
SITE_PACKAGES = sysconfig.get_paths()["purelib"]


def find_qgis_process():
    """The program; on Debian the binary itself, whose wrapper script is broken."""
    for name in ("qgis_process.bin", "qgis_process"):
        path = shutil.which(name)
        if path:
            return path
    raise FileNotFoundError("qgis_process is not installed: run tools/setup.sh")


def make_profile(folder, plugin=ROOT):
    """A QGIS profile in ``folder`` with the plugin, if any, linked in and enabled."""
    profile = Path(folder) / "profiles" / "default"
    plugins = profile / "python" / "plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    link = plugins / PLUGIN
    if plugin is not None and not link.exists():
        link.symlink_to(plugin, target_is_directory=True)
    settings = profile / "QGIS"
    settings.mkdir(exist_ok=True)
    enabled = "" if plugin is None else f"[PythonPlugins]\n{PLUGIN}=true\n\n"
    (settings / "QGIS3.ini").write_text(
        f"{enabled}[core]\nNewsFeed\\disabled=true\n[qgis]\ncheckVersion=false\nshowTips=false\n",
        encoding="utf-8",
    )
    return Path(folder)


class Headless:
    """A private profile and run-time folder; use as a context manager."""

    def __init__(self, plugin=ROOT, python_path=""):
        """``plugin`` is the folder to run, ``python_path`` goes before Python's own."""
        self._plugin, self._python_path = plugin, python_path

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="gracewater-")
        self.folder = Path(self._folder.name)
        self.folder.chmod(0o700)
        make_profile(self.folder, self._plugin)
        return self

    def __exit__(self, *exc):
        self._folder.cleanup()

    def environment(self):
        """Environment of a private, windowless QGIS."""
        env = dict(
            os.environ,
            QT_QPA_PLATFORM="offscreen",
            XDG_RUNTIME_DIR=str(self.folder),
            QGIS_CUSTOM_CONFIG_PATH=str(self.folder),
            PYTHONDONTWRITEBYTECODE="1",
        )
        env.pop("PYTHONPATH", None)
        if self._python_path:
            env["PYTHONPATH"] = str(self._python_path)
        return env

    def call(self, *arguments, timeout=1800):
        """Run ``qgis_process`` with ``arguments``; the completed process."""
        return subprocess.run(
            [find_qgis_process(), *map(str, arguments)],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def run(self, algorithm, timeout=1800, **parameters):
        """Run an algorithm; its results. A list is several values of a parameter.

        Raises RuntimeError with its output on failure.
        """
        given = []
        for name, value in parameters.items():
            several = value if isinstance(value, (list, tuple)) else [value]
            given += [f"--{name}={one}" for one in several]
        done = self.call("--json", "run", algorithm, *given, timeout=timeout)
        text = done.stdout[done.stdout.find("{") :] if "{" in done.stdout else ""
        if done.returncode != 0 or not text:
            raise RuntimeError(
                f"{algorithm} failed ({done.returncode})\n{done.stdout}\n{done.stderr}"
            )
        return json.loads(text)["results"]
