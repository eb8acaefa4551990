"""Ask which encoder and strategy suit a file, before fitting any: accuracy to expect, time, reasons."""

import shlex
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headstart.cli import options

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from headstart.recommend import Recommendation

__all__ = ["recommend"]

_LANGUAGES = {"zh": "Chinese", "en": "Latin script (English)", "mixed": "mixed", "other": "other"}
_LEGEND = (
    "Expected of a fit on all rows, with its 95 % interval; fit in: about, on this machine. On the sample: LOO, "
    "accuracy of ridge on rows left out; LogME and H-score (H layers: of the mean over a transformer's layers), "
    "larger is better."
)


def recommend(
    file: Annotated[str, typer.Argument(metavar="PATH[?column=value]", help="Labelled texts; without labels: facts.")],
    encoders: Annotated[
        str | None, typer.Option(help="Encoders to compare, by comma: tfidf,minilm,tfidf+minilm,FOLDER,owner/name.")
    ] = None,
    unlabelled: Annotated[str | None, typer.Option(help="Texts of your domain without labels.")] = None,
    budget: Annotated[str | None, typer.Option(help="Time for all encoders, such as 60s or 2m.")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same result.")] = 0,
    json: options.Json = False,
    text: options.Text = "text",
    label: options.Label = "label",
    title: options.Title = "title",
    domain: options.Domain = "domain",
    encoding: options.Encoding = None,
    skip_bad_rows: options.SkipBadRows = False,
) -> None:
    """Say which encoder and strategy suit a file: the accuracy to expect of each, its time, and the reasons.

    Each encoder is judged on a sample of the rows (about 10 s each), for what it would reach with all of them.

    Example: headstart recommend reviews.csv --encoders tfidf,minilm
    """
    from dataclasses import replace

    from headstart import data
    from headstart.cli.console import showing_progress, write_json
    from headstart.recommend import recommend as ask

    columns = data.Columns(text, label, domain, title)
    names = [name.strip() for name in encoders.split(",") if name.strip()] if encoders is not None else None
    budget_s = _seconds(budget) if budget is not None else None
    loaded = data.read_dataset(file, columns=columns, encoding=encoding, skip_bad_rows=skip_bad_rows)
    more = (
        data.read_dataset(
            unlabelled,
            columns=replace(columns, or_usual=True),
            encoding=encoding,
            labelled=False,
            skip_bad_rows=skip_bad_rows,
            role="unlabelled",
        ).dataset
        if unlabelled is not None
        else None
    )
    with showing_progress():
        found = ask(loaded.dataset, encoders=names, unlabelled=more, budget_s=budget_s, random_state=seed)
    given: dict[str, tuple[str | None, str | None]] = {
        "--text": (text, "text"),
        "--label": (label, "label"),
        "--title": (title, "title"),
        "--domain": (domain, "domain"),
        "--encoding": (encoding, None),
        "--unlabelled": (unlabelled, None),
    }
    flags = [word for name, (value, usual) in given.items() if value != usual for word in (name, str(value))]
    flags += ["--skip-bad-rows"] if skip_bad_rows else []
    command, plain = _next_command(file, found, flags), shlex.join(["headstart", "fit", file, *flags])
    steps = [
        f"{step.action}: {step.n_before - step.n_after:,}" for step in loaded.steps if step.n_after < step.n_before
    ]
    if json:
        write_json(_payload(found, command, steps))
    else:
        _show(found, command, plain, steps)
    if all(candidate.problem is not None for candidate in found.candidates):
        raise typer.Exit(1)


def _seconds(budget: str) -> float:
    """`90`, `90s`, `2m`, `1h` in seconds. Raises ConfigError."""
    import re

    from headstart.errors import ConfigError

    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smh]?)\s*", budget)
    value = float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]] if match else 0.0
    if value <= 0:
        raise ConfigError(f"--budget must be a time above 0 such as 60s, 2m or 1h. Got {budget!r} instead.")
    return value


def _next_command(file: str, found: "Recommendation", flags: list[str]) -> str | None:
    if found.best is None or found.strategy is None:
        return None
    return shlex.join(["headstart", "fit", file, "--encoder", found.best, "--strategy", found.strategy, *flags])


def _payload(found: "Recommendation", command: str | None, steps: list[str]) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(found), "steps": steps, "next": command}


def _show(found: "Recommendation", command: str | None, plain: str, steps: list[str]) -> None:
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
    if command is not None:
        console.print(Text("Next", style="dim"))
        console.print(Text(f"  {command}", style="bold"), soft_wrap=True)
        console.print(Text("Or several of them together, as far as held-out rows are better off", style="dim"))
        console.print(Text(f"  {plain}", style="bold"), soft_wrap=True)


def _facts(found: "Recommendation", steps: list[str]) -> "RenderableType":
    from rich.table import Table
    from rich.text import Text

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
    spread = f"{len(counts):,}, {counts[-1]:,} to {counts[0]:,} rows each" if counts else "none: unlabelled"
    table.add_row("classes", spread)
    table.add_row("characters", f"median {facts.characters['median']:,.0f}, p95 {facts.characters['p95']:,.0f}")
    shares = sorted(facts.languages.items(), key=lambda item: -item[1])
    table.add_row("languages", ", ".join(f"{_LANGUAGES[name]} {share:.1%}" for name, share in shares if share))
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
