"""Data: from files to a `Dataset`, audited and split. Nothing here needs scikit-learn or torch."""

from headstart.data.audit import audit, overlap
from headstart.data.columns import Columns
from headstart.data.load import LoadedData, TextRow, TextRows, read_dataset, read_leniently, read_rows
from headstart.data.splits import folds, limit_rows, sample_per_class
from headstart.data.trainable import check_known_labels, check_trainable
from headstart.data.writing import check_writable, open_writer

__all__ = [
    "Columns",
    "LoadedData",
    "TextRow",
    "TextRows",
    "audit",
    "check_known_labels",
    "check_trainable",
    "check_writable",
    "folds",
    "limit_rows",
    "open_writer",
    "overlap",
    "read_dataset",
    "read_leniently",
    "read_rows",
    "sample_per_class",
]
