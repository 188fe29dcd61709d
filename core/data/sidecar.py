"""Checksum files that data centres hand out beside a product, such as ``NAME.nc.md5``."""

import hashlib
import re
from pathlib import Path

from ..errors import ReadError

#: Kind of sum by the ending of its file, and its hexadecimal digits.
_KINDS = {".md5": ("md5", 32), ".sha256": ("sha256", 64)}
_BLOCK = 1 << 20
_LONGEST = 1 << 20


def sidecars(path):
    """The checksum files beside ``path``."""
    found = (Path(f"{path}{ending}") for ending in _KINDS)
    return [side for side in found if side.is_file()]


def check_sums(path):
    """Raise `ReadError` where a file differs from a checksum file beside it.

    Reads the whole file, where there is such a sum: about two seconds a gigabyte.
    """
    for side in sidecars(path):
        kind, digits = _KINDS[side.suffix]
        stated, found = _stated(side, Path(path).name, digits), _sum(path, kind)
        if stated != found:
            raise ReadError(
                f"the {kind} sum {stated} of {side.name} is expected",
                found,
                Path(path).name,
                "It is truncated or damaged, or the sum is another version's: download both again.",
            )


def _stated(side, name, digits):
    """The sum in a file as md5sum and its kin write it: alone, before or behind the name."""
    with side.open(encoding="utf-8", errors="replace") as stream:
        lines = stream.read(_LONGEST).splitlines()
    sums = [
        (line, found[1].lower())
        for line in lines
        for found in [re.search(rf"(?<![0-9a-fA-F])([0-9a-fA-F]{{{digits}}})(?![0-9a-fA-F])", line)]
        if found
    ]
    named = [stated for line, stated in sums if name in line]
    chosen = named or ([sums[0][1]] if len(sums) == 1 else [])
    if len(set(chosen)) != 1:
        raise ReadError(
            f"one sum of {digits} hexadecimal digits for {name} is expected",
            f"{len(set(chosen))} in {len(lines)} lines",
            side.name,
            "Download it again, or remove it to read the file without that check.",
        )
    return chosen[0]


def _sum(path, kind):
    total = hashlib.new(kind, usedforsecurity=False)
    with Path(path).open("rb") as stream:
        while block := stream.read(_BLOCK):
            total.update(block)
    return total.hexdigest()
