"""ONNX Runtime installed from the menu of a real QGIS, out of a package index on this machine."""

import json
import shutil
import subprocess
import sys
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import distribution
from pathlib import Path
from threading import Event, Thread

import pytest
from grace_water_toolbox.core.dependencies import install_onnxruntime
from headless import ROOT, Headless
from window import run_in_window

HERE = Path(__file__).resolve().parent
MODEL = next((ROOT / "models" / "sample-trees").glob("*.onnx"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The real wheel of the version that this Python gets."""
    pinned = install_onnxruntime()[-1]
    folder = tmp_path_factory.mktemp("index") / "onnxruntime"
    folder.mkdir()
    installed = distribution("onnxruntime")
    if f"onnxruntime=={installed.version}" != pinned:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, pinned]
        subprocess.run(command, check=True)
        return next(folder.glob("*.whl"))
    # Packed again from what is installed, file by file of its own record.
    tags = [
        line.split(": ", 1)[1]
        for line in installed.read_text("WHEEL").splitlines()
        if line.startswith("Tag: ")
    ]
    python, abi, _ = tags[0].split("-")
    platforms = ".".join(tag.split("-")[2] for tag in tags)
    path = folder / f"onnxruntime-{installed.version}-{python}-{abi}-{platforms}.whl"
    made_by_pip = {"INSTALLER", "REQUESTED", "direct_url.json"}
    with zipfile.ZipFile(path, "w") as archive:
        for file in installed.files:
            parts = file.parts
            if ".." in parts or "__pycache__" in parts or file.name in made_by_pip:
                continue
            archive.write(file.locate(), file.as_posix())
    return path


class Index(SimpleHTTPRequestHandler):
    """A folder of packages; wheels below /stalled/ stop half-way until ``released``."""

    released = Event()

    def log_message(self, *_):
        """Keep quiet."""

    def translate_path(self, path):
        return super().translate_path(path.replace("/stalled/", "/", 1).replace("/whole/", "/", 1))

    def copyfile(self, source, outputfile):
        if self.path.startswith("/stalled/") and self.path.endswith(".whl"):
            outputfile.write(source.read(2**20))
            outputfile.flush()
            self.released.wait(120)
        else:
            super().copyfile(source, outputfile)


@pytest.fixture(scope="module")
def index(wheel):
    """The address of the package index."""
    serve = partial(Index, directory=str(wheel.parent.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        Index.released.set()
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def shown(index, tmp_path_factory):
    """What happened in the window, and its folder of pictures and packages."""
    folder = tmp_path_factory.mktemp("install")
    indexes = {
        "closed": "http://127.0.0.1:9/simple",
        "stalled": f"{index}/stalled",
        "whole": f"{index}/whole",
    }
    environment = {
        "PYTHONPATH": "",
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_FIND_LINKS": "",
        "PIP_RETRIES": "1",
    }
    asked = {"indexes": indexes, "model": str(MODEL)}
    return run_in_window(
        HERE / "scenario_install.py", asked, folder, environment=environment
    ), folder


pytestmark = pytest.mark.window


def test_it_shows_the_command_and_asks_before_anything_is_run(shown):
    result, _ = shown
    assert result["missing before"] == ["onnxruntime"]
    command = result["command"]
    assert command[1:4] == ["-m", "pip", "install"]
    target = command[command.index("--target") + 1]
    assert "/profiles/default/grace_water_toolbox/" in target
    assert "--no-deps" in command and "--only-binary=:all:" in command
    assert all(word in result["shown"] for word in command)
    # The interpreter of the Python inside QGIS, wherever the search path leads to.
    asked = [command[0], "-c", "import os; print(os.__file__)"]
    found = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    assert Path(found).samefile(result["library"])
    assert result["before asking"] == []


def test_without_a_connection_it_says_so_and_leaves_nothing(shown):
    closed = shown[0]["closed"]
    assert "cannot be reached" in closed["outcome"] and "Nothing was installed" in closed["outcome"]
    assert "NewConnectionError" in closed["log"]
    assert closed["left"] == [] and closed["missing"] == ["onnxruntime"]


def test_cancelled_while_downloading_it_leaves_nothing(shown):
    stalled = shown[0]["stalled"]
    assert "installing/packages" in shown[0]["while running"] or (
        "installing/tmp" in shown[0]["while running"]
    )
    assert stalled["outcome"] == "Cancelled: nothing was installed."
    assert stalled["left"] == [] and stalled["missing"] == ["onnxruntime"]


def test_installed_it_is_ready_in_the_same_qgis(shown):
    result, _ = shown
    whole = result["whole"]
    assert "installed and ready" in whole["outcome"], whole["log"]
    assert "Successfully installed onnxruntime" in whole["log"]
    assert "Loaded: onnxruntime" in whole["log"]
    assert f"with numpy {result['own numpy']}" in whole["log"]
    assert whole["missing"] == []
    python = "python{}.{}".format(*result["python"])
    names = {Path(name).name.split("-")[0] for name in whole["left"] if "/" in name}
    # The package and its record: no numpy, no scripts, no scratch folder.
    assert names == {"onnxruntime"} and python in whole["left"] and len(whole["left"]) == 3
    assert "grace_water_toolbox" not in result["numpy"]
    assert "will be replaced" in result["again"]
    assert "must be installed" not in result["report"]


def test_leaving_qgis_while_it_runs_leaves_what_was_there(shown):
    result, folder = shown
    running, meanwhile = result["running"]
    assert running and "installing" in meanwhile
    left = json.loads((folder / "left.json").read_text(encoding="utf-8"))
    assert left == result["whole"]["left"]


def test_the_next_qgis_finds_it(shown, tmp_path):
    result, folder = shown
    with Headless() as qgis:
        python = "python{}.{}".format(*result["python"])
        target = qgis.folder / "profiles" / "default" / "grace_water_toolbox" / python
        report = tmp_path / "model.html"
        qgis.run("gracewater:inspectmodel", MODEL=MODEL, OUTPUT_HTML=report)
        before = report.read_text(encoding="utf-8")
        shutil.copytree(folder / "packages", target)
        qgis.run("gracewater:inspectmodel", MODEL=MODEL, OUTPUT_HTML=report)
    after = report.read_text(encoding="utf-8")
    assert "pip install" in before and "Install ONNX Runtime" in before
    assert "pip install" not in after
