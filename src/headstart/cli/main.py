"""`headstart`: every file of cli/commands is a command; errors that have a message exit 1 with that message."""

import sys

import typer

from headstart import __version__, registry
from headstart.errors import HeadstartError

__all__ = ["main"]


def main() -> None:
    """Entry point. Exit 0 ok, 1 bad data or configuration, 2 usage, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # an old console must not end a run over one character
    try:
        build_app()()
    except HeadstartError as error:
        _fail(str(error))
    except BrokenPipeError:  # `headstart predict ... | head`
        sys.stderr.close()
        raise SystemExit(0) from None
    except OSError as error:  # disk full, no permission: the file is in the error
        _fail(f"{error.filename or 'system'}: {error.strerror or error}.")
    except MemoryError:
        _fail("Not enough memory. Use fewer rows (--limit), or a smaller encoder (--encoder tfidf).")
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; nothing that was saved before is lost\n")
        raise SystemExit(130) from None


def build_app() -> typer.Typer:
    """The command line as a value: one command for each file."""
    app = typer.Typer(
        name="headstart",
        help="Text classification with a head start: few labels, a related domain, plenty of unlabelled text.",
        epilog="Start with: headstart demo   or   headstart fit reviews.csv --test more.csv --report report.html",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback(invoke_without_command=True)
    def root(version: bool = typer.Option(False, "--version", help="Print the version and exit.")) -> None:
        if version:
            sys.stdout.write(f"headstart {__version__}\n")
            raise typer.Exit

    for name in registry.names("command"):
        app.command(name)(registry.load("command", name))
    return app


def _fail(message: str) -> None:
    sys.stderr.write(f"headstart: error: {message}\n")
    raise SystemExit(1)


if __name__ == "__main__":
    main()
