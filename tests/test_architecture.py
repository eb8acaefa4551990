"""The house rules, checked on the syntax tree of each file of the package. Messages: `path:line: what`."""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import headstart
from headstart import registry

PACKAGE = Path(headstart.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

# From top to bottom. A file imports from lower layers, and from its own folder.
LAYERS = (
    ("__main__",),
    ("cli",),
    ("job", "recommend", "labelling", "exploring"),
    ("roles",),
    ("reporting", "scoring"),
    ("limits",),
    ("measure",),
    ("config",),
    ("classifier",),
    ("bundle", "named_classes", "pacing"),
    ("strategies", "evaluation", "cleaning"),
    ("explaining",),
    ("finetuning", "few_labels"),
    ("predictor",),
    ("augment",),
    ("encoders", "heads"),
    ("transforms", "training", "abstaining", "held_out", "labels"),
    ("data",),
    ("text",),
    ("functional",),
    ("registry", "versions", "progress", "checks"),
    ("errors", "types"),
)
LEVEL = {name: -number for number, layer in enumerate(LAYERS) for name in layer}

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 60
PICKLES = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
TORCH = {"torch", "transformers"}
WITH_TORCH = {"encoders", "heads", "augment", "training", "finetuning", "strategies", "explaining"}
# Files that import torch at their top are imported inside functions only
LOADS_TORCH = re.compile(r"headstart\.(encoders\._torch|finetuning\.(?!settings))")
FREE_OF_TORCH = {"__init__.py", "settings.py"}
# Names that read the surroundings or change what other libraries see
EFFECTS = {
    "basicConfig", "chdir", "default_rng", "environ", "environb", "filterwarnings", "getenv", "manual_seed",
    "open", "putenv", "RandomState", "read_bytes", "read_text", "seed", "set_num_threads", "setLevel",
    "simplefilter",
}  # fmt: skip

Check = Callable[[Path, ast.Module], Iterator[tuple[int, str]]]


def violations(check: Check, files: list[Path] = FILES) -> list[str]:
    """`path:line: what` of every file that breaks a rule."""
    found = []
    for path in files:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [f"{path.relative_to(PACKAGE.parent)}:{line}: {what}" for line, what in check(path, tree)]
    return found


def modules_imported(path: Path, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, dotted module) of every import, relative ones resolved; `from a import b` gives a.b."""
    package = ("headstart", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{name.name}") for name in node.names)


def is_type_checking(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def run_at_import(nodes: list[ast.stmt]) -> Iterator[ast.AST]:
    """Everything that Python evaluates when it imports a module: not the bodies of functions and lambdas."""
    waiting: list[ast.AST] = list(nodes)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.stmt) and is_type_checking(node):
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting += [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
        elif not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def comments(path: Path) -> Iterator[tuple[int, str]]:
    source = io.StringIO(path.read_text(encoding="utf-8"))
    return ((t.start[0], t.string) for t in tokenize.generate_tokens(source.readline) if t.type == tokenize.COMMENT)


# --- the rules ------------------------------------------------------------------------------------------


def upward_imports(path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    own, folder = parts[0], parts[0] if len(parts) > 1 else ""
    if own == "__init__":
        return  # the façade: lazy, and under TYPE_CHECKING
    if own not in LEVEL:
        yield 1, f"{own} has no layer: give it one in LAYERS"
        return
    body = [node for node in tree.body if not is_type_checking(node)] if own == "types" else tree.body
    for line, module in modules_imported(path, ast.Module(body, [])):
        if not module.startswith("headstart."):
            continue
        other = module.split(".")[1]
        other_folder = other if (PACKAGE / other).is_dir() else ""
        if other.startswith("__"):
            continue  # headstart.__version__
        if other not in LEVEL:
            yield line, f"imports {other} from the façade or from no layer; import it from its own module"
        elif LEVEL[other] > LEVEL[own] or (LEVEL[other] == LEVEL[own] and other_folder != folder):
            yield line, f"{own} imports {other}, which is not below it"


def misplaced_torch(path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    inside = path.relative_to(PACKAGE).with_suffix("").parts[0] in WITH_TORCH
    for line, module in modules_imported(path, tree):
        if module.split(".")[0] in TORCH and not inside:
            yield line, f"imports {module} outside of {', '.join(sorted(WITH_TORCH))}"
    parts = path.relative_to(PACKAGE).parts
    if inside and (path.name.startswith("_torch") or parts[0] == "finetuning") and path.name not in FREE_OF_TORCH:
        return
    for node in run_at_import([node for node in tree.body if not is_type_checking(node)]):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for line, module in modules_imported(path, node):
                if module.split(".")[0] in TORCH or LOADS_TORCH.match(module):
                    yield (
                        line,
                        f"loads {module} when it is imported; import it inside the function that needs it",
                    )


def too_long(path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    n_lines = len(path.read_text(encoding="utf-8").splitlines())
    if n_lines > MAX_FILE_LINES:
        yield n_lines, f"the file has {n_lines} lines, {MAX_FILE_LINES} are allowed"
    is_command = path.relative_to(PACKAGE).parts[:2] == ("cli", "commands")
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            start = node.body[0].lineno if is_command else node.lineno  # a command's signature is its options
            lines = (node.end_lineno or 0) - start + 1
            if lines > MAX_FUNCTION_LINES:
                yield node.lineno, f"{node.name} has {lines} lines, {MAX_FUNCTION_LINES} are allowed"


def forbidden(path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    for line, module in modules_imported(path, tree):
        if module.split(".")[0] in PICKLES:
            yield line, f"imports {module}: no pickle in any form"
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            yield node.lineno, "assert: raise an error with a message"
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in {"print", "eval", "exec", "torch.load", "__import__"} or name.startswith("pickle."):
                yield node.lineno, f"{name}()"
            for keyword in node.keywords:
                value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
                if keyword.arg == "trust_remote_code" and value is not False:
                    yield node.lineno, "trust_remote_code is never on"
                if keyword.arg == "allow_pickle" and value is not False:
                    yield node.lineno, "allow_pickle is never on"


def unexplained(path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    for line, comment in comments(path):
        if re.search(r"\b(TODO|FIXME|XXX)\b", comment):
            yield line, f"unfinished: {comment}"
        for pattern in (r"noqa\b(: *[A-Z]+[0-9]+(, *[A-Z]+[0-9]+)*)?", r"type: *ignore\b(\[[a-z, -]+\])?"):
            waiver = re.search(pattern, comment)
            if waiver and waiver.group(1) is None:
                yield line, f"waives every rule at once: {comment}"
            elif waiver and not re.search(r"[A-Za-z]{3}", comment[waiver.end() :]):
                yield line, f"gives no reason: {comment}"


def effects(path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    if path.name == "__main__.py":
        return  # to run is its purpose
    allowed = (
        ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign
    )
    for node in tree.body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_main = isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)
        if is_main or is_docstring or is_type_checking(node):
            continue
        if not isinstance(node, allowed):
            yield node.lineno, f"runs at import: {ast.unparse(node).splitlines()[0]}"
        for part in run_at_import([node]):
            name = part.attr if isinstance(part, ast.Attribute) else part.id if isinstance(part, ast.Name) else ""
            if name in EFFECTS and isinstance(part.ctx, ast.Load):  # type: ignore[attr-defined] # names have it
                yield part.lineno, f"{name} at import"  # type: ignore[attr-defined] # and lines


def undocumented(path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    if not ast.get_docstring(tree):
        yield 1, "has no docstring"


def not_one_name(path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    folder = path.parent.relative_to(PACKAGE).as_posix()
    if folder not in registry.KINDS.values() or path.name.startswith("_"):
        return
    lists = [n for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "__all__"]
    names = ast.literal_eval(lists[0].value) if lists else []
    if len(names) != 1:
        yield lists[0].lineno if lists else 1, f"a component has one public name, __all__ has {names}"


RULES = (
    upward_imports,
    misplaced_torch,
    too_long,
    forbidden,
    unexplained,
    effects,
    undocumented,
    not_one_name,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_file_keeps_the_rule(rule: Check) -> None:
    """No file of the package breaks the rule."""
    found = violations(rule)
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("rule", "place", "source"),
    [
        (upward_imports, "heads/new.py", "from headstart.encoders import make_encoder"),
        (upward_imports, "heads/new.py", "def f():\n    import headstart.strategies.auto"),
        (
            upward_imports,
            "data/new.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .. import config",
        ),
        (upward_imports, "data/new.py", "from headstart import TextClassifier"),
        (upward_imports, "data/new.py", "from ..bundle import load"),
        (upward_imports, "novel.py", ""),
        (misplaced_torch, "data/new.py", "def f():\n    import torch.nn"),
        (misplaced_torch, "encoders/new.py", "from transformers import AutoModel"),
        (misplaced_torch, "encoders/new.py", "from headstart.encoders._torch import pool"),
        (too_long, "data/new.py", "\n" * 301),
        (too_long, "data/new.py", "def f():\n" + "    g()\n" * 60),
        (forbidden, "data/new.py", "def f():\n    print(1)"),
        (forbidden, "data/new.py", "from joblib import dump"),
        (forbidden, "data/new.py", "def f():\n    torch.load(x)"),
        (forbidden, "data/new.py", "def f():\n    assert x"),
        (forbidden, "data/new.py", "load(x, trust_remote_code=True)"),
        (unexplained, "data/new.py", "x = 1  # noqa: E501"),
        (unexplained, "data/new.py", "x = 1  # type: ignore # because"),
        (unexplained, "data/new.py", "# TO" + "DO: later"),
        (effects, "data/new.py", "import logging\nlogging.basicConfig()"),
        (effects, "data/new.py", "import os\nHOME = os.environ['HOME']"),
        (effects, "data/new.py", "import os\ndef f(home=os.getenv('HOME')): ..."),
        (effects, "data/new.py", "class A:\n    rng = np.random.default_rng(0)"),
        (undocumented, "data/new.py", "x = 1"),
        (not_one_name, "heads/new.py", '__all__ = ["A", "B"]'),
        (not_one_name, "data/formats/new.py", "A = 1"),
    ],
)
def test_the_rule_sees_a_breach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule: Check, place: str, source: str
) -> None:
    """Each rule finds a file that was written to break it, and says where."""
    path = tmp_path / "headstart" / place
    path.parent.mkdir(parents=True)
    (tmp_path / "headstart" / "encoders").mkdir(exist_ok=True)
    path.write_text(source)
    monkeypatch.setattr(f"{__name__}.PACKAGE", tmp_path / "headstart")
    (message,) = violations(rule, [path])[:1]
    assert re.match(rf"headstart/{place}:\d+: ", message)
