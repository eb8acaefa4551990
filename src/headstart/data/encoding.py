"""Which encoding a file is in, decided over the whole file in one or two passes of bounded memory.

UTF-8 is certain when every byte decodes. Otherwise a file is in the encoding in which it reads like text:
each candidate that decodes the whole file is scored by the share of its characters that are common ones (GB
2312 level 1 and Big5 level 1 hanzi, letters of western Europe, punctuation). Tests: real Chinese texts, two
rows and more, as GB 18030, Big5 and UTF-16. charset-normalizer was weighed: unless held to these it
reads western files as cp1250 and the like; it needs the file in memory, and refused some real Chinese files.

Not told apart: Big5 from cp950, which differ in a few symbols (cp950 is taken); Latin-1 from other one-byte
encodings of western Europe; EUC-KR, EUC-JP and Shift-JIS are not candidates. Whatever is found is reported,
and `encoding=` overrides it.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from headstart.data.characters import common_characters, counted_characters
from headstart.errors import ConfigError, DataError, did_you_mean

__all__ = ["Encoding", "Undecodable", "check", "detect", "first_undecodable"]

Chunks = Callable[[], Iterable[bytes]]  # reads the file again from its start, in pieces

# the codec that skips the mark, for each byte order mark; UTF-32 first: its mark starts with UTF-16's
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CANDIDATES = (
    "gb18030",
    "cp950",
    "big5hkscs",
    "utf-16-le",
    "utf-16-be",
    "cp1252",
    "latin-1",
)  # a tie: the first
_CHINESE = ("gb18030", "cp950", "big5hkscs")
_KNOWN = ("utf-8", "utf-8-sig", "utf-16", "gbk", "gb2312", "big5", *_CANDIDATES)
_READS_LIKE_TEXT = 0.6  # below: no answer; of real files in the right encoding 99 % score 0.91 and more
_LIKELY = 0.9
_CLEAR_MARGIN = 0.15
_UTF8_SEQUENCES = 6  # so many valid ones before the first error are no chance
# between ASCII, four characters or more of three bytes in UTF-8: none in 90 MB of real texts in GB 18030 and Big5 and
# of words cut from them, nor among millions of words of rare characters
_OF_THREE = rb"[\xe2-\xef][\x80-\xbf][\x80-\xbf]"
_UTF8_RUN = re.compile(rb"[\x00-\x7f]" + 4 * _OF_THREE + rb"(?:" + _OF_THREE + rb")*(?![\x80-\xff])")
_PIECE_BYTES = 1 << 20
_SCORED_BYTES = 1 << 22  # scoring stops here, decoding goes on to the end


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding by its Python codec name, and how it is known."""

    name: str
    had_bom: bool
    confidence: str  # "certain", "likely" or "guess"
    why: str

    @property
    def note(self) -> str:
        """A sentence for the report."""
        return f"encoding {self.name} ({self.confidence}: {self.why})"


@dataclass(frozen=True, slots=True)
class Undecodable:
    """The first byte that an encoding cannot read. line counts from 1, offset (bytes) from 0."""

    line: int
    offset: int
    byte: int

    def __str__(self) -> str:
        return f"line {self.line}: byte 0x{self.byte:02X} at offset {self.offset}"


def detect(chunks: Chunks, name: str) -> Encoding:
    """The encoding of the bytes of `chunks()`; `name` is the file's, for messages.

    Raises DataError if no candidate reads the whole file as text, naming the line, the byte and the way out; and where
    a row is in UTF-8, though a Chinese encoding decodes it too.
    """
    chunks = _regrouped(chunks)
    head = next(iter(chunks()), b"")[:4]
    mark = next((codec for mark, codec in _MARKS if head.startswith(mark)), None)
    if mark is not None:
        _refuse(first_undecodable(chunks, mark), name, f"starts with a byte order mark of {mark}")
        return Encoding(mark, True, "certain", "byte order mark")
    survey = _survey_utf8(chunks)
    if survey.error is None and survey.nul_share <= 0.1:
        return Encoding("utf-8", False, "certain", "every byte decodes as UTF-8")
    if survey.n_sequences >= _UTF8_SEQUENCES and survey.nul_share == 0:
        _refuse(survey.error, name, "reads as UTF-8 up to there")
    best = _best(chunks, name, survey)
    if best.name in _CHINESE:
        _refuse_utf8_rows(chunks, name, best.name)
    return best


