"""Word vectors: the words of a text, near words, weighted means, and every file format they are read from."""

import gzip
import logging
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.encoders import _vectors_files
from headstart.encoders._pooling import Pooling
from headstart.encoders._vectors import WordVectors, make_tokeniser, spelled, tokenised
from headstart.encoders._vectors_files import opened
from headstart.errors import DataError, DataFileMissing, EncoderUnavailable

WORDS = ["the", "of", "cat", "dog", "London", "USA", "do", "n't", "房", "间", "房间"]
VECTORS = np.random.default_rng(3).normal(size=(len(WORDS), 6)).astype(np.float32)
HALF = VECTORS.astype(np.float16)  # what a converted file holds


@pytest.fixture
def vectors() -> WordVectors:
    return WordVectors(WORDS, VECTORS, make_tokeniser("zh"), by_parts=True)


# --- words ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("cat", ["cat"]),
        ("Cat", ["cat"]),
        ("london", ["London"]),
        ("usa", ["USA"]),
        ("don't", ["do", "n't"]),
        ("房间", ["房间"]),
        ("间房", ["间", "房"]),
        ("房东", ["房"]),
        ("zebra", []),
        ("", []),
    ],
)
def test_a_word_is_found_as_itself_or_by_case_or_by_parts(word: str, expected: list[str]) -> None:
    """Its own row, else another case, else the characters of a Chinese word or the halves of a contraction."""
    index = {known: row for row, known in enumerate(WORDS)}
    assert [WORDS[row] for row in spelled(word, index)] == expected


def test_without_parts_only_the_word_itself(vectors: WordVectors) -> None:
    """by_parts=False finds no other case and no parts."""
    exact = WordVectors(WORDS, VECTORS, vectors.tokenise)
    assert [exact.rows(word) for word in ("cat", "Cat", "don't", "房东")] == [[2], [], [], []]


def test_case_can_be_kept() -> None:
    """lower=False gives the same words in the case of the text, full width made plain; Turkish lengths do no harm."""
    text = "The US team beat Ｕs, US! 新版App更新"
    folded, cased = make_tokeniser("zh")(text), make_tokeniser("zh", lower=False)(text)
    assert [word.lower() for word in cased] == folded
    assert {"The", "US", "Us", "App"} <= set(cased)
    assert make_tokeniser("word", lower=False)("İstanbul GOOD")[-1].lower() == "good"


@given(st.text(max_size=60), st.sampled_from(["word", "zh"]))
def test_kept_case_cuts_alike(text: str, analyser: str) -> None:
    """Words in their case, folded again, are the folded words, for any text."""
    from headstart.text.normalise import fold

    assert [fold(w) for w in make_tokeniser(analyser, lower=False)(text)] == [
        fold(w) for w in make_tokeniser(analyser)(text)
    ]


def test_nearest_is_by_cosine(vectors: WordVectors) -> None:
    """As scikit-learn's cosines say, without the word itself, highest first; unknown words have none."""
    from sklearn.metrics.pairwise import cosine_similarity

    cosines = cosine_similarity(VECTORS)
    for row, word in enumerate(WORDS):
        found = vectors.nearest(word, 4)
        order = [i for i in np.argsort(-cosines[row]) if i != row][:4]
        assert [near for near, _ in found] == [WORDS[i] for i in order]
        np.testing.assert_allclose([cosine for _, cosine in found], cosines[row, order], atol=1e-6)
    assert len(vectors.nearest("cat", 100)) == len(WORDS) - 1
    assert vectors.nearest("zebra") == []
    parts = (VECTORS[6] + VECTORS[7])[None]
    assert vectors.nearest("don't", 1)[0][0] == WORDS[cosine_similarity(parts, VECTORS).argmax()]


def test_a_word_without_direction_is_near_to_none() -> None:
    """Zeros have no cosine."""
    vectors = WordVectors(["a", "b", "c"], np.array([[1, 0], [0, 0], [1, 1]], np.float32), str.split)
    assert vectors.nearest("b") == []
    assert [word for word, _ in vectors.nearest("a")] == ["c"]


# --- weighted means -------------------------------------------------------------------------------------

TEXTS = ["The cat of the dog", "the the zebra", "", "房间 cat", "cat cat dog", "nothing known here"]


