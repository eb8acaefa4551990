"""How `headstart explain` shows what it found."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from headstart.evaluation.report.formatting import shorten, signed, visible
from headstart.evaluation.report.sentences import said
from headstart.evaluation.report.strings import Words, words
from headstart.explaining import ClassWords, Explanation, Weighted

__all__ = ["show"]

_BAR_CELLS = 16
_TEXT_CHARACTERS = 1_000
_WITHOUT_PART = 12  # words that are named
_PRO, _CON = "green", "red"


def show(
    explained: Sequence[Explanation], spoken: Sequence[ClassWords], n: int, page: str | None, language: str = "en"
) -> None:
    """Print texts and classes with their n strongest words, what the terms mean, and where the page is."""
    console, w = Console(highlight=False), words(language)
    for each in explained:
        _show_text(console, each, n, w)
    for own in spoken:
        console.print(Text.assemble((visible(str(own.name)), "bold"), (f"  {said(own.method, w)}", "dim")))
        console.print(_table(own.words), "")
    if explained or spoken:
        console.print(Text(_legend(explained, spoken, w), style="dim"))
    if page is not None:
        console.print(Text.assemble((w["explain.page"], "dim"), f"  {visible(page)}"), soft_wrap=True)


def _legend(explained: Sequence[Explanation], spoken: Sequence[ClassWords], w: Words) -> str:
    """The meaning of what was shown."""
    methods = " ".join([each.method for each in explained] + [each.method for each in spoken])
    parts = {
        "signs": bool(explained),
        "adds": bool(spoken),
        "parts": bool(explained),
        "nothing": any(each.without_part() for each in explained),
        "exact": "exact" in methods,
        "occlusion": "occlusion" in methods,
    }
    return " ".join(w[f"explain.{part}"] for part, is_shown in parts.items() if is_shown)


def _show_text(console: Console, each: Explanation, n: int, w: Words) -> None:
    """The text, its class, the words, and the sum that gives the score."""
    console.print(_marked(each))
    predicted = w["explain.predicted"].format(label=each.predicted)
    predicted = "" if each.label == each.predicted else f" ({predicted})"
    read = f", {w['explain.texts_read'].format(n=f'{each.n_read:,}')}" if each.n_read > 1 else ""
    console.print(
        Text.assemble(
            (visible(str(each.label)), "bold"),
            f" {each.probability:.3f}{predicted}",
            (f"  {said(each.method, w)}{read}", "dim"),
        )
    )
    every = each.strongest()
    table = _table(every[:n])
    others = every[n:]
    if others:
        more = w["explain.one_more" if len(others) == 1 else "explain.more"].format(n=len(others))
        table.add_row(f"  {more}", signed(sum(word.weight for word in others)), style="dim")
    for what, value in (("empty", each.offset), ("rest", each.rest), ("score", each.score)):
        table.add_row(f"  {w[f'explain.{what}']}", signed(value), style="dim")
    console.print(table)
    nothing = each.without_part()
    if nothing:
        n_more = len(nothing) - _WITHOUT_PART
        named = ", ".join(map(visible, nothing[:_WITHOUT_PART]))
        named += w["explain.and_more"].format(n=n_more) if n_more > 0 else ""
        console.print(Text(f"  {w['explain.no_part'].format(words=named)}", style="dim"))
    if each.truncated:
        console.print(Text(f"  {w['explain.truncated']}", style="yellow"))
    console.print()


def _marked(each: Explanation) -> Text:
    """The text, its words coloured by what they add."""
    largest = max((abs(word.weight) for word in each.words), default=0.0)
    marked, end = Text(), 0
    for word in each.words:
        if word.end > _TEXT_CHARACTERS:
            break
        share = abs(word.weight) / largest if largest else 0.0
        colour = _PRO if word.weight > 0 else _CON
        marked.append(visible(each.text[end : word.start]))
        marked.append(visible(word.text), f"bold {colour}" if share > 0.5 else colour if share > 0.1 else "")
        end = word.end
    return marked.append(visible(shorten(each.text[end:], max(0, _TEXT_CHARACTERS - end))))


def _table(words: Iterable[Weighted]) -> Table:
    """A word a line: what it adds, and a bar."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(max_width=40, overflow="ellipsis", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    listed = list(words)
    largest = max((abs(word.weight) for word in listed), default=1.0)
    for word in listed:
        times = f" ×{word.n}" if word.n is not None and word.n > 1 else ""
        bar = "█" * max(1, round(_BAR_CELLS * abs(word.weight) / largest))
        name = Text.assemble("  ", visible(word.text), (times, "dim"))
        table.add_row(name, signed(word.weight), Text(bar, style=_PRO if word.weight > 0 else _CON))
    return table
