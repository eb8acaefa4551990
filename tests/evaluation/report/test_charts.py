"""Charts leave no trace in the process, and always come out the same."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from headstart.evaluation.report import render_html
from headstart.evaluation.report.charts import learning_curves
from headstart.evaluation.results import Report
from headstart.predictor import HeldOut, History, Stretch

RENDER = """
import hashlib, json, sys
sys.path.insert(0, sys.argv[1])
import headstart.evaluation.report as r
early = "matplotlib" in sys.modules
import conftest, matplotlib
before = dict(matplotlib.rcParams.copy())
digests = [hashlib.sha256(r.render_html(f()).encode()).hexdigest()
           for f in (conftest.learnt_report, conftest.many_classes_report)]
print(json.dumps({"early": early, "digests": digests, "same": before == dict(matplotlib.rcParams.copy()),
                  "pyplot": "matplotlib.pyplot" in sys.modules}))
"""


def test_the_same_report_gives_the_same_bytes(learnt: Report, many_classes: Report, tmp_path: Path) -> None:
    """Also in another process with hash seed and a matplotlibrc; matplotlib's settings stay."""
    (tmp_path / "matplotlibrc").write_text("font.size: 20\naxes.grid: True\n", encoding="utf-8")
    environment = os.environ | {"PYTHONHASHSEED": "77", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", RENDER, str(Path(__file__).parent)]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    here = [hashlib.sha256(render_html(r).encode()).hexdigest() for r in (learnt, many_classes)]
    assert {"early": False, "digests": here, "same": True, "pyplot": False} == json.loads(done.stdout)


def test_curves_pass_through_their_points(learnt: Report) -> None:
    """The longest line, the training loss, runs over all steps, and its height is the loss there."""
    svg = learning_curves(learnt.history, ("Loss", "准确率", "Rate", "<Steps>"), "a & b")
    lines = [re.findall(r"([\d.]+) ([\d.]+)", d) for d in re.findall(r' d="(M [^"]+)"', svg)]
    x, y = np.array(max(lines, key=len), float).T  # matplotlib leaves out points that lie on a line
    steps = [each.step for each in learnt.history.stretches]
    here = np.interp(x, (x[0], x[-1]), (steps[0], steps[-1]))
    losses = np.interp(here, steps, [each.loss for each in learnt.history.stretches])
    assert np.corrcoef(y, losses)[0, 1] < -0.9999
    for label in ("Loss", "准确率", "Rate", "&lt;Steps&gt;", 'aria-label="a &amp; b"'):
        assert label in svg


def test_curves_of_a_single_step() -> None:
    """One step, a figure that is not finite, no rates: a chart all the same."""
    history = History((Stretch(1, float("nan"), None),), (HeldOut(1, 0.5, 0.5),), 0.1)
    assert learning_curves(history, ("a", "b", "c", "d"), "").startswith("<svg")
