"""Files cut short, declared huge or with flipped bits: refused, or read as the same numbers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from . import fault_files as faults
from .faultreaders import FIELD, GRACE, LAND, NETCDF, RASTERS, assert_says


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
