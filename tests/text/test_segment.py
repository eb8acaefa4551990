"""Segmentation: nothing is lost, and Rust and Python cut alike."""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.text import segment as module
from headstart.text.segment import segment, segmenter_name

_HAN = re.compile(r"[\u4e00-\u9fff]+")


def reviews(folder: Path, n: int) -> list[str]:
    with gzip.open(folder / "waimai_10k" / "train.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line)["text"] for _, line in zip(range(n), file, strict=False)]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
@settings(deadline=None)  # the first call reads the dictionary
def test_words_are_the_text(text: str) -> None:
    """The words of any text, put together, are the text."""
    assert "".join(segment(text)) == text


def test_known_words() -> None:
    """Words of the dictionary stay whole, also beside Latin words and digits."""
    assert segment("新版App更新后服务员很热情") == ["新版", "App", "更新", "后", "服务员", "很", "热情"]
    assert segment("") == []


@pytest.mark.shared
def test_words_are_the_text_of_real_reviews(shared_data: Path) -> None:
    """Nothing of 500 real reviews is lost."""
    for text in reviews(shared_data, 500):
        assert "".join(segment(text)) == text


@pytest.mark.shared
def test_rust_and_python_cut_alike(shared_data: Path) -> None:
    """Of 500 real reviews, rjieba and jieba give the same Chinese words."""
    rjieba, jieba = pytest.importorskip("rjieba"), pytest.importorskip("jieba")
    texts = reviews(shared_data, 500)
    for text in texts:
        rust, python = ([w for w in cut(text) if _HAN.fullmatch(w)] for cut in (rjieba.cut, jieba.lcut))
        assert rust == python


def test_without_rust(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where rjieba is not installed, jieba cuts, by its name."""
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    module._cut.cache_clear()
    try:
        assert segmenter_name() == "jieba"
        assert segment("服务员很热情") == ["服务员", "很", "热情"]
    finally:
        module._cut.cache_clear()


def test_quiet_and_lazy() -> None:
    """No dictionary is loaded at import, and nothing is printed when it is."""
    script = """
import sys
from headstart.text import segment as module
assert not {"jieba", "rjieba"} & set(sys.modules)
module.find_spec = lambda name: None
module.segment("很好")
"""
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("", "")
