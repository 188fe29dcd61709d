"""Every reader against every fault, on files in the product's own shape.

The answer is an error of ours that names what is wrong, or exactly the numbers of the whole
file. What a format without checksums cannot show is bounded, and counted (docs/bad-input.md).
"""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from grace_water_toolbox.core.errors import GraceWaterError

_SPEC = importlib.util.spec_from_file_location(
    "fault_files", Path(__file__).with_name("fault_files.py")
)
faults = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(faults)

COUNT = faults.COUNT
GRACE = ("jpl-mascon", "csr-mascon", "gsfc-mascon", "jpl-tellus")
LAND = (*faults.GLDAS, "era5-land")
NETCDF = (*GRACE, *LAND, "cf-series")
RASTERS = ("dated-rasters", "existing-stack")
#: The variable that a test damages, and the one that holds the times.
FIELD = {
    **dict.fromkeys(GRACE, "lwe_thickness"), "gsfc-mascon": "solution/cmwe",
    "gldas-noah": "SoilMoi0_10cm_inst", "gldas-clsm": "SoilMoist_P_inst",
    "gldas-vic": "SoilMoi_depth2_inst", "era5-land": "swvl2", "cf-series": "water",
}  # fmt: skip


@pytest.fixture
def files(tmp_path):
    """Writes a reader's files; gives their paths."""

    def build(name):
        folder = tmp_path / "files"
        folder.mkdir()
        return faults.BUILD[name](folder)

    return build


@pytest.fixture
def refused(tmp_path):
    """The message with which a reader refuses ``paths``; nothing is written."""

    def call(name, paths):
        with pytest.raises(GraceWaterError) as caught:
            faults.read(name, paths, tmp_path / "out.tif")
        assert not (tmp_path / "out.tif").exists()
        return str(caught.value)

    return call


def changed(path, change, **write):
    """A file written anew after ``change(document)``."""
    document = faults.Document(path)
    change(document)
    document.write(path, **write)


@pytest.mark.parametrize("name", faults.BUILD)
def test_the_whole_files_are_read(files, tmp_path, name):
    values, months = faults.read(name, files(name), tmp_path / "out.tif")
    assert len(values) == COUNT and np.isfinite(values).any()
    np.testing.assert_array_equal(months, faults.MONTHS)


@pytest.mark.parametrize("name", faults.BUILD)
def test_wrong_product(files, tmp_path, refused, name):
    paths = files(name)
    other = tmp_path / "other"
    other.mkdir()
    if name in GRACE:
        paths, match = faults.BUILD["gldas-noah"](other), "variable of equivalent water height"
    elif name in LAND:
        paths, match = faults.BUILD["jpl-mascon"](other), "monthly file of .* is expected"
    elif name == "cf-series":
        changed(paths[0], lambda d: d.variables["water"]["attrs"].update(units="K"))
        match = "units of water storage"
    elif name == "dated-rasters":
        values = faults.fields()[:1]
        paths, match = [faults.raster(paths[0], values, ["x"], units="K")], "units of water storage"
    else:  # a map of one band without a month
        faults.raster(paths[0], faults.fields()[:1], ["slope_per_year"])
        match = "bands with a month each"
    assert_says(refused(name, paths), match)


def assert_says(message, match):
    assert re.search(match, message), message


@pytest.mark.parametrize("name", NETCDF)
def test_missing_variable(files, refused, name):
    paths = files(name)
    changed(paths[0], lambda d: d.variables.pop(FIELD[name]))
    wanted = {"cf-series": "one variable over time", **dict.fromkeys(GRACE, "is expected")}
    assert_says(refused(name, paths), wanted.get(name, f"no {FIELD[name]}"))


def retimed(document, days):
    """New days of all time coordinates, bounds a day long beside them."""
    for name, part in document.variables.items():
        data = np.asarray(part["data"], float)
        if name in ("time", "valid_time"):
            hours = str(part["attrs"].get("units", part["attrs"].get("Units", ""))).startswith("h")
            part["data"] = (data[0] + (24 if hours else 1) * days[: data.size]).astype(
                part["data"].dtype
            )
        elif name in ("time_bounds", "time_bnds"):
            part["data"] = data[0, 0] + days[: len(data), None] + np.array([0.0, 1.0])
        elif name.startswith("time/ref_days"):
            part["data"] = data.ravel()[0] + 0 * data + days[: data.size].reshape(data.shape)


