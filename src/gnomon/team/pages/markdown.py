"""What people wrote, as markup: CommonMark with tables, references as links to what they mean, bound numbers as their values,
and a place for the drawing of each Mermaid text, which `web/static/mermaid.js` has drawn in a frame.

Always true: HTML in a text is text; a link leads to the web or to a page of ours; a picture is a link, since showing it would
fetch it; what a reference is shown with comes out of the record and is escaped.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token
from markupsafe import Markup

from gnomon.team.cards import AMBIGUOUS, ERASED, MISSING, Card, cards
from gnomon.team.prose.render import render
from gnomon.team.references import parse, references_in
from gnomon.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from markdown_it.renderer import RendererHTML
    from markdown_it.utils import EnvType, OptionsDict

    from gnomon.runs.views import Record
    from gnomon.team.references import Reference

LONGEST = 100_000  # characters that a page shows of a text
LARGEST_DRAWING = 20_000  # bytes of a Mermaid text that is drawn; `web/static/mermaid_frame.js` says it again
_NOT_THERE = frozenset({MISSING, AMBIGUOUS, ERASED})


def shown(record: Record, text: str) -> Markup:
    """Return a text as markup, with numbers and cards of now."""
    is_cut = len(text) > LONGEST
    given = "\n".join(map(clean, render(record, text[:LONGEST]).splitlines()))
    found = cards(record, [one.reference for one in references_in(given)])
    markup = _parser().render(given, {"cards": found})
    return Markup(markup + ("<p>…</p>" if is_cut else ""))  # noqa: S704  the parser escapes; `html` is off


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    parser.enable(["table", "strikethrough"])
    parser.validateLink = _may_link  # type: ignore[method-assign, assignment]
    parser.core.ruler.push("references", _link_references)
    parser.add_render_rule("link_open", _link_open)
    parser.add_render_rule("image", _image)
    parser.add_render_rule("fence", _fence)
    return parser


def _may_link(target: str) -> bool:
    """Return whether a link may be one: to the web, or a reference."""
    return target.lower().startswith(("https://", "http://")) or parse(target) is not None


def _link_references(state: Any) -> None:
    """Turn the references in texts into links, where they stand in no link already."""
    found: Mapping[Reference, Card] = state.env["cards"]
    for block in state.tokens:
        if block.type == "inline" and block.children:
            block.children = list(_linked(block.children, found))


def _linked(children: Sequence[Token], found: Mapping[Reference, Card]) -> Iterator[Token]:
    depth = 0
    for token in children:
        depth += token.type == "link_open"
        depth -= token.type == "link_close"
        if token.type != "text" or depth:
            yield token
            continue
        at = 0
        for one in references_in(token.content):
            card = found.get(one.reference)
            if card is None:
                continue
            yield _text(token.content[at : one.start])
            yield from _card(card)
            at = one.end
        yield _text(token.content[at:])


def _card(card: Card) -> Iterator[Token]:
    """Yield a card: what it is called, as a link, and a few words beside it."""
    is_there = card.state not in _NOT_THERE
    opened = Token("link_open", "a", 1)
    opened.attrs = {"class": "card" if is_there else "card gone", "title": card.title}
    opened.meta = {"path": card.href if is_there else None}
    yield opened
    yield _text(card.label)
    yield Token("link_close", "a", -1)
    facts = " · ".join(card.facts) if is_there else card.state
    if facts:
        yield _wrapped("small", "dim", f" {facts}")


def _wrapped(tag: str, class_: str, content: str) -> Token:
    token = Token("html_inline", "", 0)
    token.content = f'<{tag} class="{class_}">{escapeHtml(content)}</{tag}>'
    return token


def _text(content: str) -> Token:
    token = Token("text", "", 0)
    token.content = content
    return token


def _link_open(_: RendererHTML, tokens: Sequence[Token], at: int, __: OptionsDict, env: EnvType) -> str:
    """Write the beginning of a link: of a card its page; of a text's own its target, a reference's page where it is one."""
    token = tokens[at]
    if token.meta and "path" in token.meta:
        attributes, path = {"class": token.attrs["class"], "title": token.attrs["title"]}, token.meta["path"]
    else:
        target = str(token.attrs.get("href", ""))
        reference = parse(target)
        if reference is None:
            attributes, path = {"rel": "noreferrer noopener"}, target
        else:
            card = env["cards"].get(reference) or env["cards"].get(reference.whole)
            is_there = card is not None and card.state not in _NOT_THERE
            attributes = {
                "class": "card" if is_there else "card gone",
                "title": card.title if card else target,
            }
            path = card.href if is_there else None
    found = {**({"href": path} if path else {}), **attributes}
    return "<a" + "".join(f' {name}="{escapeHtml(str(value))}"' for name, value in found.items()) + ">"


def _image(_: RendererHTML, tokens: Sequence[Token], at: int, __: OptionsDict, ___: EnvType) -> str:
    """Write a link in the place of a picture."""
    token = tokens[at]
    target = str(token.attrs.get("src", ""))
    if not _may_link(target) or parse(target) is not None:
        return escapeHtml(token.content)
    return (
        f'<a href="{escapeHtml(target)}" rel="noreferrer noopener">{escapeHtml(token.content or target)}</a>'
    )


def _fence(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
) -> str:
    """Write a block of code; one of Mermaid is a place for its drawing, and the text itself below it."""
    token = tokens[at]
    if token.info.strip().partition(" ")[0].lower() != "mermaid":
        return renderer.fence(tokens, at, options, env)
    data = token.content.encode("utf-8", "replace")
    env["drawings"] = env.get("drawings", 0) + 1
    name = f"drawing-{hashlib.sha256(data).hexdigest()[:12]}-{env['drawings']}"
    code = f'<pre tabindex="0"><code>{escapeHtml(token.content)}</code></pre>'
    if len(data) > LARGEST_DRAWING:
        return (
            f'{code}<p class="dim small">A drawing of more than {LARGEST_DRAWING:,} bytes is not drawn.</p>'
        )
    # The name holds the text, so a page that is morphed keeps what is drawn until the text is another one.
    return (
        f'<figure class="drawing" id="{name}" data-drawing hx-morph-skip>'
        f"<details open><summary>as text</summary>{code}</details></figure>\n"
    )
