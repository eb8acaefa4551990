"""Options that several commands take, each written once."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from headstart.checks import MAX_TEXT_CHARS, MOST_SEED

__all__ = [
    "Bundle", "Domain", "DomainOrConfig", "Encoding", "Json", "Label", "LabelAsFitted",
    "LabelOrConfig", "Language", "LanguageOrConfig", "MaxTextChars", "MaxTextCharsOrConfig", "Seed", "SeedOrConfig",
    "SkipBadRows", "StripLabels", "Text", "TextAsFitted", "TextOrConfig", "Title", "TitleAsFitted", "TitleOrConfig",
    "of_stdin",
]  # fmt: skip

_COLUMNS = "Columns"
_AS_FITTED = "without it, as in the file that the classifier learnt from."


def _column(text: str, **more: Any) -> Any:
    return typer.Option(help=text, rich_help_panel=_COLUMNS, **more)


def _seed(**more: Any) -> Any:
    return typer.Option(help="Same seed, same result.", min=0, max=MOST_SEED, metavar="<int>", **more)


def _max_text_chars(**more: Any) -> Any:
    return typer.Option(
        help="Most characters of a text; a longer one is taken for a mistake in the file.", min=1, **more
    )


def _language(**more: Any) -> Any:
    return typer.Option(help="Language of the report.", rich_help_panel="Output", **more)


_TEXT, _LABEL = "Name of the text column.", "Name of the label column."
_TITLE, _DOMAIN = "Name of a title column, put before the text; '' for none.", "Name of the domain column."

Text = Annotated[str, _column(_TEXT)]
TextOrConfig = Annotated[str | None, _column(_TEXT, show_default="text")]
TextAsFitted = Annotated[str | None, _column(f"Name of the text column; {_AS_FITTED}")]
Label = Annotated[str, _column(_LABEL)]
LabelOrConfig = Annotated[str | None, _column(_LABEL, show_default="label")]
LabelAsFitted = Annotated[str | None, _column(f"Name of the label column; {_AS_FITTED}")]
Title = Annotated[str, _column(_TITLE)]
TitleOrConfig = Annotated[str | None, _column(_TITLE, show_default="title")]
TitleAsFitted = Annotated[str | None, _column(f"Name of a title column, '' for none; {_AS_FITTED}")]
Domain = Annotated[str, _column(_DOMAIN)]
DomainOrConfig = Annotated[str | None, _column(_DOMAIN, show_default="domain")]
MaxTextChars = Annotated[int, _max_text_chars()]
MaxTextCharsOrConfig = Annotated[int | None, _max_text_chars(show_default=str(MAX_TEXT_CHARS))]
Seed = Annotated[int, _seed()]
SeedOrConfig = Annotated[int | None, _seed(show_default="0", rich_help_panel="Model")]
Encoding = Annotated[
    str | None, typer.Option(help="Character encoding of the files; detected and reported when not given.")
]
SkipBadRows = Annotated[
    bool, typer.Option("--skip-bad-rows", help="Leave out rows that cannot be used, and count them.")
]
StripLabels = Annotated[bool, typer.Option("--strip-labels", help="Remove spaces around labels.")]
Language = Annotated[Literal["en", "zh"], _language()]
LanguageOrConfig = Annotated[Literal["en", "zh"] | None, _language(show_default="en")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, and nothing else.")]
Bundle = Annotated[Path, typer.Argument(help="A folder that `headstart fit` wrote.", metavar="BUNDLE")]


def of_stdin(file: str, format: str | None) -> str | None:
    """--format for the input: a file is read by its suffix, whatever stdout is to be."""
    return format if file == "-" else None
