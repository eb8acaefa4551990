"""Every error that Headstart raises on purpose.

    HeadstartError
    ├── DataError           rows or files that cannot be used           (also ValueError)
    │   └── DataFileMissing the file or folder is not there             (also FileNotFoundError)
    ├── ConfigError         a setting that cannot be used               (also ValueError)
    │   └── UnknownComponent  a name that is in no registry folder
    ├── EncoderUnavailable  a pre-trained model that cannot be loaded   (also OSError)
    ├── MissingExtra        an optional package is not installed        (also ImportError)
    └── BundleError         a bundle that cannot be saved or trusted    (also ValueError)
        ├── BundleCorrupt   a file is missing, changed or unreadable
        └── BundleTooNew    written by a newer Headstart

A message says what is wrong, where (file and line), what was got, what was expected, and the way out.
"""

import difflib
from collections.abc import Sequence

__all__ = [
    "BundleCorrupt",
    "BundleError",
    "BundleTooNew",
    "ConfigError",
    "DataError",
    "DataFileMissing",
    "EncoderUnavailable",
    "HeadstartError",
    "MissingExtra",
    "UnknownComponent",
    "did_you_mean",
]


class HeadstartError(Exception):
    """Base of all errors that carry a message for the user; the command line exits 1 with that message."""


class DataError(HeadstartError, ValueError):
    """Rows or files that cannot be used. The message names the file and the line."""


class DataFileMissing(DataError, FileNotFoundError):
    """The file or folder is not there."""

    def __str__(self) -> str:
        return str(self.args[0])  # FileNotFoundError would print an errno tuple


class ConfigError(HeadstartError, ValueError):
    """A setting that cannot be used. The message names the setting, the value and what is allowed."""


class UnknownComponent(ConfigError):
    """A name that is in no registry folder: `UnknownComponent("encoder", "tfdif", ["bow", "tfidf"])`."""

    def __init__(self, kind: str, name: str, known: Sequence[str]) -> None:
        super().__init__(f"Unknown {kind} {name!r}.{did_you_mean(name, known)} Known: {', '.join(known)}.")


class EncoderUnavailable(HeadstartError, OSError):
    """A pre-trained model that cannot be loaded: wrong folder, no network, wrong content."""

    def __str__(self) -> str:
        return str(self.args[0])


class MissingExtra(HeadstartError, ImportError):
    """An optional package is missing: `MissingExtra("encoder 'minilm'", "torch", "train")`."""

    def __init__(self, feature: str, package: str, extra: str) -> None:
        super().__init__(
            f'{feature} needs {package}, which is not installed. Install it with: pip install "headstart[{extra}]"'
        )


class BundleError(HeadstartError, ValueError):
    """A bundle that cannot be saved or trusted."""


class BundleCorrupt(BundleError):
    """A file of the bundle is missing, was changed, or cannot be read. The message names the file."""


class BundleTooNew(BundleError):
    """The bundle was written by a newer Headstart in a format that this one does not know."""


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """` Did you mean 'x'?` for the nearest of `known`, or an empty string when none is near."""
    near = difflib.get_close_matches(name.lower(), [k.lower() for k in known], n=1, cutoff=0.6)
    original = next((k for k in known if near and k.lower() == near[0]), None)
    return f" Did you mean {original!r}?" if original is not None else ""