def naive(vectors: WordVectors, texts: list[str], weight: dict[str, float], unseen: float) -> np.ndarray:
    """The weighted mean, one word after the other."""
    features = np.zeros((len(texts), vectors.vectors.shape[1]))
    for i, text in enumerate(texts):
        known = [(weight.get(w, unseen), vectors.vectors[vectors.rows(w)].mean(axis=0)) for w in vectors.tokenise(text)
                 if vectors.rows(w)]  # fmt: skip
        if known:
            features[i] = sum(a * v for a, v in known) / sum(a for a, _ in known)
    return features


def test_mean(vectors: WordVectors) -> None:
    """Every word weighs the same, each time it occurs."""
    pooling = Pooling.learn(vectors, "mean", [])
    np.testing.assert_allclose(pooling.encode(TEXTS), naive(vectors, TEXTS, {}, 1.0), atol=1e-6)
    assert not pooling.encode(["", "zebra", "?"]).any()


def test_idf(vectors: WordVectors) -> None:
    """The weights are scikit-learn's smoothed idf; a word of no text weighs as one of document frequency 0."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    sklearn = TfidfVectorizer(analyzer=vectors.tokenise).fit(TEXTS)
    weight = dict(zip(sklearn.get_feature_names_out(), sklearn.idf_, strict=True))
    pooling = Pooling.learn(vectors, "idf", tokenised(TEXTS, vectors.tokenise))
    new = [*TEXTS, "dog of usa, don't"]
    expected = naive(vectors, new, weight, np.log(1 + len(TEXTS)) + 1)
    # words of other case or of parts are weighed as words never seen, unless they are rows of the table
    np.testing.assert_allclose(pooling.encode(new), expected, atol=1e-6)


def test_sif(vectors: WordVectors) -> None:
    """Weights a / (a + p), then the first right singular vector of the fitted texts is taken out."""
    words = [word for text in TEXTS for word in vectors.tokenise(text)]
    weight = {word: 1e-3 / (1e-3 + words.count(word) / len(words)) for word in words}
    plain = naive(vectors, TEXTS, weight, 1.0)
    direction = np.linalg.svd(plain)[2][0]
    pooling = Pooling.learn(vectors, "sif", tokenised(TEXTS, vectors.tokenise))
    np.testing.assert_allclose(pooling.encode(TEXTS), plain - np.outer(plain @ direction, direction), atol=1e-5)
    np.testing.assert_allclose(pooling.encode(TEXTS) @ pooling.direction, 0, atol=1e-6)
    new = naive(vectors, ["a dog in London"], weight, 1.0)
    expected = new - np.outer(new @ direction, direction)
    np.testing.assert_allclose(pooling.encode(["a dog in London"]), expected, atol=1e-5)


@pytest.mark.parametrize("weighting", ["sif", "idf", "mean"])
def test_nothing_to_learn_from(vectors: WordVectors, weighting: str) -> None:
    """Without texts, or without any known word, the weights are still usable."""
    for texts in ([], [[]], [["zebra"], []]):
        features = Pooling.learn(vectors, weighting, texts).encode(["cat", ""])
        np.testing.assert_allclose(features[0], VECTORS[2], atol=1e-6)
        assert not features[1].any()


# --- files ----------------------------------------------------------------------------------------------


def lines(header: bool = False) -> list[str]:
    rows = [" ".join([word, *(f"{v:.7f}" for v in row)]) for word, row in zip(WORDS, VECTORS, strict=True)]
    return [f"{len(WORDS)} {VECTORS.shape[1]}", *rows] if header else rows


def binary(newline: bytes = b"\n") -> bytes:
    rows = (w.encode() + b" " + v.astype("<f4").tobytes() + newline for w, v in zip(WORDS, VECTORS, strict=True))
    return f"{len(WORDS)} {VECTORS.shape[1]}\n".encode() + b"".join(rows)


def as_text(**settings: bool) -> bytes:
    return ("\n".join(lines(**settings)) + "\n").encode()


CONTENTS: dict[str, Callable[[], bytes]] = {
    "glove.txt": as_text,
    "glove.txt.gz": lambda: gzip.compress(as_text()),
    "no_newline.txt": lambda: as_text()[:-1],
    "windows.txt": lambda: as_text().replace(b"\n", b"\r\n"),
    "tabs.txt": lambda: as_text().replace(b" ", b"\t"),
    "trailing.vec": lambda: as_text(header=True).replace(b"\n", b" \n").replace(b" \n", b"\n", 1),
    "word2vec.vec": lambda: as_text(header=True),
    "word2vec.bin": binary,
    "plain.bin": lambda: binary(b""),
    "word2vec.bin.gz": lambda: gzip.compress(binary()),
}


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("name", CONTENTS)
def test_every_format_gives_the_same(name: str, cached: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text and binary, with and without header, packed or not, with and without a cache; twice the same."""
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache") if cached else "off")
    path = tmp_path / name
    path.write_bytes(CONTENTS[name]())
    for _ in range(2):
        with opened(str(path)) as file:
            assert file.words == WORDS
            np.testing.assert_array_equal(file.vectors, HALF)
            assert file.subwords is None
    assert (tmp_path / "cache").exists() is cached


