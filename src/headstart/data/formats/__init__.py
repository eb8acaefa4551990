"""File formats: one file each, named by the file; `_base.py` says what a format offers."""
