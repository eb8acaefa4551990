"""Markup out, its text kept: tags, comments, scripts and styles go, entities become characters. A block, a <br> or a
table row ends its line, a table cell leaves a space, other tags leave nothing.

Only what is HTML counts as markup: `a < b && c > d`, `价格<5元`, `List<String>` and `<me@example.org>` stay. A tag
needs the name of an HTML, SVG or MathML element (or a name with a hyphen or colon, as custom elements and Word have)
and attributes with a value (or those that HTML knows without one). A comment or script that never ends is taken for
text, of which only the tag goes: losing text would be worse than keeping noise.

Entities follow HTML 5 (`html.unescape`), with or without the semicolon where that is safe; `&nbsp;` is a space.
Text that was escaped twice is unescaped twice: cleaning a clean text must change nothing, so `&lt;br&gt;` goes as well.

Why no parser that builds a tree: trees follow HTML's repair rules, whose cost an attacker chooses. lexbor (selectolax
1.0) needs 13 s and 3 GB for 40 kB of `<p><b i1><b i2>...</p><p>x<p>x...`, and nested blocks cost it the
square of their depth. Cutting tags out needs no tree, and is linear for every text.
"""

import html
import re
from collections.abc import Iterator
from html.entities import html5

__all__ = ["Html"]

_ROUNDS = 5  # tags inside of entities inside of tags ...: ordinary text needs 2 or 3


def _names(names: str) -> frozenset[str]:
    return frozenset(names.split())


_BLOCKS = _names(
    "address article aside blockquote body br caption center col colgroup dd details dialog dir div dl dt fieldset "
    "figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html iframe legend li link "
    "main menu meta nav noframes noscript ol optgroup option p pre section select summary table tbody template "
    "textarea tfoot thead title tr ul video audio script style"
)
_CELLS = _names("td th")
_INLINE = _names(
    "a abbr acronym applet area b base basefont bdi bdo big blink button canvas cite code data datalist del dfn em "
    "embed font i img input ins kbd label map mark marquee math meter mfrac mi mn mo mrow msub msup nobr object output "
    "param path picture progress q rect rp rt ruby s samp slot small source span strike strong sub sup svg track tt u "
    "use var wbr"
)
_ELEMENTS = _BLOCKS | _CELLS | _INLINE
_WITHOUT_VALUE = _names(
    "allowfullscreen alt async autofocus autoplay border checked compact controls default defer disabled download "
    "hidden inert ismap itemscope loop multiple muted nohref nomodule noshade novalidate nowrap open playsinline "
    "readonly required reversed scoped selected"
)

