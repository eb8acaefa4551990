"""Cleaning of data sets: rules about texts (`headstart.text.rules`) and about rows (`rows/`), with an account of both.

Nothing is dropped in silence: every rule counts the texts that it changed and names the rows that it removed or
marked, with a reason and a score.
"""

from headstart.cleaning.cleaner import Cleaned, Cleaner, Effect, Example, Flag

__all__ = ["Cleaned", "Cleaner", "Effect", "Example", "Flag"]
