"""Going on with a fit that was broken off: where its checkpoint is, and what the user is told of it."""

from collections.abc import Callable
from pathlib import Path

from headstart.errors import ConfigError

__all__ = ["prepare_checkpoint", "way_on"]


def prepare_checkpoint(
    out: str | None, resume: bool, say: Callable[[str], None], *, no_bundle: bool = False
) -> Path | None:
    """The folder DIR.checkpoint beside the bundle DIR, emptied unless `resume`; None without a bundle's place.

    Raises ConfigError for `resume` without one: a fit without --out, or with --no-bundle, keeps nothing to go on with.
    """
    from headstart.finetuning.checkpoint import discard, is_there

    if resume and no_bundle:
        raise ConfigError("--resume goes on with a fit that saves a bundle: leave out --no-bundle.")
    if out is None or no_bundle:
        if resume:
            raise ConfigError(
                "--resume needs the --out DIR of the fit to go on with: its checkpoint is DIR.checkpoint."
            )
        return None
    bundle = Path(out) if Path(out).name else Path(out).absolute()
    folder = bundle.with_name(f"{bundle.name}.checkpoint")
    if resume and not is_there(folder):
        say(f"no checkpoint in {folder}: fitting from the beginning")
    if not resume and is_there(folder):
        say(f"overwriting the checkpoint in {folder} (--resume would have gone on with it)")
        discard(folder)
    return folder


def way_on(checkpoint: Path | None, command: str, where: str) -> str:
    """What to say after Ctrl-C: how far the fit was (`where`, may be empty), and the command that goes on."""
    from headstart.finetuning.checkpoint import discard, is_there

    said = f"interrupted at {where}" if where else "interrupted"
    if checkpoint is not None and is_there(checkpoint):
        again = command if "--resume" in command.split() else f"{command} --resume"
        return f"{said}; go on with: {again}"
    if checkpoint is not None:
        discard(checkpoint)  # an empty folder
        return f"{said}; nothing was kept"
    return f"{said}; nothing was kept: fine-tuning with --out DIR can be gone on with"
