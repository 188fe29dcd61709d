"""Files that somebody sent: hostile, damaged, too new, other than they say."""

import json

import numpy as np
import onnx
import pytest
from grace_water_toolbox.core.downscaling.contract import KEY
from grace_water_toolbox.core.downscaling.model import load_model
from grace_water_toolbox.core.downscaling.onnxfacts import read_facts, sha256
from grace_water_toolbox.core.downscaling.session import ModelSession
from grace_water_toolbox.core.errors import GraceWaterError, ModelError, ReadError
from onnx import TensorProto, helper, numpy_helper

from .conftest import contract_of, linear_pixel, save


def graph_with(initializer, nodes=None):
    """A pixel graph with another initialiser."""
    return helper.make_graph(
        nodes or [helper.make_node("MatMul", ["predictors", "w"], ["mean"])],
        "g",
        [helper.make_tensor_value_info("predictors", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["n", 1])],
        [initializer],
    )


def test_the_facts_are_those_the_onnx_library_reads(pixel_model):
    facts, model = read_facts(pixel_model), onnx.load(str(pixel_model))
    assert facts.ir_version == model.ir_version
    assert facts.opsets == {o.domain: o.version for o in model.opset_import}
    assert facts.metadata == {p.key: p.value for p in model.metadata_props}
    assert facts.operators == {(n.domain, n.op_type) for n in model.graph.node}
    assert facts.inputs[0].shape == ("n", 3) and facts.outputs[0].name == "mean"
    assert facts.parameters == 3 and facts.declared == 12


def test_a_good_model_loads_and_runs(pixel_model):
    model = load_model(pixel_model)
    assert model.files[0].sha256 == sha256(pixel_model) and model.strata == ()
    session = ModelSession(model.files[0], model.contract)
    mean, std = session.run(np.array([[1, 10, 100], [0, 0, 1]]))
    assert mean.tolist() == [321.0, 3.0] and std is None


@pytest.mark.parametrize(
    ("more", "word"),
    [({"opset": 18}, "operator set 17"), ({"ir": 9}, "IR version 8"), ({"domain": "evil"}, "evil")],
)
def test_what_every_qgis_cannot_run_is_refused(tmp_path, more, word):
    if "domain" in more:
        graph = graph_with(
            numpy_helper.from_array(np.ones((3, 1), np.float32), "w"),
            [helper.make_node("MatMul", ["predictors", "w"], ["mean"], domain="evil")],
        )
        sets = [helper.make_opsetid("", 17), helper.make_opsetid("evil", 1)]
        path = save(graph, contract_of(), tmp_path / "m.onnx", opsets=sets)
    else:
        path = linear_pixel([1, 2, 3], contract_of(), tmp_path / "m.onnx", **more)
    with pytest.raises(ModelError, match=word):
        load_model(path)


@pytest.mark.parametrize("location", ["/etc/passwd", "../secret.bin", "a/../../x", "C:\\x", ""])
def test_weights_outside_the_folder_are_refused(tmp_path, location):
    (tmp_path / "secret.bin").write_bytes(bytes(12))
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[3, 1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    (tmp_path / "inner").mkdir()
    path = save(graph_with(tensor), contract_of(), tmp_path / "inner" / "m.onnx")
    with pytest.raises(GraceWaterError, match=r"folder|beside"):
        load_model(path)


def test_weights_behind_a_link_out_of_the_folder_are_refused(tmp_path):
    (tmp_path / "secret.bin").write_bytes(bytes(12))
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "w.bin").symlink_to(tmp_path / "secret.bin")
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[3, 1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="w.bin")
    path = save(graph_with(tensor), contract_of(), tmp_path / "inner" / "m.onnx")
    with pytest.raises(ModelError, match="folder"):
        load_model(path)


@pytest.mark.parametrize("dims", [[5 * 10**10], [2**62, 2**62], [10**7]])
def test_weights_that_are_not_there_are_refused(tmp_path, dims):
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=dims)
    tensor.raw_data = b"1234"
    path = save(graph_with(tensor), contract_of(), tmp_path / "m.onnx")
    with pytest.raises(ModelError, match="weights"):
        load_model(path)


