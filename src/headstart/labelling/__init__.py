"""Which texts a person should label next: `suggest`, what `headstart suggest` does."""

from headstart.labelling.suggestion import Suggested, Suggestion, suggest

__all__ = ["Suggested", "Suggestion", "suggest"]
