"""Ask which encoder suits a file, before fitting any: accuracy to expect, time, reasons."""

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from headstart.checks import MAX_TEXT_CHARS
from headstart.cli import options

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from headstart.evaluation.report.strings import Words
    from headstart.recommend import Recommendation

__all__ = ["recommend"]

_FEW_ROWS = 2_000  # up to which `fit` takes few_labels
_ENCODERS = (
    "Encoders to compare, by comma, also FOLDER and owner/name; "
    "default: bow, tfidf, tfidf:char, lsa, word2vec, minilm, tfidf+minilm; beside them e5 for other texts than English."
)


def recommend(
    file: Annotated[str, typer.Argument(metavar="PATH[?column=value]", help="Labelled texts; without labels: facts.")],
    encoders: Annotated[str | None, typer.Option(help=_ENCODERS)] = None,
    unlabelled: Annotated[str | None, typer.Option(help="Texts of your domain without labels.")] = None,
    budget: Annotated[str | None, typer.Option(help="Time for all encoders, such as 90s or 2m.")] = None,
    seed: options.Seed = 0,
    language: options.Language = "en",
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
        _show(found, command, plain, steps, language)
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


def _show(found: "Recommendation", command: str | None, plain: str | None, steps: list[str], language: str) -> None:
    from rich.console import Console
    from rich.text import Text

    from headstart.evaluation.report.sentences import said
    from headstart.evaluation.report.strings import words

    console, w = Console(highlight=False), words(language)
    console.print(_facts(found, steps, w), "")
    if found.best is not None and found.family is not None:
        best = Text(w["recommend.best"].format(name=found.best, family=said(found.family, w)))
        best.highlight_words([found.best], "bold green")
        console.print(best)
    for reason in found.reasons:
        console.print(Text(f"· {said(reason, w)}"))
    console.print()
    _print_candidates(console, found, w)
    what = "few" if found.facts.n_rows <= _FEW_ROWS else "many"
    for lead, each in ((what, plain), ("alone", command)):
        if each is not None:
            console.print(Text(w[f"recommend.{lead}"], style="dim"))
            console.print(Text(f"  {each}", style="bold"), soft_wrap=True)


def _facts(found: "Recommendation", steps: list[str], w: "Words") -> "RenderableType":
    from rich.table import Table
    from rich.text import Text

    from headstart.cli.console import languages_line
    from headstart.evaluation.report.sentences import said

    facts = found.facts
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    rows = [f"{facts.n_rows:,}"]
    rows += [w["recommend.repeated"].format(n=f"{facts.duplicates:,}")] if facts.duplicates else []
    table.add_row(w["recommend.rows"], w["recommend.and"].join(rows))
    if facts.n_unlabelled:
        table.add_row(w["unlabelled"], f"{facts.n_unlabelled:,}")
    for step in steps:
        table.add_row(w["recommend.read"], Text(said(step, w)))
    table.add_row(w["recommend.classes"], _classes(list(facts.classes.values()), w))
    lengths = {name: f"{facts.characters[name]:,.0f}" for name in ("median", "p95")}
    table.add_row(w["recommend.characters"], w["recommend.lengths"].format(**lengths))
    table.add_row(w["recommend.languages"], said(languages_line(facts.languages), w))
    table.add_row(w["recommend.machine"], _machine(found, w))
    return table


def _classes(counts: list[int], w: "Words") -> str:
    """How many, and rows of the smallest and the largest. counts: the largest first."""
    if not counts:
        return w["recommend.unlabelled"]
    least, most = f"{counts[-1]:,}", f"{counts[0]:,}"
    rows = most if counts[-1] == counts[0] else w["recommend.range"].format(least=least, most=most)
    return w["recommend.each"].format(k=f"{len(counts):,}", rows=rows)


def _machine(found: "Recommendation", w: "Words") -> str:
    machine = found.machine
    parts = [w["recommend.cpus"].format(n=machine.cpus)]
    parts += [f"{machine.memory_gib:.0f} GiB"] if machine.memory_gib else []
    parts += [f"GPU {machine.gpu}" if machine.gpu else w["recommend.no_gpu"]]
    parts += [w["recommend.bf16"] if machine.bf16 else w["recommend.no_bf16"]]
    parts += [] if machine.torch else [w["recommend.no_torch"]]
    return w["recommend.and"].join(parts)


def _print_candidates(console: "Console", found: "Recommendation", w: "Words") -> None:
    from rich.table import Table
    from rich.text import Text

    from headstart.evaluation.report.sentences import said

    ranked = [c for c in found.candidates if c.expected is not None]
    if ranked:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        table.add_column(w["recommend.encoder"], overflow="fold")
        for head in (w["recommend.expected"], w["recommend.fit_in"], "LOO", "LogME", "H", w["recommend.layers"]):
            table.add_column(head, justify="right", no_wrap=True)
        for c in ranked:
            expected = Text(f"{c.expected.value:.1%}" if c.expected else "")
            if c.expected is not None:
                expected.append(f" [{c.expected.low:.1%}, {c.expected.high:.1%}]", style="dim")
            figures = (_figure(c.ridge_accuracy), _figure(c.log_evidence), _figure(c.h_score))
            table.add_row(Text(c.name), expected, _duration(c.fit_s, w), *figures, _figure(c.h_score_layers))
        console.print(table)
        console.print(Text(w["recommend.legend"], style="dim"))
    for c in found.candidates:
        for note in c.notes:
            console.print(Text(w["named"].format(role=c.name, name=said(note, w)), style="dim"))
        if c.problem is not None:
            problem = said(c.problem, w)
            console.print(Text(w["recommend.unusable"].format(name=c.name, problem=problem), style="yellow"))
        elif c.expected is None:
            console.print(Text(w["recommend.usable"].format(name=c.name)))
    console.print()


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _duration(seconds: float | None, w: "Words") -> str:
    if seconds is None:
        return "–"
    unit, value = ("seconds", max(seconds, 1)) if seconds < 120 else ("minutes", seconds / 60)
    return w[f"recommend.{unit}"].format(n=f"{value:.0f}")
