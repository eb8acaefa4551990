"""Which of the packaged encoders has read the language of some texts."""

from collections.abc import Mapping, Sequence

from headstart.encoders._grammar import construct, parse
from headstart.errors import HeadstartError
from headstart.text.language import language_shares

__all__ = ["LEAST_READ", "pretrained_for", "readers", "share_read"]

LEAST_READ = 0.5  # of the texts, from which an encoder is worth trying
_READS = {"minilm": ("en", "mixed"), "e5": ("en", "mixed", "zh")}  # as `language_of` calls them
_MUCH = 0.2  # of the texts in Chinese: worth the time of a dearer encoder
_MOST_TEXTS = 4_000  # more would not tell another language


def share_read(name: str, shares: Mapping[str, float]) -> float:
    """The part of texts with these `language_shares` that `minilm` or `e5` has read the language of."""
    return sum(shares[language] for language in _READS[name])


def readers(shares: Mapping[str, float]) -> list[str]:
    """Those that have read half of texts with these `language_shares` or more, the one to take first: `minilm`, or
    `e5` where a fifth is Chinese.
    """
    order = ("e5", "minilm") if shares["zh"] >= _MUCH else ("minilm", "e5")
    return [name for name in order if share_read(name, shares) >= LEAST_READ]


def pretrained_for(texts: Sequence[str]) -> tuple[str | None, str]:
    """The first of `readers` that is at hand; or None, and a sentence on what is in the way."""
    shares = language_shares(texts[:_MOST_TEXTS])
    obstacles = []
    for name in readers(shares):
        try:
            construct(parse(name)[0], {}).fit([])
        except HeadstartError as error:
            obstacles.append(f"{name} was not tried: {str(error).rstrip('.')}.")
        else:
            return name, ""
    others = f"{1 - share_read('e5', shares):.0%} of the texts are in neither language"
    unread = f"no pre-trained encoder was tried: minilm has read English, e5 Chinese and English, and {others}."
    return None, obstacles[0] if obstacles else unread
