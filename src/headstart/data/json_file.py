"""A small JSON file that people wrote: in any of the encodings that data files may have."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headstart.data.encoding import detect, first_undecodable
from headstart.errors import DataError

__all__ = ["read_json"]


def read_json(path: Path, object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """The value in the file; the hook is that of `json.loads`.

    Raises OSError where the file cannot be read, DataError where no encoding reads it as text, ValueError where it is
    no JSON.
    """
    content = path.read_bytes()
    try:
        encoding = detect(lambda: [content], str(path)).name
    except DataError as error:
        place = first_undecodable(lambda: [content], "utf-8")
        where = "" if place is None else f" (as UTF-8 it breaks off at {place})"
        raise DataError(f"{path} is text in no encoding that is known here{where}: save it as UTF-8.") from error
    return json.loads(content.decode(encoding), object_pairs_hook=object_pairs_hook)
