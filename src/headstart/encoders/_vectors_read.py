"""Files of word vectors, read in blocks: GloVe and word2vec text, word2vec binary, fastText text and binary.

Shape letters: m words, d dimensions, c words of a block.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from headstart.errors import DataError, EncoderUnavailable, MissingExtra

if TYPE_CHECKING:
    from headstart.types import Floats

__all__ = ["FASTTEXT_MAGIC", "Block", "Subwords", "in_range", "is_binary", "read_binary", "read_fasttext", "read_text"]

FASTTEXT_MAGIC = (793_712_314).to_bytes(4, "little")

_BLOCK = 1000  # words
_CHUNK = 1 << 20  # bytes
_HEADER = re.compile(rb"\s*(\d+)\s+(\d+)\s*")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_LONGEST_WORD = 10_000  # bytes; more is no word but another format

Block = tuple[list[str], "Floats"]  # c words and their vectors (c, d) float32


class Subwords(NamedTuple):
    """The n-grams of a fastText model: the vector of a word it has never seen is the mean of those of its n-grams."""

    vectors: "Floats"  # (n_buckets, d)
    shortest: int  # characters of an n-gram
    longest: int

    def vector(self, word: str) -> "Floats | None":
        """(d,) float32, None for a word without n-grams."""
        from gensim.models.fasttext import ft_ngram_hashes

        hashes = ft_ngram_hashes(word, self.shortest, self.longest, len(self.vectors))
        return np.asarray(self.vectors[hashes].astype(np.float32).mean(axis=0)) if len(hashes) else None


def is_binary(head: bytes) -> bool:
    """Whether the first bytes are word2vec's binary format: a header line, then bytes that no text has."""
    header, _, rest = head.partition(b"\n")
    return bool(_HEADER.fullmatch(header) and _CONTROL.search(rest))


def read_text(stream: BinaryIO, name: str) -> Iterator[Block]:
    """A word and its numbers a line, apart by spaces or tabs; a first line `m d` is word2vec's and fastText's header.

    Raises DataError with the line that has another number of numbers, or something else than a number.
    """
    first = stream.readline(_CHUNK)
    header = _HEADER.fullmatch(first)
    m, d = (int(header[1]), int(header[2])) if header else (None, len(first.split()) - 1)
    if d < 2:
        raise DataError(f"{name} line 1: expected a word and its numbers, got {first[:60]!r}. {_expected()}")
    words: list[str] = []
    rows: list[list[float]] = []
    number = n_words = 0
    for number, line in enumerate(stream if header else _after(first, stream), start=2 if header else 1):
        fields = line.rstrip().rsplit(None, d)
        if not fields:  # a blank line
            continue
        word = fields[0] if len(fields) == d + 1 else b""  # a word that is white space is cut off with it
        rows.append(_numbers(fields[-d:], d, f"{name} line {number}"))
        words.append(word.decode("utf-8", errors="replace"))
        n_words += 1
        if len(words) == _BLOCK:
            yield words, in_range(rows, name, number)
            words, rows = [], []
    if m is not None and n_words != m:
        raise DataError(
            f"{name} line {number}: the file ends after {n_words:,} words, its first line promises {m:,}. "
            "It is damaged or cut off: copy or download it again."
        )
    if words:
        yield words, in_range(rows, name, number)


def read_binary(stream: BinaryIO, name: str) -> Iterator[Block]:
    """A header line `m d`, then m times a word, a space, and d float32. Raises DataError where it is cut off."""
    header = _HEADER.fullmatch(stream.readline(_CHUNK))
    m, d = (int(header[1]), int(header[2])) if header else (0, 0)
    buffer, place = b"", 0
    words: list[str] = []
    rows: list[bytes] = []
    for number in range(1, m + 1):
        space = buffer.find(b" ", place)
        while space < 0 or len(buffer) < space + 1 + 4 * d:
            more = stream.read(_CHUNK)
            if not more or (space < 0 and len(buffer) - place > _LONGEST_WORD):
                raise DataError(f"{name} is cut off or damaged at word {number:,} of {m:,}. Copy or download it again.")
            buffer, place = buffer[place:] + more, 0
            space = buffer.find(b" ")
        end = space + 1 + 4 * d
        words.append(buffer[place:space].lstrip(b"\n").decode("utf-8", errors="replace"))
        rows.append(buffer[space + 1 : end])
        place = end
        if len(words) == _BLOCK or number == m:
            yield words, in_range(np.frombuffer(b"".join(rows), "<f4").reshape(-1, d), name, number)
            words, rows = [], []


def read_fasttext(path: Path) -> tuple[list[str], "Floats", Subwords | None]:
    """Words, vectors (m, d) and n-grams of a fastText `.bin`, also `.gz`; the whole model goes through memory.

    Raises MissingExtra without gensim, EncoderUnavailable for a damaged file or a supervised model.
    """
    try:
        from gensim.models.fasttext import load_facebook_vectors
    except ImportError:
        raise MissingExtra(f"encoder 'static' with {path.name}", "gensim", "train") from None
    try:
        model = load_facebook_vectors(str(path))
    except Exception as error:  # whatever the parser stumbles over; the user needs one sentence
        raise EncoderUnavailable(
            f"{path} cannot be read as a fastText model: {' '.join(str(error).split())[:160] or type(error).__name__}. "
            "Copy or download it again; of a supervised model, give its word vectors as text (.vec)."
        ) from error
    grams = Subwords(model.vectors_ngrams, model.min_n, model.max_n) if model.max_n and model.bucket else None
    return list(model.index_to_key), in_range(model.vectors, str(path), len(model.index_to_key)), grams


def _after(first: bytes, stream: BinaryIO) -> Iterator[bytes]:
    yield first
    yield from stream


def _numbers(fields: list[bytes], d: int, place: str) -> list[float]:
    try:
        numbers = list(map(float, fields))
    except ValueError:
        wrong = next(field for field in fields if not _is_number(field))
        raise DataError(
            f"{place}: {wrong[:40].decode('utf-8', 'replace')!r} stands where one of {d} numbers is expected "
            "(is the line cut off?). Copy or download the file again."
        ) from None
    if len(numbers) != d:
        raise DataError(
            f"{place}: {len(numbers)} numbers, expected {d}. The file is damaged or cut off: copy or download it again."
        )
    return numbers


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def in_range(rows: "list[list[float]] | Floats", name: str, number: int) -> "Floats":
    """(c, d) float32 in the range of float16. Raises DataError."""
    vectors = np.asarray(rows, np.float32)
    if not (np.abs(vectors) < np.finfo(np.float16).max).all():  # false for NaN too
        raise DataError(
            f"{name}: among the {len(vectors):,} words up to number {number:,} is a vector with NaN, infinite or above "
            "65,504. Such a file is damaged: make or download it again."
        )
    return vectors


def _expected() -> str:
    return (
        "Word vectors are GloVe or word2vec text (a word and its numbers a line), word2vec binary, fastText .vec or "
        ".bin, .npz with the arrays words and vectors, or .npy with the words in a .txt beside it; also .gz."
    )
