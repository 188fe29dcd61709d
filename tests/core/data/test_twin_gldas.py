"""The twin's land model as GLDAS files: layers add up, and the import gives the stacks."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.products.landimport import import_land
from grace_water_toolbox.core.data.sample import coarsen
from grace_water_toolbox.core.data.twin import make_twin
from grace_water_toolbox.core.data.twin_gldas import (
    SOIL_LAYERS,
    gldas_layers,
    soil_layers,
    write_gldas,
)
from grace_water_toolbox.core.data.wholefolder import whole_folder
from grace_water_toolbox.core.errors import WriteError


@pytest.fixture(scope="module")
def twin():
    return make_twin(3)


@pytest.fixture(scope="module")
def files(twin, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gldas")
    return [folder / name for name in write_gldas(twin, folder)]


def test_constant_soil_splits_by_thickness():
    parts = soil_layers(np.full((3, 1, 1), 200.0))
    assert [parts[n][0, 0, 0] for n, _, _ in SOIL_LAYERS] == pytest.approx([10, 30, 60, 100])


def test_layers_add_up_and_shallow_soil_varies_most(twin):
    layers = gldas_layers(twin)
    soil = coarsen(twin.model_soil_moisture, twin)
    names = [name for name, _, _ in SOIL_LAYERS]
    np.testing.assert_allclose(sum(layers[n] for n in names), soil, rtol=1e-12)
    sea = np.isnan(soil[0])
    assert sea.any() and all(np.isnan(layers[n][:, sea]).all() for n in names)
    assert all((layers[n][:, ~sea] >= 0).all() for n in names)
    spread = [np.nanmean(layers[n].std(axis=0) / layers[n].mean(axis=0)) for n in names]
    assert spread == sorted(spread, reverse=True)


def test_a_file_a_month_with_the_real_names(twin, files):
    from osgeo import gdal

    assert len(files) == twin.months.size == 265
    assert files[0].name == "GLDAS_NOAH10_M.A200204.021.nc4"
    root = gdal.OpenEx(str(files[0]), gdal.OF_MULTIDIM_RASTER).GetRootGroup()
    soil = root.OpenMDArray("SoilMoi0_10cm_inst")
    assert [d.GetName() for d in soil.GetDimensions()] == ["time", "lat", "lon"]
    assert soil.GetNoDataValueAsDouble() == -9999 and soil.GetUnit() == "kg m-2"
    assert (np.diff(root.OpenMDArray("lat").ReadAsArray()) > 0).all()
    assert list(root.OpenMDArray("time_bnds").ReadAsArray()[0]) == [821, 851]  # April 2002
    assert "SYNTHETIC" in root.GetAttribute("title").Read()


def test_the_import_gives_the_storages_of_the_twin(twin, files, tmp_path, read_stack):
    parts = {"soilmoisture": "soil_moisture", "snow": "snow", "canopy": "canopy"}
    outputs = {name: str(tmp_path / f"{name}.tif") for name in parts}
    import_land([str(f) for f in files], "gldas-noah", outputs, absolute=True)
    for name, field in parts.items():
        values, info = read_stack(outputs[name])
        assert not info.grid.difference(twin.product_grid)
        np.testing.assert_array_equal(info.months, twin.months)
        expected = coarsen(getattr(twin, f"model_{field}"), twin) / 10
        np.testing.assert_allclose(values, expected, rtol=1e-6, atol=1e-7)


def test_same_twin_same_bytes(twin, files, tmp_path):
    names = write_gldas(twin, tmp_path)
    assert all((tmp_path / n).read_bytes() == f.read_bytes() for n, f in zip(names, files))


def test_a_folder_fills_whole_or_not_at_all(tmp_path):
    with whole_folder(tmp_path / "a") as hidden:
        (hidden / "x").write_text("1")
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["x"]
    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "b") as hidden:
        (hidden / "x").write_text(str(1 / 0))
    assert not (tmp_path / "b").exists()
    with pytest.raises(WriteError, match="folder"), whole_folder(tmp_path / "no" / "c"):
        pass
