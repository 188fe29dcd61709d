"""A downscaling model on disk: one ONNX file, or a manifest naming several.

A single file carries its contract in its own metadata. A model of several files (one
a stratum, several members) is a JSON file beside them, with the common contract and,
for each file, its name, SHA-256 and which stratum and member it is.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Optional

from ..errors import ModelError, ReadError
from .contract import KEY, Contract
from .contractreading import parse_contract
from .onnxfacts import OnnxFacts, read_facts, sha256
from .onnxlimits import check_facts

MAX_MANIFEST = 4 * 2**20
MAX_FILES = 200


@dataclass(frozen=True)
class ModelFile:
    """One ONNX file of a model; ``stratum`` None serves all classes."""

    path: Path
    facts: OnnxFacts
    sha256: str
    stratum: Optional[int] = None
    member: int = 0


@dataclass(frozen=True)
class Model:
    """A checked model: its contract and its files. Nothing has been run yet."""

    path: Path
    contract: Contract
    files: tuple

    @property
    def name(self):
        """File name for messages."""
        return self.path.name

    @property
    def strata(self):
        """Classes the files serve; empty where one file serves all."""
        return tuple(sorted({f.stratum for f in self.files if f.stratum is not None}))

    def members(self, stratum=None):
        """Files for a class, in the order of their members."""
        chosen = [f for f in self.files if f.stratum in (None, stratum)]
        return sorted(chosen, key=lambda f: f.member)


def load_model(path):
    """The `Model` at ``path`` (.onnx or .json), every claim checked, nothing executed.

    Raises `ReadError` for a file that is missing or damaged and `ModelError` for one
    that is hostile, too new, without a contract, or other than its contract says.
    """
    path = Path(path)
    if not path.is_file():
        raise ReadError("an existing model (.onnx or .json) is expected", f"no file {path}")
    if path.suffix.lower() == ".json":
        return _from_manifest(path)
    facts = read_facts(path)
    check_facts(facts, path)
    text = facts.metadata.get(KEY)
    if text is None:
        raise ModelError(
            f"a model that carries its contract ('{KEY}' in its metadata) is expected",
            "none",
            path.name,
            "Models made by the toolbox's export have one; docs/model-contract tells how to add "
            "it to another.",
        )
    contract = parse_contract(text, path.name)
    check_signature(contract, facts, path.name)
    return Model(path, contract, (ModelFile(path, facts, sha256(path)),))


def _from_manifest(path):
    where = path.name
    if path.stat().st_size > MAX_MANIFEST:
        raise ModelError("a manifest of at most 4 MB is expected", "a larger file", where)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError("a manifest in JSON is expected", error, where) from error
    except OSError as error:
        raise ReadError("a manifest that can be read is expected", error, where) from error
    if not isinstance(content, dict) or not isinstance(content.get("contract"), dict):
        raise ModelError("a manifest with a 'contract' is expected", "another JSON file", where)
    contract = parse_contract(json.dumps(content["contract"]), where)
    entries = content.get("files")
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_FILES:
        raise ModelError(f"1 to {MAX_FILES} 'files' are expected", "others", where)
    files = tuple(_entry(entry, path, contract) for entry in entries)
    keys = [(f.stratum, f.member) for f in files]
    if len(set(keys)) < len(keys):
        raise ModelError("each stratum and member once is expected", "one twice", where)
    with_class = {f.stratum is not None for f in files}
    if len(with_class) > 1:
        raise ModelError("a stratum for every file or for none is expected", "both", where)
    strata = tuple(sorted({f.stratum for f in files if f.stratum is not None}))
    return Model(path, replace(contract, strata=strata), files)


def _entry(entry, manifest, contract):
    where = manifest.name
    if not isinstance(entry, dict) or not isinstance(entry.get("path"), str):
        raise ModelError("a 'path' for each of the 'files' is expected", entry, where)
    name = entry["path"]
    inner = PurePosixPath(name)
    if not name or inner.is_absolute() or ".." in inner.parts or "\\" in name or ":" in name:
        raise ModelError(
            "files in the folder of the manifest are expected",
            repr(name),
            where,
            "A model must not read files outside its own folder.",
        )
    folder = manifest.resolve().parent
    path = (folder / inner).resolve()
    if folder not in path.parents:
        raise ModelError("files in the folder of the manifest are expected", repr(name), where)
    if not path.is_file():
        raise ReadError(
            f"{name} is expected beside {where}", "no such file", where,
            "Copy all files of the model into one folder.",
        )  # fmt: skip
    stratum, member = entry.get("stratum"), entry.get("member", 0)
    for key, value in (("stratum", stratum), ("member", member)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise ModelError(f"a whole number for '{key}' of {name} is expected", value, where)
    stated = "".join(str(entry.get("sha256", "")).split()).lower()
    facts = read_facts(path)
    check_facts(facts, path)
    found = sha256(path)
    if stated != found:
        raise ModelError(
            f"the file {name} as it was when the model was made (SHA-256 {stated[:12] or 'none'}…) "
            "is expected",
            f"{found[:12]}…",
            where,
            "The file was changed, damaged or exchanged: get the model again.",
        )
    check_signature(contract, facts, name)
    return ModelFile(path, facts, found, stratum, member or 0)


def check_signature(contract, facts, where):
    """Raise `ModelError` unless inputs and outputs are what the contract says.

    One input, float32: (patch, channel, row, column) for patch models, (row, channel)
    for pixel models. Weights that older files list among the inputs do not count.
    """
    inputs = [t for t in facts.inputs if t.name not in facts.initializers]
    if [t.name for t in inputs] != [contract.input]:
        found = ", ".join(t.name for t in inputs) or "none"
        raise ModelError(f"one input named '{contract.input}' is expected", found, where)
    outputs = {t.name: t for t in facts.outputs}
    for name in filter(None, (contract.output, contract.output_std)):
        if name not in outputs:
            raise ModelError(
                f"an output named '{name}' is expected", ", ".join(outputs) or "none", where
            )
    tensor = inputs[0]
    if tensor.type != "float32":
        raise ModelError("an input of float32 is expected", tensor.type, where)
    channels = len(contract.channels)
    expected = {0: None, 1: channels}
    if contract.kind == "patch":
        if contract.tile.fixed:
            expected.update({2: contract.tile.height, 3: contract.tile.width})
        else:
            expected.update({2: None, 3: None})
    shape = tensor.shape
    fits = len(shape) == len(expected) and all(
        size is None or not isinstance(shape[axis], int) or shape[axis] == size
        for axis, size in expected.items()
    )
    if not fits:
        wanted = " × ".join("any" if s is None else str(s) for s in expected.values())
        found = " × ".join(str(s if s is not None else "any") for s in shape)
        raise ModelError(
            f"an input of shape {wanted} ({channels} channels by its contract) is expected",
            found or "a single number",
            where,
        )
