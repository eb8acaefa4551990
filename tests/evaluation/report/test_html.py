"""Laws of the page, read back with html.parser."""

import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from headstart.errors import ConfigError
from headstart.evaluation.report import print_report, render_html
from headstart.evaluation.report.formatting import visible
from headstart.evaluation.report.strings import LANGUAGES, words
from headstart.evaluation.results import Comparison, Interval, Mistake, Report

VOID = {"meta", "br", "img", "link", "input", "hr", "col", "base", "source", "wbr", "area", "embed", "track"}
SAMPLES = ["english", "learnt", "chinese", "many_classes", "twenty_classes", "nasty", "bare"]


class Page(HTMLParser):
    """What a reader's program sees: tags, attributes, texts and tables; `faults` are unbalanced tags."""

    # ruff: noqa: D102 (the methods are HTMLParser's)

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.tables: dict[str, list[list[str]]] = {}
        self._name = ""
        self.feed(html)
        self.close()
        self.faults += [f"never closed: {tag}" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self._name = ""
        elif tag == "tr":
            self.tables.setdefault(self._name, []).append([])
        elif tag in ("td", "th"):
            self.tables[self._name][-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.texts.append(data)
        if "caption" in self.open:
            self._name += data
        elif "td" in self.open or "th" in self.open:
            self.tables[self._name][-1][-1] += data

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def attributes(self, name: str) -> list[str]:
        return [attrs[name] or "" for _, attrs in self.tags if name in attrs]


@pytest.fixture(params=SAMPLES)
def sample(request: pytest.FixtureRequest) -> Report:
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_tag_is_closed_in_its_place(sample: Report, language: str) -> None:
    """Whatever the report holds, the page is well-formed."""
    assert Page(render_html(sample, language=language)).faults == []


def test_the_page_asks_nothing_of_a_network(sample: Report) -> None:
    """No address, no script, no foreign file: links lead into the page, pictures are in it."""
    html = render_html(sample)
    page = Page(html)
    assert [tag for tag, _ in page.tags if tag in ("script", "link", "img", "iframe", "base", "object")] == []
    assert page.attributes("src") == []
    assert "http" not in html
    assert "@import" not in html
    assert all(link.startswith("#") for link in page.attributes("href"))
    assert all(link.startswith(("#", "data:image/png;")) for link in page.attributes("xlink:href"))
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", html))


def test_every_reference_has_exactly_one_target(sample: Report) -> None:
    """All ids are unique, and every link, label and SVG reference finds its id."""
    page = Page(render_html(sample))
    ids = page.attributes("id")
    assert len(set(ids)) == len(ids)
    links = [a[1:] for key in ("href", "xlink:href") for a in page.attributes(key) if a.startswith("#")]
    links += [a[5:-1] for a in page.attributes("clip-path")]
    assert set() == {*links, *page.attributes("aria-labelledby")} - set(ids)


def test_a_screen_reader_finds_its_way(sample: Report) -> None:
    """One h1, landmarks, scopes on all table headers, words for every picture and every scroll box."""
    page = Page(render_html(sample))
    tags = [tag for tag, _ in page.tags]
    assert [tags.count(tag) for tag in ("h1", "main", "header", "nav")] == [1, 1, 1, 1]
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in page.tags if tag == "th")
    assert tags.count("table") == tags.count("caption")
    pictures = [attrs for tag, attrs in page.tags if tag == "svg"]
    assert all(attrs.get("role") == "img" and attrs.get("aria-label") for attrs in pictures)
    boxes = [attrs for _, attrs in page.tags if attrs.get("class") == "scroll"]
    assert all(attrs.get("tabindex") == "0" and attrs.get("aria-label") for attrs in boxes)


def test_hostile_texts_stay_texts(nasty: Report) -> None:
    """No hostile text becomes a tag, a control character or a direction override; it can still be read."""
    html = render_html(nasty)
    page = Page(html)
    assert [tag for tag, _ in page.tags].count("style") == 1
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert None is re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", html)
    assert page.text.count('</script><img src=x onerror=alert(1)>␀␛[31m⟨U+202E⟩evil⟨U+202C⟩ & "quoted"') > 10
    html.encode("utf-8")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet=st.characters(), max_size=200))
