"""Run in a process of its own by test_shadowed_dependencies.py: QGIS without packages.

Arguments: the packages to hide (comma-separated), then what to do. Prints JSON.
"""

import importlib.machinery
import json
import sys


class WithoutPackages:
    """Stands before Python's path finder and finds nothing of the hidden packages."""

    def __init__(self, hidden):
        self.hidden, self.asked = set(hidden), []

    def hides(self, name):
        return name.split(".")[0] in self.hidden

    def find_spec(self, name, path=None, target=None):
        if self.hides(name):
            self.asked.append(name)
            return None
        return importlib.machinery.PathFinder.find_spec(name, path, target)


def hide(names):
    finder = WithoutPackages(names)
    place = sys.meta_path.index(importlib.machinery.PathFinder)
    sys.meta_path[place] = finder
    # The editable install's finder stays: it knows only this package.
    return finder


def main(hidden, task, *arguments):
    finder = hide([n for n in hidden.split(",") if n])
    from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingFeedback

    app = QgsApplication([], False)
    app.initQgis()
    from grace_water_toolbox import classFactory

    registry = QgsApplication.processingRegistry()
    plugin = classFactory(None)
    plugin.initProcessing()
    provider = registry.providerById("gracewater")
    answer = {"listed": sorted(a.name() for a in provider.algorithms())}
    if task == "list":
        answer["loaded"] = [n for n in arguments[0].split(",") if n in sys.modules]
        answer["asked"] = finder.asked
        answer["can"] = {a.name(): a.canExecute() for a in provider.algorithms()}
        answer["help"] = {a.name(): len(a.shortHelpString()) for a in provider.algorithms()}
    else:
        algorithm = registry.createAlgorithmById(f"gracewater:{task}")
        parameters = json.loads(arguments[0])
        context = QgsProcessingContext()
        said = answer["said"] = []

        class Log(QgsProcessingFeedback):
            def reportError(self, error, fatalError=False):
                said.append(error)

        answer["check"] = algorithm.checkParameterValues(parameters, context)
        # As a model does it: without asking canExecute or checkParameterValues.
        results, ok = algorithm.run(parameters, context, Log(False))
        answer["run"] = [ok, results]
    plugin.unload()
    answer["after"] = registry.providerById("gracewater") is not None
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
    # QGIS without an event loop does not always leave quietly.
    sys.stdout.flush()
    sys.exit(0)
