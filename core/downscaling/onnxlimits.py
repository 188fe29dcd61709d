"""Which ONNX files are let through to ONNX Runtime.

The bounds on versions are those of ONNX Runtime 1.19, the newest that every
supported QGIS can get; those on size and place keep a file that somebody sent
from reading other files or taking all memory.
"""

from pathlib import Path

from ..errors import ModelError

MAX_OPSET, MAX_IR, MAX_ML = 17, 8, 3
#: Domains of operators that ONNX Runtime itself brings.
DOMAINS = {"": MAX_OPSET, "ai.onnx.ml": MAX_ML}
#: Operators that may never end.
ENDLESS = {"Loop", "Scan"}
MAX_FILE = 500 * 2**20
#: Bytes that weights and constants may take by their stated shapes.
MAX_DECLARED = 2 * 2**30


def check_facts(facts, path):
    """Raise `ModelError` unless the file's claims are within bounds.

    Opset ≤ 17, IR ≤ 8, ai.onnx.ml ≤ 3; operators of these two domains only; no
    functions of its own; file ≤ 500 MB, weights ≤ 2 GB by their stated shapes;
    weights outside the file only in its own folder, and there.
    """
    path = Path(path)
    where = path.name
    if facts.ir_version > MAX_IR:
        raise _too_new(f"IR version {MAX_IR} or older", f"IR version {facts.ir_version}", where)
    for domain, version in facts.opsets.items():
        if domain in DOMAINS and version > DOMAINS[domain]:
            name = domain or "ai.onnx"
            raise _too_new(
                f"operator set {DOMAINS[domain]} or older of {name}", f"version {version}", where
            )
    foreign = sorted({domain for domain, _ in facts.operators if domain not in DOMAINS})
    if foreign or facts.functions:
        raise ModelError(
            "a model made of standard operators (ai.onnx, ai.onnx.ml) is expected",
            f"operators of {', '.join(foreign)}" if foreign else "functions of its own",
            where,
            "Such a model needs code that is not in ONNX Runtime; export it without.",
        )
    endless = sorted({kind for _, kind in facts.operators} & ENDLESS)
    if endless:
        raise ModelError(
            "a model without loops is expected",
            f"the operators {', '.join(endless)}",
            where,
            "How long a loop runs is not known before it ends; export the model unrolled.",
        )
    undeclared = sorted({domain for domain, _ in facts.operators} - set(facts.opsets))
    if undeclared:
        raise ModelError(
            "a version for each set of operators is expected",
            f"none for {undeclared[0] or 'ai.onnx'}",
            where,
        )
    if facts.size > MAX_FILE:
        raise ModelError(
            f"a model file of at most {MAX_FILE >> 20} MB is expected",
            f"{facts.size >> 20} MB",
            where,
        )
    outside = _external_bytes(facts, path)
    if facts.declared > MAX_DECLARED:
        raise ModelError(
            f"weights of at most {MAX_DECLARED >> 30} GB are expected",
            f"{facts.declared / 2**30:.4g} GB stated by their shapes",
            where,
            "The file is damaged or not meant to be run.",
        )
    if facts.declared - facts.size - outside > 2**20 + 7 * facts.size:
        # Constants may be stored shorter than they are (packed integers), weights may not.
        raise ModelError(
            "weights that are in the file are expected",
            f"{facts.declared} bytes stated, {facts.size + outside} bytes there",
            where,
            "The file is damaged or cut off.",
        )


def _external_bytes(facts, path):
    """Bytes of the weight files beside the model; raises for any other place."""
    folder, total = path.resolve().parent, 0
    for location in sorted(set(facts.external)):
        target = Path(location)
        inside = location and not target.is_absolute() and ".." not in target.parts
        inside = inside and "\\" not in location and ":" not in location
        full = (folder / target).resolve() if inside else None
        if full is None or folder not in full.parents:
            raise ModelError(
                "weights inside the file or beside it are expected",
                f"weights at {location!r}",
                path.name,
                "A model must not read files outside its own folder.",
            )
        if not full.is_file():
            raise ModelError(
                f"the weight file {location} is expected beside the model", "no such file",
                path.name, "Copy all files of the model into one folder.",
            )  # fmt: skip
        total += full.stat().st_size
    if total > MAX_FILE:
        raise ModelError(
            f"weights of at most {MAX_FILE >> 20} MB are expected",
            f"{total >> 20} MB beside the model",
            path.name,
        )
    return total


def _too_new(expected, found, where):
    return ModelError(
        f"a model of {expected} is expected",
        found,
        where,
        "Export it again for ONNX Runtime 1.19 (opset 17), so that every QGIS can run it.",
    )
