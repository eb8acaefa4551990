"""Ask which encoder suits a file, before fitting any: accuracy to expect, time, reasons."""

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from headstart.checks import MAX_TEXT_CHARS
from headstart.cli import options

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from headstart.recommend import Recommendation

__all__ = ["recommend"]

_FEW_ROWS = 2_000  # up to which `fit` takes few_labels
_ENCODERS = (
    "Encoders to compare, by comma, also FOLDER and owner/name; "
    "default: bow, tfidf, tfidf:char, lsa, word2vec, minilm, tfidf+minilm; beside them e5 for other texts than English."
)
_LEGEND = (
    "Expected of a fit on all rows, with its 95 % interval; fit in: about, on this machine. On the sample: LOO, "
    "accuracy of ridge on rows left out; LogME and H-score (H layers: of the mean over a transformer's layers), "
    "larger is better."
)


def recommend(
    file: Annotated[str, typer.Argument(metavar="PATH[?column=value]", help="Labelled texts; without labels: facts.")],
    encoders: Annotated[str | None, typer.Option(help=_ENCODERS)] = None,
    unlabelled: Annotated[str | None, typer.Option(help="Texts of your domain without labels.")] = None,
    budget: Annotated[str | None, typer.Option(help="Time for all encoders, such as 90s or 2m.")] = None,
    seed: options.Seed = 0,
    json: options.Json = False,
    text: options.Text = "text",
    label: options.Label = "label",
    title: options.Title = "title",
    domain: options.Domain = "domain",
    encoding: options.Encoding = None,
    skip_bad_rows: options.SkipBadRows = False,
    strip_labels: options.StripLabels = False,
    max_text_chars: options.MaxTextChars = MAX_TEXT_CHARS,
) -> None:
    """Say which encoder suits a file: the accuracy to expect of one encoder with a simple head, its time, the reasons.

    Each encoder is judged on a sample of the rows (about 10 s each), for what it would reach with all of them. Plain
    `headstart fit FILE` weighs several together, and is the better start for up to 2,000 rows.

    Example: headstart recommend reviews.csv --encoders tfidf,minilm
    """
    from dataclasses import asdict, replace
    from functools import partial

    from headstart import data
    from headstart.cli.console import showing_progress, write_json
    from headstart.config import seconds_of
    from headstart.recommend import recommend as ask

    columns = data.Columns(text, label, domain, title)
    read = partial(data.read_dataset, encoding=encoding, skip_bad_rows=skip_bad_rows, max_text_chars=max_text_chars)
    names = [name.strip() for name in encoders.split(",") if name.strip()] if encoders is not None else None
    budget_s = seconds_of(budget) if budget is not None else None
    loaded, more = read(file, columns=columns, strip_labels=strip_labels), None
    if unlabelled is not None:
        usual = replace(columns, or_usual=True)
        more = read(unlabelled, columns=usual, labelled=False, role="unlabelled").dataset
    with showing_progress():
        found = ask(loaded.dataset, encoders=names, unlabelled=more, budget_s=budget_s, random_state=seed)
    given = {
        "--text": (text, "text"),
        "--label": (label, "label"),
        "--title": (title, "title"),
        "--domain": (domain, "domain"),
        "--encoding": (encoding, None),
        "--unlabelled": (unlabelled, None),
        "--max-text-chars": (max_text_chars, MAX_TEXT_CHARS),
    }
    flags = [word for name, (value, usual) in given.items() if value != usual for word in (name, str(value))]
    flags += [name for name, is_set in (("--skip-bad-rows", skip_bad_rows), ("--strip-labels", strip_labels)) if is_set]
    command, plain = _next_commands(file, found, flags)
    steps = [
        f"{step.action}: {step.n_before - step.n_after:,}" for step in loaded.steps if step.n_after < step.n_before
    ]
    if json:
        write_json({**asdict(found), "steps": steps, "next": command, "next_plain": plain})
    else:
        _show(found, command, plain, steps)
    if all(candidate.problem is not None for candidate in found.candidates):
        raise typer.Exit(1)


