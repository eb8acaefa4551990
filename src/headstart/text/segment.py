"""Chinese segmentation by jieba's dictionary: through rjieba (Rust) where it is installed, else jieba."""

from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec

__all__ = ["segment", "segmenter_name"]


def segmenter_name() -> str:
    """`rjieba` when it is installed, else `jieba`: same dictionary, about 17 times the speed."""
    return "rjieba" if find_spec("rjieba") else "jieba"


@lru_cache(maxsize=1)
def _cut() -> Callable[[str], list[str]]:
    if segmenter_name() == "rjieba":
        import rjieba

        rust: Callable[[str], list[str]] = rjieba.cut
        return rust
    import logging

    import jieba

    jieba.setLogLevel(logging.WARNING)  # it announces its dictionary on stderr otherwise
    python: Callable[[str], list[str]] = jieba.lcut
    return python


def segment(text: str) -> list[str]:
    """The words of a text in order; together they are the text. White space and punctuation are words too."""
    return _cut()(text)
