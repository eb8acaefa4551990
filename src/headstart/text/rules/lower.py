"""Lower case."""

__all__ = ["Lower"]


class Lower:
    """Python's `str.lower`, the full mapping of Unicode: one letter may become two (İ)."""

    def __call__(self, text: str) -> str:
        """The text in lower case."""
        return text.lower()