def _next_commands(file: str, found: "Recommendation", flags: list[str]) -> tuple[str | None, str | None]:
    """With the best encoder alone, and the plain one, in which it stands beside others if it is a transformer that
    `fit` does not take by itself; None without a best one.
    """
    from headstart.encoders import component_of, readers

    if found.best is None or found.strategy is None:
        return None, None
    fit, named = ["headstart", "fit", file], ["--encoder", found.best]
    is_known = component_of(found.best) != "transformer" or found.best in readers(found.facts.languages)[:1]
    plain = [*fit, *([] if is_known else named), *flags]
    return shlex.join([*fit, *named, "--strategy", found.strategy, *flags]), shlex.join(plain)


def _show(found: "Recommendation", command: str | None, plain: str | None, steps: list[str]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    console.print(_facts(found, steps), "")
    if found.best is not None:
        console.print(Text.assemble("Recommended: ", (found.best, "bold green"), f" ({found.family})"))
    for reason in found.reasons:
        console.print(Text(f"· {reason}"))
    console.print()
    _print_candidates(console, found)
    few = "the best for so few rows: several encoders together"
    many = "several encoders together, or fine-tuned, as held-out rows are better off"
    what = few if found.facts.n_rows <= _FEW_ROWS else many
    for lead, each in ((f"Next, {what}", plain), ("Or this one encoder with a simple head", command)):
        if each is not None:
            console.print(Text(lead, style="dim"))
            console.print(Text(f"  {each}", style="bold"), soft_wrap=True)


def _facts(found: "Recommendation", steps: list[str]) -> "RenderableType":
    from rich.table import Table
    from rich.text import Text

    from headstart.cli.console import languages_line

    facts, machine = found.facts, found.machine
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    repeated = f", {facts.duplicates:,} repeat a text" if facts.duplicates else ""
    table.add_row("rows", f"{facts.n_rows:,}{repeated}")
    if facts.n_unlabelled:
        table.add_row("unlabelled", f"{facts.n_unlabelled:,}")
    for step in steps:
        table.add_row("read", Text(step))
    counts = list(facts.classes.values())
    if counts:
        least = "" if counts[-1] == counts[0] else f"{counts[-1]:,} to "
        table.add_row("classes", f"{len(counts):,}, {least}{counts[0]:,} rows each")
    else:
        table.add_row("classes", "none: unlabelled")
    table.add_row("characters", f"median {facts.characters['median']:,.0f}, p95 {facts.characters['p95']:,.0f}")
    table.add_row("languages", languages_line(facts.languages))
    parts = [f"{machine.cpus} CPUs", f"{machine.memory_gib:.0f} GiB" if machine.memory_gib else ""]
    parts += [f"GPU {machine.gpu}" if machine.gpu else "no GPU", "bf16 in hardware" if machine.bf16 else "no bf16"]
    parts += [] if machine.torch else ["torch is not installed"]
    table.add_row("machine", ", ".join(part for part in parts if part))
    return table


def _print_candidates(console: "Console", found: "Recommendation") -> None:
    from rich.table import Table
    from rich.text import Text

    ranked = [c for c in found.candidates if c.expected is not None]
    if ranked:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        table.add_column("encoder", overflow="fold")
        for head in ("expected accuracy", "fit in", "LOO", "LogME", "H", "H layers"):
            table.add_column(head, justify="right", no_wrap=True)
        for c in ranked:
            expected = Text(f"{c.expected.value:.1%}" if c.expected else "")
            if c.expected is not None:
                expected.append(f" [{c.expected.low:.1%}, {c.expected.high:.1%}]", style="dim")
            figures = (_figure(c.ridge_accuracy), _figure(c.log_evidence), _figure(c.h_score))
            table.add_row(Text(c.name), expected, _duration(c.fit_s), *figures, _figure(c.h_score_layers))
        console.print(table)
        console.print(Text(_LEGEND, style="dim"))
    for c in found.candidates:
        for note in c.notes:
            console.print(Text(f"{c.name}: {note}", style="dim"))
        if c.problem is not None:
            console.print(Text(f"{c.name} cannot be used: {c.problem}", style="yellow"))
        elif c.expected is None:
            console.print(Text(f"{c.name} can be used."))
    console.print()


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{max(seconds, 1):.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