def test_a_subgraph_hides_nothing(tmp_path):
    inner = helper.make_graph(
        [helper.make_node("Evil", ["predictors"], ["y"], domain="evil")], "inner", [], []
    )
    node = helper.make_node("If", ["c"], ["mean"], then_branch=inner, else_branch=inner)
    graph = graph_with(numpy_helper.from_array(np.array(True), "c"), [node])
    sets = [helper.make_opsetid("", 17), helper.make_opsetid("evil", 1)]
    path = save(graph, contract_of(), tmp_path / "m.onnx", opsets=sets)
    with pytest.raises(ModelError, match="evil"):
        load_model(path)


def test_every_truncation_is_an_error_and_no_crash(pixel_model, tmp_path):
    whole = pixel_model.read_bytes()
    for size in range(len(whole)):
        path = tmp_path / "cut.onnx"
        path.write_bytes(whole[:size])
        with pytest.raises(GraceWaterError):
            load_model(path)


def test_flipped_bits_are_an_error_or_a_model_that_still_loads(pixel_model, tmp_path):
    whole = bytearray(pixel_model.read_bytes())
    refused = 0
    for at in range(0, len(whole)):
        flipped = bytearray(whole)
        flipped[at] ^= 1 << at % 8
        path = tmp_path / "flipped.onnx"
        path.write_bytes(flipped)
        try:
            load_model(path)
        except GraceWaterError:
            refused += 1
    assert refused > len(whole) // 4


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"PK\x03\x04zip", b"\xff" * 64])
def test_what_is_no_model_is_refused(tmp_path, content):
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(ReadError):
        load_model(path)


def test_a_model_without_a_contract_says_how_to_get_one(tmp_path):
    path = linear_pixel([1, 2, 3], contract_of(), tmp_path / "m.onnx", metadata={"author": "me"})
    with pytest.raises(ModelError, match=KEY):
        load_model(path)


def test_an_input_other_than_the_contract_says_is_refused(tmp_path):
    with pytest.raises(ModelError, match="3 channels"):
        load_model(linear_pixel([1, 2], contract_of(), tmp_path / "m.onnx"))
    with pytest.raises(ModelError, match="input named 'x'"):
        load_model(linear_pixel([1, 2, 3], contract_of(input="x"), tmp_path / "m.onnx"))
    with pytest.raises(ModelError, match="output named 'y'"):
        load_model(linear_pixel([1, 2, 3], contract_of(output="y"), tmp_path / "m.onnx"))


class TestManifest:
    def write(self, folder, change=None, **entry):
        for stratum in (11, 12):
            linear_pixel([stratum, 0, 0], contract_of(), folder / f"{stratum}.onnx")
        files = [
            {"path": f"{s}.onnx", "sha256": sha256(folder / f"{s}.onnx"), "stratum": s}
            for s in (11, 12)
        ]
        files[0].update(entry)
        content = {"contract": json.loads(contract_of().to_json()), "files": files}
        content.update(change or {})
        path = folder / "model.json"
        path.write_text(json.dumps(content))
        return path

    def test_each_stratum_has_its_file(self, tmp_path):
        model = load_model(self.write(tmp_path))
        assert model.strata == (11, 12) and model.contract.strata == (11, 12)
        assert [f.path.name for f in model.members(12)] == ["12.onnx"]

    def test_a_digest_may_be_written_in_groups(self, tmp_path):
        self.write(tmp_path)
        digest = sha256(tmp_path / "11.onnx")
        groups = " ".join(digest[i : i + 8] for i in range(0, 64, 8))
        assert load_model(self.write(tmp_path, sha256=groups)).files[0].sha256 == digest
        with pytest.raises(ModelError, match="SHA-256"):
            load_model(self.write(tmp_path, sha256=groups[::-1]))

    @pytest.mark.parametrize(
        ("entry", "word"),
        [
            ({"path": "../11.onnx"}, "folder"),
            ({"path": "/etc/passwd"}, "folder"),
            ({"path": "9.onnx"}, "9.onnx"),
            ({"sha256": "00"}, "SHA-256"),
            ({"sha256": None}, "SHA-256"),
            ({"stratum": 12}, "once"),
            ({"stratum": None}, "stratum"),
            ({"stratum": "11"}, "stratum"),
        ],
    )
    def test_what_is_wrong_is_named(self, tmp_path, entry, word):
        with pytest.raises(GraceWaterError, match=word):
            load_model(self.write(tmp_path, **entry))

    @pytest.mark.parametrize("change", [{"contract": 1}, {"files": []}, {"files": [1]}])
    def test_what_is_no_manifest_is_refused(self, tmp_path, change):
        with pytest.raises(ModelError):
            load_model(self.write(tmp_path, change))
