"""Measurements: `python -m benchmarks NAME|all`. Every figure in RESULTS.md was written by one of the suites.

suites/NAME.py is the suite NAME, peers/ the same work done by other libraries, results/NAME.json the figures.
"""
