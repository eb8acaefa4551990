"""Evaluation: metrics with intervals, comparison on the same rows, the report."""