def check(chunks: Chunks, encoding: str, name: str) -> Encoding:
    """`encoding` as the user asked for it, once the whole file is known to decode in it.

    Raises ConfigError for an encoding that Python does not know; DataError names the line, the byte and the
    encoding that the file seems to have instead.
    """
    asked = known(encoding)
    chunks = _regrouped(chunks)
    head = next(iter(chunks()), b"")[:4]
    had_bom = any(head.startswith(mark) for mark, _ in _MARKS)
    if asked.name == "utf-8" and had_bom:
        asked = replace(asked, name="utf-8-sig", had_bom=True)
    error = first_undecodable(chunks, asked.name)
    if error is None:
        return asked
    try:
        found = f"The file seems to be {detect(chunks, name).name}: leave out the encoding, or name that one."
    except DataError:
        found = "No encoding that Headstart knows reads the whole file: repair that line."
    raise DataError(f"{name} {error} is not {encoding}. {found}")


def known(encoding: str) -> Encoding:
    """The user's `encoding` under Python's name. Raises ConfigError if Python has no such text encoding."""
    try:
        "".encode(encoding)  # refuses codecs that are no text encodings, such as hex
        codec = codecs.lookup(encoding).name
    except LookupError:
        hint = did_you_mean(encoding, _KNOWN)
        raise ConfigError(f"Unknown encoding {encoding!r}.{hint} Known, among others: {', '.join(_KNOWN)}.") from None
    return Encoding(codec, False, "certain", "as asked")


def first_undecodable(chunks: Chunks, codec: str) -> Undecodable | None:
    """The first byte that `codec` cannot read, or None when it reads the whole."""
    decoder = codecs.getincrementaldecoder(codec)()
    line, n_read = 1, 0
    for chunk, final in _marked_last(chunks()):
        state = decoder.getstate()
        try:
            line += decoder.decode(chunk, final).count("\n")
        except UnicodeDecodeError as error:
            n_pending = len(error.object) - len(chunk)
            good = max(error.start - n_pending, 0)
            decoder.setstate(state)
            line += decoder.decode(chunk[:good]).count("\n")
            return Undecodable(line, n_read - n_pending + error.start, error.object[error.start])
        n_read += len(chunk)
    return None


def _regrouped(chunks: Chunks) -> Chunks:
    """The same bytes in pieces of 1 MiB or more: characters at a seam are judged less well."""

    def regrouped() -> Iterator[bytes]:
        held = bytearray()
        for chunk in chunks():
            held += chunk
            if len(held) >= _PIECE_BYTES:
                yield bytes(held)
                held.clear()
        yield bytes(held)

    return regrouped


