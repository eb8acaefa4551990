"""Texts: language, folding, segmentation, batches."""
