"""A message names its parameters as scripts do and as the dialog does."""

import numpy as np
import pytest
from grace_water_toolbox.algorithms.labels import label_parameters, title

LABELS = {"INPUT": "GRACE product", "INPUT_B": "Second stack", "END": "Last month", "X": ""}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("INPUT: a file is expected.", 'INPUT is "GRACE product"'),
        ("INPUT (a.tif): months are expected.", 'INPUT is "GRACE product"'),
        ("a unit in INPUT_B.", 'INPUT_B is "Second stack"'),
        ("INPUT before END; INPUT again.", 'INPUT is "GRACE product", END is "Last month"'),
    ],
)
def test_labels_stand_behind_the_message(text, said):
    assert label_parameters(text, LABELS) == f"{text} In the dialog, {said}."


@pytest.mark.parametrize(
    "text", ["/data/INPUT/x.tif: bad.", "INPUT.tif: bad.", "my-INPUT", "'END'", "ENDED", "X: bad."]
)
def test_what_is_no_parameter_stays(text):
    assert label_parameters(text, LABELS) == text
    assert label_parameters(text, {}) == text


@pytest.mark.parametrize(
    ("source", "layer", "shown"),
    [
        ("/tmp/a1/OUTPUT.tif", "TWSA stack", "TWSA stack"),
        ("/tmp/a1/OUTPUT_FLAGS.tif", "Flags", "Flags"),
        ("/tmp/a1/OUTPUT.tif", "OUTPUT", "OUTPUT.tif"),
        ("/tmp/a1/OUTPUT.tif", "", "OUTPUT.tif"),
        ("/data/twsa.tif", "My layer", "twsa.tif"),
        ('NETCDF:"OUTPUT.nc":lwe', "My layer", 'NETCDF:"OUTPUT.nc":lwe'),
    ],
)
def test_a_temporary_file_goes_by_its_layers_name(source, layer, shown):
    assert title(source, layer) == shown


def test_an_algorithm_says_it(run, tmp_path):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match=r'In the dialog, UNITS is "Units of the file'):
        run("importseries", INPUT=[str(unitless(tmp_path))], OUTPUT=tmp_path / "o.tif")


def unitless(folder):
    import rasterio
    from rasterio.transform import from_origin

    path = folder / "x_2004-01.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=1, height=1, width=2, dtype="float32", crs="EPSG:4326",
        transform=from_origin(0, 1, 1, 1),
    ) as file:  # fmt: skip
        file.write(np.ones((1, 1, 2), "float32"))
    return path