def test_arrays(tmp_path: Path) -> None:
    """.npz holds words and vectors; .npy has its words beside it and is mapped into memory."""
    np.savez(tmp_path / "v.npz", words=np.array(WORDS), vectors=HALF)
    np.save(tmp_path / "v.npy", VECTORS)
    (tmp_path / "v.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    with opened(str(tmp_path / "v.npz")) as file:
        assert file.words == WORDS
        np.testing.assert_array_equal(file.vectors, HALF)
    with opened(str(tmp_path / "v.npy")) as file:
        assert file.words == WORDS
        assert isinstance(file.vectors, np.memmap)
        np.testing.assert_array_equal(file.vectors, VECTORS)


def test_words_with_spaces_and_twice(tmp_path: Path) -> None:
    """Numbers are counted from the right, as GloVe's words may hold spaces; of a word's two rows the first counts."""
    path = tmp_path / "v.txt"
    path.write_text("a 1 2\n. . . 3 4\na 5 6\nb c@d 7 8\n", encoding="utf-8")
    with opened(str(path)) as file:
        assert file.words == ["a", ". . .", "b c@d"]
        np.testing.assert_array_equal(file.vectors, [[1, 2], [3, 4], [7, 8]])


def test_many_blocks(tmp_path: Path) -> None:
    """A file of more than one block keeps its order, in text and in binary; gensim wrote it."""
    gensim = pytest.importorskip("gensim.models")
    words = [f"w{i}" for i in range(2345)]
    numbers = np.random.default_rng(0).normal(size=(len(words), 5)).astype(np.float32)
    keyed = gensim.KeyedVectors(5)
    keyed.add_vectors(words, numbers)
    for name, is_binary in (("v.vec", False), ("v.bin", True)):
        keyed.save_word2vec_format(str(tmp_path / name), binary=is_binary)
        with opened(str(tmp_path / name)) as file:
            assert file.words == words
            np.testing.assert_array_equal(file.vectors, numbers.astype(np.float16))


def test_fasttext_knows_words_it_never_saw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The vectors of a fastText .bin are gensim's, for its own words and for new ones by their n-grams."""
    fasttext = pytest.importorskip("gensim.models.fasttext")
    sentences = [["playing", "played", "player"], ["running", "runner", "played"]] * 3
    model = fasttext.FastText(sentences, vector_size=8, min_count=1, bucket=500, epochs=2, seed=1, workers=1)
    path = tmp_path / "cc.bin"
    fasttext.save_facebook_model(model, str(path))
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    for _ in range(2):  # read, then from the cache
        with opened(str(path)) as file:
            assert sorted(file.words) == sorted(model.wv.index_to_key)
            assert file.subwords is not None
            for word in ("played", "runner"):
                np.testing.assert_allclose(file.vectors[file.words.index(word)], model.wv[word], atol=1e-3)
            for word in ("plays", "跑步", "x"):
                np.testing.assert_allclose(file.subwords.vector(word), model.wv[word], atol=1e-3)
    broken = tmp_path / "broken.bin"
    broken.write_bytes(path.read_bytes()[:200])
    with pytest.raises(EncoderUnavailable, match="fastText"), opened(str(broken)):
        pass


# --- damage ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a 1 2 3\nb 1 2\n", "line 2: .b. stands where one of 3 numbers"),
        (b"a 1 2 3\nb 1 x 3\n", "line 2: 'x' stands where"),
        (b"a 1 2 3\nb 1 2 3\nc 1", "line 3"),
        (b"3 2\na 1 2\nb 1 2\n", "line 3: the file ends after 2 words, its first line promises 3"),
        (b"a 1 nan\n", "NaN"),
        (b"a 1 1e9\n", "65,504"),
        (b"hello\n", "line 1: expected a word"),
        (b"", "line 1: expected a word"),
        (b"0 5\n", "no word vectors"),
    ],
)
def test_a_damaged_text_is_refused_with_its_line(content: bytes, message: str, tmp_path: Path) -> None:
    """The message names the file, the line, what was got and what was expected."""
    path = tmp_path / "v.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as error, opened(str(path)):
        pass
    assert "v.txt" in str(error.value)


