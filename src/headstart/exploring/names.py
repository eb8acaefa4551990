"""Names for clusters: from numbers to labels that a classifier can learn."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.data.json_file import read_json
from headstart.errors import ConfigError

if TYPE_CHECKING:
    from headstart.types import Ints

__all__ = ["named_labels", "read_names"]


def read_names(path: str | Path, n_clusters: int) -> dict[int, str | None]:
    """Names by cluster from a JSON file such as `{"0": "billing", "1": "delivery", "2": null}`; null leaves the
    cluster's rows out. Two clusters of one name become one label.

    Raises ConfigError, for a number that is no cluster among others; DataError where no encoding reads the file.
    """
    try:
        given = read_json(Path(path))
    except FileNotFoundError as error:
        raise ConfigError(f"--names {path}: there is no such file.") from error
    except json.JSONDecodeError as error:
        raise ConfigError(f"--names {path} is not JSON: {error}.") from error
    usable = isinstance(given, dict) and all(
        value is None or (isinstance(value, str) and value.strip()) for value in given.values()
    )
    if not usable:
        raise ConfigError(
            f"--names {path} must hold one JSON object from cluster numbers to names (null = leave the rows out), "
            'such as {"0": "billing", "1": "delivery", "2": null}.'
        )
    known = {str(number) for number in range(n_clusters)}
    wrong = [key for key in given if key not in known]
    if wrong:
        raise ConfigError(
            f"--names {path} names {', '.join(map(repr, wrong[:5]))}, but the clusters are 0 to {n_clusters - 1}. "
            "Were the names made for another number of clusters (--clusters), seed or file?"
        )
    return {int(key): value for key, value in given.items()}


def named_labels(numbers: "Ints", names: Mapping[int, str | None]) -> list[str | None]:
    """A label a text: the name of its cluster, the number where it has none, None where the name is None."""
    return [names.get(number, str(number)) for number in numbers.tolist()]
