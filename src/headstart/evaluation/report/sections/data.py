"""What the data looked like: one card for each data set that was audited."""

from collections.abc import Mapping

from headstart.evaluation.report.formatting import finite, integer
from headstart.evaluation.report.markup import bullets, details, esc, facts, label, note, section, user
from headstart.evaluation.report.sentences import said
from headstart.evaluation.report.strings import Words
from headstart.evaluation.results import Report
from headstart.types import Audit, Finding

__all__ = ["data"]

_CLASSES_LISTED = 12
_SEVERITIES = ("error", "warning", "info")


def data(report: Report, w: Words) -> str:
    """Rows, classes, languages, lengths, findings and notes of each data set."""
    if not report.audits:
        return section("data", w["data"], note(w["no_audits"]))
    cards = "\n".join(_card(audit, w) for audit in report.audits)
    return section("data", w["data"], f'<div class="cards">{cards}</div>')


def _card(audit: Audit, w: Words) -> str:
    head = f"<h3>{user(audit.origin)}</h3>" + note(w["rows"].format(n=integer(audit.n)))
    rows = [
        (w["classes"], _classes(audit.classes, w)),
        (w["languages"], _languages(audit.languages, w)),
        (w["lengths"], _lengths(audit.characters, w)),
        (w["findings"], _findings(audit.findings, w)),
        (w["notes"], bullets(user(said(text, w)) for text in audit.notes)),
    ]
    return f"<article>{head}{facts((term, html) for term, html in rows if html)}</article>"


def _classes(counts: Mapping[str, int], w: Words) -> str:
    if not counts:
        return esc(w["unlabelled"])
    largest = max(max(counts.values()), 1)
    listed = list(counts.items())[:_CLASSES_LISTED]
    items = [_share(name, n, n / largest) for name, n in listed]
    if len(counts) > len(listed):
        items.append(esc(w["and_more"].format(n=len(counts) - len(listed))))
    return bullets(items, "shares")


def _share(name: str, n: int, length: float) -> str:
    return f'<span class="share" style="--s:{length:.3f}">{label(name, 40)} <span>{integer(n)}</span></span>'


def _languages(shares: Mapping[str, float], w: Words) -> str:
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    return " · ".join(f"{esc(w.get(f'language.{key}', key))} {100 * share:.1f}%" for key, share in ordered if share > 0)


def _lengths(characters: Mapping[str, float], w: Words) -> str:
    return " · ".join(
        f"{esc(w.get(f'length.{key}', key))} {integer(round(value))}"
        for key, value in characters.items()
        if finite(value)
    )


def _findings(findings: tuple[Finding, ...], w: Words) -> str:
    if not findings:
        return esc(w["no_findings"])
    rank = {severity: place for place, severity in enumerate(_SEVERITIES)}
    ordered = sorted(findings, key=lambda f: rank.get(f.severity, len(rank)))
    return bullets((_finding(f, w) for f in ordered), "findings")


def _finding(finding: Finding, w: Words) -> str:
    kind = finding.severity if finding.severity in _SEVERITIES else "info"
    severity = w.get(f"severity.{finding.severity}", finding.severity)
    head = w["finding_rows"].format(severity=severity, n=integer(finding.n))
    examples = details(w["examples"], bullets(user(said(e, w)) for e in finding.examples)) if finding.examples else ""
    return f'<span class="badge {kind}">{esc(head)}</span>{user(said(finding.message, w))}{examples}'
