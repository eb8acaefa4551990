PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help setup demo test check format bench bench-classic bench-fewshot bench-finetune clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP)  ## create .venv and install Headstart with everything

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[all,dev]"
	@touch $@

demo: setup  ## the main job on the hand-written examples
	$(BIN)/headstart demo

test: setup  ## all tests, on at most four cores
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

check: setup  ## format, rules, types, architecture
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py

format: setup  ## format the code and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup  ## measure: writes benchmarks/results/*.json and RESULTS.md (needs the data sets and the peers)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[peers]"
	$(BIN)/python -m benchmarks all

bench-classic: setup  ## measure cleaning, segmentation, classic encoders, augmentation, recommend (about 3 hours)
	for suite in cleaning segmentation classic augmentation recommend; do $(BIN)/python -m benchmarks $$suite || exit 1; done

bench-fewshot: setup  ## measure few labels, suggest, abstain (hours with SetFit; goes on where it was broken off)
	for suite in fewshot chinese pooled suggest abstain; do $(BIN)/python -m benchmarks $$suite || exit 1; done

bench-finetune: setup  ## measure fine-tuning beside transformers' Trainer (many hours; goes on where it was broken off)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[peers]"
	$(BIN)/python -m benchmarks finetune

clean:  ## remove what the tools made
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
