"""The toolbox lists everything with packages missing or broken, and says what to do."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from grace_water_toolbox.algorithms.registry import ALGORITHMS
from headless import Headless

LAZY = ("scipy", "xarray", "rasterio", "netCDF4", "matplotlib", "onnxruntime", "numba")
IDS = sorted(a.ID for a in ALGORITHMS)


def without(packages, task, *arguments):
    script = Path(__file__).with_name("shadowed_run.py")
    done = subprocess.run(
        [sys.executable, str(script), ",".join(packages), task, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ, QT_QPA_PLATFORM="offscreen"),
        timeout=120,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines, done.stdout + done.stderr
    return json.loads(lines[-1])


def test_everything_is_listed_with_all_packages_absent():
    answer = without(LAZY, "list", ",".join(LAZY))
    assert [n for n in answer["listed"] if n in IDS] == IDS
    assert answer["loaded"] == [] and answer["after"] is False
    assert min(answer["help"].values()) > 300
    for algorithm in ALGORITHMS:
        can, reason = answer["can"][algorithm.ID]
        # Reading what a model says of itself needs no package.
        assert can is not bool(algorithm.REQUIRES), algorithm.ID
        if can:
            continue
        assert "rasterio" in reason and "must be installed" in reason and "apt install" in reason


def test_loading_the_provider_loads_no_heavy_package():
    answer = without([], "list", ",".join(LAZY))
    assert answer["loaded"] == []
    assert all(can for can, _ in answer["can"].values())


def test_running_without_packages_says_which_and_how(tmp_path, make_stack):
    stack = make_stack(tmp_path / "in.tif", np.arange(30.0))
    parameters = {"INPUT": stack, "OUTPUT": str(tmp_path / "out.tif")}
    answer = without(LAZY, "fillgapslinear", json.dumps(parameters))
    assert answer["check"][0] is False
    message = answer["check"][1]
    assert answer["run"] == [False, {}] and answer["said"] == [message]
    assert "the Python package rasterio must be installed" in message
    assert "apt install python3-rasterio" in message and "OSGeo4W" in message
    assert not (tmp_path / "out.tif").exists()


def needed(algorithm, tmp_path, make_stack):
    values = np.sin(np.arange(60.0))
    stack = make_stack(tmp_path / "in.tif", values)
    given = {"INPUT": stack, "OUTPUT": str(tmp_path / "out.tif")}
    return {
        "fillgapsssa": {**given, "PRESET": "fixed", "WINDOW": 12, "MODES": 3},
        "separategroundwater": {
            **given,
            "SOILMOISTURE": make_stack(tmp_path / "sm.tif", values / 2),
            "OUTPUT_OBSERVED": str(tmp_path / "seen.tif"),
        },
    }.get(algorithm, given)


@pytest.mark.parametrize("algorithm", ["fillgapslinear", "fillgapsssa", "separategroundwater",
                                       "trendmap"])  # fmt: skip
def test_what_is_not_required_is_not_used(algorithm, tmp_path, make_stack):
    requires = next(a.REQUIRES for a in ALGORITHMS if algorithm == a.ID)
    parameters = needed(algorithm, tmp_path, make_stack)
    hidden = [n for n in LAZY if n not in requires]
    answer = without(hidden, algorithm, json.dumps(parameters))
    assert answer["run"][0] is True, answer
    assert (tmp_path / "out.tif").exists()


@pytest.fixture
def broken_packages(tmp_path):
    """A folder in which every package is there but does not load."""
    for name in LAZY:
        folder = tmp_path / "broken" / name
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(
            f'raise ImportError("{name}: libproj.so.15 not found")\n', encoding="utf-8"
        )
    return tmp_path / "broken"


@pytest.mark.headless
def test_qgis_process_lists_everything_with_broken_packages(broken_packages):
    with Headless(python_path=broken_packages) as qgis:
        done = qgis.call("list", timeout=120)
    for name in IDS:
        assert name in done.stdout, done.stdout + done.stderr
    assert "libproj" not in done.stdout + done.stderr


@pytest.mark.headless
def test_qgis_process_says_which_package_does_not_load(broken_packages, tmp_path, make_stack):
    stack = make_stack(tmp_path / "in.tif", np.arange(30.0))
    with Headless(python_path=broken_packages) as qgis:
        done = qgis.call("run", "gracewater:fillgapslinear", f"--INPUT={stack}",
                         f"--OUTPUT={tmp_path / 'out.tif'}", timeout=120)  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode != 0 and not (tmp_path / "out.tif").exists()
    assert "rasterio: libproj.so.15 not found" in said and "Reinstall it" in said
    assert "Traceback" not in said


def test_without_onnx_runtime_downscaling_is_listed_and_says_what_to_install():
    answer = without(["onnxruntime"], "list", "")
    assert [n for n in answer["listed"] if n in IDS] == IDS
    can = answer["can"]
    needing = sorted(a.ID for a in ALGORITHMS if "onnxruntime" in a.REQUIRES)
    assert needing and sorted(n for n in IDS if not can[n][0]) == needing
    for name in needing:
        reason = can[name][1]
        assert "pip install --target" in reason and "--no-deps --only-binary=:all:" in reason
        assert f"python{sys.version_info.major}.{sys.version_info.minor}" in reason
        assert "python3-onnxruntime" not in reason and "apt install" not in reason


@pytest.mark.headless
def test_qgis_process_says_how_to_get_onnx_runtime(tmp_path, make_stack):
    """The QGIS of this machine has none: its Python sees no virtual environment."""
    stack = make_stack(tmp_path / "set.tif", np.arange(3.0))
    (tmp_path / "m.onnx").write_bytes(b"")
    with Headless() as qgis:
        done = qgis.call("run", "gracewater:downscale", f"--MODEL={tmp_path / 'm.onnx'}",
                         f"--PREDICTORS={stack}", f"--OUTPUT={tmp_path / 'out.tif'}",
                         timeout=120)  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode != 0 and "Traceback" not in said
    assert "onnxruntime must be installed" in said and "pip install --target" in said
    assert "grace_water_toolbox" in said


@pytest.fixture
def write_linear():
    from ..algorithms.downscaling.conftest import write_linear

    return write_linear


@pytest.mark.headless
def test_onnx_runtime_in_the_profile_is_found(tmp_path, write_linear):
    import onnxruntime

    model = write_linear(tmp_path / "model.onnx")
    with Headless() as qgis:
        assert qgis.run("gracewater:inspectmodel", MODEL=model)["RUNS"] is False
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        packages = qgis.folder / "profiles" / "default" / "grace_water_toolbox" / version
        packages.mkdir(parents=True)
        (packages / "onnxruntime").symlink_to(onnxruntime.__path__[0])
        assert qgis.run("gracewater:inspectmodel", MODEL=model)["RUNS"] is True
