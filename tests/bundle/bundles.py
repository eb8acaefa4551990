"""Small fitted classifiers, and what the tests of bundles do to folders."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headstart import TextClassifier
from headstart.bundle import layout

ENGLISH = (
    "a good film with a fine cast",
    "fine acting and a good story",
    "good fun from start to end",
    "a bad film with a poor cast",
    "poor acting and a bad story",
    "bad jokes from start to end",
)
CHINESE = (
    "房间干净，服务热情",
    "味道很好，下次再来",
    "物流很快，非常满意",
    "房间太脏，服务冷淡",
    "味道很差，不会再来",
    "物流太慢，非常失望",
)
UNSEEN = ("a good end", "a poor end", "", "unknown words only", "味道很好", "房间太脏")


def fitted(texts: tuple[str, ...] = ENGLISH, labels: tuple[Any, ...] = ("+", "-"), **settings: Any) -> TextClassifier:
    """A tfidf classifier; the first half of the texts has the first label."""
    half = len(texts) // 2
    return TextClassifier("tfidf", **settings).fit(texts, [labels[0]] * half + [labels[1]] * half)


def everything_in(folder: Path) -> dict[str, bytes]:
    """Path -> bytes of every file below."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def reseal(folder: Path, change: Callable[[dict[str, Any]], None] = lambda manifest: None) -> None:
    """Change the manifest, take the hashes of the files as they are now, and seal it as a saver would."""
    manifest = json.loads((folder / layout.MANIFEST).read_text())
    for name in manifest["files"]:
        manifest["files"][name] = layout.file_facts(folder / name)
    change(manifest)
    (folder / layout.MANIFEST).write_bytes(layout.sealed(manifest))
