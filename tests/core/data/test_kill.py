"""A process killed at any moment leaves the old file or the new one, never half of one."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from grace_water_toolbox.core.data import atomic
from grace_water_toolbox.core.data.atomic import atomic_path, atomic_paths
from grace_water_toolbox.core.data.stack import MonthlyStack

KILLS = 50
#: Seconds in which a process that wrote two files gives them their names.
SWAP = 0.002
WRITE = """
import sys
import numpy as np
from grace_water_toolbox.core.data.atomic import atomic_paths
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import StackInfo, stack_writer

grid = Grid(0.0, 40.0, 0.25, 0.25, 256, 256)
months = np.datetime64("2004-01", "M") + np.arange(60)
noise = np.random.default_rng(0).normal(size=(60, 256, 32)).astype("float32")
number = int(sys.argv[3])
print("ready", flush=True)
while True:
    number += 1
    info = StackInfo(grid, months, "cm", f"write {number}")
    with atomic_paths(sys.argv[1:3]) as paths:
        for path, sign in zip(paths, (1, -1)):
            with stack_writer(path, info) as writer:
                for row in range(0, 256, 64):
                    values = np.full((60, 64, 256), sign * number, "float32")
                    values[:, :, :32] = noise[:, row:row + 64]
                    writer.write(values, row)
        print("written", flush=True)
    print(number, flush=True)
"""


def number_in(path, sign):
    """Which write a file holds, after a look at every month and at the grid."""
    with MonthlyStack(path) as stack:
        assert stack.months.size == 60 and (stack.grid.nx, stack.grid.ny) == (256, 256)
        number = int(stack.info.long_name.split()[1])
        for first in range(0, 60, 15):
            values = stack.read(bands=range(first, first + 15))
            assert np.isfinite(values).all()
            assert (values[:, :, 32:] == sign * number).all()
    return number


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_killed_at_any_moment(tmp_path, monkeypatch):
    targets = [tmp_path / "first.tif", tmp_path / "second.tif"]
    rng = random.Random(0)
    said, advanced, between = 0, 0, 0
    for kill in range(KILLS + 1):
        started = said
        child = subprocess.Popen(
            [sys.executable, "-c", WRITE, *map(str, targets), str(said)],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert child.stdout.readline() == "ready\n"
            if kill == 0:
                begun = time.monotonic()
                assert child.stdout.readline() == "written\n"
                assert child.stdout.readline() == "1\n"
                cycle = time.monotonic() - begun
            if kill % 3 == 0:  # the names change now
                assert child.stdout.readline() == "written\n"
                time.sleep(rng.uniform(0, SWAP))
            else:
                time.sleep(rng.uniform(0, 1.5 * cycle))
        finally:
            os.kill(child.pid, signal.SIGKILL)
            rest = child.communicate()[0]
        said = max([said, kill == 0, *map(int, rest.replace("written", "").split())])
        first, second = (number_in(p, s) for p, s in zip(targets, (1, -1)))
        # Each name changes at once; the two change one after the other.
        assert said <= second <= first <= said + 1
        advanced += first > started
        between += first > second
        said = second
    left = [p.name for p in tmp_path.iterdir() if p not in targets]
    assert all(name.startswith(".") and ".part.tif" in name for name in left)
    assert left, "no kill came while a file was being written"
    print(f"{advanced} of {KILLS} kills after a new file, {between} between two, {cycle:.2f} s")
    assert advanced > 5, "hardly any file was replaced"
    monkeypatch.setattr(atomic, "STALE_SECONDS", -1.0)
    with atomic_paths(targets) as partials:
        for partial in partials:
            partial.write_bytes(b"new")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["first.tif", "second.tif"]


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def leave(folder, name, days):
    path = folder / name
    path.write_text("left by a killed run")
    past = time.time() - 86400.0 * days
    os.utime(path, (past, past))
    return name


@pytest.mark.parametrize(
    "name",
    [
        ".a.0123456789ab.part.tif",
        ".a.0123456789ab.part.tif.aux.xml",
        ".a.ffffffffffff.part.tif.ovr",
    ],
)
def test_leftovers_go_after_a_day(tmp_path, name):
    leave(tmp_path, name, 0.9)
    with atomic_path(tmp_path / "a.tif") as partial:
        partial.write_text("new")
    assert names(tmp_path) == [name, "a.tif"]
    leave(tmp_path, name, 1.1)
    with atomic_path(tmp_path / "a.tif") as partial:
        partial.write_text("newer")
    assert names(tmp_path) == ["a.tif"]
    assert (tmp_path / "a.tif").read_text() == "newer"


@pytest.mark.parametrize(
    "name",
    [
        "a.0123456789ab.part.tif",  # not hidden: not ours
        ".b.0123456789ab.part.tif",  # another target's
        ".a.0123456789ab.part.nc",
        ".a.0123456789xy.part.tif",
        ".a.0123456789ab.part.tif.txt",
        ".a.b.0123456789ab.part.tif",
    ],
)
def test_other_files_stay(tmp_path, name):
    leave(tmp_path, name, 400)
    with atomic_path(tmp_path / "a.tif") as partial:
        partial.write_text("new")
    assert names(tmp_path) == sorted([name, "a.tif"])


def test_a_backup_without_its_file_stays(tmp_path, monkeypatch):
    """It may be the only copy of what the user had."""
    monkeypatch.setattr(atomic, "STALE_SECONDS", -1.0)
    backup = leave(tmp_path, ".a.0123456789ab.part.tif.old", 400)
    with atomic_path(tmp_path / "a.tif") as partial:
        partial.write_text("new")
    assert names(tmp_path) == [backup, "a.tif"]
    with atomic_path(tmp_path / "a.tif") as partial:
        partial.write_text("newer")
    assert names(tmp_path) == ["a.tif"]


def test_a_folder_of_such_a_name_does_no_harm(tmp_path):
    leftover = tmp_path / ".a.0123456789ab.part.tif"
    leftover.mkdir()
    os.utime(leftover, (0, 0))
    with atomic_path(tmp_path / "a.tif") as partial:
        partial.write_text("new")
    assert names(tmp_path) == [leftover.name, "a.tif"]


def test_temporary_files_are_not_nested(tmp_path):
    with atomic_paths([tmp_path / "a.tif"]) as (outer,):
        with atomic_path(outer) as inner:
            assert inner == outer
            inner.write_text("new")
        assert names(tmp_path) == [outer.name]
        assert outer.read_text() == "new"
        with pytest.raises(ValueError, match="no"), atomic_path(str(outer)):
            raise ValueError("no")
        assert names(tmp_path) == [outer.name]
    assert names(tmp_path) == ["a.tif"]


def test_a_name_alike_is_an_ordinary_target(tmp_path):
    target = tmp_path / ".a.0123456789ab.part.tif"
    with atomic_path(target) as partial:
        assert partial != target
        partial.write_text("new")
    assert names(tmp_path) == [target.name]
