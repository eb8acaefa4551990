"""Sentences in the language of a report: a catalogue that holds what models, audits and steps say."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart import Dataset, TextClassifier
from headstart.data import Columns, audit, limit_rows, read_dataset, sample_per_class
from headstart.evaluation.labels import unknown_labels
from headstart.evaluation.report.sentences import catalogue, translated
from headstart.recommend import recommend

ZH = catalogue("zh")
HOLE = re.compile(r"\{(\w+)\}")
CHINESE = re.compile("[\u4e00-\u9fff]")
ENGLISH = re.compile(r"\b[a-z]{2,} [a-z]{2,}\b")  # two words in a row
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
LABELS = ("negative", "positive")
UNLABELLED = Dataset(tuple(f"soup film {word} {i}" for i in range(60) for word in ("good", "bad", "train")))
SOURCE = Dataset(tuple(f"{word} battery {i}" for i in range(20) for word in ("bad", "good")), LABELS * 20)
NAMES = {"negative": "bad", "positive": "good"}


def test_sentences_that_nobody_knows_stay_as_they_are() -> None:
    assert translated("A sentence that no part of the project says, 3 times.", "zh") == (
        "A sentence that no part of the project says, 3 times."
    )


def test_sentences_within_sentences_come_to_an_end() -> None:
    """A label may be anything, also the beginning of a sentence, again and again."""
    assert translated("+ " * 400, "zh") == "+ " * 400
    assert translated("cleaning rule a: " * 5_000, "zh") == "cleaning rule a: " * 5_000


@pytest.mark.parametrize("english", ZH)
def test_english_stays_english(english: str) -> None:
    assert translated(english, "en") == english


@pytest.mark.parametrize(("english", "chinese"), ZH.items())
def test_each_template_is_reached_and_keeps_what_stands_in_its_holes(english: str, chinese: str) -> None:
    """No template above it takes its sentences; all of the holes come over, and the words are Chinese."""
    assert sorted(HOLE.findall(english)) == sorted(HOLE.findall(chinese))
    assert CHINESE.search(HOLE.sub("", chinese)) or english == "+ {_what}"
    values = {name: f"q{i}" for i, name in enumerate(HOLE.findall(english))} | {"n": "12,345", "ns": "3, 6"}
    assert translated(english.format_map(values), "zh") == chinese.format_map(values)


def not_chinese(sentences: Iterable[str]) -> list[str]:
    """Those of which two English words, or not all numbers, are in the Chinese ones; and those without a Chinese."""
    pairs = [(sentence, translated(sentence, "zh")) for sentence in sentences]
    assert pairs
    return [
        f"{there}  <-  {sentence}"
        for sentence, there in pairs
        if not CHINESE.search(there)
        or ENGLISH.search(there)
        or sorted(NUMBER.findall(sentence)) != sorted(NUMBER.findall(there))
    ]


def rows(n: int) -> tuple[list[str], list[str]]:
    """Texts that one word decides, and their labels."""
    return [f"the soup of film {i} was {('bad', 'good')[i % 2]}" for i in range(n)], [LABELS[i % 2] for i in range(n)]


def reasons(n: int, encoder: str, strategy: str, head: str = "auto", **given: Any) -> tuple[str, ...]:
    """Of a model of so many rows; beside: what `fit` takes beside them."""
    beside = given.pop("beside", {})
    model = TextClassifier(encoder, strategy, head, **given)
    predictor = model.fit(*(rows(n) if n else ([], [])), **beside).predictor_
    return (*predictor.reasons, *predictor.examples)


@pytest.mark.parametrize(
    ("n", "strategy", "given"),
    [
        (40, "few_labels", {"unlabelled": UNLABELLED, "source": SOURCE, "label_names": NAMES}),
        (6, "few_labels", {"unlabelled": UNLABELLED.take(range(3))}),
        (40, "linear_probe", {"unlabelled": UNLABELLED, "source": SOURCE, "label_names": NAMES}),
        (40, "pooled", {"source": SOURCE}),
        (0, "zero_shot", {"unlabelled": UNLABELLED, "label_names": NAMES}),
    ],
)
def test_why_a_model_of_words_is_as_it_is(n: int, strategy: str, given: dict[str, Any]) -> None:
    assert not not_chinese(reasons(n, "tfidf", strategy, beside=given))


def test_what_augmentation_and_a_limit_of_errors_did() -> None:
    said = list(reasons(30, "tfidf", "linear_probe", augment="swap:0.3,delete:0.5"))
    texts, labels = rows(400)
    texts = [text.replace("bad", "good") if i % 7 == 0 else text for i, text in enumerate(texts)]
    for limit in ("5%", "0.1%", "20%", "0.05:expected"):
        model = TextClassifier("tfidf", "linear_probe", "logistic", max_error=limit).fit(texts, labels)
        found = model.predictor_.limit()
        assert found is not None
        said.append(found.sentence())
    assert not not_chinese(said)


def test_which_encoder_suits_a_file() -> None:
    texts, labels = rows(60)
    few, uneven = (
        Dataset(tuple(texts[:8]), tuple(labels[:8])),
        Dataset(tuple(texts[:33]), tuple(labels[:30]) + ("z",) * 3),
    )
    repeated, bare = Dataset((*texts, *texts[:9]), (*labels, *labels[:9])), Dataset(tuple(texts))
    for data in (few, uneven, repeated, bare):
        found = recommend(data, encoders=("tfidf", "lsa"))
        said = [*found.reasons, *(note for each in found.candidates for note in each.notes)]
        assert not not_chinese(said)
        assert found.family is None or not not_chinese([found.family])


def test_where_synonyms_come_from(tmp_path: Path) -> None:
    (tmp_path / "synonyms.txt").write_text("good fine\nbad poor awful\n")
    found = reasons(30, "tfidf", "linear_probe", augment=f"synonym:0.5:{tmp_path / 'synonyms.txt'}")
    groups = next(reason for reason in found if "groups" in reason)
    assert translated(groups, "zh").startswith("synonym：来自 ")
    assert not not_chinese(reason.replace(str(tmp_path), "") for reason in found)


def test_what_is_said_of_rows_that_a_model_is_measured_on() -> None:
    assert translated("40 rows of reviews.csv", "zh") == "reviews.csv 的 40 条样本"
    for label in ("Positive", "neither"):
        found = unknown_labels(LABELS, [*LABELS, label], (2, 3, 4))
        assert found is not None
        assert not not_chinese([found.message, *(each.replace(label, "") for each in found.examples)])


def test_several_languages_are_named() -> None:
    found = audit(Dataset(("the soup was good",) * 6 + ("汤很好喝",) * 3 + ("汤 soup 很好 was good",)))
    (mix,) = (each.message for each in found.findings if each.name == "language_mix")
    assert translated(mix, "zh") == "多种语言：英文 60%，中文 30%，混合 10%"


@pytest.mark.torch
@pytest.mark.parametrize(
    ("n", "strategy", "settings"),
    [
        (40, "few_labels", {}),
        (420, "finetune", {"n_epochs": 1}),
        (40, "finetune", {"n_epochs": 1}),
        (420, "full_finetune", {"n_epochs": 2, "average": "swa"}),
        (420, "full_finetune", {"n_epochs": 1, "average": "wise", "patience": 1, "checks_per_epoch": 4}),
        (40, "full_finetune", {"n_epochs": 1, "average": "wise"}),
        (40, "partial_finetune", {"n_epochs": 2, "top_layers": 1}),
        (40, "gradual_unfreeze", {"n_epochs": 1}),
        (40, "contrastive", {}),
        (40, "contrastive", {"guard": False, "top_layers": 1}),
        (40, "pooled", {}),
    ],
)
def test_why_a_transformer_is_as_it_is(
    n: int, strategy: str, settings: dict[str, Any], tiny_model: Callable[[str], Path]
) -> None:
    pytest.importorskip("torch")
    given = {f"strategy.{name}": value for name, value in settings.items()}
    beside = {"unlabelled": UNLABELLED, "label_names": NAMES}
    assert not not_chinese(reasons(n, str(tiny_model("bert")), strategy, settings=given, beside=beside))


@pytest.mark.torch
@pytest.mark.parametrize(
    ("strategy", "extra", "settings"), [("lora", "peft", {}), ("full_finetune", "optuna", {"search": 2})]
)
def test_why_with_what_is_not_always_there(
    strategy: str, extra: str, settings: dict[str, Any], tiny_model: Callable[[str], Path]
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip(extra)
    given = {f"strategy.{name}": value for name, value in {"n_epochs": 1, **settings}.items()}
    found = reasons(40, str(tiny_model("bert")), strategy, settings=given)
    assert not not_chinese(re.sub("with learning_rate.*", "with x 1.", reason) for reason in found)


def test_what_was_found_in_files_and_done_to_their_rows(tmp_path: Path) -> None:
    messy = tmp_path / "messy.tsv"
    lines = [*(f"x{i}\tpos" for i in range(30)), "\tneg", "y\t", " a b\tneg ", "x1\tpos", "x2\tneg"]
    messy.write_text("\n".join(["text\tlabel", *lines, "one\t1", "two\t1.0", "q\tnan", "z\tPOS", ""]))
    chinese, plain = tmp_path / "chinese.csv", tmp_path / "plain.txt"
    chinese.write_bytes(("内容;类别\n" + "好吃;好\n" * 9 + "差;坏\n").encode("gb18030"))
    plain.write_text("one\ntwo\n")
    said = []
    for file, given in ((messy, {"strip_labels": True}), (chinese, {"columns": Columns("内容", "类别")}), (plain, {})):
        loaded = read_dataset(file, skip_bad_rows=True, **given)
        all_of_them = np.ones(loaded.dataset.n, bool)
        found = audit(loaded, truncated=all_of_them, unfamiliar=all_of_them, others=(loaded.dataset,))
        said += [*(each.message for each in found.findings), *found.notes, *(step.action for step in loaded.steps)]
        said += [
            each for of_texts in found.findings if of_texts.name.startswith("missing_") for each in of_texts.examples
        ]
        if loaded.dataset.labels:
            said += [sample_per_class(loaded.dataset, 2, 0)[1].action]
        said += [limit_rows(loaded.dataset, n, 0)[1].action for n in (1, 1_000)]
    assert len(said) > 30
    said = [sentence.replace(str(tmp_path), "") for sentence in said]
    assert not not_chinese(sentence.replace("'1' and '1.0'", "'1', '1.0'") for sentence in said)
