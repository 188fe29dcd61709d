"""Ready-made chains: models shipped with the plugin, shown as algorithms."""

from pathlib import Path

from qgis.core import QgsProcessingModelAlgorithm


class Chain(QgsProcessingModelAlgorithm):
    """A shipped model under a fixed id, in the provider's own group.

    Models live in the "Models" provider by nature; here the file name is the id
    so that scripts and other models can rely on it.
    """

    def __init__(self, path=""):
        """Load the model at ``path``."""
        super().__init__()
        self._path = str(path)
        self._loaded = bool(path) and self.fromFile(self._path)

    @property
    def loaded(self):
        """Whether the file was read."""
        return self._loaded

    def createInstance(self):
        """A fresh copy for one run."""
        return type(self)(self._path)

    def name(self):
        """The file's name, the fixed id."""
        return Path(self._path).stem

    def processAlgorithm(self, parameters, context, feedback):
        """Run the model; name its layers, which QGIS 3.22 calls "OUTPUT" after the step."""
        results = super().processAlgorithm(parameters, context, feedback)
        for output in self.outputDefinitions():
            layer = results.get(output.name())
            if isinstance(layer, str) and context.willLoadLayerOnCompletion(layer):
                context.layerToLoadOnCompletionDetails(layer).name = output.description()
        return results

    def groupId(self):
        """Chains have a group of their own, below the rooms."""
        return "chains"

    def group(self):
        """The name of that group."""
        return "9 Chains"


def load_chains(folder):
    """The chains in ``folder``, by name."""
    chains = (Chain(path) for path in sorted(Path(folder).glob("*.model3")))
    return [chain for chain in chains if chain.loaded]
