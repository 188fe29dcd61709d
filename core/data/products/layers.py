"""What a land-surface product is made of: layers, their units, what they may hold."""

from dataclasses import dataclass

import numpy as np

from ...errors import DataError, ReadError, UnitsError
from ..units import storage_factor

COMPONENTS = ("soilmoisture", "snow", "canopy")
TITLES = {
    "soilmoisture": "soil moisture",
    "snow": "snow water equivalent",
    "canopy": "canopy water",
}
#: The least and the most that one layer may hold, cm of water. Below and above a
#: fill value was not declared or the units are others. Small negative numbers come
#: from packing; ice sheets pile up snow without end in some models.
_PLAUSIBLE = {"soilmoisture": (-1.0, 5_000.0), "snow": (-1.0, 100_000.0), "canopy": (-1.0, 100.0)}
_VOLUMETRIC = {"m**3 m**-3", "m3 m-3", "m^3 m^-3", "m3/m3", "m^3/m^3", "m³ m⁻³"}


@dataclass(frozen=True)
class Layer:
    """One variable of a product: its name, what it counts as, its thickness if volumetric."""

    name: str
    component: str
    depth_cm: float = 0.0

    def factor(self, units, where):
        """Factor to cm of water; raises `UnitsError` for units that do not fit.

        A layer with a thickness holds m³ m⁻³ × thickness, any other kg m⁻² (mm) or m.
        """
        text = " ".join(str(units or "").split())
        if self.depth_cm:
            if text in _VOLUMETRIC:
                return self.depth_cm
            raise UnitsError("volumetric water in m³ m⁻³ is expected", repr(text), where)
        for tail in (" of water equivalent", " of water"):
            if text.endswith(tail):
                text = text[: -len(tail)]
        return storage_factor(text, where)

    def check_values(self, values, where):
        """Raise `DataError` where ``values`` in cm cannot be this layer's."""
        low, high = _PLAUSIBLE[self.component]
        if self.depth_cm:
            high = 1.05 * self.depth_cm
        known = values[np.isfinite(values)]
        if not known.size or (known.min() >= low and known.max() <= high):
            return
        worst = known.min() if known.min() < low else known.max()
        raise DataError(
            f"between {low:g} and {high:g} cm of water in a layer of {TITLES[self.component]} are "
            "expected",
            f"{worst:g} cm",
            where,
            "A fill value that the file does not declare, or other units than it states.",
        )


@dataclass(frozen=True)
class LandProduct:
    """A product: its id, its title, its layers, and the model's name in its header."""

    id: str
    title: str
    layers: tuple
    model: str = ""
    note: str = ""

    def layers_of(self, component):
        """The layers that make a component."""
        return tuple(layer for layer in self.layers if layer.component == component)


def missing_layers(product, names):
    """The names of the product's layers that are not among ``names``."""
    return [layer.name for layer in product.layers if layer.name not in names]


def wrong_product(product, file, found):
    """The error for a file that is not of ``product``."""
    wanted = ", ".join(layer.name for layer in product.layers)
    return ReadError(f"a monthly file of {product.title} with {wanted} is expected", found, file)
