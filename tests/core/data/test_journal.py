"""Finished chunks outlive their process, and only where they may be used again."""

import os

import numpy as np
import pytest
from grace_water_toolbox.core.data.chunks import ChunkRunner
from grace_water_toolbox.core.data.journal import Journal
from grace_water_toolbox.core.errors import Cancelled, WriteError
from grace_water_toolbox.core.progress import SILENT, Progress

OUTPUTS = [(3, "float32", np.nan), None, (1, "uint8", 255)]


@pytest.fixture
def values():
    x = np.random.default_rng(0).normal(size=(3, 500))
    x[:, ::7] = np.nan
    x[:, 100:150] = x[:, [100]]
    return x


class Kernel:
    """Twice the values, and their largest place; counts its pixels, dies after ``most``."""

    def __init__(self, most=np.inf):
        self.pixels, self.most = 0, most

    def __call__(self, x, check):
        check()
        self.pixels += x.shape[1]
        if self.pixels > self.most:
            raise KeyboardInterrupt()
        return 2 * x, None, x.argmax(axis=0)[None]


def run(values, journal, most=np.inf, progress=SILENT, **more):
    kernel = Kernel(most)
    # No time for a chunk: they are of one pixel after the first.
    more = {"seconds": 0.0, **more}
    runner = ChunkRunner(kernel, OUTPUTS, threads=1, journal=journal, unique=True, **more)
    return runner.run([values], progress), kernel.pixels


def equal(one, other):
    return all(a is b is None or a.tobytes() == b.tobytes() for a, b in zip(one, other))


def killed(path, values, settings="a", most=150):
    """A run that stopped in the middle, its journal as a killed process leaves it."""
    with pytest.raises(KeyboardInterrupt), Journal(path, settings, keep=True) as journal:
        run(values, journal, most)
    return journal.path


def test_a_run_goes_on_where_it_stopped(tmp_path, values):
    target = tmp_path / "out.tif"
    want, all_pixels = run(values, None)
    path = killed(target, values)
    assert path.parent == tmp_path and path.name.startswith(".out.")
    with Journal(target, "a") as journal:
        got, pixels = run(values, journal)
        assert 0 < journal.restored < all_pixels and pixels == all_pixels - journal.restored
    assert equal(got, want) and not list(tmp_path.iterdir())


def test_all_of_it_can_come_from_the_journal(tmp_path, values):
    with pytest.raises(Cancelled), Journal(tmp_path / "o.tif", "a", keep=True) as journal:
        want, _ = run(values, journal)
        raise Cancelled()
    with Journal(tmp_path / "o.tif", "a") as journal:
        got, pixels = run(values, journal)
    assert equal(got, want) and pixels == 0


@pytest.mark.parametrize("change", ["settings", "values", "nan", "target"])
def test_nothing_is_taken_from_another_run(tmp_path, values, change):
    killed(tmp_path / "out.tif", values)
    settings, target = "a", tmp_path / "out.tif"
    if change == "settings":
        settings = "b"
    elif change == "values":
        values[0, 499] = np.nextafter(values[0, 499], 9.0)
    elif change == "nan":
        values[1, 499] = np.nan
    else:
        target = tmp_path / "other.tif"
    with Journal(target, settings) as journal:
        run(values, journal)
        assert journal.restored == 0


@pytest.mark.parametrize("damage", ["cut", "flip", "garbage"])
def test_a_half_written_record_is_left_out(tmp_path, values, damage):
    want, _ = run(values, None)
    path = killed(tmp_path / "out.tif", values)
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[:-10]
    elif damage == "flip":
        content[-10] ^= 1
    else:
        content += b"GWTj and so on, but no record"
    path.write_bytes(content)
    for _ in range(2):  # the second time after records were written behind the damage
        with pytest.raises(KeyboardInterrupt), Journal(tmp_path / "out.tif", "a", True) as journal:
            run(values, journal, 10)
    with Journal(tmp_path / "out.tif", "a") as journal:
        got, _ = run(values, journal)
        assert journal.restored > 0
    assert equal(got, want)


class Stopped(Progress):
    def is_cancelled(self):
        return True


@pytest.mark.parametrize("keep", [False, True])
def test_cancel_leaves_nothing_unless_asked(tmp_path, values, keep):
    with pytest.raises(Cancelled), Journal(tmp_path / "out.tif", "a", keep) as journal:
        run(values, journal, progress=Stopped())
    assert bool(list(tmp_path.iterdir())) == keep


def test_old_journals_of_other_settings_are_swept(tmp_path, values):
    old = killed(tmp_path / "out.tif", values, "old")
    young = killed(tmp_path / "out.tif", values, "young")
    other = killed(tmp_path / "outer.tif", values, "old")
    for path in (old, other):
        os.utime(path, (1, 1))
    with Journal(tmp_path / "out.tif", "new"):
        assert young.exists() and other.exists() and not old.exists()


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(WriteError, match="writable folder"), Journal(tmp_path / "no" / "o", ""):
        pass
