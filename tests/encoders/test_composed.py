"""Encoders and transforms joined by +: how a name is read, what stands beside what, and what is learnt from what."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, issparse

from headstart import registry
from headstart.encoders import component_of, make_encoder, portable
from headstart.encoders._grammar import parse
from headstart.errors import ConfigError, UnknownComponent

TEXTS = (
    "The soup was cold, but the waiter could not have been kinder.",
    "Battery life is great and the screen is bright!",
    "a long , slow and uneven film with one good scene",
    "the second half of the film repeats the first half .",
    "房间很干净，就是隔音差了点，下次还会来。",
    "发货太慢，客服也不回，差评！",
)
Y = np.array([0, 0, 1, 1, 0, 1])
NEW = ["a good film", "慢 soup", ""]


def dense(features: Any) -> np.ndarray:
    return np.asarray(features.toarray() if issparse(features) else features)


def read(name: str) -> list[tuple[str, str, Any]]:
    """(kind, component, its settings) of each part."""
    return [(part.kind, part.component, dict(part.settings)) for part in parse(name)]


# --- the grammar ----------------------------------------------------------------------------------------


def test_names_are_read_from_left_to_right() -> None:
    model = {"model": "minilm"}
    assert read("tfidf") == [("encoder", "tfidf", {})]
    assert read("minilm+pca:50+tfidf") == [
        ("encoder", "transformer", model),
        ("transform", "pca", {"n_components": 50}),
        ("encoder", "tfidf", {}),
    ]
    assert read("owner/name+tfidf:char") == [
        ("encoder", "transformer", {"model": "owner/name"}),
        ("encoder", "tfidf", {"analyser": "char"}),
    ]
    assert read("C:\\models\\x+scale:2.5")[0] == ("encoder", "transformer", {"model": "C:\\models\\x"})
    assert read("bow:word+scale:2.5+scale:true")[1:] == [
        ("transform", "scale", {"clip": 2.5}),
        ("transform", "scale", {"clip": True}),
    ]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(["bow", "tfidf:char", "minilm", "owner/name", "pca", "select:20", "./x", "/a/b"]),
        min_size=1,
        max_size=4,
    )
)
def test_every_list_of_parts_is_read_as_that_list(words: list[str]) -> None:
    """As many parts as words, in their order, each with a label of its own; a transform first is refused."""
    transforms = {"pca", "select:20"}
    if words[0] in transforms:
        with pytest.raises(ConfigError, match="nothing on its left"):
            parse("+".join(words))
        return
    parts = parse("+".join(words))
    assert [part.kind == "transform" for part in parts] == [word in transforms for word in words]
    assert len({part.label for part in parts}) == len(words)
    assert component_of("+".join(words)) == ("composed" if len(words) > 1 else parts[0].component)


def test_a_folder_with_a_plus_in_its_name_is_one_part_where_it_exists(tmp_path: Path) -> None:
    folder, file = tmp_path / "my+model", tmp_path / "c++" / "words.txt"
    folder.mkdir()
    file.parent.mkdir()
    file.write_text("1 2\na 0 1\n")
    assert component_of(str(folder)) == "transformer"
    assert read(f"tfidf+{folder}+pca") == [
        ("encoder", "tfidf", {}),
        ("encoder", "transformer", {"model": str(folder)}),
        ("transform", "pca", {}),
    ]
    assert read(f"transformer:{folder}+tfidf")[0] == ("encoder", "transformer", {"model": str(folder)})
    assert read(f"static:{file}+scale") == [("encoder", "static", {"vectors": str(file)}), ("transform", "scale", {})]
    with pytest.raises(UnknownComponent, match="Unknown encoder or transform 'model2'"):
        parse(f"{folder}2")


def test_a_name_without_its_places(tmp_path: Path) -> None:
    """Folders and files lose the path to them, everything else stays as it is."""
    (tmp_path / "a+b").mkdir()
    (tmp_path / "words.txt").write_text("")
    name = f"minilm+{tmp_path / 'a+b'}+static:{tmp_path / 'words.txt'}+pca:5+owner/name"
    assert portable(name) == "minilm+a+b+static:words.txt+pca:5+owner/name"
    assert portable("/no/such/folder") == "/no/such/folder"


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("pca", ConfigError, r"'pca' is a transform and has nothing on its left.*for example tfidf\+pca"),
        ("pca:5+tfidf", ConfigError, r"'pca:5' is a transform and has nothing on its left"),
        ("tfidf+tfdif", UnknownComponent, r"Unknown encoder or transform 'tfdif'. Did you mean 'tfidf'\?"),
        ("tfidf+selct:20", UnknownComponent, r"Unknown encoder or transform 'selct:20'. Did you mean 'select'\?"),
        ("tfdif:char", UnknownComponent, r"Unknown encoder 'tfdif:char'."),
        ("tfidf++pca", ConfigError, r"Encoder 'tfidf\+\+pca' has an empty part"),
        ("+", ConfigError, r"Encoder '\+' has an empty part"),
        ("tfidf+pca:", ConfigError, r"'pca:' lacks its argument \(n_components\)"),
        ("minilm:5+tfidf", ConfigError, r"'minilm' takes no argument"),
    ],
)
def test_names_that_are_not_understood(name: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make_encoder(name)


def test_an_unknown_part_is_answered_with_all_that_there_is() -> None:
    with pytest.raises(UnknownComponent) as caught:
        make_encoder("tfidf+zzz")
    for known in (*registry.names("encoder"), *registry.names("transform"), "minilm", "e5"):
        assert known in str(caught.value)


# --- settings -------------------------------------------------------------------------------------------


def test_settings_find_their_part() -> None:
    """By label, by being the only part that has them, as a table of TOML; the second of equal names has a 2."""

    def parts(**settings: Any) -> list[Any]:
        made: list[Any] = make_encoder("tfidf+pca:4+bow+pca", **settings)._made  # type: ignore[attr-defined]
        return made

    assert parts(**{"pca.whiten": True})[1].whiten
    assert not parts(**{"pca.whiten": True})[3].whiten
    assert parts(pca2={"whiten": True, "n_components": 2})[3].whiten
    assert parts(**{"pca2.n_components": 2})[3].n_components == 2
    assert parts(binary=True)[2].binary
    assert parts(**{"bow.ngrams": [1, 1]})
    assert make_encoder("composed", parts="tfidf+pca:7")._made[1].n_components == 7  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("given_settings", "message"),
    [
        ({"ngrams": [1, 3]}, "encoder.ngrams is a setting of tfidf and of bow. Say which, .* encoder.tfidf.ngrams"),
        ({"whitn": True}, r"encoder.whitn is not a setting of any part. Did you mean 'whiten'\? .* pca: n_components"),
        ({"pac.whiten": True}, r"encoder.pac.whiten: no part is called 'pac'. Did you mean 'pca'\? Parts: tfidf, bow"),
        ({"tfidf.ngram": [1, 1]}, r"encoder.tfidf.ngram is not a setting of 'tfidf'. Did you mean 'ngrams'\?"),
        ({"pca.n_components": 5}, "encoder.pca.n_components is given twice: 4 in the encoder's name and 5"),
    ],
)
def test_settings_that_find_no_part(given_settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_encoder("tfidf+bow+pca:4", **given_settings)


def test_one_encoder_with_an_argument_is_that_encoder() -> None:
    """`tfidf:char` is `tfidf` with its first setting, nothing around it."""
    plain, short = make_encoder("tfidf", analyser="char").fit(TEXTS), make_encoder("tfidf:char").fit(TEXTS)
    assert type(short) is type(plain)
    np.testing.assert_array_equal(dense(short.encode(NEW)), dense(plain.encode(NEW)))


# --- what is computed -----------------------------------------------------------------------------------


def test_columns_stand_side_by_side() -> None:
    """Each block is what its encoder gives alone; CSR where any is."""
    found = make_encoder("tfidf+bow:char").fit(TEXTS).encode(NEW)
    alone = [make_encoder(name).fit(TEXTS).encode(NEW) for name in ("tfidf", "bow:char")]
    assert isinstance(found, csr_matrix)
    np.testing.assert_allclose(dense(found), np.hstack([dense(block) for block in alone]), atol=1e-6)


def test_a_transform_works_on_all_that_is_on_its_left() -> None:
    left = make_encoder("tfidf+bow").fit(TEXTS)
    peer = registry.load("transform", "pca")(3).fit(left.encode(TEXTS))
    found = make_encoder("tfidf+bow+pca:3").fit(TEXTS)
    np.testing.assert_allclose(found.encode(NEW), peer.transform(left.encode(NEW)), atol=1e-5)


def test_blocks_weigh_alike() -> None:
    """Rows of encoders have length 1; a transform's block has mean squared length 1 on the texts of `fit`, and its
    rows keep their proportions.
    """
    found = dense(make_encoder("tfidf+scale+pca:2+bow").fit(TEXTS).encode(TEXTS))
    left, right = found[:, :2], found[:, 2:]
    assert (left**2).sum(axis=1).mean() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose((right**2).sum(axis=1), 1, atol=1e-5)
    alone = dense(make_encoder("tfidf+scale+pca:2").fit(TEXTS).encode(TEXTS))
    np.testing.assert_allclose(left * np.sqrt((alone**2).sum(axis=1).mean()), alone, atol=1e-4)


def test_transforms_learn_from_the_labels_of_the_first_rows() -> None:
    """The texts behind the labelled ones help tfidf and pca; select sees the labelled rows alone."""
    texts, y = TEXTS, Y[:4]
    encoded = make_encoder("tfidf").fit(texts).encode(texts)
    columns = registry.load("transform", "select")(5).fit(encoded[:4], y).columns_
    found = make_encoder("tfidf+select:5").fit(texts, y).encode(NEW)
    np.testing.assert_array_equal(dense(found), dense(make_encoder("tfidf").fit(texts).encode(NEW))[:, columns])


def test_labels_that_are_missing() -> None:
    with pytest.raises(ConfigError, match="'select' learns from labels, and there are none here"):
        make_encoder("tfidf+select:5").fit(TEXTS)


def test_what_fit_has_encoded_is_not_encoded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each text is cut into terms once for each encoder, by fit and encode of one tuple; later every time."""
    from headstart.encoders import _terms

    n_cut = 0
    original = _terms._words

    def counting(*arguments: Any, **more: Any) -> list[str]:
        nonlocal n_cut
        n_cut += 1
        return original(*arguments, **more)

    monkeypatch.setattr(_terms, "_words", counting)
    for name, n_encoders in (("tfidf+select:9", 1), ("tfidf+pca:3+bow", 2), ("tfidf+bow+scale", 2), ("tfidf+bow", 2)):
        words = {f"{part}.analyser": "word" for part in ("tfidf", "bow") if part in name}
        encoder = make_encoder(name, **words).fit(TEXTS, Y)
        n_cut = 0
        fresh = make_encoder(name, **words)
        features = fresh.fit(TEXTS, Y).encode(TEXTS)
        assert n_cut == n_encoders * len(TEXTS)
        for texts in (TEXTS, list(TEXTS)):
            np.testing.assert_allclose(dense(encoder.encode(texts)), dense(features), atol=1e-6)
            np.testing.assert_allclose(dense(fresh.encode(texts)), dense(features), atol=1e-6)