@pytest.mark.parametrize("name", NETCDF)
def test_daily_times(files, refused, name):
    paths = files(name)
    changed(paths[0], lambda d: retimed(d, np.arange(float(COUNT))))
    message = refused(name, paths)
    assert_says(
        message, "monthly (means|solutions) are expected|start before they end|inside their"
    )


def reordered(document, order):
    """Times and their bounds in another order, or with one repeated."""
    for name, part in document.variables.items():
        if name in ("time", "valid_time", "time_bounds", "time_bnds"):
            part["data"] = part["data"][order]
        elif name.startswith("time/ref_days"):
            part["data"] = part["data"][:, order]


SEVERAL = [n for n in NETCDF if n not in faults.GLDAS]


@pytest.mark.parametrize("name", SEVERAL)
@pytest.mark.parametrize("order", [[1, 0], [0, 0]])
def test_unordered_and_duplicate_times(files, refused, name, order):
    paths = files(name)
    whole = np.r_[order, 2:COUNT]
    changed(paths[0], lambda d: reordered(d, whole))
    assert_says(refused(name, paths), "times that rise are expected; found .*(twice|followed by)")


@pytest.mark.parametrize("name", [*faults.GLDAS, "dated-rasters"])
def test_a_month_in_two_files_and_any_order_of_files(files, tmp_path, refused, name):
    paths = files(name)
    values, _ = faults.read(name, paths, tmp_path / "one.tif")
    again, _ = faults.read(name, paths[::-1], tmp_path / "two.tif")
    np.testing.assert_array_equal(values, again)
    copy = Path(paths[1]).with_name("copy_" + Path(paths[1]).name)
    copy.write_bytes(Path(paths[1]).read_bytes())
    assert_says(refused(name, [*paths, str(copy)]), "each month once is expected; found 2004-02")


@pytest.mark.parametrize("order", [[1, 0], [0, 0], [0, 2]])
def test_bands_that_are_no_time_axis(files, refused, order):
    paths = files("existing-stack")
    months = faults.MONTHS[np.r_[order, 2 : COUNT - 2]]
    faults.raster(paths[0], faults.fields()[: COUNT - 2], months)
    assert_says(refused("existing-stack", paths), "month|expected")


@pytest.mark.parametrize("name", [n for n in NETCDF if n != "gsfc-mascon"])
@pytest.mark.parametrize("calendar", ["360_day", "noleap"])
def test_other_calendars(files, refused, name, calendar):
    paths = files(name)

    def change(document):
        for time in ("time", "valid_time"):
            if time in document.variables:
                document.variables[time]["attrs"]["calendar"] = calendar

    changed(paths[0], change)
    assert_says(refused(name, paths), f"standard calendar is expected; found '{calendar}'")


@pytest.mark.parametrize("name", NETCDF)
@pytest.mark.parametrize("units", ["K", "furlong"])
def test_units_that_do_not_fit(files, refused, name, units):
    paths = files(name)
    changed(paths[0], lambda d: d.variables[FIELD[name]]["attrs"].update(units=units))
    assert_says(refused(name, paths), units)


@pytest.mark.parametrize("name", [*faults.GLDAS, "dated-rasters"])
def test_another_unit_in_one_file(files, refused, name):
    paths = files(name)
    if name == "dated-rasters":
        faults.raster(paths[1], faults.fields()[1:2], ["x"], units="mm")
    else:
        changed(paths[1], lambda d: d.variables[FIELD[name]]["attrs"].update(units="m"))
    assert_says(refused(name, paths), "one unit .*in all files is expected")


def test_another_unit_in_the_existing_stack(files, refused):
    paths = files("existing-stack")
    faults.raster(paths[0], faults.fields()[: COUNT - 2], faults.MONTHS[:-2], units="mm")
    assert_says(refused("existing-stack", paths), "units of existing.tif, 'mm', are expected")


@pytest.mark.parametrize("name", NETCDF)
@pytest.mark.parametrize("scale", [0.0, np.nan, np.inf])
def test_scale_factors_that_cannot_be_meant(files, refused, name, scale):
    paths = files(name)
    changed(paths[0], lambda d: d.variables[FIELD[name]]["attrs"].update(scale_factor=scale))
    assert_says(refused(name, paths), "finite scale_factor other than 0 is expected")


