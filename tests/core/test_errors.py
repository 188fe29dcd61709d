"""What an analyst reads when something is wrong, and how runs report and stop."""

import pickle
import sys

import pytest
from grace_water_toolbox.core import errors
from grace_water_toolbox.core.dependencies import check_packages, missing_error, missing_packages
from grace_water_toolbox.core.errors import (
    Cancelled,
    DataError,
    DependencyError,
    GraceWaterError,
    GridError,
    located,
)
from grace_water_toolbox.core.progress import SILENT, Progress


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("a file is expected",), "a file is expected."),
        (("a file is expected.",), "a file is expected."),
        (("a file is expected", "none"), "a file is expected; found none."),
        (("a file is expected", 0), "a file is expected; found 0."),
        (("a file is expected", "none", "x.nc"), "x.nc: a file is expected; found none."),
        (
            ("a file is expected", "none", "x.nc", "Download it."),
            "x.nc: a file is expected; found none. Download it.",
        ),
        (("a file is expected", "", "", "Download it."), "a file is expected. Download it."),
    ],
)
def test_text(parts, text):
    assert str(DataError(*parts)) == text


def test_parts_are_kept_as_text():
    error = GridError("a", OSError("no"), "c", "d")
    assert (error.expected, error.found, error.where, error.remedy) == ("a", "no", "c", "d")


def family():
    return [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, GraceWaterError)
    ]


def test_one_family():
    assert len(family()) >= 9
    assert not issubclass(Cancelled, GraceWaterError)
    for kind in family():
        with pytest.raises(GraceWaterError):
            raise kind("something is expected")


@pytest.mark.parametrize("kind", family())
def test_errors_survive_a_copy(kind):
    """Pools and debuggers copy exceptions."""
    import copy

    error = kind("a", "b", "c", "d")
    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(twin) is kind and str(twin) == str(error) and twin.where == "c"


def test_located_names_what_has_no_name():
    with pytest.raises(GridError, match=r"^x\.tif: a; found b\. d$") as caught, located("x.tif"):
        raise GridError("a", "b", remedy="d")
    assert isinstance(caught.value.__cause__, GridError)


def test_located_keeps_a_better_name():
    with pytest.raises(GridError, match=r"^band 3: a\.$"), located("x.tif"):
        raise GridError("a", where="band 3")


def test_located_leaves_others_alone():
    with pytest.raises(Cancelled), located("x.tif"):
        raise Cancelled()
    with pytest.raises(ValueError, match=r"^a$"), located("x.tif"):
        raise ValueError("a")


class Log(Progress):
    def __init__(self):
        self.fractions, self.lines, self.stop = [], [], False

    def set(self, fraction):
        self.fractions.append(fraction)

    def info(self, message):
        self.lines.append(("info", message))

    def warn(self, message):
        self.lines.append(("warn", message))

    def is_cancelled(self):
        return self.stop


def test_parts_of_progress():
    log = Log()
    half = log.part(0.5, 1.0)
    for fraction in (0, 0.5, 1):
        half.set(fraction)
    half.part(0.5, 1).set(0.5)
    assert log.fractions == [0.5, 0.75, 1.0, 0.875]
    half.info("a")
    half.part(0, 1).warn("b")
    assert log.lines == [("info", "a"), ("warn", "b")]


def test_cancel_reaches_every_part():
    log = Log()
    part = log.part(0, 0.5).part(0, 0.5)
    part.check()
    log.stop = True
    assert part.is_cancelled()
    with pytest.raises(Cancelled):
        part.check()


def test_silence_is_never_cancelled():
    SILENT.set(0.5)
    SILENT.info("a")
    SILENT.warn("b")
    SILENT.check()
    assert not SILENT.is_cancelled() and not SILENT.part(0, 1).is_cancelled()


def test_missing_packages():
    assert missing_packages(["json", "no_such_package_here", "numpy"]) == ["no_such_package_here"]
    check_packages(["json", "numpy"])
    with pytest.raises(DependencyError) as caught:
        check_packages(["json", "no_such_package", "Another_one"])
    text = str(caught.value)
    assert text.startswith("the Python packages no_such_package, Another_one must be installed.")
    assert "apt install python3-no_such_package python3-another_one'" in text
    assert "conda-forge no_such_package Another_one'" in text
    assert "the Python package scipy must" in str(missing_error(["scipy"]))
    assert "pip" not in str(missing_error(["scipy"]))
    assert "--no-deps --only-binary=:all: onnxruntime==" in str(missing_error(["onnxruntime"]))


def test_a_module_inside_a_missing_package():
    assert missing_packages(["no_such_package.inside"]) == ["no_such_package.inside"]


def test_looking_for_packages_does_not_load_them():
    sys.modules.pop("antigravity", None)
    assert missing_packages(["antigravity"]) == []
    assert "antigravity" not in sys.modules
