"""No sound file is refused: every kind that h5py and netCDF4 write, and the real ones."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.sound import check_sound

FILES = [
    *(f"{v}_{b}.h5" for v in ("earliest", "v108", "v110", "latest") for b in (0, 512)),
    "oldest.h5",
    *(f"{s}.h5" for s in ("page", "fsm", "aggregate", "none")),
    *(f"sizes_{s}.h5" for s in ("4_4", "8_4", "4_8")),
]


@pytest.mark.parametrize("name", FILES)
def test_what_h5py_writes(h5py_files, name):
    check_sound(h5py_files / name)


@pytest.mark.parametrize("form", ["NETCDF4", "NETCDF4_CLASSIC", "NETCDF3_64BIT_DATA"])
def test_what_netcdf4_writes(tmp_path, form):
    import netCDF4

    path = tmp_path / "product.nc"
    new = form == "NETCDF4"
    with netCDF4.Dataset(path, "w", format=form) as file:
        for group in (file, file.createGroup("solution")) if new else (file,):
            group.createDimension("time", None)
            group.createDimension("lat", 40)
            for number in range(30):
                more = {"zlib": bool(number & 1), "shuffle": bool(number & 2)}
                more |= {"fletcher32": bool(number & 4)}
                more = more if form.startswith("NETCDF4") else {}
                dims = ("time", "lat") if number % 3 else ("lat",)
                variable = group.createVariable(
                    f"v{number}",
                    "f4",
                    dims,
                    fill_value=-9999.0,
                    **more,
                )
                variable[:] = np.ones((50, 40) if number % 3 else 40)
                variable.setncatts({f"attribute{n}": "text" * n for n in range(12)})
            group.setncatts({f"global{n}": np.arange(n + 1) for n in range(20)})
            if new:
                words = group.createVariable("words", str, ("lat",))
                words[:] = np.array([f"word {n}" for n in range(40)], object)
    check_sound(path)


@pytest.mark.real
def test_real_files(data):
    names = [p for p in data.rglob("*") if p.suffix in (".nc", ".nc4", ".h5")]
    assert len(names) >= 15
    for path in names:
        check_sound(path)