def test_any_text_comes_back_as_it_was_written(text: str, bare: Report) -> None:
    """html.parser gives back the text of a mistake, with only unsafe characters replaced."""
    mistake = Mistake(text, text, text, 0.5)
    page = Page(render_html(replace(bare, title="t", model=replace(bare.model, mistakes=(mistake,)))))
    assert page.faults == []
    assert visible(text).strip() in page.text


def test_the_metrics_table_shows_the_report(english: Report) -> None:
    """Values, intervals and differences are the report's, rounded to three decimals."""
    table = Page(render_html(english)).tables[words("en")["summary"]]
    rows = {row[0].rstrip(" ↓"): row[1:] for row in table[1:]}
    shown = {"Accuracy": "accuracy", "Macro-F1": "macro_f1", "Log loss": "log_loss", "ECE": "ece"}
    for name, key in shown.items():
        for cell, evaluation in zip(rows[name], (english.model, english.baseline), strict=False):
            i = evaluation.metrics[key]
            assert [round(x, 3) for x in (i.value, i.low, i.high)] == figures(cell)
    gain = english.comparison.difference
    assert [round(x, 3) for x in (gain.value, gain.low, gain.high)] == figures(rows["Macro-F1"][2])
    loss = english.model.metrics["log_loss"].value - english.baseline.metrics["log_loss"].value
    assert [round(loss, 3)] == figures(rows["Log loss"][2])
    assert len(english.model.metrics) == len(rows)


def figures(cell: str) -> list[float]:
    return [float(x) for x in re.findall(r"-?\d+\.\d+", cell.replace("−", "-"))]


def test_further_metrics_are_folded_away(english: Report) -> None:
    """The well-known metrics come first, and so does the compared one; the others are in a fold."""
    metrics = {"weighted_f1": Interval(0.5), "macro_recall": Interval(0.25), **english.model.metrics}
    changed = replace(english, model=replace(english.model, metrics=metrics))
    main = words("en")["summary"]
    tables = Page(render_html(changed)).tables
    assert tables[main][1][0] == "Accuracy"
    assert [row[0] for row in tables["Further metrics (2)"][1:]] == ["Weighted F1", "Macro recall"]
    paired = replace(english.comparison, metric="weighted_f1")
    compared = Page(render_html(replace(changed, comparison=paired))).tables
    assert compared[main][-1][0] == "Weighted F1"


def test_the_first_screen_answers_the_question(english: Report) -> None:
    """Verdict, sentence and the count of right texts, summed along the diagonal, come before the sections."""
    text = Page(render_html(english)).text
    right = sum(english.model.confusion[i][i] for i in range(5))
    top = text[: text.index("Precision")]
    assert english.comparison.sentence in top
    assert "The transfer helped" in top
    assert f"{right} of 1,000 texts right" in top


def test_the_class_table_and_the_matrix_show_the_report(english: Report) -> None:
    """Each class has its row; the matrix is the confusion matrix, cell by cell."""
    tables = Page(render_html(english)).tables
    for row, c in zip(tables["Classes"][1:], english.model.per_class, strict=True):
        assert (c.name, str(c.support)) == (row[0], row[-1])
        assert [round(x, 3) for x in (c.f1.value, c.f1.low, c.f1.high)] == figures(row[1])
        assert [round(x.value, 3) for x in (c.precision, c.recall)] == [figures(x)[0] for x in row[4:6]]
    assert english.model.confusion == tuple(tuple(map(int, row[1:])) for row in tables["Confusion"][1:])


