"""RunConfig: everything that decides a `headstart fit`, as one checked value that is read from TOML."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, time
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from headstart.abstaining import MAX_ERROR_FORM, MaxError
from headstart.checks import MAX_TEXT_CHARS, MOST_SEED
from headstart.errors import ConfigError, did_you_mean

__all__ = ["RunConfig", "check_page", "parse_settings", "seconds_of"]

_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"\s*(?=.*[1-9])([0-9]{1,6}(?:\.[0-9]{1,3})?)\s*([smh]?)\s*", re.ASCII)
_DURATION_FORM = "expected a time above 0, such as 90s, 5m or 1.5h"


class RunConfig(BaseModel):
    """The settings of one run. Paths may carry a filter: `reviews.jsonl.gz?domain=books`."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    train: str | None = None
    test: str | None = None
    source: str | None = None
    unlabelled: str | None = None
    label_names: str | None = None
    encoder: str = "auto"
    strategy: str = "auto"
    head: str = "auto"
    clean: str | None = None
    augment: str | None = None
    shots: int | None = Field(default=None, ge=2)
    limit: int | None = Field(default=None, ge=4)
    budget: str | None = None
    max_error: float | str | None = None
    seed: int = Field(default=0, ge=0, le=MOST_SEED)
    out: str | None = None
    report: str | None = None
    language: Literal["en", "zh"] = "en"
    text: str = "text"
    label: str = "label"
    domain: str = "domain"
    title: str = "title"
    encoding: str | None = None
    skip_bad_rows: bool = False
    strip_labels: bool = False
    max_text_chars: int = Field(default=MAX_TEXT_CHARS, ge=1)
    settings: dict[str, Any] = Field(default_factory=dict)

    @field_validator("budget", mode="before")
    @classmethod
    def _a_duration(cls, value: Any) -> Any:
        written = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
        try:
            if isinstance(written, str):
                seconds_of(written)
        except ConfigError as error:
            raise ValueError(_DURATION_FORM) from error
        return written

    @field_validator("max_error")
    @classmethod
    def _a_rate(cls, value: float | str | None) -> float | str | None:
        try:
            return value if value is None else str(MaxError.read(value))
        except ConfigError as error:
            raise ValueError(MAX_ERROR_FORM) from error

    @property
    def budget_s(self) -> float | None:
        """`budget` in seconds."""
        return None if self.budget is None else seconds_of(self.budget)

    @field_validator("settings", mode="before")
    @classmethod
    def _flat_settings(cls, value: Any) -> Any:
        return _dotted(value) if isinstance(value, Mapping) else value

    @classmethod
    def build(cls, file: Path | None = None, **flags: Any) -> Self:
        """The configuration of a TOML file, overridden by the flags that are not None; settings one by one.

        Raises ConfigError with every mistake at once.
        """
        values = _read_toml(file) if file is not None else {}
        given = {key: value for key, value in flags.items() if value is not None}
        if isinstance(values.get("settings"), Mapping):
            given["settings"] = {**_dotted(values["settings"]), **given.get("settings", {})}
        asked = {**values, **given}
        mistakes = _lacking(asked)
        try:
            config = cls(**asked)
        except ValidationError as error:
            mistakes += [_sentence(e, list(cls.model_fields)) for e in error.errors()]
        if mistakes:
            raise ConfigError("\n".join(mistakes))
        return config

    def to_toml(self) -> str:
        """The configuration as TOML, which `build` reads back; values that are not set are left out."""
        plain = {key: value for key, value in self.model_dump().items() if value is not None and key != "settings"}
        lines = [f"{key} = {_toml(value)}" for key, value in plain.items()]
        if self.settings:
            lines += [
                "",
                "[settings]",
                *(f"{_toml(key)} = {_toml(value)}" for key, value in self.settings.items()),
            ]
        return "\n".join(lines) + "\n"


def _lacking(asked: Mapping[str, Any]) -> list[str]:
    """What cannot be without labelled rows."""
    if asked.get("train") is not None:
        return []
    if asked.get("label_names") is None:
        return ["Setting 'train' is missing."]
    idle = [name for name in ("shots", "limit", "source", "augment", "max_error") if asked.get(name) is not None]
    return [f"Setting {name!r} is of no use without labelled rows (train)." for name in idle]


def seconds_of(budget: str) -> float:
    """`90`, `90s`, `5 m` or `1.5h` in seconds. Raises ConfigError."""
    found = _DURATION.fullmatch(budget)
    if found is None:
        raise ConfigError(f"--budget: {_DURATION_FORM}. Got {budget!r} instead.")
    return float(found[1]) * _SECONDS[found[2]]


def check_page(option: str, file: str | None) -> None:
    """Raise ConfigError where no page can be written to the file of this option: now, not after the work."""
    if file is None:
        return
    if Path(file).is_dir():
        raise ConfigError(f"{option} {file} is a folder: name a file, such as {Path(file) / 'report.html'}.")
    if not Path(file).absolute().parent.is_dir():
        raise ConfigError(f"{option} {file}: there is no folder {Path(file).parent}. Create it first.")


def parse_settings(pairs: Sequence[str]) -> dict[str, Any]:
    """`["head.C=0.3", "encoder.ngrams=[1, 3]"]` as a dictionary.

    A value that is no TOML value is a string, `none` is None. Raises ConfigError for pairs without `=`.
    """
    settings = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"--set takes key=value, for example --set head.C=1.0. Got {pair!r} instead.")
        settings[key.strip()] = _from_toml(value.strip())
    return settings


def _dotted(settings: Mapping[str, Any]) -> dict[str, Any]:
    """`{"head": {"C": 1}}` (a TOML table) as `{"head.C": 1}`; "none" as None, which TOML does not have."""
    tables = {part: t for part, t in settings.items() if isinstance(t, Mapping) and "." not in part}
    flat = {key: value for key, value in settings.items() if key not in tables}
    flat.update({f"{part}.{key}": value for part, table in tables.items() for key, value in table.items()})
    return {key: None if _is_none(value) else value for key, value in flat.items()}


def _from_toml(text: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return None if _is_none(text) else text
    plain = len(parsed) == 1 and not isinstance(parsed["value"], date | time)  # datetime is a date
    return parsed["value"] if plain else text


def _toml(value: Any) -> str:
    """A JSON value as TOML. JSON's notation is TOML's but for DEL, null, tables and the infinite."""
    if value is None:
        return '"none"'
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml(str(k))} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return repr(value) if isinstance(value, float) else json.dumps(value)  # repr: inf, nan


def _is_none(value: Any) -> bool:
    return isinstance(value, str) and value.lower() == "none"


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is not there (--config).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{path} is not readable as TOML: {error}.") from error


def _sentence(error: Mapping[str, Any], known: Sequence[str]) -> str:
    name = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"Unknown setting {name!r}.{did_you_mean(name, known)} Known: {', '.join(known)}."
    if error["type"] == "missing":
        return f"Setting {name!r} is missing."
    what = str(error["msg"]).removeprefix("Value error, ")  # pydantic's, before what a validator of ours raised
    return f"Setting {name!r}: {what}. Got {error['input']!r} instead."
