"""A product is read while the map canvas reads NetCDF on another thread."""

import threading
import time

import numpy as np
from grace_water_toolbox.core.data.grace import open_grace
from osgeo import gdal


def test_product_beside_the_classic_driver(tmp_path, make_product, calendar_months):
    lat, lon = np.arange(-87.5, 90, 5), np.arange(2.5, 360, 5)
    start, end = calendar_months("2004-01", 24)
    values = np.random.default_rng(0).normal(size=(24, 36, 72)).astype("f4")
    path = make_product(
        tmp_path / "p.nc", values, lat, lon, start, end,
        land=np.ones((36, 72)), uncertainty=values**2, chunks=(1, 36, 72),
    )  # fmt: skip
    north_up = np.roll(values[:, ::-1], 36, axis=2)
    stop, wrong, rounds = threading.Event(), [], {"canvas": 0, "import": 0}

    def canvas():
        random = np.random.default_rng(1)
        while not stop.is_set():
            dataset = gdal.Open(f'NETCDF:"{path}":lwe_thickness')
            month = int(random.integers(24))
            read = dataset.GetRasterBand(month + 1).ReadAsArray()
            if not (read == values[month, ::-1]).all():
                wrong.append("canvas")
            dataset = None
            rounds["canvas"] += 1

    threads = [threading.Thread(target=canvas) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        until = time.monotonic() + 5
        while time.monotonic() < until:
            product = open_grace(path)
            row = rounds["import"] % 30
            if not (product.read(row, 6) == north_up[:, row : row + 6]).all():
                wrong.append("import")
            product.read_uncertainty(row, 2)
            product.land(row, 2)
            rounds["import"] += 1
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert min(rounds.values()) > 20
