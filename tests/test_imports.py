"""What importing and predicting load: nothing that is not needed. Each check runs in a fresh interpreter."""

import subprocess
import sys
from pathlib import Path

import headstart
from headstart import TextClassifier

HEAVY = (
    "torch",
    "numpy",
    "scipy",
    "sklearn",
    "transformers",
    "onnxruntime",
    "typer",
    "pydantic",
    "matplotlib",
)


def loaded_by(code: str, *arguments: str, watched: tuple[str, ...] = HEAVY) -> set[str]:
    """Those of the watched packages that are in sys.modules when a fresh interpreter has run the code."""
    loaded = f"set({watched!r}) & sys.modules.keys()"
    script = f"import sys\n{code}\nsys.stderr.write('\\nLOADED ' + ' '.join({loaded}))"
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.rpartition("LOADED")[2].split())


def test_importing_the_package_is_free() -> None:
    """`import headstart` loads no library that takes noticeable time."""
    assert loaded_by("import headstart; headstart.Dataset(('a',)); headstart.HeadstartError") == set()


def test_loading_bundles_does_not_need_statistics() -> None:
    """scipy.stats takes a second to import: only a limit of errors, or a report, pays for it."""
    assert loaded_by("import headstart.bundle.load", watched=("scipy.stats", "sklearn.linear_model")) == set()


def test_all_public_names_resolve() -> None:
    """Each name of `__all__` is there, names itself, and `dir` of a wrong one is an AttributeError."""
    for name in headstart.__all__:
        assert getattr(headstart, name).__name__ == name
    assert not hasattr(headstart, "Trainer")
    names: dict[str, object] = {}
    exec("from headstart import *", names)
    assert set(headstart.__all__) <= names.keys()


def test_every_public_name_of_every_module_exists() -> None:
    """`__all__` of each module lists only what the module has."""
    package = Path(headstart.__file__).parent
    modules = [
        ".".join(path.relative_to(package.parent).with_suffix("").parts)
        for path in sorted(package.rglob("*.py"))
        if path.name not in {"__main__.py", "__init__.py"}
    ]
    code = (
        "import importlib\n"
        f"for name in {modules!r}:\n"
        "    module = importlib.import_module(name)\n"
        "    missing = [n for n in getattr(module, '__all__', []) if not hasattr(module, n)]\n"
        "    assert not missing, (name, missing)\n"
    )
    loaded_by(code)


def test_a_classic_bundle_predicts_without_torch(tmp_path: Path) -> None:
    """Loading a tfidf bundle and predicting loads neither torch nor transformers."""
    texts, labels = ["good film", "fine film", "bad film", "poor film"], ["+", "+", "-", "-"]
    folder = TextClassifier("tfidf").fit(texts, labels).save(tmp_path / "bundle")
    code = "import headstart\nassert len(headstart.load_bundle(sys.argv[1]).predict(['good']).labels) == 1"
    watched = ("torch", "transformers", "typer", "matplotlib", "jieba")
    assert loaded_by(code, str(folder), watched=watched) == set()


def test_fitting_classic_features_needs_no_torch() -> None:
    """A tfidf classifier learns without torch and transformers."""
    code = (
        "from headstart import TextClassifier\n"
        "TextClassifier('tfidf').fit(['good film', 'fine film', 'bad film', 'poor film'], [1, 1, 0, 0])"
    )
    assert loaded_by(code, watched=("torch", "transformers")) == set()


def test_help_is_quick() -> None:
    """`python -m headstart --help` loads neither torch nor scikit-learn, nor any other heavy library."""
    code = (
        "import runpy\n"
        "sys.argv[1:] = ['--help']\n"
        "try:\n"
        "    runpy.run_module('headstart', run_name='__main__')\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
    )
    heavy = ("torch", "sklearn", "scipy", "transformers", "onnxruntime", "matplotlib", "pyarrow")
    assert loaded_by(code, watched=heavy) == set()
