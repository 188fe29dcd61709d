"""The block engine: every cell once, same answers however it is cut, quick to stop."""

import threading
import time

import numpy as np
import pytest
from grace_water_toolbox.core.data.blasthreads import blas_threads, single_blas_thread
from grace_water_toolbox.core.data.blocks import plan_blocks, run_blocks
from grace_water_toolbox.core.data.chunks import ChunkRunner
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.rasterfile import RasterWriter, tile_shape
from grace_water_toolbox.core.errors import Cancelled, DataError
from grace_water_toolbox.core.progress import Progress
from hypothesis import given, settings
from hypothesis import strategies as st

GRID = Grid(0.0, 60.0, 0.5, 0.5, 70, 40)
MONTHS = 6


def grid_of(nx, ny):
    return Grid(0.0, 60.0, 0.01, 0.01, nx, ny)


@settings(max_examples=150, deadline=None)
@given(
    nx=st.integers(1, 900),
    ny=st.integers(1, 900),
    bytes_per_cell=st.integers(1, 5000),
    memory=st.integers(1, 2**29),
)
def test_plan_covers_every_cell_once(nx, ny, bytes_per_cell, memory):
    seen = np.zeros((ny, nx), int)
    grid = grid_of(nx, ny)
    tile_y, tile_x = tile_shape(grid)
    for row, col, height, width in plan_blocks(grid, bytes_per_cell, memory):
        assert height > 0 and width > 0
        # One row of a tile is the least that is read.
        assert height * width <= max(memory / bytes_per_cell, min(nx, tile_x))
        seen[row : row + height, col : col + width] += 1
        if memory >= bytes_per_cell * tile_x * tile_y:
            assert row % tile_y == 0 and col % tile_x == 0
    assert (seen == 1).all()


def test_plan_of_a_small_raster_is_one_block():
    assert plan_blocks(GRID, 8 * 265 * 6, 512 * 2**20) == [(0, 0, 40, 70)]


def test_plan_takes_whole_tiles():
    grid = grid_of(1000, 600)
    assert plan_blocks(grid, 1, 256 * 1000)[:2] == [(0, 0, 256, 1000), (256, 0, 256, 1000)]
    assert plan_blocks(grid, 1, 256 * 600)[:2] == [(0, 0, 256, 512), (0, 512, 256, 488)]


def test_parts_of_a_tile_are_even_and_follow_each_other():
    grid = grid_of(300, 300)
    assert plan_blocks(grid, 1, 256 * 100) == [
        *[(0, 0, 86, 256), (86, 0, 86, 256), (172, 0, 84, 256)],
        *[(0, 256, 86, 44), (86, 256, 86, 44), (172, 256, 84, 44)],
        *[(256, 0, 44, 256), (256, 256, 44, 44)],
    ]


@pytest.fixture(scope="module")
def values():
    field = np.random.default_rng(0).normal(size=(MONTHS, *GRID.shape))
    field[:, 5:8, 9:20] = np.nan
    field[2, 30] = np.nan
    return field


def reader(values):
    return lambda row, col, ny, nx: values[:, row : row + ny, col : col + nx]


def kernel(x, check):
    """Two outputs, (time, pixel) and (1, pixel), without sums that depend on the cut."""
    check()
    return x * 2.0, x.max(axis=0, keepdims=True)


def run(folder, values, kernel=kernel, progress=None, **options):
    paths = [folder / "a.tif", folder / "b.tif"]
    bands = [[f"b{i}" for i in range(MONTHS)], ["max"]]
    a, b = (RasterWriter(p, GRID, names, dtype="float64") for p, names in zip(paths, bands))
    with a, b:
        runner = run_blocks(
            GRID, [reader(values)], kernel, [a, b], planes=20,
            progress=progress or Progress(), **options,
        )  # fmt: skip
    import rasterio

    results = []
    for path in paths:
        with rasterio.open(path) as file:
            results.append(file.read())
    return (*results, runner)


@pytest.mark.parametrize("memory", [1, 20 * 8 * 500, None])
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("seconds", [1e-5, 0.5])
@pytest.mark.parametrize("unique", [False, True])
def test_answer_does_not_depend_on_the_cut(tmp_path, values, memory, threads, seconds, unique):
    twice, most, _ = run(
        tmp_path, values, memory=memory, threads=threads, seconds=seconds, unique=unique
    )
    np.testing.assert_array_equal(twice, values * 2)
    np.testing.assert_array_equal(most, values.max(axis=0, keepdims=True))


def test_pixels_without_a_value_are_not_computed(tmp_path, values):
    seen = []

    def count(x, check):
        seen.append(x.shape[1])
        assert np.isfinite(x).any(axis=0).all()
        return np.zeros_like(x), np.zeros((1, x.shape[1]))

    zeros, _, runner = run(tmp_path, values, count)
    assert sum(seen) == 70 * 40 - 3 * 11 == runner.computed
    assert np.isnan(zeros[:, 5:8, 9:20]).all() and np.isnan(zeros).sum() == MONTHS * 33


def test_nothing_but_holes(tmp_path):
    def never(x, check):
        raise AssertionError("called")

    out, _, runner = run(tmp_path, np.full((MONTHS, *GRID.shape), np.nan), never)
    assert np.isnan(out).all() and runner.computed == 0


