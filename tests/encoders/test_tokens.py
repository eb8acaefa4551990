"""Tokenising, cutting and padding: long texts are cut where a tokeniser of the whole text would cut them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from headstart.encoders._tokens import LONG_TEXTS, TextTokeniser, mean_of_windows, pad

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
    again = TextTokeniser(Tokenizer.from_file(str(tmp_path / "tokenizer.json")), 30)
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


def own_tokens(tokenizer: Tokenizer, text: str) -> list[int]:
    """Brute force: the tokens of all of the text, without special ones."""
    tokenizer.no_truncation()
    return tokenizer.encode(text, add_special_tokens=False).ids


LENGTHS = [*range(0, 260, 19), 1920, 2113, 4000]  # characters: around the limits of tokens, and of characters
MANY = [(WORDS * 60)[:n] for n in LENGTHS] + ["好" * 2500, "👍" * 800, " " * 5000 + "x", "x" + " " * 5000]


@pytest.mark.parametrize("max_tokens", [3, 40])
def test_the_tail_is_the_end(max_tokens: int, tokenizer: Tokenizer) -> None:
    """A long text gives what the library gives that cuts on the left."""
    ours = TextTokeniser(tokenizer, max_tokens, long_texts="tail")
    tokenizer.enable_truncation(max_tokens, direction="left")
    assert ours.ids(MANY) == [tokenizer.encode(text).ids for text in MANY]


@pytest.mark.parametrize("max_tokens", [3, 40])
def test_head_and_tail_are_both_ends(max_tokens: int, tokenizer: Tokenizer) -> None:
    """A quarter from the start, the rest from the end; the special tokens stand where they stand in a short text."""
    ours = TextTokeniser(tokenizer, max_tokens, long_texts="head_tail")
    room = max_tokens - tokenizer.num_special_tokens_to_add(False)
    for text, ids in zip(MANY, ours.ids(MANY), strict=True):
        own = own_tokens(tokenizer, text)
        kept = own if len(own) <= room else own[: room // 4] + own[len(own) - (room - room // 4) :]
        short = tokenizer.post_process(tokenizer.encode("x", add_special_tokens=False)).ids
        (x,) = own_tokens(tokenizer, "x")[-1:]
        place = short.index(x)
        n_x = len(own_tokens(tokenizer, "x"))
        assert ids == [*short[: place + 1 - n_x], *kept, *short[place + 1 :]]


@pytest.mark.parametrize("max_tokens", [9, 40, 200])
def test_windows_overlap_as_the_library_does_it(max_tokens: int, tokenizer: Tokenizer) -> None:
    """With windows enough for the whole text they are the library's, and no text is truncated. Neighbours share an
    eighth of their tokens, 16 at most.
    """
    ours = TextTokeniser(tokenizer, max_tokens, long_texts="windows", max_windows=2000)
    room = max_tokens - tokenizer.num_special_tokens_to_add(False)
    tokenizer.enable_truncation(max_tokens, stride=min(16, room // 8))
    rows, counts = ours.windows(MANY)
    expected = [[e.ids, *(o.ids for o in e.overflowing)] for e in map(tokenizer.encode, MANY)]
    assert rows == [row for windows in expected for row in windows]
    assert counts.tolist() == list(map(len, expected))
    assert not ours.truncated(MANY).any()


def test_so_many_windows_and_no_more(tokenizer: Tokenizer) -> None:
    """max_windows bounds them; a text with more is truncated, one that they just cover is not."""
    whole_, ours = (TextTokeniser(tokenizer, 20, long_texts="windows", max_windows=n) for n in (6000, 3))
    texts = [(WORDS * 9)[:n] for n in range(0, 400, 3)]
    rows, counts = whole_.windows(texts)
    starts = np.cumsum(counts) - counts
    kept = [row for start, n in zip(starts, counts, strict=True) for row in rows[start : start + min(n, 3)]]
    assert ours.windows(texts)[0] == kept
    assert ours.windows(texts)[1].tolist() == np.minimum(counts, 3).tolist()
    np.testing.assert_array_equal(ours.truncated(texts), counts > 3)
    assert {2, 3, 4} <= set(counts.tolist())


def test_short_texts_are_the_same_under_every_policy(tokenizer: Tokenizer) -> None:
    """Texts that fit are one row, the same row; whether a text is read whole differs for windows alone."""
    texts = [WORDS[:n] for n in range(0, 90, 7)] + [WORDS * 9]
    ours = {how: TextTokeniser(tokenizer, 60, "Query: ", long_texts=how, max_windows=4) for how in LONG_TEXTS}
    fits = ~ours["head"].truncated(texts)
    assert fits.any()
    for how, tokeniser in ours.items():
        rows, counts = tokeniser.windows(texts)
        assert counts[fits].tolist() == [1] * fits.sum()
        starts = np.cumsum(counts) - counts
        assert [rows[i] for i in starts[fits]] == [
            ids for ids, fit in zip(ours["head"].ids(texts), fits, strict=True) if fit
        ]
        assert all(len(row) <= 60 for row in rows)
        if how != "windows":
            np.testing.assert_array_equal(tokeniser.truncated(texts), ~fits)


@pytest.mark.parametrize("how", LONG_TEXTS)
def test_every_row_has_the_prompt(how: str, tokenizer: Tokenizer) -> None:
    """What a model wants in front of each text stands in front of each part of it."""
    ours = TextTokeniser(tokenizer, 30, "Query: ", long_texts=how, max_windows=5)
    rows, _ = ours.windows([WORDS * 30])
    prompt = own_tokens(tokenizer, "Query:")
    for row in rows:
        assert any(row[i : i + len(prompt)] == prompt for i in (0, 1))
        assert len(row) == 30


@pytest.mark.parametrize("how", LONG_TEXTS)
def test_a_long_text_costs_what_is_read(how: str, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under every policy a text of 5 MB hands over a number of characters that does not depend on its length."""
    ours = TextTokeniser(tokenizer, 128, long_texts=how, max_windows=3)
    ours.windows(["x"])
    seen: list[str] = []

    class Watching:
        def __init__(self, original: Tokenizer) -> None:
            self.original = original

        def encode(self, text: str) -> object:
            seen.append(text)
            return self.original.encode(text)

        def encode_batch_fast(self, texts: list[str]) -> object:
            seen.extend(texts)
            return self.original.encode_batch_fast(texts)

    for name in ("_whole", "_cutting"):
        monkeypatch.setattr(ours, name, Watching(getattr(ours, name)))
    text = "first " + WORDS * (5_000_000 // len(WORDS)) + " last"
    assert len(ours.windows([text])[0][0]) == 128
    assert sum(map(len, seen)) < 30_000
    assert any(part.startswith("first") for part in seen) == (how != "tail")
    assert any(part.endswith("last") for part in seen) == (how in ("tail", "head_tail"))


def test_the_mean_of_windows() -> None:
    """Weighted by tokens; a text of one window is left alone, and means have length 1 where each window has."""
    features = np.array([[1, 0], [0, 1], [1, 0], [3, 4]], np.float32)
    counts = np.array([1, 2, 1])
    means = mean_of_windows(features, [5, 3, 1, 7], counts, normalise=False)
    np.testing.assert_allclose(means, [[1, 0], [0.25, 0.75], [3, 4]])
    unit = mean_of_windows(features, [5, 3, 1, 7], counts, normalise=True)
    np.testing.assert_allclose(unit, [[1, 0], np.array([1, 3]) / np.sqrt(10), [3, 4]], rtol=1e-6)
    assert means.dtype == unit.dtype == np.float32
    assert mean_of_windows(features, [1] * 4, np.ones(4, np.int64), normalise=True) is features


def test_pad() -> None:
    """Rows are padded on the right and masked; a text without tokens is one masked token."""
    batch = pad([[5, 6, 7], [], [8]], 9)
    assert batch.input_ids.tolist() == [[5, 6, 7], [9, 9, 9], [8, 9, 9]]
    assert batch.attention_mask.tolist() == [[1, 1, 1], [0, 0, 0], [1, 0, 0]]
    assert pad([[]], 4).input_ids.tolist() == [[4]]
    assert pad([[]], 4).attention_mask.tolist() == [[0]]
    assert batch.input_ids.dtype == batch.attention_mask.dtype == np.int64
