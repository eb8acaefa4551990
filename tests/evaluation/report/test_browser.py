"""The page in a real browser: no sideways scrolling on a phone, and enough contrast, in light and dark."""

import html as escaping
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from headstart.evaluation.report import render_html

BROWSER = next((b for b in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if b), None)
SAMPLES = ["english", "learnt", "chinese", "many_classes", "twenty_classes", "nasty", "bare"]

# Measures each frame: its scroll width, its paper colour, and its worst text contrast (WCAG 2.2, 1.4.3).
MEASURE = """
function rgba(c) { const n = c.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; }
function over(top, under) { return [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3])); }
function paper(e, w) {
  if (!e) return [255, 255, 255];
  return over(rgba(w.getComputedStyle(e).backgroundColor), paper(e.parentElement, w));
}
function light(c) {
  const [r, g, b] = c.map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b;
}
function contrast(node, w) {
  const e = node.parentElement, style = w.getComputedStyle(e), under = paper(e, w);
  const ink = over(rgba(e.closest("svg") ? style.fill : style.color), under);
  const [a, b] = [light(ink), light(under)];
  return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
}
function measure(frame) {
  const d = frame.contentDocument, w = frame.contentWindow;
  const walk = d.createTreeWalker(d.body, NodeFilter.SHOW_TEXT);
  let worst = 99, where = "";
  for (let n = walk.nextNode(); n; n = walk.nextNode()) {
    if (!n.data.trim()) continue;
    const c = contrast(n, w);
    if (c < worst) { worst = c; where = n.data.trim().slice(0, 40); }
  }
  return {width: d.documentElement.scrollWidth, worst, where, paper: paper(d.body, w)};
}
onload = () => {
  const all = [...document.querySelectorAll("iframe")].map(measure);
  document.getElementById("out").textContent = JSON.stringify(all);
};
"""


def measured(pages: list[str], scheme: str, folder: Path) -> list[dict]:
    frames = "".join(
        f'<iframe style="width:375px;height:800px;border:0" srcdoc="{escaping.escape(page)}"></iframe>'
        for page in pages
    )
    harness = folder / "harness.html"
    harness.write_text(
        f'<!DOCTYPE html><meta charset="utf-8"><script>{MEASURE}</script>{frames}<pre id="out"></pre>',
        "utf-8",
    )
    flags = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --hide-scrollbars "
        "--disable-background-networking --disable-component-update --disable-sync"
    )
    command = [BROWSER, *flags.split(), f"--user-data-dir={folder / 'profile'}", "--dump-dom"]
    command += [f"--blink-settings=preferredColorScheme={'0' if scheme == 'dark' else '1'}", harness.as_uri()]
    done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    return json.loads(escaping.unescape(re.findall(r'<pre id="out">(.*?)</pre>', done.stdout.decode("utf-8"))[-1]))


@pytest.mark.skipif(BROWSER is None, reason="needs chromium or google-chrome on PATH")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone(scheme: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """At 375 px nothing makes the page scroll sideways, and all words have a contrast of 4.5 or more."""
    pages = [render_html(request.getfixturevalue(name), language="zh") for name in SAMPLES]
    pages += [render_html(request.getfixturevalue(name)) for name in SAMPLES]
    for name, page in zip(SAMPLES * 2, measured(pages, scheme, tmp_path), strict=True):
        assert page["width"] <= 375, name
        assert page["worst"] >= 4.5, (name, page["where"])
        assert (sum(page["paper"]) < 150) == (scheme == "dark"), name