def test_repeated_series_are_computed_once(tmp_path):
    random = np.random.default_rng(0)
    mascons = random.normal(size=(MONTHS, 9))
    mascons[3, 2] = np.nan
    field = mascons[:, random.integers(0, 9, GRID.shape)]
    field[:, :2] = np.nan
    plain, most, every = run(tmp_path, field)
    once, most_once, runner = run(tmp_path, field, unique=True)
    np.testing.assert_array_equal(plain, once)
    np.testing.assert_array_equal(most, most_once)
    assert (every.computed, runner.computed) == (70 * 38, 9)


def test_fill_of_integer_outputs_and_unwanted_outputs():
    x = np.array([[1.0, np.nan, 3.0]])
    runner = ChunkRunner(lambda v, check: (v + 1, v), [(1, np.uint8, 255), None])
    flags, none = runner.run([x])
    assert none is None
    assert flags.dtype == np.uint8 and flags.tolist() == [[2, 255, 4]]


def test_first_input_decides_and_the_others_come_along():
    x = np.array([[1.0, np.nan, 3.0, np.inf]])
    other = np.array([[10.0, 20.0, np.nan, 0.0]])
    runner = ChunkRunner(lambda a, b, check: (a + b,), [(1, float, np.nan)])
    np.testing.assert_array_equal(runner.run([x, other])[0], [[11, np.nan, np.nan, np.nan]])


def test_kernel_that_forgets_an_output():
    runner = ChunkRunner(lambda x, check: (x,), [(1, float, np.nan)] * 2)
    with pytest.raises(ValueError, match="1 of 2 outputs"):
        runner.run([np.ones((1, 5))])


@pytest.mark.parametrize("threads", [1, 3])
def test_error_of_a_kernel_comes_through_and_leaves_no_file(tmp_path, values, threads):
    def fails(x, check):
        if x.shape[1] != 64:
            raise DataError("enough is expected", x.shape[1])
        return x, x[:1]

    with pytest.raises(DataError, match="enough is expected"):
        run(tmp_path, values, fails, threads=threads)
    assert list(tmp_path.iterdir()) == []


class Clock(Progress):
    """Cancels after some time and says when."""

    def __init__(self, after):
        self.end = time.monotonic() + after
        self.seen = []

    def set(self, fraction):
        self.seen.append(fraction)

    def is_cancelled(self):
        return time.monotonic() > self.end


def checking(x, check):
    """A minute of work that asks now and then whether to stop."""
    for _ in range(600):
        time.sleep(0.1)
        check()
    return x, x[:1]


def plodding(x, check):
    """Never asks; 4 ms a pixel, so a chunk has to be small."""
    time.sleep(0.004 * x.shape[1])
    return x, x[:1]


@pytest.mark.parametrize("slow", [checking, plodding])
def test_cancel_is_heard_within_a_second_and_leaves_no_file(tmp_path, values, slow):
    progress = Clock(0.7)
    with pytest.raises(Cancelled):
        run(tmp_path, values, slow, progress)
    assert time.monotonic() - progress.end < 1.0
    assert list(tmp_path.iterdir()) == []
    assert not [t for t in threading.enumerate() if "ThreadPoolExecutor" in t.name]


def test_progress_rises_to_one_in_the_callers_thread(tmp_path, values):
    names = set()

    class Where(Clock):
        def set(self, fraction):
            names.add(threading.current_thread().name)
            super().set(fraction)

    progress = Where(60)
    run(tmp_path, values, progress=progress, memory=20 * 8 * 500, seconds=1e-4)
    assert len(progress.seen) > 10
    assert (np.diff(progress.seen) >= 0).all() and progress.seen[-1] == 1.0
    assert names == {threading.current_thread().name}


def test_chunk_size_follows_the_rate_of_full_chunks():
    runner = ChunkRunner(None, [None], seconds=0.5, threads=2)

    def finish(pixels, elapsed):
        assert runner._collect((0, pixels, [None], elapsed), [None]) == pixels
        return runner._next_size(10**9)

    assert runner._next_size(10**9) == 8
    rising = [finish(8 * 4**n, 1e-4) for n in range(5)]
    assert rising == [32, 128, 512, 2048, 8192]
    assert finish(8192, 1.0) == 4096
    assert finish(10, 0.002) == 4096  # the end of a block: overhead, not a slow kernel
    assert finish(4096, 2.0) == 1024
    assert finish(1024, 1e9) == 1
    assert finish(1, 0.25) == 2


def test_the_last_chunks_share_the_rest_without_becoming_tiny():
    runner = ChunkRunner(None, [], threads=2)
    runner._size = 800
    assert [runner._next_size(n) for n in (5000, 1600, 1000, 300, 1)] == [800, 800, 500, 150, 100]


def test_slow_kernels_get_small_chunks():
    sizes = []

    def slow(x, check):
        sizes.append(x.shape[1])
        time.sleep(0.001 * x.shape[1])
        return (x,)

    ChunkRunner(slow, [(1, float, np.nan)], seconds=0.02, threads=1).run([np.ones((1, 400))])
    assert max(sizes[1:]) <= 21


def test_blas_has_one_thread_inside_and_its_own_number_outside():
    before = blas_threads()
    inside = []

    def look(x, check):
        inside.append(blas_threads())
        return (x,)

    with single_blas_thread():
        ChunkRunner(look, [(1, float, np.nan)]).run([np.ones((1, 1))])
        assert blas_threads() == [1] * len(before)
    assert inside == [[1] * len(before)]
    assert blas_threads() == before
