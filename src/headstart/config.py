"""RunConfig: everything that decides a `headstart fit`, as one checked value that reads and writes as TOML."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from headstart.errors import ConfigError, did_you_mean

__all__ = ["RunConfig", "parse_settings"]


class RunConfig(BaseModel):
    """The settings of one run. Paths may carry a filter: `reviews.jsonl.gz?domain=books`."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    train: str
    test: str | None = None
    source: str | None = None
    unlabelled: str | None = None
    encoder: str = "auto"
    strategy: str = "auto"
    head: str = "auto"
    shots: int | None = Field(None, ge=2)
    limit: int | None = Field(None, ge=4)
    seed: int = Field(0, ge=0)
    out: str | None = None
    report: str | None = None
    text: str = "text"
    label: str = "label"
    domain: str = "domain"
    title: str = "title"
    encoding: str | None = None
    skip_bad_rows: bool = False
    strip_labels: bool = False
    max_text_chars: int = Field(1_000_000, ge=1)
    settings: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def build(cls, file: Path | None = None, **flags: Any) -> Self:
        """The configuration of a TOML file, overridden by the flags that are not None.

        Raises ConfigError with every mistake at once.
        """
        values = _read_toml(file) if file is not None else {}
        given = {key: value for key, value in flags.items() if value is not None}
        settings = {**values.get("settings", {}), **given.pop("settings", {})}
        try:
            return cls(**{**values, **given, "settings": settings})
        except ValidationError as error:
            raise ConfigError("\n".join(_sentence(e, list(cls.model_fields)) for e in error.errors())) from error

    def to_toml(self) -> str:
        """The configuration as TOML; values that are not set are left out."""
        plain = {k: v for k, v in self.model_dump().items() if v is not None and k != "settings"}
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in plain.items()]
        if self.settings:
            lines += ["", "[settings]"]
            lines += [f"{json.dumps(k)} = {json.dumps(v, ensure_ascii=False)}" for k, v in self.settings.items()]
        return "\n".join(lines) + "\n"


def parse_settings(pairs: Sequence[str]) -> dict[str, Any]:
    """`["head.C=0.3", "encoder.ngrams=[1, 3]"]` as a dictionary; a value that is no TOML value is a string."""
    settings = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"--set takes key=value, for example --set head.C=1.0. Got {pair!r} instead.")
        settings[key.strip()] = _toml_value(value.strip())
    return settings


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return None if text.lower() == "none" else text


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is not there (--config).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{path} is not readable as TOML: {error}.") from error


def _sentence(error: Mapping[str, Any], known: Sequence[str]) -> str:
    name = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"Unknown setting {name!r}.{did_you_mean(name, known)} Known: {', '.join(known)}."
    return f"Setting {name!r}: {error['msg']}. Got {error['input']!r} instead."
