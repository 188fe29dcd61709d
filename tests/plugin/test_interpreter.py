"""The interpreter of QGIS's Python among files that only look like it; what pip's words mean."""

import os
import sys

import pytest
from grace_water_toolbox.core.dependencies import install_onnxruntime
from grace_water_toolbox.plugin.installing import replace_package
from grace_water_toolbox.plugin.interpreter import find_interpreter, interpreters
from grace_water_toolbox.plugin.pip_messages import explain


def program(path, text="#!/bin/sh\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def test_windows_never_offers_qgis_itself(tmp_path):
    qgis = program(tmp_path / "bin" / "qgis-bin.exe")
    beside = program(tmp_path / "bin" / "python3.exe")
    own = program(tmp_path / "apps" / "Python312" / "python.exe")
    prefix = tmp_path / "apps" / "Python312"
    assert interpreters("win32", qgis, [prefix], (3, 12)) == [own, beside]


def test_macos_of_qgis_3_and_4(tmp_path):
    qgis = program(tmp_path / "QGIS.app" / "Contents" / "MacOS" / "QGIS")
    folder = tmp_path / "QGIS.app" / "Contents" / "MacOS"
    wrapped = program(folder / "python3.12")
    wrapper = program(folder / "python")
    prefixes = [tmp_path / "QGIS.app" / "Contents" / "Frameworks"]
    assert interpreters("darwin", qgis, prefixes, (3, 12)) == [wrapper, wrapped]
    older = program(folder / "bin" / "python3")
    assert interpreters("darwin", qgis, prefixes, (3, 12)) == [older, wrapper, wrapped]


def test_linux_takes_the_prefix_before_the_search_path(tmp_path):
    first_on_path = program(tmp_path / "shims" / "python3")
    own = program(tmp_path / "usr" / "bin" / "python3")
    program(tmp_path / "usr" / "bin" / "python3.99")
    (tmp_path / "usr" / "bin" / "python3.99").chmod(0o644)  # not a program
    found = interpreters("linux", first_on_path, [tmp_path / "usr"], (3, 99))
    assert found == [own, first_on_path]


def test_each_is_asked_and_another_installation_comes_last(tmp_path):
    version = " ".join(map(str, sys.version_info[:2]))
    library = os.__file__
    silent = program(tmp_path / "silent")
    old = program(tmp_path / "old", f"#!/bin/sh\necho 3 1 True {library}\n")
    other = program(tmp_path / "other", f"#!/bin/sh\necho {version} True /no/such/os.py\n")
    bare = program(tmp_path / "bare", f"#!/bin/sh\necho {version} False {library}\n")
    missing = str(tmp_path / "missing")
    assert find_interpreter([missing, silent, old]) == (None, False)
    assert find_interpreter([silent, old, other]) == (other, True)
    assert find_interpreter([other, bare]) == (bare, False)
    assert find_interpreter([other, bare, sys.executable]) == (sys.executable, True)


def test_this_machine_has_one():
    path, has_pip = find_interpreter()
    assert has_pip and os.access(path, os.X_OK)


@pytest.mark.parametrize(
    ("output", "meaning"),
    [
        ("/usr/bin/python3: No module named pip", "python3-pip"),
        ("Failed to establish a new connection: [Errno -3] name resolution", "offline"),
        ("ProxyError('Cannot connect to proxy.')\nERROR: No matching distribution", "HTTPS_PROXY"),
        ("SSLError(CERTIFICATE_VERIFY_FAILED)\nCould not fetch URL", "PIP_CERT"),
        ("ERROR: No matching distribution found for onnxruntime==9", "conda"),
        ("ERROR: Could not install: [Errno 28] No space left on device", "disk"),
        ("ImportError: DLL load failed while importing", "Visual C++"),
        ("ModuleNotFoundError: No module named 'numpy'", "cannot load it"),
        ("ERROR: something nobody foresaw\n\n", "something nobody foresaw"),
        ("", "without a word"),
    ],
)
def test_what_pip_says_is_explained(output, meaning):
    said = explain(output)
    assert said.startswith("Nothing was installed. ") and meaning in said


def folders(tmp_path):
    new, folder = tmp_path / "new", tmp_path / "python3.11"
    for name in ("onnxruntime", "onnxruntime-2.dist-info", "bin"):
        (new / name).mkdir(parents=True)
        (new / name / "new.txt").write_text("new")
    for name in ("onnxruntime", "onnxruntime-1.dist-info", "another"):
        (folder / name).mkdir(parents=True)
        (folder / name / "old.txt").write_text("old")
    return new, folder


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*.txt"))


def test_a_new_version_takes_the_place_of_the_old_and_of_nothing_else(tmp_path):
    new, folder = folders(tmp_path)
    replace_package(new, folder, tmp_path / "old", "onnxruntime")
    assert files(folder) == [
        "another/old.txt",
        "onnxruntime-2.dist-info/new.txt",
        "onnxruntime/new.txt",
    ]


def test_a_move_that_fails_puts_everything_back(tmp_path):
    new, folder = folders(tmp_path)
    before = files(folder), files(new)
    # The second move meets a folder in its place that is not empty.
    occupied = tmp_path / "old" / "onnxruntime-1.dist-info"
    occupied.mkdir(parents=True)
    (occupied / "in the way").write_text("x")
    with pytest.raises(OSError, match="onnxruntime-1"):
        replace_package(new, folder, tmp_path / "old", "onnxruntime")
    assert (files(folder), files(new)) == before


def test_versions_by_python_and_processor():
    assert install_onnxruntime("x", (3, 9))[-1] == "onnxruntime==1.19.2"
    assert install_onnxruntime("x", (3, 10))[-1] == "onnxruntime==1.23.2"
    newest = install_onnxruntime("x", (3, 14), ("Linux", "x86_64"))[-1]
    assert newest == install_onnxruntime("x", (3, 12), ("Darwin", "arm64"))[-1]
    assert install_onnxruntime("x", (3, 12), ("Darwin", "x86_64"))[-1] == "onnxruntime==1.23.2"
    assert install_onnxruntime("x", (3, 9), ("Darwin", "x86_64"))[-1] == "onnxruntime==1.19.2"