def _marked_last(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    for chunk in chunks:
        yield chunk, False
    yield b"", True


def _refuse(error: Undecodable | None, name: str, belief: str) -> None:
    if error is not None:
        raise DataError(
            f"{name} {error} does not decode, though the file {belief}. "
            "Repair that line, or name the encoding with --encoding (encoding=)."
        )


@dataclass(slots=True)
class _Utf8Survey:
    """What one pass over the bytes tells about UTF-8."""

    error: Undecodable | None
    n_sequences: int  # valid sequences of several bytes before the error
    nul_share: float


def _survey_utf8(chunks: Chunks) -> _Utf8Survey:
    n_bytes = n_nul = 0

    def counted() -> Iterator[bytes]:
        nonlocal n_bytes, n_nul
        for chunk in chunks():
            n_bytes += len(chunk)
            n_nul += chunk.count(0)
            yield chunk

    error = first_undecodable(counted, "utf-8")
    n_sequences = 0 if error is None else _n_sequences(chunks, error.offset)
    return _Utf8Survey(error, n_sequences, n_nul / max(n_bytes, 1))


def _n_sequences(chunks: Chunks, n_bytes: int) -> int:
    """Sequences of several bytes among the first `n_bytes`, valid UTF-8; counting stops at enough."""
    n = 0
    for chunk in chunks():
        n += sum(byte >= 0xC2 for byte in chunk[:n_bytes].translate(None, delete=bytes(range(0x80))))
        n_bytes -= len(chunk)
        if n >= _UTF8_SEQUENCES or n_bytes <= 0:
            break
    return n


@dataclass(slots=True)
class _Candidate:
    """One reading of the file: how far it decodes, and how common its characters are."""

    codec: str
    alive: bool = True
    n_common: int = 0
    n_scored: int = 0
    decoder: codecs.IncrementalDecoder = field(init=False)

    def __post_init__(self) -> None:
        self.decoder = codecs.getincrementaldecoder(self.codec)()

    @property
    def score(self) -> float:
        return self.n_common / self.n_scored if self.n_scored else 0.0

    def read(self, chunk: bytes, final: bool, scoring: bool) -> None:
        try:
            text = self.decoder.decode(chunk, final)
        except UnicodeDecodeError:
            self.alive = False
            return
        if scoring and text:
            points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
            counted = counted_characters(points, self.codec)
            self.n_scored += int(counted.sum())
            self.n_common += int((common_characters(points, self.codec) & counted).sum())


def _broken_off(chunks: Chunks, survey: _Utf8Survey) -> str:
    """Where a Chinese encoding breaks off that reads beyond the first line that is no UTF-8: two files in one?"""
    for codec in ("gb18030", "cp950"):
        stop = first_undecodable(chunks, codec)
        if stop is not None and survey.error is not None and stop.line > survey.error.line:
            return f" ({codec} reads it up to {stop}: are these several files in one?)"
    return ""


def _refuse_utf8_rows(chunks: Chunks, name: str, codec: str) -> None:
    """Raises DataError where a row is in UTF-8: in `codec` it decodes too, as characters that nobody wrote."""
    line = 1
    for chunk in chunks():
        piece = b"\n" + chunk  # a run may begin the file
        run = _UTF8_RUN.search(piece)
        line += piece.count(b"\n", 1, run.start() + 1 if run else None)
        if run:
            raise DataError(
                f"{name} line {line} is UTF-8, and the file reads as text in {codec}: are these several files in one? "
                "Repair that line, or name the encoding with --encoding (encoding=)."
            )


def _best(chunks: Chunks, name: str, survey: _Utf8Survey) -> Encoding:
    candidates = [_Candidate(codec) for codec in _CANDIDATES]
    n_read = 0
    for chunk, final in _marked_last(chunks()):
        for candidate in candidates:
            if candidate.alive:
                candidate.read(chunk, final, scoring=n_read < _SCORED_BYTES)
        n_read += len(chunk)
    ranked = sorted((c for c in candidates if c.alive), key=lambda c: -c.score)  # stable: a tie keeps the order
    if not ranked or ranked[0].score < _READS_LIKE_TEXT:
        where = f"{survey.error} is not UTF-8" if survey.error is not None else "has NUL bytes"
        none = f"none of {', '.join(_CANDIDATES)}{_broken_off(chunks, survey)}"
        raise DataError(
            f"{name} {where}, and the file reads as text in {none}. "
            "Name its encoding with --encoding (encoding=), or repair that line."
        )
    best = ranked[0]
    rival = next((c.score for c in ranked[1:] if c.codec[:4] != best.codec[:4]), 0.0)  # big5hkscs is no rival of cp950
    is_clear = best.score - rival >= _CLEAR_MARGIN and best.n_scored >= 10
    confidence = "likely" if is_clear and best.score >= _LIKELY else "guess"
    return Encoding(best.codec, False, confidence, f"{best.score:.0%} of its characters are common ones")
