"""Cleaning of data sets: text rules, then rules about rows (duplicates, conflicts, outliers, label mistakes)."""
