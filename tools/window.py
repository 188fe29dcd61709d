"""Runs a scenario inside the real QGIS desktop on a virtual screen.

A scenario is a Python file with a generator ``scenario(window)``. It yields pairs
``(what, condition)`` or ``(what, condition, seconds)``; the value that the condition
returned once it was true comes back from the ``yield``, and QGIS runs on meanwhile.
A condition that stays false, an error in the scenario or an uncaught error anywhere
in QGIS's Python ends the run with a report and a picture of the screen.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from headless import PLUGIN, ROOT, SITE_PACKAGES, make_profile

TOOLS = Path(__file__).resolve().parent

SCREEN = "1400x900x24"

# No dialog, tip, feed or version check may come up, and nothing may reach a network.
SETTINGS = """[core]
NewsFeed\\httpsfeedqgisorg\\disabled=true

[locale]
overrideFlag=true
userLocale=en_US

[proxy]
proxyEnabled=true
proxyType=HttpProxy
proxyHost=127.0.0.1
proxyPort=9

[qgis]
checkVersion=false
showTips=false
enableMacros=0

[Processing]
Configuration\\SHOW_PROVIDERS_TOOLTIP=false
"""


class WindowError(RuntimeError):
    """The scenario did not run to its end."""


def run_in_window(script, parameters=None, folder=None, timeout=600, plugin=ROOT, environment=None):
    """Run ``scenario(window)`` of the file ``script`` in QGIS; its ``window.result``.

    ``plugin`` is the folder to run; None leaves the profile without the plugin.
    ``parameters`` (JSON) become ``window.parameters``; ``environment`` adds variables.
    Pictures and QGIS's own output go to ``folder``. After ``timeout`` seconds QGIS, its
    screen and all their children are killed. Raises FileNotFoundError without QGIS or
    Xvfb, else WindowError with what was waited for.
    """
    programs = [find(name) for name in ("xvfb-run", "qgis")]
    with tempfile.TemporaryDirectory(prefix="gracewater-window-") as private:
        home = Path(private)
        folder = Path(folder or home / "output")
        folder.mkdir(parents=True, exist_ok=True)
        make_profile(home, plugin)
        ini = home / "profiles" / "default" / "QGIS" / "QGIS3.ini"
        enabled = "" if plugin is None else f"[PythonPlugins]\n{PLUGIN}=true\n\n"
        ini.write_text(enabled + SETTINGS, encoding="utf-8")
        job = home / "job.json"
        answer = home / "answer.json"
        job.write_text(
            json.dumps(
                {
                    "script": str(Path(script).resolve()),
                    "folder": str(folder),
                    "answer": str(answer),
                    "parameters": parameters or {},
                    "timeout": timeout,
                }
            ),
            encoding="utf-8",
        )
        start = home / "start.py"
        start.write_text(
            f"import sys\nsys.path.insert(0, {str(TOOLS)!r})\n"
            f"import desktop\ndesktop.run({str(job)!r})\n",
            encoding="utf-8",
        )
        command = [programs[0], "-a", "-s", f"-screen 0 {SCREEN} -nolisten tcp", programs[1]]
        command += ["--nologo", "--noversioncheck", "--profiles-path", str(home)]
        command += ["--code", str(start)]
        log = folder / "qgis.log"
        code = _run(command, {**_environment(home), **(environment or {})}, log, timeout)
        tail = log.read_text(encoding="utf-8", errors="replace")[-3000:]
        if not answer.exists():
            why = f"stopped after {timeout} s" if code is None else f"ended with {code}"
            raise WindowError(f"QGIS {why} without an answer\n{tail}")
        given = json.loads(answer.read_text(encoding="utf-8"))
    if given["error"]:
        raise WindowError(f"{given['error']}\n{tail}")
    if code != 0:
        raise WindowError(f"QGIS did not close cleanly ({code})\n{tail}")
    return given["result"]


def find(name):
    """The path of a program that tools/setup.sh installs."""
    path = shutil.which(name)
    if path is None:
        raise FileNotFoundError(f"{name} is not installed: run tools/setup.sh test")
    return path


def _environment(home):
    private, temporary = home / "run", home / "tmp"
    for folder in (private, temporary):
        folder.mkdir(mode=0o700)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("QT_", "QGIS_"))}
    for name in (
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "PYTHONPATH",
        "XAUTHORITY",
        "DBUS_SESSION_BUS_ADDRESS",
    ):
        env.pop(name, None)
    env.update(
        HOME=str(home),
        XDG_RUNTIME_DIR=str(private),
        TMPDIR=str(temporary),
        PYTHONDONTWRITEBYTECODE="1",
        # With the accelerator filling takes seconds; without it, minutes.
        PYTHONPATH=SITE_PACKAGES,
    )
    return env


def _run(command, env, log, timeout):
    """Run in a process group of its own; the exit code, None when out of time."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd=env["HOME"],
        )
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _kill(process)


def _kill(process):
    for sent, wait in ((signal.SIGTERM, 5), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, sent)
        except ProcessLookupError:
            break
        deadline = time.monotonic() + wait
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
    process.wait()