# Each part ends at the next `<` at the latest, so that no two attempts read the same characters.
_MARKUP = re.compile(
    r"""<(?: (?P<comment>!--)
           | (?P<cdata>!\[CDATA\[)
           | (?P<other> (?: !doctype | \?xml | !\[(?:if|endif) ) [^<>]*+ ) >
           | (?P<slash>/?) (?P<name>[a-z][a-z0-9]*+(?:[:-][a-z][a-z0-9]*+)?+)
             (?P<attributes> (?:[^<>"'] | "[^"<]*+" | '[^'<]*+')*+ (?=>) | [^<>]*+ ) >
         )""",
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
_ENDS = {
    "comment": re.compile("-->"),
    "cdata": re.compile(r"\]\]>"),
    "script": re.compile("</script[^<>]*+>", re.IGNORECASE),
    "style": re.compile("</style[^<>]*+>", re.IGNORECASE),
}

# `&amp;amp;amp;lt;` is `&lt;` after any number of rounds
_AMPERSANDS = re.compile(r"&(?:(?:amp|#0{0,8}38|#x0{0,8}26)(?:;|(?![=A-Za-z0-9])))++", re.IGNORECASE | re.ASCII)
_ENTITY = re.compile(
    r"""& (?: \# (?: x[0-9a-f]{1,8} (?:;|(?![0-9a-z])) | [0-9]{2,9} (?:;|(?![0-9])) | [0-9]; )
            | nbsp;?
            | (?:lt|gt|quot) (?![=A-Za-z0-9;])
            | [a-z][a-z0-9]{1,31};
          )""",
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
_ANY_CASE = _names("nbsp lt gt quot")


class Html:
    """Tags, comments, scripts, styles and entities (HTML Living Standard, "Parsing"), without its repairs."""

    def __call__(self, text: str) -> str:
        """The text without markup. What still is markup after 5 rounds was built to be: its `<` and `&` go."""
        for _ in range(_ROUNDS):
            before = text
            if "<" in text:
                text = _without_tags(text)
            if "&" in text:
                text = _ENTITY.sub(_character, _AMPERSANDS.sub("&", text))
            if text == before:
                return text
        return text.replace("<", " ").replace("&", " ")


def _character(entity: re.Match[str]) -> str:
    name = entity.group().removeprefix("&").removesuffix(";")
    if not name.startswith("#") and f"{name};" not in html5:
        name = name.lower()
        if name not in _ANY_CASE:
            return entity.group()
    return html.unescape(f"&{name};").replace("\xa0", " ")


def _without_tags(text: str) -> str:
    pieces: list[str] = []
    end, gap = 0, ""
    for start, stop, leaves in _markup(text):
        gap = _add(pieces, text[end:start], gap)
        gap = "\n" if "\n" in (gap, leaves) else gap or leaves
        end = stop
    if not end:
        return text
    if _add(pieces, text[end:], gap):  # nothing but markup after the last line
        _strip_end(pieces)
    return "".join(pieces)


def _add(pieces: list[str], piece: str, gap: str) -> str:
    """Append a piece after the gap that the markup before it left; the gap that is still open."""
    if gap:
        piece = piece.lstrip()
        if not piece:
            return gap
        _strip_end(pieces)
        if pieces:
            pieces.append(gap)
    pieces.append(piece)
    return ""


def _strip_end(pieces: list[str]) -> None:
    while pieces:
        pieces[-1] = pieces[-1].rstrip()
        if pieces[-1]:
            return
        pieces.pop()


def _markup(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, what it leaves: a line's end, a space or nothing) of each piece of markup, in order."""
    ends = _Ends(text)
    at = 0
    while found := _MARKUP.search(text, at):
        start, at = found.span()
        name = (found["name"] or "").lower()
        if name and not _is_tag(name, bool(found["slash"]), found["attributes"]):
            at = start + 1
        elif found["comment"] and (close := ends.after("comment", at - 2)):  # `<!-->` is a whole comment
            at = close.end()
            yield start, at, ""
        elif found["cdata"] and (close := ends.after("cdata", at)):
            yield start, at, ""
            yield close.start(), close.end(), ""
            at = close.end()
        elif name or found["other"]:
            if name in _ENDS and not found["slash"] and (close := ends.after(name, at)):
                at = close.end()
            yield start, at, "\n" if name in _BLOCKS else " " if name in _CELLS else ""


def _is_tag(name: str, closing: bool, attributes: str) -> bool:
    if attributes and attributes[0] != "/" and not attributes[0].isspace():
        return False
    words = attributes.replace("/", " ").split()
    if closing and words:
        return False
    if name in _ELEMENTS:
        return "=" in attributes or all(word.lower() in _WITHOUT_VALUE for word in words)
    # custom elements; `<your-name>` alone is a placeholder that somebody wrote
    return ":" in name or ("-" in name and (closing or "=" in attributes))


class _Ends:
    """Finds what closes a comment or a script, and remembers what is not there, so that all searches are linear."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.missing: set[str] = set()

    def after(self, kind: str, at: int) -> re.Match[str] | None:
        """The first end of this kind from `at` on, or None."""
        if kind in self.missing:
            return None
        found = _ENDS[kind].search(self.text, at)
        if found is None:
            self.missing.add(kind)
        return found