@pytest.mark.parametrize("name", RASTERS)
@pytest.mark.parametrize("scale", [0.0, np.nan])
def test_scales_of_rasters(files, refused, name, scale):
    import rasterio

    paths = files(name)
    with rasterio.open(paths[0], "r+") as file:
        file.scales = [scale] * file.count
    assert_says(refused(name, paths), "finite scale other than 0")


@pytest.mark.parametrize("name", [n for n in NETCDF if n != "era5-land"])
@pytest.mark.parametrize("fill", [-9999.0, -99999.0, -32768.0, 1e20])
def test_fill_values_that_are_not_declared(files, refused, name, fill):
    paths = files(name)

    def change(document):
        part = document.variables[FIELD[name]]
        for attribute in ("_FillValue", "missing_value"):
            part["attrs"].pop(attribute, None)
        part["data"] = np.array(part["data"])
        part["data"][..., -1] = fill

    changed(paths[0], change)
    assert_says(refused(name, paths), "declare")


def test_fill_values_that_era5_does_not_declare(files, refused):
    paths = files("era5-land")

    def change(document):
        for attribute in ("_FillValue", "missing_value"):
            document.variables["sd"]["attrs"].pop(attribute)
        document.variables["sd"]["attrs"].update(scale_factor=1.0, add_offset=0.0)

    changed(paths[0], change)
    assert_says(refused("era5-land", paths), "declare")


@pytest.mark.parametrize("name", RASTERS)
@pytest.mark.parametrize("fill", [-9999.0, -99999.0])
def test_fill_values_that_rasters_do_not_declare(files, refused, name, fill):
    paths = files(name)
    count = 1 if name == "dated-rasters" else COUNT - 2
    values = 0.1 * faults.fields()[:count, ::-1]
    values[:, 0, 0], values[:, 3, 3] = 0.0, fill
    faults.raster(paths[0], values, faults.MONTHS[:count], nodata=None)
    assert_says(refused(name, paths), "declared|equal to existing.tif in the months")


@pytest.mark.parametrize("name", [n for n in NETCDF if n != "era5-land"])
def test_packed_values_with_a_declared_fill_are_the_same_numbers(files, tmp_path, name):
    """The trap: the fill is compared before scale and offset, not after."""
    paths = files(name)
    before, _ = faults.read(name, paths, tmp_path / "a.tif")

    def change(document):
        part = document.variables[FIELD[name]]
        data = np.array(part["data"], float)
        fill = part["attrs"].get("_FillValue", np.nan)
        part["data"] = np.where(data == fill, -32768, np.round((data - 3) / 0.02)).astype("i2")
        part["attrs"].pop("missing_value", None)
        part["attrs"].update(_FillValue=np.int16(-32768), scale_factor=0.02, add_offset=3.0)

    changed(paths[0], change)
    after, _ = faults.read(name, paths, tmp_path / "b.tif")
    steps = 2.0 if name == "jpl-tellus" else 0.02
    np.testing.assert_allclose(after, before, atol=1.1 * steps)


@pytest.mark.parametrize("name", faults.BUILD)
@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 0.5, 0.9, 0.99])
def test_truncated_files(files, tmp_path, refused, name, share):
    paths = files(name)
    content = Path(paths[0]).read_bytes()
    # Another name: HDF5 knows what it opened by its place on the disk.
    cut = Path(paths[0]).with_name("cut_" + Path(paths[0]).name)
    cut.write_bytes(content[: int(share * len(content))])
    assert_says(refused(name, [str(cut), *paths[1:]]), "cut_")


@pytest.mark.parametrize("name", NETCDF)
@pytest.mark.parametrize("axis", ["rows", "times"])
def test_huge_declared_dimensions(files, refused, name, axis):
    paths = files(name)
    document = faults.Document(paths[0])
    dims = document.variables[FIELD[name]]["dims"]
    dim = (
        next(d for d in dims if d.startswith("lat" if axis == "rows" else ("time", "valid")))
        if name != "gsfc-mascon"
        else dims[0 if axis == "rows" else 1]
    )
    document.write(paths[0], sizes={dim: 50_000_000}, form="NETCDF4")
    assert_says(refused(name, paths), "elements along|numbers in a row|at least one|empty|declared")


