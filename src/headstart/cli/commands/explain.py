"""Show which words pushed a prediction, in single texts or for each class."""

from typing import Annotated

import typer

from headstart.checks import MAX_TEXT_CHARS
from headstart.cli import options

__all__ = ["explain"]


def explain(
    bundle: options.Bundle,
    texts: Annotated[list[str] | None, typer.Argument(help="Texts, in quotes.", metavar="TEXT")] = None,
    file: Annotated[str | None, typer.Option(help="Texts of a file: PATH[?column=value].")] = None,
    limit: Annotated[int, typer.Option(help="Rows of the file, the first ones.", min=1)] = 20,
    classes: Annotated[
        bool,
        typer.Option(
            "--classes",
            help="The words that speak most for each class; a linear model of counted words needs no texts, other "
            "models need some, such as --file.",
        ),
    ] = False,
    class_: Annotated[
        str | None, typer.Option("--class", help="Explain this class; without it, the predicted one.", metavar="NAME")
    ] = None,
    method: Annotated[
        str, typer.Option(help="auto, exact (linear models of counted words) or occlusion (any model).")
    ] = "auto",
    words: Annotated[int, typer.Option(help="Words that are listed a text or class.", min=1)] = 10,
    max_reads: Annotated[
        int, typer.Option(help="Texts that the model may read to explain one by occlusion.", min=16)
    ] = 128,
    out: Annotated[str | None, typer.Option(help="Write a page that marks the words, as one HTML file.")] = None,
    language: options.Language = "en",
    json: options.Json = False,
    text: options.TextAsFitted = None,
    title: options.TitleAsFitted = None,
    encoding: options.Encoding = None,
    skip_bad_rows: options.SkipBadRows = False,
    max_text_chars: options.MaxTextChars = MAX_TEXT_CHARS,
) -> None:
    """Say which words of a text spoke for its class and which against it, or which words speak for each class.

    Example: headstart explain bundles/reviews "the room was dirty but the staff was kind"
    """  # fmt: skip
    from dataclasses import asdict
    from pathlib import Path

    from headstart import data
    from headstart.bundle import load_bundle
    from headstart.cli.commands._explain_view import show
    from headstart.cli.console import say, showing_progress, write_json
    from headstart.config import check_page
    from headstart.evaluation.report import render_explanations
    from headstart.explaining import class_words
    from headstart.explaining import explain as explain_texts

    given = list(texts or [])
    if not (given or file or classes):
        raise typer.BadParameter("give texts, --file PATH, or --classes.", param_hint="TEXT")
    if not all(each.strip() for each in given):
        raise typer.BadParameter("an empty text has no words to explain.", param_hint="TEXT")
    check_page("--out", out)
    with showing_progress():
        predictor = load_bundle(bundle)
        if file is not None:
            columns = data.Columns.as_fitted(predictor.columns, text=text, label="", domain="", title=title)
            loaded = data.read_dataset(
                file, columns=columns, encoding=encoding, limit=limit, labelled=False, skip_bad_rows=skip_bad_rows,
                max_text_chars=max_text_chars,
            )  # fmt: skip
            given += loaded.dataset.texts
            if loaded.dataset.n == limit:
                say(f"the first {limit:,} rows of {file}; more with --limit")
        if n_strange := int(predictor.unfamiliar(given).sum()):
            what = "texts are in a script that the model did not learn from: do not trust what is shown of them"
            say(f"{n_strange:,} of {len(given):,} {what}")
        if classes:
            spoken = class_words(predictor, given, label=class_, n=words, method=method, most_reads=max_reads)
            explained = []
        else:
            spoken = ()
            explained = explain_texts(predictor, given, label=class_, method=method, most_reads=max_reads)
    if out is not None:
        heading = f"{Path(bundle).name}: {predictor.name}"
        Path(out).write_text(render_explanations(explained, spoken, title=heading, language=language), encoding="utf-8")
    if json:
        kind = {"classes": [asdict(each) for each in spoken]} if classes else {"texts": [asdict(e) for e in explained]}
        write_json({"bundle": str(bundle), "model": predictor.name, "page": out, **kind})
    else:
        show(explained, spoken, words, out, language)
