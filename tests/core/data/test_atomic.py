"""Files appear whole or not at all."""

import os

import pytest
from grace_water_toolbox.core.data.atomic import atomic_path, atomic_paths, scratch_path
from grace_water_toolbox.core.errors import Cancelled, WriteError

SIDECARS = (".aux.xml", ".ovr", ".msk")


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_the_file_appears_at_the_end(tmp_path):
    target = tmp_path / "a.tif"
    with atomic_path(target) as partial:
        assert partial.parent == tmp_path and partial.suffix == ".tif"
        partial.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert names(tmp_path) == ["a.tif"]


@pytest.mark.parametrize("error", [ValueError, Cancelled, KeyboardInterrupt])
def test_an_exception_leaves_nothing_and_keeps_the_old_file(tmp_path, error):
    target = tmp_path / "a.tif"
    for path in (target, tmp_path / "a.tif.aux.xml"):
        path.write_text("old")
    with pytest.raises(error), atomic_path(str(target)) as partial:
        partial.write_text("half")
        partial.with_name(partial.name + ".aux.xml").write_text("half")
        raise error()
    assert names(tmp_path) == ["a.tif", "a.tif.aux.xml"]
    assert target.read_text() == "old"


def test_stale_side_files_go(tmp_path):
    target = tmp_path / "a.tif"
    for end in ("", *SIDECARS):
        (tmp_path / f"a.tif{end}").write_text("old")
    (tmp_path / "a.tfw").write_text("another")
    with atomic_path(target) as partial:
        partial.write_text("new")
    assert names(tmp_path) == ["a.tfw", "a.tif"]


def test_missing_folder(tmp_path):
    target = tmp_path / "no" / "a.tif"
    message = r"a\.tif: an existing, writable folder is expected; found no folder"
    with pytest.raises(WriteError, match=message), atomic_path(target):
        pytest.fail("unreachable")
    assert names(tmp_path) == []


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="a folder nobody can write to")  # noqa: PTH112
def test_folder_that_cannot_be_written():
    message = r"^/proc/self/a\.tif: a writable folder is expected"
    with pytest.raises(WriteError, match=message), atomic_path("/proc/self/a.tif"):
        pytest.fail("unreachable")


@pytest.mark.parametrize("content", [[], ["x"]])
def test_target_is_a_folder(tmp_path, content):
    target = tmp_path / "a.tif"
    target.mkdir()
    for name in content:
        (target / name).touch()
    message = r"a\.tif: the name of a file is expected; found a folder"
    with pytest.raises(WriteError, match=message), atomic_path(target):
        pytest.fail("unreachable")
    assert names(tmp_path) == ["a.tif"] and names(target) == content


def test_long_names_are_possible(tmp_path):
    target = tmp_path / ("грунтовая вода " * 8 + ".tif")  # close to the 255 bytes of ext4
    with atomic_path(target) as partial:
        partial.write_text("new")
    assert names(tmp_path) == [target.name]


def test_several_appear_together(tmp_path):
    (tmp_path / "a.tif").write_text("old")
    with atomic_paths([tmp_path / "a.tif", None, tmp_path / "b.tif"]) as (a, none, b):
        assert none is None
        a.write_text("new a")
        b.write_text("new b")
    assert (tmp_path / "a.tif").read_text() == "new a"
    assert names(tmp_path) == ["a.tif", "b.tif"]


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_one_that_cannot_be_replaced_takes_the_others_along(tmp_path, broken):
    targets = [tmp_path / name for name in ("a.tif", "b.tif", "c.tif")]
    targets[0].write_text("old")
    (tmp_path / "a.tif.ovr").write_text("old")
    targets[2].write_text("old")
    message = rf"{targets[broken].name}: .*can be replaced"
    with pytest.raises(WriteError, match=message), atomic_paths(targets) as partials:
        for partial in partials:
            partial.write_text("new")
        targets[broken].unlink(missing_ok=True)
        targets[broken].mkdir()
    left = {p.name: p.is_dir() or p.read_text() for p in tmp_path.iterdir()}
    expected = {"a.tif": "old", "c.tif": "old", "a.tif.ovr": "old", targets[broken].name: True}
    assert left == expected


def test_an_exception_leaves_none_of_several(tmp_path):
    with pytest.raises(ValueError, match="no"), atomic_paths([tmp_path / "a", tmp_path / "b"]):
        raise ValueError("no")
    assert names(tmp_path) == []
    with pytest.raises(WriteError), atomic_paths([tmp_path / "a", tmp_path / "no" / "b"]):
        pytest.fail("unreachable")
    assert names(tmp_path) == []


def test_two_outputs_in_one_file(tmp_path):
    paths = [tmp_path / "a", f"{tmp_path}/./a"]
    with pytest.raises(WriteError, match="a file of its own"), atomic_paths(paths):
        pytest.fail("unreachable")
    assert names(tmp_path) == []


def test_a_scratch_file_lies_beside_its_target_and_goes(tmp_path):
    with scratch_path(tmp_path / "o.tif") as path:
        assert path.parent == tmp_path and path.suffix == ".tif"
        path.write_bytes(b"x")
    with pytest.raises(ValueError), scratch_path(tmp_path / "o.tif") as path:
        raise ValueError
    assert list(tmp_path.iterdir()) == []
