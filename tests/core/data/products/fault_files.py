"""Files of every reader in the product's own shape, how each is read, and how to damage them.

Run as a script it reads many copies with flipped bits and says, a line a copy, what came of
each: a damaged header can end the process, and that must not be the tests'.
"""

import importlib.util
import json
import resource
import signal
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
COUNT = 8
MONTHS = np.datetime64("2004-01", "M") + np.arange(COUNT)
BASE = ("2004-01", "2004-12")
LAT, LON = np.arange(-2.75, 3, 0.5), np.arange(10.25, 16, 0.5)
GLDAS = ("gldas-noah", "gldas-clsm", "gldas-vic")


def beside(name):
    """A module of the tests, by file."""
    spec = importlib.util.spec_from_file_location(f"beside_{Path(name).stem}", HERE / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fields(scale=10.0, shift=0.0):
    """Values (month, lat, lon) with a missing cell."""
    values = np.random.default_rng(0).normal(shift, scale, (COUNT, LAT.size, LON.size))
    values[:, 0, 0] = np.nan
    return values


def spans():
    """First day and the day after the last of each month, days since 2002-01-01."""
    edges = (np.datetime64("2004-01", "M") + np.arange(COUNT + 1)).astype("datetime64[D]")
    edges = (edges - np.datetime64("2002-01-01")).astype(float)
    return edges[:-1], edges[1:]


def filled(values):
    return np.where(np.isfinite(values), values, -99999.0)


def jpl(folder, **change):
    ones = np.ones((LAT.size, LON.size))
    options = {
        "fill": np.float32(-99999), "uncertainty": np.full((COUNT, *ones.shape), 2.0),
        "land": ones, "extras": {"scale_factor": 1.3 * ones, "mascon_ID": 7 * ones},
        "chunks": (1, *ones.shape),
    }  # fmt: skip
    options.update(change)
    write = beside("../netcdfproducts.py").write_netcdf
    return [write(folder / "GRCTellus.JPL.nc", filled(fields()), LAT, LON, *spans(), **options)]


def csr(folder):
    lat, lon = LAT[0] + 0.25 * np.arange(LAT.size), LON[0] + 0.25 * np.arange(LON.size)
    write = beside("../netcdfproducts.py").write_netcdf
    return [write(folder / "CSR_GRACE_RL06_Mascons.nc", np.nan_to_num(fields()), lat, lon, *spans(),
                  time_attribute="Units", coordinates="f4")]  # fmt: skip


def gsfc(folder):
    return [beside("test_gsfc_mascons.py").write_gsfc(folder / "gsfc.h5", months=COUNT)]


def tellus(folder):
    write = beside("test_jpl_tellus.py").write_tellus
    return [write(folder / "GRCTellus.JPL.LND.nc", 0.01 * fields(), LAT, LON)]


def layers(product):
    from grace_water_toolbox.core.data.products.landfiles import PRODUCTS

    return [layer.name for layer in PRODUCTS[product].layers]


def gldas(product):
    source = {"gldas-noah": "Noah_v3.6", "gldas-clsm": "CLSMF2.5", "gldas-vic": "VIC_4.1.2"}

    def build(folder):
        write, paths = beside("landfiles.py").gldas_file, []
        for m, month in enumerate(MONTHS):
            values = {n: fields(1.0, 50.0)[m] for n in layers(product)}
            name = f"{product}_M.A{str(month).replace('-', '')}.021.nc4"
            paths.append(write(folder / name, month, values, LAT, LON, source=source[product]))
        return paths

    return build


def era5(folder):
    values = {n: fields(0.02, 0.2) for n in layers("era5-land")}
    lat, lon = LAT[0] + 0.1 * np.arange(LAT.size), LON[0] + 0.1 * np.arange(LON.size)
    return [beside("landfiles.py").era5_file(folder / "era5.nc", MONTHS, values, lat[::-1], lon)]


def series(folder):
    write = beside("../netcdfproducts.py").write_netcdf
    return [write(folder / "series.nc", filled(fields()), LAT, LON, *spans(), name="water",
                  units="mm", fill=np.float32(-99999))]  # fmt: skip


def raster(path, values, months, units="cm", **more):
    """Dated bands as GeoTIFF, deflated."""
    import rasterio
    from rasterio.transform import from_origin

    options = {"nodata": -99999.0, "crs": "EPSG:4326", "compress": "deflate", **more}
    with rasterio.open(
        path, "w", driver="GTiff", count=len(values), height=LAT.size, width=LON.size,
        dtype="float32", transform=from_origin(10.0, 3.0, 0.5, 0.5), **options,
    ) as file:  # fmt: skip
        file.write(filled(values).astype("f4"))
        file.update_tags(units=units)
        file.descriptions = [str(m) for m in months]
    return str(path)


def rasters(folder):
    values = fields()
    return [
        raster(folder / f"w_{month}.tif", values[m : m + 1], [month])
        for m, month in enumerate(MONTHS)
    ]


def existing(folder):
    """A stack of the first months, and a file with all of them to put behind it."""
    values = 0.1 * fields()[:, ::-1]
    return [
        raster(folder / "existing.tif", values[: COUNT - 2], MONTHS[: COUNT - 2]),
        *series(folder),
    ]


BUILD = {
    "jpl-mascon": jpl,
    "csr-mascon": csr,
    "gsfc-mascon": gsfc,
    "jpl-tellus": tellus,
    **{product: gldas(product) for product in GLDAS},
    "era5-land": era5,
    "cf-series": series,
    "dated-rasters": rasters,
    "existing-stack": existing,
}


def read(name, paths, target):
    """What an import of ``paths`` writes: values (month, y, x) and months."""
    from grace_water_toolbox.core.data.importing import import_grace
    from grace_water_toolbox.core.data.products.landimport import import_land
    from grace_water_toolbox.core.data.products.opening import open_series
    from grace_water_toolbox.core.data.products.seriesimport import import_series
    from grace_water_toolbox.core.data.products.stackextension import extend_stack
    from grace_water_toolbox.core.data.stack import MonthlyStack
    from grace_water_toolbox.core.progress import SILENT

    target = str(target)
    if name in ("jpl-mascon", "csr-mascon", "gsfc-mascon", "jpl-tellus"):
        import_grace(paths[0], target, baseline=BASE)
    elif name in (*GLDAS, "era5-land"):
        import_land(paths, name, {"total": target}, baseline=BASE)
    elif name == "existing-stack":
        with MonthlyStack(paths[0]) as stack, open_series(paths[1:], "", SILENT) as record:
            extend_stack(stack, record, target)
    else:
        with open_series(paths, "", SILENT) as record:
            import_series(record, target, baseline=BASE)
    with MonthlyStack(target) as stack:
        return stack.read(), stack.months


class Document:
    """A NetCDF or HDF5 file as dictionaries that a test changes, then written again."""

    def __init__(self, path):
        import netCDF4

        with netCDF4.Dataset(path) as file:
            file.set_auto_maskandscale(False)
            self.format, self.attrs = (
                file.data_model,
                {k: file.getncattr(k) for k in file.ncattrs()},
            )
            self.unlimited = {n for n, d in file.dimensions.items() if d.isunlimited()}
            self.variables = {}
            for group in (file, *file.groups.values()):
                for name, variable in group.variables.items():
                    key = name if group is file else f"{group.name}/{name}"
                    self.variables[key] = {
                        "dims": variable.dimensions, "data": variable[:], "chunks": None,
                        "attrs": {k: variable.getncattr(k) for k in variable.ncattrs()},
                    }  # fmt: skip

    def write(self, path, sizes=None, form=None, stored=None):
        """Write it; ``sizes`` declares lengths of dimensions that no data follow for.

        ``stored`` says how arrays are stored: options of netCDF4's createVariable.
        """
        import netCDF4

        Path(path).unlink(missing_ok=True)
        with netCDF4.Dataset(path, "w", format=form or self.format) as file:
            file.setncatts(self.attrs)
            for key, part in self.variables.items():
                *group, name = key.split("/")
                place = file.createGroup(group[0]) if group else file
                attrs, huge = dict(part["attrs"]), False
                data = np.asarray(part["data"])
                for dim, size in zip(part["dims"], data.shape):
                    declared = (sizes or {}).get(dim, size)
                    huge |= declared != size
                    if dim not in place.dimensions and dim not in file.dimensions:
                        free = dim in self.unlimited and dim not in (sizes or {})
                        place.createDimension(dim, None if free else declared)
                more = {"chunksizes": [min(s, 100) for s in data.shape]} if huge else {}
                more.update(stored or {} if data.ndim else {})
                fill = attrs.pop("_FillValue", None)
                variable = place.createVariable(
                    name, data.dtype, part["dims"], fill_value=fill, **more
                )
                variable.set_auto_maskandscale(False)
                variable.setncatts(attrs)
                if not huge:
                    variable[:] = data


def flipped(content, seed):
    """A copy with one to three bits flipped: every other one within the first eighth."""
    rng = np.random.default_rng(seed)
    data = bytearray(content)
    end = len(data) // 8 if seed % 2 else len(data)
    for _ in range(1 + seed % 3):
        data[rng.integers(end)] ^= 1 << int(rng.integers(8))
    return bytes(data)


def main(name, folder, seeds):
    """Read copies with flipped bits; a JSON line before and after each."""
    from grace_water_toolbox.core.errors import GraceWaterError

    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    folder = Path(folder)
    paths = json.loads((folder / "paths.json").read_text())
    whole = Path(paths[0]).read_bytes()
    values, months = read(name, paths, folder / "out.tif")
    for seed in json.loads(seeds):
        print(json.dumps({"seed": seed}), flush=True)
        signal.alarm(10)  # ends the process where the library never comes back
        # A folder for each, and kept: HDF5 knows files by their inode, also those it gave up on.
        copy = folder / str(seed) / Path(paths[0]).name
        copy.parent.mkdir()
        copy.write_bytes(flipped(whole, seed))
        try:
            found, when = read(name, [str(copy), *paths[1:]], folder / "out.tif")
        except GraceWaterError as error:
            print(json.dumps({"refused": str(error)}), flush=True)
            continue
        same = found.shape == values.shape and (when == months).all()
        same = same and np.array_equal(found, values, equal_nan=True)
        answer = {"same": same}
        if not same:
            with np.errstate(invalid="ignore"):
                largest = float(np.nanmax(np.abs(found), initial=0))
            answer.update(largest=largest, moved=bool(str(when) != str(months)))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