@pytest.mark.parametrize("content", [binary()[:-10], binary()[:40], gzip.compress(binary())[:-20]])
def test_a_cut_binary_is_refused(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is cut off, and says so; nothing of it stays in the cache."""
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    (tmp_path / "v.bin").write_bytes(content)
    with pytest.raises(DataError, match="cut off"), opened(str(tmp_path / "v.bin")):
        pass
    assert list((tmp_path / "cache" / "vectors").iterdir()) == []


def test_other_files_are_refused(tmp_path: Path) -> None:
    """A missing file with near names, a pickle with the way to convert it, arrays that are none or do not fit."""
    (tmp_path / "glove.txt").write_text("a 1 2\n")
    with pytest.raises(DataFileMissing, match=r"glove\.txt"), opened(str(tmp_path / "glov.txt")):
        pass
    (tmp_path / "v.kv").write_bytes(pickle.dumps({"words": WORDS}))
    with pytest.raises(EncoderUnavailable, match="save_word2vec_format"), opened(str(tmp_path / "v.kv")):
        pass
    with pytest.raises(EncoderUnavailable, match="folder"), opened(str(tmp_path)):
        pass
    np.savez(tmp_path / "a.npz", other=VECTORS)
    np.savez(tmp_path / "b.npz", words=np.array(WORDS[:2]), vectors=VECTORS)
    np.savez(tmp_path / "c.npz", words=np.array([{}]), vectors=VECTORS)
    np.save(tmp_path / "d.npy", VECTORS)
    (tmp_path / "e.npz").write_bytes(b"no zip")
    for name, message in (("a", "words"), ("b", "2 words"), ("c", "pickle"), ("d.npy", r"d\.txt"), ("e", "numpy")):
        path = tmp_path / (name if "." in name else f"{name}.npz")
        with pytest.raises(EncoderUnavailable, match=message), opened(str(path)):
            pass


# --- the cache ------------------------------------------------------------------------------------------


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of converted vectors."""
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "vectors"


def test_converted_once_and_mapped(cached: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time nothing is read: the vectors are mapped from the cache."""
    path = tmp_path / "v.txt"
    path.write_bytes(as_text())
    with opened(str(path)) as file:
        assert isinstance(file.vectors, np.memmap)
    monkeypatch.setattr(_vectors_files, "_convert", lambda *_: pytest.fail("converted again"))
    with opened(str(path)) as file:
        np.testing.assert_array_equal(file.vectors, HALF)
    assert len(list(cached.iterdir())) == 1


def test_a_changed_file_is_converted_again(cached: Path, tmp_path: Path) -> None:
    """Size or time of the last change tell; what the older file gave goes, another file's stays."""
    path, other = tmp_path / "v.txt", tmp_path / "other.txt"
    other.write_text("x 1 2\n")
    for content in ("a 1 2\n", "a 3 4\nb 5 6\n"):
        path.write_text(content)
        with opened(str(path)) as file:
            assert len(file.words) == content.count("\n")
        with opened(str(other)) as file:
            assert file.words == ["x"]
    os.utime(path, ns=(0, 0))
    with opened(str(path)) as file:
        assert file.words == ["a", "b"]
    assert len(list(cached.iterdir())) == 2


def test_a_cache_that_cannot_be_written_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A warning, and the vectors."""
    (tmp_path / "cache").write_text("a file, not a folder")
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    (tmp_path / "v.txt").write_bytes(as_text())
    with caplog.at_level(logging.WARNING), opened(str(tmp_path / "v.txt")) as file:
        assert file.words == WORDS
    assert "cannot be written" in caplog.text


def test_progress_counts_the_bytes_of_the_file(cached: Path, tmp_path: Path) -> None:
    """Converting shows a bar over the bytes on disk, also of a packed file."""
    from headstart.progress import shown

    done: list[int] = []
    totals: list[int] = []

    def factory(what: str, total: int) -> Callable[[int, int, str], None]:
        totals.append(total)
        return lambda by, total, note: done.append(by)

    for name in ("glove.txt", "word2vec.bin.gz"):
        path = tmp_path / name
        path.write_bytes(CONTENTS[name]())
        with shown(factory), opened(str(path)):
            pass
        assert sum(done) == totals[-1] == path.stat().st_size
        done.clear()
