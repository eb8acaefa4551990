"""What `headstart clean` shows: a table of the rules, each with examples whose change is highlighted."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.text import Text

    from headstart.cleaning import Cleaned, Effect
    from headstart.cleaning.files import Table

__all__ = ["changes", "show", "summary"]

_EXAMPLES = 3
_BEFORE_CHARS = 24  # shown of what stands before the first change
_SHOWN_CHARS = 72
_COMPARED_CHARS = 300
_OLD, _NEW = "red strike", "green"
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def summary(table: "Table", cleaned: "Cleaned") -> dict[str, Any]:
    """The same as JSON values: counts of each rule, with at most three examples."""
    return {
        "file": table.name,
        "n": len(table.texts) + len(table.unusable),
        "n_unusable": len(table.unusable),
        "n_left": len(cleaned.kept),
        "effects": [_effect(table, effect) for effect in cleaned.effects],
    }


def show(table: "Table", cleaned: "Cleaned", written: Sequence[str], *, to_stderr: bool = False) -> None:
    """Print the table of rules, what is left, and what was written."""
    from rich import box
    from rich.console import Console, Group
    from rich.table import Table as Grid
    from rich.text import Text

    console = Console(stderr=to_stderr, highlight=False)
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False)
    grid.add_column("rule", no_wrap=True)
    for name in ("changed", "removed", "marked"):
        grid.add_column(name, justify="right", no_wrap=True)
    grid.add_column("examples", overflow="fold", ratio=1)
    shows_space = False
    for effect in cleaned.effects:
        counts = (f"{n:,}" if n else "–" for n in (effect.n_changed, effect.n_removed, effect.n_marked))
        examples = _examples(table, effect)
        shows_space = shows_space or any(map(_shows_space, examples))
        grid.add_row(Text(effect.rule), *counts, Group(*examples))
    console.print(grid)
    if shows_space:
        console.print(Text("· in an example is a space", style="dim"))
    for note in table.notes:
        console.print(Text(f"read as: {note}", style="dim"))
    if table.roles.title:
        console.print(Text("title and text are cleaned, and counted, by themselves", style="dim"))
    n = len(table.texts) + len(table.unusable)
    unusable = f" ({len(table.unusable):,} could not be read and were left out)" if table.unusable else ""
    console.print(f"{n:,} rows, {len(cleaned.kept):,} left{unusable}.")
    if written:
        console.print(Text(f"Written: {', '.join(written)}"))
    else:
        console.print("Nothing was written; --out FILE writes the rows, --removed FILE those removed or marked.")


def changes(before: str, after: str) -> "tuple[Text, Text]":
    """Both texts cut around their first change, with what differs highlighted."""
    from rapidfuzz.distance import Levenshtein, Prefix
    from rich.text import Text

    start = max(0, Prefix.similarity(before, after) - _BEFORE_CHARS)
    old, new = before[start : start + _COMPARED_CHARS], after[start : start + _COMPARED_CHARS]
    shown = (Text("…" if start else ""), Text("…" if start else ""))
    for step in Levenshtein.opcodes(old, new):
        pieces = (old[step.src_start : step.src_end], new[step.dest_start : step.dest_end])
        for text, piece, style in zip(shown, pieces, (_OLD, _NEW), strict=True):
            changed = step.tag != "equal"
            text.append(_visible(piece, changed), style=style if changed else "dim")
    for text, whole in zip(shown, (before, after), strict=True):
        if len(text) > _SHOWN_CHARS or start + _COMPARED_CHARS < len(whole):
            text.truncate(_SHOWN_CHARS)
            text.append("…")
    return shown


def _examples(table: "Table", effect: "Effect") -> "list[Text]":
    from rich.text import Text

    lines: list[Text] = []
    for row, before, after in effect.examples:
        old, new = changes(before, after)
        lines += [Text(f"line {table.lines[row]}: ", style="dim") + old, Text("→ ", style="bold") + new]
    for flag in effect.flags[:_EXAMPLES]:
        said = Text(f"line {table.lines[flag.row]}: {flag.reason}: ", style="dim")
        lines.append(said + Text(_cut(_row_text(table, flag.row))))
    if len(effect.flags) > _EXAMPLES:
        lines.append(Text(f"{len(effect.flags) - _EXAMPLES:,} more", style="dim"))
    return lines


def _shows_space(line: "Text") -> bool:
    return any("·" in line.plain[each.start : each.end] for each in line.spans if each.style in (_OLD, _NEW))


def _effect(table: "Table", effect: "Effect") -> dict[str, Any]:
    return {
        "rule": effect.rule,
        "n_rows": effect.n_rows,
        "n_changed": effect.n_changed,
        "n_removed": effect.n_removed,
        "n_marked": effect.n_marked,
        "examples": [
            *({"line": table.lines[row], "before": before, "after": after} for row, before, after in effect.examples),
            *(
                {"line": table.lines[flag.row], "reason": flag.reason, "score": round(flag.score, 6)}
                for flag in effect.flags[:_EXAMPLES]
            ),
        ],
    }


def _row_text(table: "Table", row: int) -> str:
    return " ".join(part for part in (table.titles[row], table.texts[row]) if part)


def _cut(text: str) -> str:
    shown = " ".join(text[: 2 * _SHOWN_CHARS].split())
    return _visible(shown if len(shown) <= _SHOWN_CHARS else shown[: _SHOWN_CHARS - 1] + "…", False)


def _visible(text: str, changed: bool) -> str:
    """Invisible characters as escapes; a space that is part of a change as a dot."""
    return "".join(
        _ESCAPES.get(c) or ("·" if c == " " and changed else c if c.isprintable() else f"\\u{ord(c):04x}") for c in text
    )