def test_a_list_that_has_changed_since_is_read_again() -> None:
    texts = list(TEXTS)
    encoder = make_encoder("tfidf+pca:3").fit(texts)
    expected = encoder.encode(TEXTS)
    texts.reverse()
    np.testing.assert_allclose(encoder.encode(texts), expected[::-1], atol=1e-6)


# --- with a transformer ---------------------------------------------------------------------------------


@pytest.mark.torch
def test_pretrained_and_truncated(tiny_model: Callable[[str], Path]) -> None:
    """Only encoders that learn nothing make a composition that learns nothing. Cut is what any of them cuts."""
    bert = str(tiny_model("bert"))
    short = {"bert.precision": "fp32", "bert.max_tokens": 10}
    both = make_encoder(f"{bert}+{bert}", **short, **{"bert2.precision": "fp32", "bert2.pooling": "cls"})
    assert both.pretrained
    both.fit([])
    lengths = np.linalg.norm(dense(both.encode(NEW)), axis=1)
    np.testing.assert_allclose(lengths, np.sqrt(2), atol=1e-5)
    assert not make_encoder(f"{bert}+tfidf").pretrained
    assert not make_encoder(f"{bert}+pca").pretrained
    mixed = make_encoder(f"{bert}+tfidf", **short).fit(TEXTS)
    alone = make_encoder(bert, max_tokens=10).fit([])
    texts = ["short", "word " * 20]
    assert mixed.truncated(texts).tolist() == alone.truncated(texts).tolist() == [False, True]
    assert isinstance(mixed.encode(NEW), csr_matrix)


