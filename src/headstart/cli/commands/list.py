"""List the parts that this installation knows."""

from typing import Annotated

import typer

from headstart.cli import options

__all__ = ["list_parts"]


def list_parts(
    kind: Annotated[str | None, typer.Argument(help="encoders, heads, strategies or formats; else all.")] = None,
    json: options.Json = False,
) -> None:
    """List encoders, heads, strategies and formats with a line on each."""
    from rich.console import Console
    from rich.table import Table

    from headstart import registry
    from headstart.cli.console import write_json
    from headstart.encoders import ALIASES
    from headstart.errors import UnknownComponent

    plurals = {"encoders": "encoder", "heads": "head", "strategies": "strategy", "formats": "format"}
    if kind is not None and kind not in plurals:
        raise UnknownComponent("kind", kind, list(plurals))
    listed = {
        plural: {name: registry.describe(singular, name) for name in registry.names(singular)}
        for plural, singular in plurals.items()
        if kind in (None, plural)
    }
    if "encoders" in listed:
        listed["encoders"] |= dict.fromkeys(ALIASES, "all-MiniLM-L6-v2, English, 22 million weights (a transformer).")
    if json:
        write_json(listed)
        return
    for plural, parts in listed.items():
        table = Table("name", "what it is", title=plural, title_justify="left", box=None, pad_edge=False)
        for name, what in parts.items():
            table.add_row(name, what)
        Console().print(table, "")
