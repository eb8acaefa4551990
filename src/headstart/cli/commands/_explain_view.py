"""How `headstart explain` shows what it found."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from headstart.evaluation.report.formatting import shorten, signed, visible
from headstart.explaining import ClassWords, Explanation, Weighted

__all__ = ["show"]

_BAR_CELLS = 16
_TEXT_CHARACTERS = 1_000
_WITHOUT_PART = 12  # words that are named
_PRO, _CON = "green", "red"
_SIGNS = "+ speaks for the class, - against it; +0.7 doubles the odds."
_ADDS = "+ is what a word adds to the score of the class; +0.7 doubles the odds."
_SUM = (
    "Score = empty text + words + rest; 0 is undecided. empty text: what the model says of no words. rest: what no "
    "single word did."
)
_NOTHING = "no part in it: words that add nothing, such as those that the model does not know."
_EXACT = "exact: by the model's own weights, nothing is estimated."
_OCCLUSION = "occlusion: how the score changes without the word."


def show(explained: Sequence[Explanation], spoken: Sequence[ClassWords], n: int, page: str | None) -> None:
    """Print texts and classes with their n strongest words, what the terms mean, and where the page is."""
    console = Console(highlight=False)
    for each in explained:
        _show_text(console, each, n)
    for words in spoken:
        console.print(Text.assemble((visible(str(words.name)), "bold"), (f"  {words.method}", "dim")))
        console.print(_table(words.words), "")
    if explained or spoken:
        console.print(Text(_legend(explained, spoken), style="dim"))
    if page is not None:
        console.print(Text.assemble(("Page", "dim"), f"  {visible(page)}"), soft_wrap=True)


def _legend(explained: Sequence[Explanation], spoken: Sequence[ClassWords]) -> str:
    """The meaning of what was shown."""
    methods = " ".join([each.method for each in explained] + [each.method for each in spoken])
    parts = {
        _SIGNS: bool(explained),
        _ADDS: bool(spoken),
        _SUM: bool(explained),
        _NOTHING: any(each.without_part() for each in explained),
        _EXACT: "exact" in methods,
        _OCCLUSION: "occlusion" in methods,
    }
    return " ".join(part for part, is_shown in parts.items() if is_shown)


def _show_text(console: Console, each: Explanation, n: int) -> None:
    """The text, its class, the words, and the sum that gives the score."""
    console.print(_marked(each))
    predicted = "" if each.label == each.predicted else f" (predicted: {each.predicted})"
    read = f", {each.n_read:,} texts read" if each.n_read > 1 else ""
    console.print(
        Text.assemble(
            (visible(str(each.label)), "bold"), f" {each.probability:.3f}{predicted}", (f"  {each.method}{read}", "dim")
        )
    )
    every = each.strongest()
    table = _table(every[:n])
    others = every[n:]
    if others:
        table.add_row(
            f"  {len(others)} more word{'s' if len(others) > 1 else ''}",
            signed(sum(word.weight for word in others)),
            style="dim",
        )
    for what, value in (("empty text", each.offset), ("rest", each.rest), ("= score", each.score)):
        table.add_row(f"  {what}", signed(value), style="dim")
    console.print(table)
    nothing = each.without_part()
    if nothing:
        more = f" and {len(nothing) - _WITHOUT_PART} more" if len(nothing) > _WITHOUT_PART else ""
        console.print(Text(f"  no part in it: {', '.join(map(visible, nothing[:_WITHOUT_PART]))}{more}", style="dim"))
    if each.truncated:
        console.print(Text("  the model does not read this text to its end", style="yellow"))
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
