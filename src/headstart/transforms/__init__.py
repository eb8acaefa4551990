"""Transforms: features (n, d) -> features (n, e), steps after an encoder."""
