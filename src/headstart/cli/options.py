"""Options that several commands take, each written once."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "Bundle", "Domain", "DomainOrConfig", "Encoding", "Json", "Label", "LabelAsFitted", "LabelOrConfig",
    "Language", "LanguageOrConfig", "MaxTextChars", "MaxTextCharsOrConfig", "SkipBadRows", "Text",
    "TextAsFitted", "TextOrConfig", "Title", "TitleAsFitted", "TitleOrConfig", "of_stdin",
]  # fmt: skip

_COLUMNS = "Columns"
_TEXT = typer.Option(help="Name of the text column.", rich_help_panel=_COLUMNS)
_LABEL = typer.Option(help="Name of the label column.", rich_help_panel=_COLUMNS)
_TITLE = typer.Option(help="Name of a title column, put before the text; '' for none.", rich_help_panel=_COLUMNS)
_DOMAIN = typer.Option(help="Name of the domain column.", rich_help_panel=_COLUMNS)
_AS_FITTED = "without it, as in the file that the classifier learnt from."
_MAX_TEXT_CHARS = typer.Option(help="Longest text that is taken as one.", min=1)

Text = Annotated[str, _TEXT]
TextOrConfig = Annotated[str | None, _TEXT]
TextAsFitted = Annotated[
    str | None, typer.Option(help=f"Name of the text column; {_AS_FITTED}", rich_help_panel=_COLUMNS)
]
Label = Annotated[str, _LABEL]
LabelOrConfig = Annotated[str | None, _LABEL]
LabelAsFitted = Annotated[
    str | None, typer.Option(help=f"Name of the label column; {_AS_FITTED}", rich_help_panel=_COLUMNS)
]
Title = Annotated[str, _TITLE]
TitleOrConfig = Annotated[str | None, _TITLE]
TitleAsFitted = Annotated[
    str | None,
    typer.Option(help=f"Name of a title column, '' for none; {_AS_FITTED}", rich_help_panel=_COLUMNS),
]
Domain = Annotated[str, _DOMAIN]
DomainOrConfig = Annotated[str | None, _DOMAIN]
MaxTextChars = Annotated[int, _MAX_TEXT_CHARS]
MaxTextCharsOrConfig = Annotated[int | None, _MAX_TEXT_CHARS]
Encoding = Annotated[
    str | None, typer.Option(help="Character encoding of the files; detected and reported when not given.")
]
SkipBadRows = Annotated[
    bool, typer.Option("--skip-bad-rows", help="Leave out rows that cannot be used, and count them.")
]
_LANGUAGE = typer.Option(help="Language of the report's headings: en or zh.", rich_help_panel="Output")
Language = Annotated[str, _LANGUAGE]
LanguageOrConfig = Annotated[str | None, _LANGUAGE]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, and nothing else.")]
Bundle = Annotated[Path, typer.Argument(help="A folder that `headstart fit` wrote.", metavar="BUNDLE")]


def of_stdin(file: str, format: str | None) -> str | None:
    """--format for the input: a file is read by its suffix, whatever stdout is to be."""
    return format if file == "-" else None
