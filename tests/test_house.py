"""The boundaries of the house: who may import whom, and what shipped code may not contain."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ("plugin", "algorithms", "core")
QGIS = {"qgis", "processing", "PyQt5", "PyQt6"}
TRAINING = {"torch", "xgboost", "optuna", "sklearn"}
LAZY = ("scipy", "xarray", "rasterio", "netCDF4", "matplotlib", "onnxruntime", "numba")
#: For each room, the rooms it may import from (export may not be reached from here at all).
ARROWS = {
    "plugin": {"plugin", "algorithms", "core"},
    "algorithms": {"algorithms", "core"},
    "core": {"core"},
    "export": {"export", "core"},
}


def python_files(*rooms):
    return [p for room in rooms for p in sorted((ROOT / room).rglob("*.py"))]


def imports(path):
    """(absolute top-level name or room, node, whether at module level) of each import."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parts = path.relative_to(ROOT).parts
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.split(".")[0], node, id(node) in top
        elif isinstance(node, ast.ImportFrom):
            if node.level == 0:
                name = node.module.split(".")
                inside = name[0] == "grace_water_toolbox" and len(name) > 1
                yield name[1] if inside else name[0], node, id(node) in top
            else:
                base = parts[: len(parts) - node.level]
                full = [*base, *(node.module or "").split(".")]
                yield (full[0] or node.names[0].name), node, id(node) in top


@pytest.mark.parametrize("room", sorted(ARROWS))
def test_arrows_point_one_way(room):
    wrong = []
    for path in python_files(room):
        for name, node, _ in imports(path):
            if name in ARROWS and name not in ARROWS[room]:
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} imports {name}")
    assert not wrong


def test_only_the_shell_imports_qgis_and_only_export_trains():
    wrong = []
    for path in python_files("core", "export"):
        wrong += [f"{path}:{n.lineno}" for name, n, _ in imports(path) if name in QGIS]
    for path in python_files(*SHIPPED):
        banned = TRAINING | {"PyQt5", "PyQt6"}
        wrong += [f"{path}:{n.lineno}" for name, n, _ in imports(path) if name in banned]
    assert not wrong


def test_heavy_packages_are_imported_where_they_are_used():
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} {name}"
        for path in [ROOT / "__init__.py", *python_files(*SHIPPED)]
        for name, node, at_top in imports(path)
        if at_top and name in LAZY
    ]
    assert not wrong


def test_shipped_code_has_nothing_the_plugin_repository_refuses():
    wrong = []
    for path in [ROOT / "__init__.py", *python_files(*SHIPPED)]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            bad = isinstance(node, ast.Assert)
            bad |= isinstance(node, ast.ExceptHandler) and (
                node.type is None or (len(node.body) == 1 and isinstance(node.body[0], ast.Pass))
            )
            bad |= isinstance(node, ast.Attribute) and node.attr == "exec_"
            bad |= (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("eval", "exec")
            )
            if bad:
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
        for name, node, _ in imports(path):
            if name in ("subprocess", "pickle", "multiprocessing"):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {name}")
    assert not wrong


#: Who may open files with a library: the doors behind which damaged files do not get, and
#: those who open what they have just written.
DOORS = {
    "rasterio.open": {"core/data/openraster.py", "core/data/rasterfile.py", "core/data/regions.py"},
    "gdal.OpenEx": {"core/data/multidim.py"},
}


def test_files_are_opened_behind_the_check_alone():
    wrong = []
    for path in python_files(*SHIPPED):
        name = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Attribute):
                continue
            called = ast.unparse(node).replace("self._gdal.", "gdal.")
            called = "gdal.OpenEx" if called in ("gdal.Open", "gdal.OpenShared") else called
            if called in DOORS and name not in DOORS[called]:
                wrong.append(f"{name}:{node.lineno} {called}")
    assert not wrong


def test_every_package_is_listed_for_installation():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found = {p.parent.relative_to(ROOT) for room in SHIPPED for p in (ROOT / room).rglob("*.py")}
    missing = [
        folder for folder in found if f'"grace_water_toolbox.{".".join(folder.parts)}"' not in text
    ]
    assert not missing


def test_core_loads_without_heavy_packages():
    code = (
        "import sys, pkgutil, importlib, grace_water_toolbox.core as core\n"
        "for m in pkgutil.walk_packages(core.__path__, core.__name__ + '.'):\n"
        "    importlib.import_module(m.name)\n"
        f"print([n for n in {LAZY!r} if n in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
