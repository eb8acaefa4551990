"""Tokenising, cutting and padding: long texts are cut where a tokeniser of the whole text would cut them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from headstart.encoders._tokens import TextTokeniser, pad

FAMILIES = ("bert", "gpt2", "t5", "xlnet")  # WordPiece, bytes, Unigram with its specials at the end
WORDS = "The soup was cold, but the waiter could not have been kinder. 房间很干净！ 👍 don't "


def whole(tokenizer: Tokenizer, text: str, max_tokens: int) -> tuple[list[int], bool]:
    """Brute force: tokenise all of the text and let the library cut it."""
    tokenizer.no_truncation()
    n = len(tokenizer.encode(text).ids)
    tokenizer.enable_truncation(max_tokens)
    return tokenizer.encode(text).ids, n > max_tokens


@pytest.fixture(params=FAMILIES)
def tokenizer(request: pytest.FixtureRequest, tiny_model: Callable[[str], Path]) -> Tokenizer:
    return Tokenizer.from_file(str(tiny_model(request.param) / "tokenizer.json"))


@pytest.mark.parametrize("max_tokens", [3, 17, 64])
def test_cut_as_the_library_cuts(max_tokens: int, tokenizer: Tokenizer) -> None:
    """Ids and `truncated` agree with brute force for lengths around the limits, and for strange texts."""
    texts = [(WORDS * 60)[:n] for n in [*range(90), *range(1500, 4200, 149)]]
    texts += [
        "a" * 5000,
        "b" * 95 + " c",
        " " * 9000,
        " " * 9000 + "x",
        "x" + "\n" * 9000 + WORDS * 9,
        "-" * 7000,
    ]
    texts += [
        "好" * 30,
        "好" * 4000,
        "👍" * 30,
        "👍" * 3000,
        "\ufdfa" * 9,
        "\u0130" * 40,
        "\u200b" * 6000,
        "é" * 33,
    ]
    ours = TextTokeniser(tokenizer, max_tokens)
    expected = [whole(tokenizer, text, max_tokens) for text in texts]
    assert ours.ids(texts) == [ids for ids, _ in expected]
    np.testing.assert_array_equal(ours.truncated(texts), [cut for _, cut in expected])


def test_prompt_and_lower_case(tokenizer: Tokenizer) -> None:
    """The prompt stands before the text, and both are lowered where the model's configuration says so."""
    texts = ["The Soup WAS Cold", "", "X" * 3000, "ÀÉ \u0130 " * 9]
    ours = TextTokeniser(tokenizer, 20, prompt="Query: ", lower_case=True)
    expected = [whole(tokenizer, f"Query: {text}".lower(), 20) for text in texts]
    assert ours.ids(texts) == [ids for ids, _ in expected]
    np.testing.assert_array_equal(ours.truncated(texts), [cut for _, cut in expected])


def test_the_given_tokeniser_is_left_alone(tokenizer: Tokenizer) -> None:
    """Truncation and padding of the object that was given are neither used nor changed."""
    tokenizer.enable_truncation(5)
    tokenizer.enable_padding(length=9)
    before = tokenizer.to_str()
    ours = TextTokeniser(tokenizer, 30)
    assert len(ours.ids([WORDS * 3])[0]) == 30
    assert len(ours.ids(["x"])[0]) < 9
    assert tokenizer.to_str() == before


def test_saved_and_read(tokenizer: Tokenizer, tmp_path: Path) -> None:
    """A tokeniser read from its file gives the same ids."""
    ours = TextTokeniser(tokenizer, 30)
    ours.save(tmp_path / "tokenizer.json")
    again = TextTokeniser.from_file(tmp_path / "tokenizer.json", 30)
    texts = [WORDS, "", "好"]
    assert again.ids(texts) == ours.ids(texts)


def test_megabytes_are_cut_early(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a text of 5 MB only a beginning is tokenised, whose size does not depend on the text's."""
    ours = TextTokeniser(tokenizer, 128)
    text = WORDS * (5_000_000 // len(WORDS))
    seen: list[int] = []

    class Watching:
        def encode(self, text: str) -> object:
            seen.append(len(text))
            return original.encode(text)

        def encode_batch_fast(self, texts: list[str]) -> object:
            seen.extend(map(len, texts))
            return original.encode_batch_fast(texts)

    original = ours._whole
    monkeypatch.setattr(ours, "_whole", Watching())
    assert ours.truncated([text]).tolist() == [True]
    assert len(ours.ids([text])[0]) == 128
    assert sum(seen) < 30_000


def test_pad() -> None:
    """Rows are padded on the right and masked; a text without tokens is one masked token."""
    batch = pad([[5, 6, 7], [], [8]], 9)
    assert batch.input_ids.tolist() == [[5, 6, 7], [9, 9, 9], [8, 9, 9]]
    assert batch.attention_mask.tolist() == [[1, 1, 1], [0, 0, 0], [1, 0, 0]]
    assert pad([[]], 4).input_ids.tolist() == [[4]]
    assert pad([[]], 4).attention_mask.tolist() == [[0]]
    assert batch.input_ids.dtype == batch.attention_mask.dtype == np.int64
