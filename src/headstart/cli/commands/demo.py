"""Show the main job on hand-written examples, in under two minutes."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["demo"]


def demo(
    folder: Annotated[Path, typer.Option("--out", help="Where examples, bundles and reports go.")] = Path("demo-out"),
) -> None:
    """Run the main job on the examples: a news desk in English and in Chinese, and hotel reviews.

    Every command it runs is printed, so that you can run it on your own file next.
    """
    import shutil
    import subprocess
    import sys

    from headstart.cli.console import say
    from headstart.errors import DataFileMissing

    examples = _examples()
    if examples is None:
        raise DataFileMissing("The examples are not installed. Get them with the source: examples/ of the repository.")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(examples, folder / "examples", dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py", "*.md"))
    for words in _COMMANDS:
        command = [word.format(x=folder / "examples", out=folder) for word in words]
        say(f"\n$ headstart {' '.join(command)}")
        status = subprocess.run([sys.executable, "-m", "headstart", *command], check=False).returncode
        if status:
            raise typer.Exit(status)
    say(f"\nThe reports, for a browser: {', '.join(str(p) for p in sorted(folder.glob('*.html')))}")


_COMMANDS = (
    ("inspect", "{x}/newsdesk_en/train.csv", "{x}/newsdesk_en/test.csv"),
    (
        "fit", "{x}/newsdesk_en/train.csv", "--test", "{x}/newsdesk_en/test.csv",
        "--out", "{out}/newsdesk_en", "--report", "{out}/newsdesk_en.html",
    ),
    ("predict", "{out}/newsdesk_en", "{x}/newsdesk_en/unlabelled.csv", "--out", "{out}/predicted.csv"),
    (
        "fit", "{x}/newsdesk_zh/train.csv", "--test", "{x}/newsdesk_zh/test.csv",
        "--unlabelled", "{x}/newsdesk_zh/unlabelled.csv",
        "--out", "{out}/newsdesk_zh", "--report", "{out}/newsdesk_zh.html",
    ),
    (
        "fit", "{x}/hotels_en/train.csv", "--test", "{x}/hotels_en/test.csv", "--source", "{x}/phones_en/train.csv",
        "--out", "{out}/hotels_en", "--report", "{out}/hotels_en.html",
    ),
)  # fmt: skip


def _examples() -> Path | None:
    """The folder of the examples: inside an installed package, or at the top of a checkout."""
    package = Path(__file__).parents[2]
    places = (package / "examples", package.parents[1] / "examples")
    return next((place for place in places if (place / "newsdesk_en").is_dir()), None)
