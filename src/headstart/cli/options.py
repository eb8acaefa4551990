"""Options that several commands take, each written once."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "Bundle", "Domain", "Encoding", "Json", "Label", "MaxTextChars", "SkipBadRows", "Text", "Title",
]  # fmt: skip

_COLUMNS = "Columns"
Text = Annotated[str, typer.Option(help="Name of the text column.", rich_help_panel=_COLUMNS)]
Label = Annotated[str, typer.Option(help="Name of the label column.", rich_help_panel=_COLUMNS)]
Title = Annotated[
    str,
    typer.Option(help="Name of a title column, put before the text; '' for none.", rich_help_panel=_COLUMNS),
]
Domain = Annotated[str, typer.Option(help="Name of the domain column.", rich_help_panel=_COLUMNS)]
Encoding = Annotated[
    str | None, typer.Option(help="Character encoding of the files; detected and reported when not given.")
]
SkipBadRows = Annotated[
    bool, typer.Option("--skip-bad-rows", help="Leave out rows that cannot be used, and count them.")
]
MaxTextChars = Annotated[int, typer.Option(help="Longest text that is taken as one.", min=1)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, and nothing else.")]
Bundle = Annotated[Path, typer.Argument(help="A folder that `headstart fit` wrote.", metavar="BUNDLE")]