def test_the_calibration_table_shows_the_filled_bins(english: Report) -> None:
    """Empty bins are left out, the others keep their counts."""
    table = Page(render_html(english)).tables[words("en")["calibration"]]
    assert [str(b.n) for b in english.model.reliability if b.n] == [row[-1] for row in table[1:]]


def test_steps_show_what_happened_to_how_many_rows(english: Report) -> None:
    """Change = after - before, with its sign."""
    table = Page(render_html(english)).tables[words("en")["steps"]]
    changes = [row[-1].replace("−", "-") for row in table[1:]]
    assert [s.n_after - s.n_before for s in english.steps] == [int(c) for c in changes]


def test_learning_curves_show_the_training(learnt: Report) -> None:
    """Every check is a row; steps, seconds, the last check and the best one are in words; the chart says them too."""
    page = Page(render_html(learnt))
    history = learnt.history
    rows = page.tables["All checks (8)"][1:]
    assert [[int(r[0]), *map(float, r[1:])] for r in rows] == [
        [c.step, pytest.approx(c.loss, abs=6e-4), pytest.approx(c.accuracy, abs=6e-4)] for c in history.checks
    ]
    for shown in ("520", "83.2", "0.844 at step 520", "0.450 at step 325"):
        assert shown in page.text
    chart = next(a for tag, a in page.tags if tag == "svg" and a["class"] == "curves")
    assert "0.450 at step 325" in chart["aria-label"]
    assert "#training" in page.attributes("href")


def test_curves_without_held_out_rows(learnt: Report) -> None:
    """Too few rows to hold any out: the page says so, and shows the loss alone."""
    page = Page(render_html(replace(learnt, history=replace(learnt.history, checks=()))))
    assert words("en")["no_held_out"] in page.text
    assert words("en")["held_out_accuracy"] not in page.text


def test_no_curves_where_nothing_learnt_by_steps(english: Report) -> None:
    """Neither a section nor a link to it."""
    page = Page(render_html(english))
    assert "training" not in page.attributes("id")
    assert "#training" not in page.attributes("href")


def test_everything_to_repeat_the_run_is_there(english: Report) -> None:
    """Protocol, command, seed, versions, reasons, findings and notes are on the page word for word."""
    text = Page(render_html(english)).text
    audits = [x for a in english.audits for x in (*a.notes, *(f.message for f in a.findings))]
    for wanted in (english.protocol, english.command, *english.reasons, *english.versions.values(), *audits):
        assert wanted in text
    assert re.search(rf"Seed\s*{english.seed}", text)


def test_a_long_mistake_is_cut_and_whole(english: Report) -> None:
    """About 300 characters at once, the whole text in a fold; a huge one says how much is shown."""
    mistake = english.model.mistakes[0]
    page = Page(render_html(english))
    assert any(t.endswith("…") and 290 <= len(t) <= 301 and mistake.text.startswith(t[:-1]) for t in page.texts)
    assert mistake.text in page.texts
    assert "line 214" in page.text
    huge = replace(english, model=replace(english.model, mistakes=(replace(mistake, text="x " * 50_000),)))
    html = render_html(huge)
    assert "The first 5,000 of 100,000 characters" in html
    assert len(html) < 100_000


def test_many_classes_fit(many_classes: Report) -> None:
    """150 classes: below 1 MB, every class named, the 20 weakest first, no 150-column table."""
    html = render_html(many_classes)
    page = Page(html)
    assert len(html.encode("utf-8")) < 1_000_000
    assert all(c in page.text for c in many_classes.model.classes)
    f1 = {c.name: c.f1.value for c in many_classes.model.per_class}
    first = [row[0] for row in page.tables["Classes"][1:21]]
    assert max(f1[name] for name in first) <= min(f1[name] for name in f1 if name not in first)
    pairs = page.tables[words("en")["confused_pairs"]][1:]
    counts = sorted(
        (n for i, row in enumerate(many_classes.model.confusion) for j, n in enumerate(row) if i != j),
        reverse=True,
    )
    assert counts[: len(pairs)] == [int(row[2]) for row in pairs]
    assert max(len(row) for row in page.tables["Classes"]) - 1 < 7


