"""The door to NetCDF and HDF5 files: what passes, what does not, and checksum files beside them."""

import hashlib

import numpy as np
import pytest
from grace_water_toolbox.core.data.multidim import MultidimFile
from grace_water_toolbox.core.data.openraster import open_raster
from grace_water_toolbox.core.data.sound import check_sound, check_source
from grace_water_toolbox.core.errors import ReadError


@pytest.fixture
def product(tmp_path):
    import netCDF4

    path = tmp_path / "product.nc"
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("lat", 5)
        file.createVariable("lat", "f8", ("lat",))[:] = np.arange(5.0)
    return path


def damage(path):
    """The checksum of a header no longer fits."""
    content = path.read_bytes()
    at = content.find(b"OHDR") + 8
    path.write_bytes(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :])


@pytest.mark.parametrize("form", ["{}", 'NETCDF:"{}":lat', "NETCDF:{}:lat", 'HDF5:"{}"://lat'])
def test_a_damaged_file_stays_closed_whatever_names_it(product, form):
    check_source(form.format(product))
    damage(product)
    for call in (check_source, open_raster):
        with pytest.raises(ReadError, match=r"product.nc: .*; found .* at byte \d+"):
            call(form.format(product))


def test_products_too(product):
    MultidimFile(product)
    damage(product)
    with pytest.raises(ReadError, match="built as its format says"):
        MultidimFile(product)


def test_other_files_and_no_files_pass(tmp_path):
    (tmp_path / "text.nc").write_text("no NetCDF")
    (tmp_path / "empty.nc").touch()
    check_sound(tmp_path / "text.nc")
    check_sound(tmp_path / "empty.nc")
    check_source(tmp_path / "none.nc")
    check_source("memory layer")


FORMS = ("{sum}", "{sum}  product.nc\n", "{SUM} *product.nc", "MD5 (product.nc) = {sum}",
         "00000000000000000000000000000000  other.nc\n{sum}  product.nc")  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["md5", "sha256"])
def test_checksum_files(product, form, kind):
    total = hashlib.new(kind, product.read_bytes()).hexdigest()
    side = product.with_name(f"product.nc.{kind}")
    side.write_text(form.format(sum=total, SUM=total.upper()))
    check_sound(product)
    # Bytes behind the structure: nothing but the sum can tell.
    product.write_bytes(product.read_bytes() + b"x")
    with pytest.raises(ReadError, match=f"product.nc: the {kind} sum .* of product.nc.{kind}"):
        check_sound(product)


def test_a_checksum_file_that_comes_later_is_seen(product):
    check_sound(product)
    product.with_name("product.nc.md5").write_text("0" * 32)
    with pytest.raises(ReadError, match="the md5 sum 0000"):
        check_sound(product)


@pytest.mark.parametrize("text", ["", "<html>Log in</html>", f"{'1' * 32}\n{'2' * 32}", "f" * 40])
def test_checksum_files_without_one_sum(product, text):
    product.with_name("product.nc.md5").write_text(text)
    with pytest.raises(ReadError, match=r"product.nc.md5: one sum of 32 .* remove it"):
        check_sound(product)