def test_the_seed_reaches_every_part_that_draws() -> None:
    """`seed` is the random_state of word2vec, pca and lsa, where the user gave none."""
    made: Any = make_encoder("word2vec+tfidf+pca:5+lsa", seed=7, **{"lsa.random_state": 3})
    states = {part.label: getattr(m, "random_state", None) for part, m in zip(made._parts, made._made, strict=True)}
    assert states == {"word2vec": 7, "tfidf": None, "pca": 7, "lsa": 3}
    assert make_encoder("lda", seed=5).random_state == 5  # type: ignore[attr-defined] # lda has it
    assert make_encoder("lda", seed=5, random_state=1).random_state == 1  # type: ignore[attr-defined] # as above
    make_encoder("tfidf", seed=5)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tfidf+pca:2", {"tfidf.min_df": 2}),
        ("tfidf:char+select:5+bow:word+tfidf", {"tfidf.min_df": 2, "bow.min_df": 2, "tfidf2.min_df": 2}),
        ("word2vec+bow", {"word2vec.min_count": 2, "bow.min_df": 2}),
    ],
)
def test_what_the_number_of_texts_decided(name: str, expected: dict[str, int]) -> None:
    """As settings of the composition: on fewer texts they give each part the threshold that it had on many."""
    if "word2vec" in name:
        pytest.importorskip("gensim")
    few = [f"{word} soup" for word in ("good", "bad") * 10] + ["rare"]
    y = np.arange(len(few)) % 2
    quick = {"word2vec.n_epochs": 1} if "word2vec" in name else {}
    whole: Any = make_encoder(name, **quick).fit([*few, *few[:20] * 50], y)
    assert whole.decided_by_number() == expected
    part: Any = make_encoder(name, **quick, **expected).fit(few, y)
    assert part.decided_by_number() == {}
    keys = [key.split(".") for key in expected]
    made = {each.label: encoder for each, encoder in zip(part._parts, part._made, strict=True)}
    assert {f"{label}.{key}": getattr(made[label], f"{key}_") for label, key in keys} == expected
    left_open: Any = make_encoder(name, **quick).fit(few, y)
    assert left_open.decided_by_number() == dict.fromkeys(expected, 1)


def test_encoders_that_no_settings_make_tell_of_none(tmp_path: Path) -> None:
    """Those that were fitted before they stood side by side, and those that come from a bundle."""
    made: Any = make_encoder("tfidf+pca:2").fit(TEXTS)
    again = type(made).from_state(made.get_state(tmp_path), tmp_path)
    assert again.decided_by_number() == type(made).of(["a", "b"], [made, made]).decided_by_number() == {}
