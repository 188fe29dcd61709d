"""The files of an import: all or none, the old ones kept, memory bounded."""

from pathlib import Path

import numpy as np
import pytest
from grace_water_toolbox.core.data import importing
from grace_water_toolbox.core.data.importing import import_grace
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import Cancelled, GraceWaterError, ReadError, WriteError
from grace_water_toolbox.core.progress import Progress

from .importedfiles import StopAt, leftovers


@pytest.mark.parametrize("memory", [1, 12 * 8 * 200 * 2, 2**30])
def test_memory_budget_changes_nothing(tmp_path, product, memory):
    path, _, _ = product(left_out=(5,), noisy=(10,))
    names = ("a.tif", "a_sigma.tif", "b.tif", "b_sigma.tif")
    a, a_sigma, b, b_sigma = (tmp_path / n for n in names)
    first = import_grace(path, a, uncertainty_output=a_sigma, extent=(170, -60, 250, 40))
    second = import_grace(
        path, b, uncertainty_output=b_sigma, extent=(170, -60, 250, 40), memory=memory
    )
    for one, other in ((a, b), (a_sigma, b_sigma)):
        with MonthlyStack(one) as x, MonthlyStack(other) as y:
            np.testing.assert_array_equal(x.read(), y.read())
    np.testing.assert_allclose(first.mean_series, second.mean_series, rtol=1e-12)
    np.testing.assert_allclose(first.noise_rms, second.noise_rms, rtol=1e-12)


@pytest.mark.parametrize("fraction", [0.0, 0.2, 0.5, 0.9])
def test_cancel_keeps_the_old_file_and_leaves_nothing(tmp_path, product, fraction):
    path, _, _ = product()
    out, sigma = tmp_path / "out.tif", tmp_path / "sigma.tif"
    out.write_bytes(b"old")
    progress = StopAt(fraction)
    progress.seen = [0.0] if fraction == 0 else []
    with pytest.raises(Cancelled):
        import_grace(path, out, uncertainty_output=sigma, progress=progress, memory=1)
    assert out.read_bytes() == b"old"
    assert leftovers(tmp_path, "product.nc") == ["out.tif"]


def test_progress_rises_to_one(tmp_path, product):
    progress = StopAt(2)
    import_grace(product()[0], tmp_path / "o.tif", progress=progress, memory=1)
    assert (np.diff(progress.seen) >= 0).all() and progress.seen[-1] == 1.0


@pytest.mark.parametrize("broken", ["output", "uncertainty_output"])
@pytest.mark.parametrize("how", ["no folder", "is a folder"])
def test_all_outputs_or_none(tmp_path, product, broken, how):
    path, _, _ = product()
    bad = tmp_path / ("nowhere/x.tif" if how == "no folder" else "folder.tif")
    if how == "is a folder":
        bad.mkdir()
        (bad / "content").touch()
    good = tmp_path / "good.tif"
    targets = {"output": good, "uncertainty_output": good, broken: bad}
    with pytest.raises(WriteError):
        import_grace(path, targets["output"], uncertainty_output=targets["uncertainty_output"])
    assert leftovers(tmp_path, "product.nc", "folder.tif") == []
    if bad.is_dir():
        assert leftovers(bad) == ["content"]


@pytest.mark.parametrize("late", ["output", "uncertainty_output"])
def test_a_target_that_breaks_at_the_last_moment_takes_the_other_along(tmp_path, product, late):
    path, _, _ = product()
    targets = {"output": tmp_path / "out.tif", "uncertainty_output": tmp_path / "sigma.tif"}
    for target in targets.values():
        target.write_bytes(b"old")

    class Breaks(Progress):
        def set(self, fraction):
            if fraction == 1.0:
                targets[late].unlink()
                targets[late].mkdir()
                (targets[late] / "content").touch()

    with pytest.raises(WriteError):
        import_grace(
            path,
            targets["output"],
            uncertainty_output=targets["uncertainty_output"],
            progress=Breaks(),
        )
    other = next(t for key, t in targets.items() if key != late)
    assert other.read_bytes() == b"old"
    assert leftovers(tmp_path, "product.nc") == ["out.tif", "sigma.tif"]


def test_one_file_for_two_outputs_is_refused(tmp_path, product):
    path, _, _ = product()
    with pytest.raises(GraceWaterError, match="of its own"):
        import_grace(path, tmp_path / "o.tif", uncertainty_output=str(tmp_path) + "/./o.tif")
    assert leftovers(tmp_path, "product.nc") == []


def test_the_product_is_not_overwritten(tmp_path, product):
    path, _, _ = product()
    before = Path(path).read_bytes()
    with pytest.raises(GraceWaterError, match=r"product\.nc"):
        import_grace(path, path)
    assert Path(path).read_bytes() == before


def test_damage_found_half_way_keeps_the_old_file(tmp_path, product):
    path, _, _ = product(chunks=(1, 6, 12), land=None)
    out = tmp_path / "out.tif"
    out.write_bytes(b"old")
    data = Path(path).read_bytes()
    Path(path).write_bytes(data[: int(0.8 * len(data))])
    with pytest.raises(ReadError):
        import_grace(path, out)
    assert out.read_bytes() == b"old"
    assert leftovers(tmp_path, "product.nc") == ["out.tif"]


def test_sidecars_of_the_old_file_go(tmp_path, product):
    path, _, _ = product()
    for end in (".aux.xml", ".ovr", ".msk"):
        (tmp_path / f"o.tif{end}").write_bytes(b"stale")
    import_grace(path, tmp_path / "o.tif")
    assert leftovers(tmp_path, "product.nc") == ["o.tif"]


def test_a_tight_memory_does_not_blow_up_the_file(tmp_path, make_product, calendar_months):
    """With GDAL's cache too small for a row of tiles, tiles must not be written twice."""
    from osgeo import gdal

    start, end = calendar_months("2004-01", 24)
    lat, lon = np.arange(-89.0, 90, 2), np.arange(1.0, 360, 2)
    values = np.random.default_rng(0).normal(size=(24, 90, 180)).round(1)
    path = make_product(tmp_path / "p.nc", values, lat, lon, start, end)
    import_grace(path, tmp_path / "whole.tif")
    before = gdal.GetCacheMax()
    gdal.SetCacheMax(400_000)
    try:
        # 20 rows of 180 cells with 24 solutions and 24 months, and their copies.
        import_grace(path, tmp_path / "strips.tif", memory=20 * 180 * 8 * 192)
    finally:
        gdal.SetCacheMax(before)
    whole, strips = (tmp_path / f"{n}.tif" for n in ("whole", "strips"))
    assert strips.stat().st_size < 1.3 * whole.stat().st_size
    with MonthlyStack(whole) as one, MonthlyStack(strips) as other:
        np.testing.assert_array_equal(one.read(), other.read())


@pytest.mark.parametrize(
    ("height", "strip", "tile"),
    [(1, 1, 16), (15, 15, 16), (16, 16, 16), (47, 32, 32), (188, 128, 128), (256, 256, 256),
     (720, 512, 256)],
)  # fmt: skip
def test_strips(height, strip, tile):
    assert importing._strips(height) == (strip, tile)
