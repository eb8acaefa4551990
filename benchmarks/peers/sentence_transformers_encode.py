"""sentence-transformers: a model's folder -> a function from texts to vectors, all settings as they come."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.common import BenchmarkError

__all__ = ["load"]


def load(folder: Path) -> tuple[Callable[[Sequence[str]], Any], str]:
    """`SentenceTransformer(folder).encode` (the progress bar apart), and its type of number and device."""
    if find_spec("sentence_transformers") is None:
        raise BenchmarkError('sentence-transformers is not installed: pip install -e ".[all,peers]"')
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder))
    parameter = next(model.parameters())

    def encode(texts: Sequence[str]) -> Any:
        return model.encode(list(texts), show_progress_bar=False)

    return encode, f"{parameter.dtype} on {parameter.device}"
