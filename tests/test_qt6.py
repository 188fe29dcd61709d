"""What is written for Qt 5 exists in Qt 6 too, under the same name.

QGIS 4 runs on Qt 6, which knows an enumeration's members only through the
enumeration (``Qt.AlignmentFlag.AlignLeft``). Every name that shipped code takes from
``qgis.PyQt`` is looked up in PyQt6, in a process of its own: two Qt's do not share one.
"""

import ast
import enum
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = [ROOT / "__init__.py", *sorted((ROOT / "plugin").rglob("*.py"))]
SHIPPED += sorted((ROOT / "algorithms").rglob("*.py"))
#: The one file that may know of versions.
COMPAT = ROOT / "algorithms" / "compat.py"
LOOK_UP = """
import importlib, json, sys
missing = []
for place, module, chain in json.load(sys.stdin):
    thing = importlib.import_module("PyQt6" + module)
    for name in chain:
        if not hasattr(thing, name):
            try:
                thing = importlib.import_module(f"{thing.__name__}.{name}")
            except (ImportError, AttributeError):
                missing.append(f"{place}: {module[1:]}.{'.'.join(chain)}")
                break
        else:
            thing = getattr(thing, name)
            if not isinstance(thing, type) and type(thing).__name__ != "module":
                break
print(json.dumps(missing))
"""


def bindings(tree, package):
    """{local name: (module below ``package``, imported names)} of a file's imports."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level:
            module = node.module
            if module == package or module.startswith(package + "."):
                for alias in node.names:
                    found[alias.asname or alias.name] = (module[len(package) :], [alias.name])
    return found


def chain_of(node):
    """The names of ``a.b.c``, or of ``a(...).b``; None for anything else."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        inner = chain_of(node.value.func if isinstance(node.value, ast.Call) else node.value)
        return inner and [*inner, node.attr]
    return None


def uses(source, package, place="code"):
    """(place, module, names) for each name that ``source`` takes from ``package``."""
    tree = ast.parse(source)
    known = bindings(tree, package)
    found = [(place, module, names) for module, names in known.values()]
    for node in ast.walk(tree):
        chain = chain_of(node) if isinstance(node, ast.Attribute) else None
        if chain and chain[0] in known:
            module, names = known[chain[0]]
            found.append((f"{place}:{node.lineno}", module, [*names, *chain[1:]]))
    return found


def unknown_to_qt6(found):
    done = subprocess.run(
        [sys.executable, "-c", LOOK_UP],
        input=json.dumps(found),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def unscoped(found):
    """Members of QGIS's enumerations that are reached past the enumeration."""
    import qgis.core

    wrong = []
    for place, _, names in found:
        owner, thing = None, qgis.core
        for name in names:
            owner, thing = thing, getattr(thing, name, None)
        nested = getattr(type(thing), "__qualname__", "").rpartition(".")
        if isinstance(owner, type) and nested[0] == owner.__qualname__:
            wrong.append(f"{place}: {'.'.join(names)} of {nested[2]}")
    return wrong


def relative(path):
    return str(path.relative_to(ROOT))


def test_every_qt_name_is_in_pyqt6():
    found = [u for p in SHIPPED for u in uses(p.read_text("utf-8"), "qgis.PyQt", relative(p))]
    assert {"QIcon", "QColor", "QCoreApplication"} <= {names[0] for _, _, names in found}
    assert unknown_to_qt6(found) == []


def test_every_enumeration_of_qgis_is_scoped():
    found = [u for p in SHIPPED for u in uses(p.read_text("utf-8"), "qgis.core", relative(p))]
    assert len(found) > 100
    assert unscoped(found) == []


@pytest.mark.parametrize("path", SHIPPED, ids=relative)
def test_no_ways_of_qt5(path):
    wrong = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Attribute):
            names = [node.attr]
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            module = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names = [*module, *(a.name for a in node.names)]
        elif isinstance(node, ast.Name):
            names = [node.id]
        for name in names:
            bad = name == "exec_" or name.split(".")[0] in ("PyQt5", "PyQt6", "sip", "PySide6")
            bad |= name == "QVariant" and path != COMPAT
            if bad:
                wrong.append(f"{relative(path)}:{node.lineno} {name}")
    assert not wrong


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("from qgis.PyQt.QtCore import Qt\nQt.AlignLeft", 1),
        ("from qgis.PyQt.QtCore import Qt\nQt.AlignmentFlag.AlignLeft", 0),
        ("from qgis.PyQt import QtCore\nQtCore.Qt.AlignLeft", 1),
        ("from qgis.PyQt import QtCore as C\nC.Qt.AlignmentFlag.AlignLeft", 0),
        ("from qgis.PyQt.QtCore import QVariant\nQVariant.Int", 1),
        ("from qgis.PyQt.QtCore import QRegExp", 1),
        ("from qgis.PyQt.QtWidgets import QDialog\nQDialog().exec_()", 1),
        ("from qgis.PyQt.QtWidgets import QDialog as D\nD().exec()", 0),
        ("from qgis.PyQt.QtGui import QColor\nQColor(1, 2, 3).name().upper()", 0),
    ],
)
def test_the_look_up_sees_what_qt6_lacks(source, count):
    assert len(unknown_to_qt6(uses(source, "qgis.PyQt"))) == count


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("QgsWkbTypes.Polygon", 1),
        ("QgsWkbTypes.Type.Polygon", 0),
        ("QgsWkbTypes.displayString", 0),
        ("QgsWkbTypes.Type", 0),
    ],
)
def test_the_look_up_sees_unscoped_members(line, count):
    source = f"from qgis.core import QgsWkbTypes\n{line}"
    assert len(unscoped(uses(source, "qgis.core"))) == count


def test_this_process_is_not_mixed_with_qt6():
    from qgis.PyQt import QtCore

    assert QtCore.PYQT_VERSION_STR.startswith("5") or issubclass(QtCore.Qt.AlignmentFlag, enum.Enum)
    assert not {"PyQt5.QtCore", "PyQt6.QtCore"} <= set(sys.modules)