def test_how_many_mistakes_there_are(many_classes: Report) -> None:
    """Of all that the confusion counts, not of those that were kept."""
    confusion = np.array(many_classes.model.confusion)
    kept = replace(many_classes.model, mistakes=many_classes.model.mistakes[:20])
    total = int(confusion.sum() - np.trace(confusion))
    assert total > 20
    text = Page(render_html(replace(many_classes, model=kept))).text
    assert f"20 of {total:,} are shown." in text


def test_without_a_baseline_the_page_says_so(english: Report) -> None:
    """No baseline: no column for it, and a sentence that says what cannot be said."""
    page = Page(render_html(replace(english, baseline=None, comparison=None)))
    assert words("en")["alone.bundle"] in page.text
    assert all(len(row) == 2 for row in page.tables[words("en")["summary"]])


@pytest.mark.parametrize("alone", ["bundle", "baseline", "rows"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_why_there_is_no_baseline(english: Report, alone: str, language: str) -> None:
    """In the reader's language, on the page and in the terminal."""
    report = replace(english, baseline=None, comparison=None, alone=alone)
    assert words(language)[f"alone.{alone}"] in Page(render_html(report, language=language)).text


@pytest.mark.parametrize(
    ("low", "high", "coloured"),
    [(0.1, 0.2, True), (-0.1, 0.2, False), (0.0, 0.2, False), (None, None, False)],
)
def test_only_a_sure_difference_is_coloured(
    english: Report, low: float | None, high: float | None, coloured: bool
) -> None:
    """Colour claims something, so the interval must leave out zero."""
    paired = Comparison("macro_f1", Interval(0.15, low, high), "helped", "It helped.")
    html = render_html(replace(english, comparison=paired))
    assert coloured == ('class="v good"' in html)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_comparison_is_in_the_readers_language(english: Report, language: str) -> None:
    """On the page and in the terminal; in English where there is no other sentence."""
    said = {"en": "It helped by 15 points.", "zh": "高出 15 个百分点。"}
    paired = Comparison("macro_f1", Interval(0.15, 0.1, 0.2), "helped", said["en"], {"zh": said["zh"]})
    for translated in (paired, replace(paired, translated={})):
        report, stream = replace(english, comparison=translated), io.StringIO()
        print_report(report, Console(file=stream, width=100), language=language)
        shown = translated.translated.get(language, said["en"])
        for text in (Page(render_html(report, language=language)).text, stream.getvalue()):
            assert [each in text for each in said.values()] == [each == shown for each in said.values()]


def test_missing_figures_become_dashes(english: Report) -> None:
    """A nan and an absent metric are dashes, never the word nan."""
    broken = replace(english.model, metrics={"accuracy": Interval(float("nan")), "top_3_accuracy": Interval(0.5)})
    page = Page(render_html(replace(english, model=broken)))
    assert not re.search(r"\bnan\b", page.text)
    assert "top 3 accuracy" in page.text


def test_the_chinese_page_is_chinese(chinese: Report) -> None:
    """Headings are Chinese, the user's sentences are untouched, the language is declared."""
    html = render_html(chinese, language="zh")
    page = Page(html)
    assert page.tags[0][1] == {"lang": "zh-Hans"}
    assert chinese.model.mistakes[0].text in page.texts
    assert {"训练数据", "训练"} <= set(page.texts)
    assert not {"train", "fit"} & set(page.texts)
    for english_word in ("Accuracy", "Baseline", "Confusion", "Classes", "Steps", "interval"):
        assert english_word not in page.text
    with pytest.raises(ConfigError, match="'fr' is not known"):
        render_html(chinese, language="fr")
