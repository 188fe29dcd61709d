"""A minute of imports and exports while other threads read NetCDF as the map canvas does."""

import threading
import time

import numpy as np
from grace_water_toolbox.core.data import gdalcache
from osgeo import gdal

SECONDS = 60
COUNT = 12
THREADS = 3


def gldas(folder, lat, lon):
    """Noah files of a year."""
    import netCDF4

    names = ("SoilMoi0_10cm_inst", "SoilMoi10_40cm_inst", "SoilMoi40_100cm_inst",
             "SoilMoi100_200cm_inst", "SWE_inst", "CanopInt_inst")  # fmt: skip
    folder.mkdir()
    for month in np.datetime64("2004-01", "M") + np.arange(COUNT):
        first = (month.astype("datetime64[D]") - np.datetime64("2000-01-01")).astype(float)
        with netCDF4.Dataset(folder / f"noah_{month}.nc4", "w") as file:
            file.source = "Noah_v3.6"
            for name, size in (("time", 1), ("lat", lat.size), ("lon", lon.size)):
                file.createDimension(name, size)
            for name, values in (("time", [first]), ("lat", lat), ("lon", lon)):
                file.createVariable(name, "f8", (name,))[:] = values
            file["time"].units = "days since 2000-01-01"
            file["lat"].units, file["lon"].units = "degrees_north", "degrees_east"
            for name in names:
                variable = file.createVariable(name, "f4", ("time", "lat", "lon"), zlib=True)
                variable.units = "kg m-2"
                variable[:] = 10 + first % 7
    return folder


def test_every_import_and_export_beside_the_canvas(
    run, read_stack, make_product, tmp_path, monkeypatch
):
    # What is written leaves GDAL's cache after every write here, not after every 32 MB.
    monkeypatch.setattr(gdalcache, "UNWRITTEN_BUDGET", 1)
    lat, lon = np.arange(-9.75, 10, 0.5), np.arange(0.25, 20, 0.5)
    shown = np.random.default_rng(0).normal(size=(COUNT, lat.size, lon.size)).astype("f4")
    path = make_product(tmp_path / "grace.nc", shown, lat, lon, uncertainty=shown**2)
    land = gldas(tmp_path / "land", lat, lon)
    stop, wrong, looks = threading.Event(), [], [0]

    def canvas(seed):
        random = np.random.default_rng(seed)
        while not stop.is_set():
            month = int(random.integers(COUNT))
            dataset = gdal.Open(f'NETCDF:"{path}":lwe_thickness')
            if not (dataset.GetRasterBand(month + 1).ReadAsArray() == shown[month, ::-1]).all():
                wrong.append(month)
            # NetCDF-4 too: its library is another one, and the imports read these files.
            name = f"noah_2004-{month + 1:02d}.nc4"
            dataset = gdal.Open(f'NETCDF:"{land / name}":SWE_inst')
            if not 10 <= dataset.GetRasterBand(1).ReadAsArray().mean() < 17:
                wrong.append(name)
            dataset = None
            looks[0] += 1

    def once(folder):
        folder.mkdir(exist_ok=True)
        stack = run("importgrace", INPUT=path, OUTPUT=folder / "grace.tif",
                    OUTPUT_UNCERTAINTY=folder / "sigma.tif", BASELINE_START="2004-01",
                    BASELINE_END="2004-12")["OUTPUT"]  # fmt: skip
        run("importstorage", INPUT_FOLDER=land, OUTPUT=folder / "total.tif",
            BASELINE_START="2004-01", BASELINE_END="2004-12")  # fmt: skip
        run("importseries", INPUT=[path], VARIABLE="lwe_thickness", OUTPUT=folder / "series.tif")
        run("exportstack", INPUT=stack, OUTPUT=folder / "out.nc", OUTPUT_FOLDER=folder / "months")
        stacks = {
            name: read_stack(folder / name)[0]
            for name in ("grace.tif", "sigma.tif", "total.tif", "series.tif")
        }
        written = np.frombuffer((folder / "out.nc").read_bytes(), "u1")
        return {**stacks, "out.nc": written}

    alone = once(tmp_path / "alone")
    threads = [threading.Thread(target=canvas, args=(seed,)) for seed in range(THREADS)]
    rounds = 0
    for thread in threads:
        thread.start()
    try:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            for name, values in once(tmp_path / "beside").items():
                np.testing.assert_array_equal(values, alone[name], err_msg=name)
            rounds += 1
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    print(f"{rounds} rounds of three imports and two exports, {looks[0]} looks")
    assert wrong == []
    assert rounds > 3 and looks[0] > 100
