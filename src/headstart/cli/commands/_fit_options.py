"""The options that only `headstart fit` has, by panel of its help."""

from pathlib import Path
from typing import Annotated, Any

import typer

_PATH = "PATH[?column=value]"


def _data(text: str, **more: Any) -> Any:
    return typer.Option(help=text, rich_help_panel="Data", **more)


def _model(text: str, **more: Any) -> Any:
    return typer.Option(help=text, rich_help_panel="Model", **more)


_FORMATS = "Labelled texts: csv, tsv, jsonl, parquet (also .gz, .xz), class folders, or - for stdin."
_NAMES = (
    'JSON, {"refund": "asks for money back"} or {"praise": ["thanks", "great"]}: what each label means, or wordings of '
    "it; a class with one, or all, may have no labelled row."
)
_STRATEGIES = (
    "auto (few_labels up to 2,000 rows, pooled or finetune above, with the transformer that --encoder may name; "
    "linear_probe with another encoder or a head), or a name from `headstart list strategies`."
)
_SETTING = "A setting of a part, such as head.C=1 or encoder.ngrams=[1,3]."

Train = Annotated[str | None, typer.Argument(help=f"{_FORMATS} None with --label-names alone.", metavar=_PATH)]
Test = Annotated[str | None, _data("Labelled rows to measure on; else cross-validation.", metavar=_PATH)]
Source = Annotated[str | None, _data("Labelled rows of a related domain; used if they help.", metavar=_PATH)]
Unlabelled = Annotated[str | None, _data("Texts of your domain without labels.", metavar=_PATH)]
LabelNames = Annotated[str | None, _data(_NAMES, metavar="FILE")]
Shots = Annotated[int | None, _data("Draw this many training rows a class.")]
Limit = Annotated[int | None, _data("Draw at most this many training rows.")]
Encoder = Annotated[
    str | None,
    _model(
        "auto, minilm (English), e5 (Chinese), tfidf, a folder or a hub id; tfidf+pca:200; see `headstart list`.",
        show_default="auto",
    ),
]
Strategy = Annotated[str | None, _model(_STRATEGIES, show_default="auto")]
Head = Annotated[str | None, _model("auto, logistic, svm, ridge, kernel_ridge, knn, prototype.", show_default="auto")]
Clean = Annotated[str | None, _model("Cleaning rules, such as default,near_duplicates; see `headstart list`.")]
Augment = Annotated[str | None, _model("Augmentations of the training rows, such as synonym:0.1:FILE,swap,copies:2.")]
MaxError = Annotated[
    str | None, _model("Errors accepted among the answered texts: 0.05, or 0.05:expected; unsure texts are marked.")
]
Budget = Annotated[
    str | None,
    _model(
        "Time for learning and measuring, such as 30s, 5m or 1h; fine-tuning ends within it. Without --test at least "
        "one fold is measured, even when the time is over."
    ),
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help=_SETTING, metavar="KEY=VALUE", rich_help_panel="Model")
]
Config = Annotated[Path | None, typer.Option(help="A TOML file with these settings; flags override it.")]
Out = Annotated[
    str | None, typer.Option(help="Folder of the bundle; default: a new one in bundles/.", rich_help_panel="Output")
]
Resume = Annotated[
    bool,
    typer.Option("--resume", help="Go on with a fit that was broken off (needs --out).", rich_help_panel="Output"),
]
NoBundle = Annotated[bool, typer.Option("--no-bundle", help="Only measure.", rich_help_panel="Output")]
Report = Annotated[str | None, typer.Option(help="Write the report as one HTML file.", rich_help_panel="Output")]
