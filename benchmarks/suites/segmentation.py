"""Chinese segmentation: rjieba against jieba on real reviews, their speed and whether their words are the same."""

import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks.common import BenchmarkError, Goal, Result, Setup, table

__all__ = ["TITLE", "run", "tables"]

TITLE = "Chinese segmentation: rjieba against jieba"
_N_TEXTS, _N_BLOCKS = 50_000, 10
_HAN = re.compile(r"[\u3400-\u9fff]")
Cut = Callable[[str], list[str]]


def run(setup: Setup) -> Result:
    """The texts in ten blocks; each is cut by both, in turns of order, after both are warm. --quick: 2,000 texts."""
    from headstart.data import read_dataset
    from headstart.text.normalise import fold

    texts = read_dataset(setup.file("online_shopping_10cats", "train"), labelled=False).dataset.texts
    folded = [fold(text) for text in texts[: 2_000 if setup.quick else _N_TEXTS]]
    cutters = _cutters()
    for cut in cutters.values():
        cut("服务员很热情")
    block = -(-len(folded) // _N_BLOCKS)
    blocks = [folded[start : start + block] for start in range(0, len(folded), block)]
    cpu: dict[str, list[float]] = {name: [] for name in cutters}
    words: dict[str, list[list[str]]] = {name: [] for name in cutters}
    for number, some in enumerate(blocks):
        for name in list(cutters)[:: 1 if number % 2 else -1]:
            start = time.process_time()
            found = [cutters[name](text) for text in some]
            cpu[name].append(time.process_time() - start)
            words[name] += found
    figures = {
        "n_texts": len(folded),
        "n_characters": sum(map(len, folded)),
        "contenders": {name: {"cpu_s": sum(cpu[name]), "blocks_cpu_s": cpu[name]} for name in cutters},
        "ratio": sum(cpu["jieba"]) / sum(cpu["rjieba"]),
        "block_ratios": [theirs / own for own, theirs in zip(cpu["rjieba"], cpu["jieba"], strict=True)],
        "ours": _differences(words["rjieba"], words["jieba"]),
        "without_our_rules": _differences(words["rjieba, plain"], words["jieba, plain"]),
    }
    goals = [
        Goal("CPU time of jieba, times that of rjieba", figures["ratio"], ">=", 10, not setup.quick),
        Goal("share of texts with the same words", figures["ours"]["same"], ">=", 0.98, not setup.quick),
        Goal("texts with other Chinese words", figures["ours"]["texts_with_other_han"], "==", 0, not setup.quick),
    ]
    return Result(figures, goals)


def tables(figures: dict[str, Any]) -> list[str]:
    """Speed, then differences by kind."""
    contenders = figures["contenders"]
    speed = [
        [name, f"{row['cpu_s']:.2f} s", f"{figures['n_texts'] / row['cpu_s']:,.0f}"] for name, row in contenders.items()
    ]
    kinds = [
        [
            _NAMES[which],
            f"{figures[which]['same']:.2%}",
            str(figures[which]["texts_with_other_han"]),
            _listed(which, figures),
        ]
        for which in _NAMES
    ]
    ratios = figures["block_ratios"]
    return [
        *table(["", "CPU", "texts/s"], speed),
        "",
        f"jieba takes {figures['ratio']:.1f} times the CPU of rjieba "
        f"(median of blocks {statistics.median(ratios):.1f}, {min(ratios):.1f} to {max(ratios):.1f}).",
        "",
        *table(["rjieba and jieba", "texts with the same words", "with other Chinese words", "differences"], kinds),
        "",
        f"{figures['n_texts']:,} training reviews of online_shopping_10cats, folded: {figures['n_characters']:,} "
        "characters. rjieba, jieba: `headstart.text.segment` on each;",
        "plain: the packages as they come. A difference is a piece of text that one cuts otherwise than the other;",
        "9 stands for digits, a for Latin letters, 字 for a Chinese character.",
    ]


_NAMES = {"ours": "as Headstart uses them", "without_our_rules": "as they come"}


def _listed(which: str, figures: dict[str, Any]) -> str:
    kinds = figures[which]["kinds"]
    shown = [f"{n} x {kind}" for kind, n in list(kinds.items())[:4]]
    rest = sum(list(kinds.values())[4:])
    return "; ".join([*shown, *([f"{rest} others"] if rest else [])]) or "none"


def _cutters() -> dict[str, Cut]:
    """Headstart's segmenter on each package, and the packages as they come."""
    from headstart.text import segment

    try:
        import jieba
        import rjieba
    except ModuleNotFoundError as error:
        raise BenchmarkError(f'{error.name} is not installed. pip install "headstart[zh]"') from error
    jieba.setLogLevel("ERROR")
    cutters: dict[str, Cut] = {}
    for name in segment.SEGMENTERS:
        made = segment.Segmenter()
        made._cut, made._words = segment._dictionary(name, ())  # a user cannot choose; the comparison has to
        cutters[name] = made
    return {**cutters, "rjieba, plain": rjieba.cut, "jieba, plain": jieba.lcut}


def _differences(ours: Sequence[Sequence[str]], theirs: Sequence[Sequence[str]]) -> dict[str, Any]:
    """The share of texts with the same words, and the kinds of differences with their counts."""
    kinds: Counter[str] = Counter()
    n_same = n_han = 0
    for a, b in zip(ours, theirs, strict=True):
        n_same += a == b
        found = list(_pieces(a, b))
        kinds.update(f"{_shape(x)} / {_shape(y)}" for x, y in found)
        n_han += any(_HAN.search("".join(x)) for x, _ in found)
    return {"same": n_same / len(ours), "texts_with_other_han": n_han, "kinds": dict(kinds.most_common())}


def _pieces(a: Sequence[str], b: Sequence[str]) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """The shortest stretches of one text that the two cut differently."""
    i = j = 0
    while i < len(a):
        start_i, start_j = i, j
        length_a, length_b = len(a[i]), len(b[j])
        i, j = i + 1, j + 1
        while length_a != length_b:
            if length_a < length_b:
                length_a, i = length_a + len(a[i]), i + 1
            else:
                length_b, j = length_b + len(b[j]), j + 1
        if (i - start_i, j - start_j) != (1, 1):
            yield a[start_i:i], b[start_j:j]


def _shape(words: Sequence[str]) -> str:
    """`["1-2", "件"]` as `9-9 字`."""
    return " ".join(_HAN.sub("字", re.sub("[a-zA-Z]+", "a", re.sub("[0-9]+", "9", word))) for word in words)
