# Two commands do everything, set-up included: make demo, make test.
PYTHON = .venv/bin/python
export QT_QPA_PLATFORM ?= offscreen

.PHONY: demo test real lint bench docs package clean

demo:            ## the main job on generated sample data, results in demo-output/
	@tools/setup.sh
	@$(PYTHON) tools/demo.py

test: lint       ## every test, including a real QGIS window under Xvfb
	@$(PYTHON) -m pytest

real:            ## hour-long runs on the real data
	@tools/setup.sh test
	@$(PYTHON) -m pytest -m long --runlong

lint:
	@tools/setup.sh test
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy core

bench:           ## our kernels beside named peers, as ratios; time and memory by extent
	@tools/setup.sh test
	@$(PYTHON) bench/run.py
	@$(PYTHON) bench/memory.py --large
	@$(PYTHON) bench/downscaling_memory.py --large

docs:            ## the pages in docs/algorithms, from the algorithms' own help
	@tools/setup.sh test
	@$(PYTHON) tools/docs.py

package:         ## the zip that QGIS installs, in dist/
	@tools/setup.sh test
	@$(PYTHON) tools/package.py

clean:
	rm -rf build dist demo-output .pytest_cache .ruff_cache .mypy_cache .hypothesis
