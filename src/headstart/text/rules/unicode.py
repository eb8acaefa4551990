"""Unicode in one form: NFKC, so that full-width, ligatures and composed characters have one spelling."""

import unicodedata

__all__ = ["Unicode"]


class Unicode:
    """NFKC normalisation (Unicode Standard Annex 15); full-width ASCII becomes half-width."""

    def __call__(self, text: str) -> str:
        """The text in NFKC."""
        return text if text.isascii() else unicodedata.normalize("NFKC", text)