def test_huge_rasters(files, refused):
    import rasterio
    from rasterio.transform import from_origin

    paths = files("dated-rasters")
    with rasterio.open(
        paths[0], "w", driver="GTiff", count=1, height=90_000, width=90_000, dtype="float32",
        transform=from_origin(0, 80, 1e-3, 1e-3), crs="EPSG:4326", tiled=True, SPARSE_OK=True,
    ) as file:  # fmt: skip
        file.update_tags(units="cm")
    assert_says(refused("dated-rasters", paths), "at most 50000 rows and columns")


#: Copies with flipped bits, by default and with --runlong.
FLIPS, MANY = 24, 400
#: Those that ended the process before files were checked first (HDF5 1.10.8, GDAL 3.6.2).
KILLERS = {
    "jpl-mascon": (460, 544, 784),
    "csr-mascon": (134, 638, 836, 910),
    "gsfc-mascon": (29, 215, 310, 352, 411, 433, 465, 533, 583, 593, 749, 847, 971),
    "cf-series": (134, 542),
    "gldas-noah": (76, 119, 170, 187, 209, 648, 685, 781, 905, 917, 929, 957, 981, 993, 995),
    "gldas-clsm": (113, 235, 237, 265, 369, 381, 419, 723, 772, 819, 875, 903, 923),
    "gldas-vic": (87, 165, 205, 206, 315, 355, 517, 679, 721, 731, 832, 901, 927),
}
#: Beyond it a number of each reader is refused, cm.
BOUND = {**dict.fromkeys(GRACE, 5000.0), **dict.fromkeys(LAND, 1e5), "cf-series": 1e5}
#: Deflated pieces and GeoTIFF tiles are damaged as a whole: no number may change unseen.
DEFLATED = (*faults.GLDAS, *RASTERS)


def fuzzed(name, folder, seeds, stored=None):
    """What came of a copy for each seed; a library that died gives {'lost': its signal}."""
    (folder / "files").mkdir()
    paths = faults.BUILD[name](folder / "files")
    if stored:
        faults.Document(paths[0]).write(paths[0], form="NETCDF4", stored=stored)
    (folder / "paths.json").write_text(json.dumps(paths))
    answers, seeds = [], list(seeds)
    count = len(seeds)
    while seeds:
        done = subprocess.run(
            [sys.executable, faults.__file__, name, str(folder), json.dumps(seeds)],
            capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        answers += [line for line in lines if "seed" not in line]
        if done.returncode == 0:
            break
        # Below zero a signal ended it, in a library. Above, an error of Python got through.
        assert done.returncode < 0, done.stderr[-3000:]
        died = lines[-1]["seed"]
        seeds = seeds[seeds.index(died) + 1 :]
        answers.append({"lost": -done.returncode, "of": died})
    assert len(answers) == count
    return answers


def check_flips(name, folder, seeds, stored=None):
    answers = fuzzed(name, folder, seeds, stored)
    lost = [a for a in answers if "lost" in a]
    silent = [a for a in answers if a.get("same") is False]
    print(f"{name}: {len(answers)} copies, {sum('refused' in a for a in answers)} refused, "
          f"{sum(a.get('same') is True for a in answers)} the same, {len(silent)} other numbers, "
          f"{len(lost)} ended the library")  # fmt: skip
    # A dead process is the user's session: what is damaged is refused before GDAL opens it.
    assert lost == []
    assert all(a["largest"] <= BOUND[name] for a in silent)
    if name in DEFLATED or stored:
        assert silent == []
    return answers


needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="no such limits and signals")


@needs_signals
@pytest.mark.parametrize("name", faults.BUILD)
def test_flipped_bits(tmp_path, name):
    check_flips(name, tmp_path, [*range(FLIPS), *KILLERS.get(name, ())])


@needs_signals
@pytest.mark.long
@pytest.mark.parametrize("name", faults.BUILD)
def test_many_flipped_bits(tmp_path, name):
    check_flips(name, tmp_path, range(MANY))


#: How arrays are stored so that a changed bit of them does not fit a sum.
SUMMED = {"deflate": {"zlib": True, "shuffle": True}, "fletcher32": {"fletcher32": True}}


@needs_signals
@pytest.mark.parametrize("sums", SUMMED)
@pytest.mark.parametrize("name", NETCDF)
def test_flipped_bits_of_values_with_a_sum(tmp_path, name, sums):
    """No reader takes numbers whose sum does not fit, and GDAL passes the error on."""
    answers = check_flips(name, tmp_path, range(FLIPS // 2), SUMMED[sums])
    assert any("refused" in answer for answer in answers)
