"""Targets that cannot be written are refused before the work."""

import pytest
from qgis.core import QgsRasterLayer

from .stackruns import ON_STACKS, assert_says, each, given


def runs(algorithm, good, make_product, tmp_path, target, **more):
    if algorithm == "importgrace":
        return {"INPUT": make_product(tmp_path / "product.nc"), "OUTPUT": target, **more}
    return given(algorithm, good, target, **more)


all_of_them = pytest.mark.parametrize("algorithm", ["importgrace", *ON_STACKS])


@all_of_them
def test_the_targets_folder_is_missing(refused, good, make_product, tmp_path, algorithm):
    target = tmp_path / "no" / "out.tif"
    message = refused(algorithm, tmp_path, **runs(algorithm, good, make_product, tmp_path, target))
    assert_says(message, "OUTPUT: a file in an existing folder is expected", "found .*no/out.tif")
    assert not target.parent.exists()


@all_of_them
def test_the_target_is_a_folder(refused, good, make_product, tmp_path, algorithm):
    target = tmp_path / "folder.tif"
    target.mkdir()
    message = refused(algorithm, tmp_path, **runs(algorithm, good, make_product, tmp_path, target))
    assert_says(message, "OUTPUT: a file is expected", "found the folder .*folder.tif")


@all_of_them
@pytest.mark.parametrize("name", ["out.png", "out.nc", "out"])
def test_the_target_is_no_geotiff(refused, good, make_product, tmp_path, algorithm, name):
    given = runs(algorithm, good, make_product, tmp_path, tmp_path / name)
    message = refused(algorithm, tmp_path, **given)
    assert_says(message, "OUTPUT: a file ending in .tif or .tiff is expected", f"found {name}")


@each
def test_the_target_is_the_input(refused, good, tmp_path, algorithm):
    before = (tmp_path / "good.tif").read_bytes()
    (tmp_path / "sub").mkdir()
    for same in (good, tmp_path / "sub" / ".." / "good.tif"):
        message = refused(algorithm, tmp_path, **given(algorithm, good, same))
        assert_says(message, "OUTPUT: a file different from (INPUT|SNOW) is expected", "good.tif")
    assert (tmp_path / "good.tif").read_bytes() == before


def test_the_target_is_a_loaded_layers_file(provider, good, tmp_path):
    import processing
    from qgis.core import QgsProcessingException

    layer = QgsRasterLayer(good, "layer")
    with pytest.raises(QgsProcessingException, match="OUTPUT: a file different from INPUT"):
        processing.run("gracewater:fillgapslinear", {"INPUT": layer, "OUTPUT": good})


def test_one_file_for_two_outputs(refused, good, tmp_path):
    out = tmp_path / "o.tif"
    message = refused("fillgapslinear", tmp_path, INPUT=good, OUTPUT=out, OUTPUT_FLAGS=out)
    assert_says(message, "OUTPUT_FLAGS: a file different from OUTPUT is expected", "o.tif")


def test_a_report_on_top_of_the_product(refused, make_product, tmp_path):
    product = make_product(tmp_path / "product.html")
    message = refused("importgrace", tmp_path, INPUT=product, OUTPUT=tmp_path / "o.tif",
                      OUTPUT_HTML=product)  # fmt: skip
    assert_says(message, "OUTPUT_HTML: a file different from INPUT is expected", "product.html")


def test_a_report_that_cannot_be_written_stops_the_import_before_it_starts(
    refused, make_product, tmp_path
):
    product = make_product(tmp_path / "product.nc")
    for name, text in (("no/r.html", "existing folder"), ("r.txt", "ending in .html")):
        message = refused("importgrace", tmp_path, INPUT=product, OUTPUT=tmp_path / "o.tif",
                          OUTPUT_HTML=tmp_path / name)  # fmt: skip
        assert_says(message, "OUTPUT_HTML", text, name)


def test_temporary_outputs_work(run, good, read_stack):
    result = run("fillgapslinear", INPUT=good, OUTPUT="TEMPORARY_OUTPUT")
    assert result["OUTPUT"].endswith(".tif") and read_stack(result["OUTPUT"])[0].size == 120
