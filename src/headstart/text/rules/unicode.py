"""Unicode in one form: NFKC, so that full-width, ligatures and composed characters have one spelling."""

from headstart.text.normalise import nfkc

__all__ = ["Unicode"]


class Unicode:
    """NFKC normalisation (Unicode Standard Annex 15); full-width ASCII becomes half-width.

    More than 30 accents on one letter are cut to 30.
    """

    def __call__(self, text: str) -> str:
        """The text in NFKC."""
        return nfkc(text)
