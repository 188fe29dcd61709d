"""Builds the zip that QGIS installs: tracked files of the shipped rooms, nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLUGIN = "grace_water_toolbox"
FILES = {"__init__.py", "metadata.txt", "LICENSE", "README.md", "CHANGELOG.md"}
ROOMS = ("plugin/", "algorithms/", "core/", "models/")
#: The plugin repository's limit.
LIMIT = 25 * 2**20


def shipped_files():
    """Tracked files that belong in the zip, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = [n for n in listed.stdout.split("\0") if n]
    return sorted(n for n in names if n in FILES or n.startswith(ROOMS))


def build(folder):
    """Write the zip into ``folder``; its path."""
    version = next(
        line.split("=", 1)[1].strip()
        for line in (ROOT / "metadata.txt").read_text(encoding="utf-8").splitlines()
        if line.startswith("version=")
    )
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{PLUGIN}-{version}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in shipped_files():
            archive.write(ROOT / name, f"{PLUGIN}/{name}")
    if target.stat().st_size > LIMIT:
        sys.exit(f"{target.name} exceeds the plugin repository's {LIMIT >> 20} MB")
    return target


if __name__ == "__main__":
    path = build(ROOT / "dist")
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1024:.0f} kB")
