"""Augmentation: new labelled texts from labelled ones, for training rows only."""
