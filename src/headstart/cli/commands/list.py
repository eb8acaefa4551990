"""List the parts that this installation knows."""

from typing import Annotated

import typer

from headstart.cli import options

__all__ = ["list_parts"]

# what the user writes and reads -> kind of the registry
_KINDS = {
    "encoders": "encoder",
    "transforms": "transform",
    "heads": "head",
    "strategies": "strategy",
    "augmentations": "augmentation",
    "text-rules": "text rule",
    "row-rules": "row rule",
    "formats": "format",
}


def list_parts(
    kind: Annotated[str | None, typer.Argument(help=f"One of {', '.join(_KINDS)}; else all.")] = None,
    json: options.Json = False,
) -> None:
    """List encoders, transforms, heads, strategies, augmentations, cleaning rules and formats with a line on each.

    Example: headstart list transforms
    """
    from rich.console import Console
    from rich.table import Table

    from headstart import registry
    from headstart.cli.console import write_json
    from headstart.encoders import ALIASES
    from headstart.errors import UnknownComponent

    if kind is not None and kind not in _KINDS:
        raise UnknownComponent("kind", kind, list(_KINDS))
    listed = {
        plural: {name: registry.describe(singular, name) for name in registry.names(singular)}
        for plural, singular in _KINDS.items()
        if kind in (None, plural)
    }
    if "encoders" in listed:
        listed["encoders"] |= ALIASES
    if json:
        write_json(listed)
        return
    for plural, parts in listed.items():
        table = Table("name", "what it is", title=plural, title_justify="left", box=None, pad_edge=False)
        for name, what in parts.items():
            table.add_row(name, what)
        Console().print(table, "")
