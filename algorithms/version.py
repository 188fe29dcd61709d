"""The toolbox's version, as metadata.txt states it."""

from configparser import ConfigParser
from pathlib import Path


def read_version():
    """The version in metadata.txt, or an empty text."""
    metadata = ConfigParser(interpolation=None)
    metadata.read(Path(__file__).resolve().parents[1] / "metadata.txt", encoding="utf-8")
    return metadata.get("general", "version", fallback="")


VERSION = read_version()
