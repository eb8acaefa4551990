"""Charts leave no trace in the process, and always come out the same."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from headstart.evaluation.report import render_html
from headstart.evaluation.results import Report

RENDER = """
import hashlib, json, sys
sys.path.insert(0, sys.argv[1])
import headstart.evaluation.report as r
early = "matplotlib" in sys.modules
import conftest, matplotlib
before = dict(matplotlib.rcParams.copy())
digests = [hashlib.sha256(r.render_html(f()).encode()).hexdigest()
           for f in (conftest.english_report, conftest.many_classes_report)]
print(json.dumps({"early": early, "digests": digests, "same": before == dict(matplotlib.rcParams.copy()),
                  "pyplot": "matplotlib.pyplot" in sys.modules}))
"""


def test_the_same_report_gives_the_same_bytes(english: Report, many_classes: Report, tmp_path: Path) -> None:
    """Also in another process with hash seed and a matplotlibrc; matplotlib's settings stay."""
    (tmp_path / "matplotlibrc").write_text("font.size: 20\naxes.grid: True\n", encoding="utf-8")
    environment = os.environ | {"PYTHONHASHSEED": "77", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", RENDER, str(Path(__file__).parent)]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    here = [hashlib.sha256(render_html(r).encode()).hexdigest() for r in (english, many_classes)]
    assert {"early": False, "digests": here, "same": True, "pyplot": False} == json.loads(done.stdout)
