"""Clusters, terms, names and the page, on small texts whose groups are known."""

import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from headstart.data import limit_rows, read_dataset
from headstart.encoders import make_encoder
from headstart.errors import ConfigError, DataError
from headstart.evaluation.report.strings import words
from headstart.exploring import encoder_for, explore, named_labels, read_names, render_page
from headstart.exploring.clusters import cluster, reduced_rows
from headstart.exploring.terms import cluster_terms
from headstart.types import Dataset

TOPICS = {
    "food": ("soup", "bread", "kitchen", "dinner", "cook", "taste"),
    "money": ("bank", "loan", "interest", "account", "price", "market"),
    "sport": ("match", "goal", "referee", "league", "coach", "score"),
}
TOPICS_ZH = {
    "吃": ("面包", "厨房", "晚餐", "味道", "餐厅", "厨师"),
    "钱": ("银行", "贷款", "利息", "账户", "价格", "市场"),
}


def sentences(topics: dict[str, tuple[str, ...]], n: int, joint: str = " ") -> tuple[list[str], list[str]]:
    """Per topic n texts, each of four of its words."""
    rng = np.random.default_rng(0)
    texts, labels = [], []
    for name, each in topics.items():
        for i in range(n):
            drawn = rng.permutation(each)[:4]
            texts.append(joint.join(drawn) + f"{joint}{name}{i}")
            labels.append(name)
    return texts, labels


@pytest.mark.parametrize(("topics", "joint"), [(TOPICS, " "), (TOPICS_ZH, "，")])
def test_topics_are_found_with_their_words(topics: dict[str, tuple[str, ...]], joint: str):
    """As many clusters as topics, the same rows, and each cluster's terms are words of its topic."""
    texts, labels = sentences(topics, 30, joint)
    found = explore(Dataset(tuple(texts)), encoder="tfidf", n_clusters=len(topics))
    assert adjusted_rand_score(labels, found.numbers) == 1.0
    for c in found.clusters:
        topic = labels[c.examples[0]]
        assert set(c.terms[:4]) <= {topic, *topics[topic]}
        assert c.n == 30
        assert {labels[i] for i in c.examples} == {topic}


def test_the_number_of_tight_groups_is_found():
    """Five tight groups on the sphere: the silhouette sees five."""
    rng = np.random.default_rng(0)
    rows = np.eye(8)[np.arange(200) % 5] + 0.05 * rng.normal(size=(200, 8))
    found = cluster(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    assert len(found.centres) == 5
    assert max(found.silhouettes, key=lambda k: found.silhouettes[k]) == 5


def test_clusters_come_by_size_and_shares_add_up():
    texts, _ = sentences(TOPICS, 12)
    found = explore(Dataset(tuple(texts[:30])), encoder="tfidf", n_clusters=4)
    sizes = [c.n for c in found.clusters]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == 30
    assert sum(c.share for c in found.clusters) == pytest.approx(1)
    assert all(0 < c.cohesion <= 1 + 1e-9 for c in found.clusters)


def test_copies_count_once_and_stand_with_the_first():
    """The clusters of a file are those of its different texts."""
    texts, _ = sentences(TOPICS, 20)
    plain = explore(Dataset(tuple(texts)), encoder="tfidf", n_clusters=3)
    doubled = explore(Dataset((*texts, *(text.upper() for text in texts[:15]))), encoder="tfidf", n_clusters=3)
    assert doubled.n_duplicates == 15
    assert adjusted_rand_score(doubled.numbers[:60], plain.numbers) == 1.0
    assert doubled.numbers[60:].tolist() == doubled.numbers[:15].tolist()


def test_a_text_far_from_all_is_an_outlier():
    """One direction that no other row has, among rows that are close to their centres."""
    rng = np.random.default_rng(0)
    rows = np.eye(8)[np.arange(100) % 3] + 0.02 * rng.normal(size=(100, 8))
    rows[0] = np.eye(8)[7]
    found = cluster(rows / np.linalg.norm(rows, axis=1, keepdims=True), 3)
    assert np.flatnonzero(found.outliers).tolist() == [0]


def test_same_seed_same_clusters_and_map():
    texts, _ = sentences(TOPICS, 15)
    first, second = (explore(Dataset(tuple(texts)), encoder="tfidf", with_map=True, random_state=5) for _ in range(2))
    assert first.numbers.tolist() == second.numbers.tolist()
    assert first.places.tolist() == second.places.tolist()
    assert first.clusters == second.clusters


def test_reduced_rows_have_length_one_whatever_the_encoder():
    texts, _ = sentences(TOPICS, 30)
    sparse = make_encoder("tfidf").fit(texts).encode(texts)
    for features in (sparse, sparse.toarray()):
        rows = reduced_rows(features)
        assert rows.shape[1] <= 50
        assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(90))


def test_a_term_is_a_word_of_two_texts_without_stop_words():
    texts = ["the soup was cold", "the soup was hot", "a loan from 2020", "a loan and 1 bank"]
    assert cluster_terms(texts, np.array([0, 0, 1, 1])) == [["soup"], ["loan"]]
    assert cluster_terms(["1 2 3", "the and"], np.array([0, 1])) == [[], []]


@pytest.mark.parametrize(
    "texts",
    [[f"word{i}" for i in range(14)], ["a cat"] + [f"a cat {i}" for i in range(12)], [f"好{i}" for i in range(15)]],
)
@pytest.mark.parametrize("n_clusters", [None, 5])
def test_texts_with_little_in_common_are_clustered_too(texts: list[str], n_clusters: int | None):
    """Few words, few columns, no terms: every text has a cluster all the same."""
    found = explore(Dataset(tuple(texts)), encoder="tfidf", n_clusters=n_clusters, with_map=True)
    assert len(found.numbers) == len(texts)
    assert set(found.numbers.tolist()) == {c.number for c in found.clusters}
    assert len(found.clusters) <= (n_clusters or 30)


@pytest.mark.usefixtures("without_e5")
def test_words_where_nothing_reads_the_language():
    """With the way to what does, or which languages are read; minilm is not asked."""
    assert encoder_for(["这家餐厅的味道很好", "发货太慢"]) == ("tfidf", "e5 was not tried: e5 comes with a package")
    name, why = encoder_for(["とても おいしい", "もう いかない"])
    assert name == "tfidf"
    assert "minilm has read English, e5 Chinese and English, and 100% of the texts are in neither" in why


@pytest.mark.parametrize("n_clusters", [0, 1, 31])
def test_a_number_of_clusters_that_cannot_be_is_refused(n_clusters: int):
    texts, _ = sentences(TOPICS, 20)
    with pytest.raises(ConfigError, match="--clusters"):
        explore(Dataset(tuple(texts)), encoder="tfidf", n_clusters=n_clusters)


def test_too_few_texts_and_encoders_that_need_labels_are_refused():
    with pytest.raises(DataError, match="different texts are too few"):
        explore(Dataset(("one", "ONE") * 20), encoder="tfidf")
    texts, _ = sentences(TOPICS, 20)
    with pytest.raises((ConfigError, DataError)):
        explore(Dataset(tuple(texts)), encoder="tfidf+select:20")


# --- names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_names_become_labels(tmp_path: Path, encoding: str):
    """A name, a name for two, no name (the number), and null (left out)."""
    path = tmp_path / "names.json"
    path.write_text('{"0": "账单", "1": "账单", "2": null}', encoding=encoding)
    names = read_names(path, 4)
    assert named_labels(np.array([0, 1, 2, 3]), names) == ["账单", "账单", None, "3"]


@pytest.mark.parametrize("content", ["[1]", '{"0": 1}', '{"0": " "}', '{"7": "a"}', "{", '{"x": "a"}'])
def test_names_that_do_not_fit_are_refused(tmp_path: Path, content: str):
    path = tmp_path / "names.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match="--names"):
        read_names(path, 4)


def test_names_that_are_not_there(tmp_path: Path):
    with pytest.raises(ConfigError, match="no such file"):
        read_names(tmp_path / "names.json", 4)


# --- the page -------------------------------------------------------------------------------------------


class _Tags(HTMLParser):
    """Open elements, sources of anything from elsewhere, and circles of the map."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.foreign: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in {"meta", "link", "br", "img"}:
            self.open.append(tag)
        self.foreign += [str(v) for k, v in attrs if k in {"src", "href"} and not str(v).startswith("#")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.foreign += [str(v) for k, v in attrs if k in {"src", "href"} and not str(v).startswith("#")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_stands_alone_and_is_well_formed(language: str):
    """No script, nothing from elsewhere, tags closed in order; what a text holds is text."""
    texts, _ = sentences(TOPICS, 15)
    texts[0] = "soup bread <script>alert(1)</script> kitchen dinner"
    found = explore(Dataset(tuple(texts)), encoder="tfidf", n_clusters=3, with_map=True)
    page = render_page(found, texts, title="<b>file</b>", names={0: "<i>food</i>"}, language=language)
    tags = _Tags()
    tags.feed(page)
    assert tags.open == []
    assert tags.foreign == []
    assert "script" not in tags.seen
    assert "&lt;i&gt;food&lt;/i&gt;" in page
    assert page.count("<article") == 3


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("n_clusters", [None, 3])
def test_the_page_says_how_the_number_of_clusters_came(language: str, n_clusters: int | None):
    """It was given, or the silhouettes chose it: never both."""
    texts, _ = sentences(TOPICS, 15)
    found = explore(Dataset(tuple(texts)), encoder="tfidf", n_clusters=n_clusters)
    page, w = render_page(found, texts, title="file", language=language), words(language)
    said = [w[f"explore.{key}"] in page for key in ("given", "chosen", "silhouettes")]
    assert said == ([True, False, False] if n_clusters else [False, True, True])


def test_a_language_that_is_not_there():
    texts, _ = sentences(TOPICS, 10)
    found = explore(Dataset(tuple(texts)), encoder="tfidf", n_clusters=2)
    with pytest.raises(ConfigError, match="language"):
        render_page(found, texts, title="x", language="fr")


# --- real texts -----------------------------------------------------------------------------------------


@pytest.mark.torch
@pytest.mark.shared
def test_minilm_clusters_news_by_topic(shared_data: Path, minilm_folder: Path):
    """Mutual information with the topics is above that of the same clusters with the topics by lot."""
    rows, _ = limit_rows(read_dataset(shared_data / "ag_news" / "train.jsonl.gz").dataset, 80, 0)
    found = explore(rows, encoder="minilm", n_clusters=4)
    labels = np.array(rows.labels)
    rng = np.random.default_rng(0)
    lot = [normalized_mutual_info_score(rng.permutation(labels), found.numbers) for _ in range(50)]
    assert normalized_mutual_info_score(labels, found.numbers) > 2 * max(lot)
    assert json.dumps([c.terms for c in found.clusters])
