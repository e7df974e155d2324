"""The look of everything that is shown in a notebook: one small style sheet, and the frame that it applies to.

Jupyter, VS Code and Colab set fonts, stripes and backgrounds of their own, light or dark. So colours are those of the page
(`currentColor`, transparent greys), and the class is doubled to win against the page's rules for tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.runs.display.markup import Html, style, tag

if TYPE_CHECKING:
    from gnomon.runs.display.markup import Child

STATUSES = frozenset({"finished", "running", "failed", "stopped", "interrupted"})
_SHEET = """
.gnomon.gnomon{font:13px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;color:inherit;max-width:100%;overflow-x:auto}
.gnomon.gnomon code,.gnomon.gnomon pre,.gnomon.gnomon .id{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;
font-size:12px;background:none;color:inherit;padding:0;border:0}
.gnomon.gnomon pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.3em 0}
.gnomon.gnomon .head{margin:2px 0 4px}
.gnomon.gnomon .head b{font-size:15px;font-weight:600}
.gnomon.gnomon .dim{opacity:.68}
.gnomon.gnomon .facts>span{margin-right:1.2em;white-space:nowrap}
.gnomon.gnomon .pill{border:1px solid rgba(128,128,128,.45);border-radius:9px;padding:0 7px;margin-right:4px;font-size:12px}
.gnomon.gnomon .dot{display:inline-block;width:8px;height:8px;border-radius:50%;background:#8a8a8a;margin-right:5px}
.gnomon.gnomon .dot.finished{background:#2a9d5c}.gnomon.gnomon .dot.failed{background:#d9484a}
.gnomon.gnomon .dot.running{background:#2f81d6}.gnomon.gnomon .dot.stopped,.gnomon.gnomon .dot.interrupted{background:#c98a1b}
.gnomon.gnomon table{border-collapse:collapse;border:0;margin:4px 0 8px;font-size:13px;width:auto;table-layout:auto;display:table}
.gnomon.gnomon table tr,.gnomon.gnomon table tr:nth-child(odd),.gnomon.gnomon table tr:nth-child(even){background:transparent}
.gnomon.gnomon table tr:hover{background:rgba(128,128,128,.12)}
.gnomon.gnomon table th,.gnomon.gnomon table td{text-align:left;vertical-align:top;padding:2px 12px 2px 0;border:0;
border-bottom:1px solid rgba(128,128,128,.22);max-width:32em;overflow-wrap:break-word;color:inherit;background:none;
white-space:normal}
.gnomon.gnomon table th{font-weight:600;vertical-align:bottom;border-bottom:1px solid rgba(128,128,128,.6)}
.gnomon.gnomon table tbody th{font-weight:400;border-bottom:1px solid rgba(128,128,128,.22);opacity:.75}
.gnomon.gnomon table .n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.gnomon.gnomon .t,.gnomon.gnomon .id{white-space:nowrap}
.gnomon.gnomon .status{white-space:nowrap}
.gnomon.gnomon a{color:inherit;text-decoration:underline}
.gnomon.gnomon svg{vertical-align:middle;overflow:visible}
.gnomon.gnomon svg path{fill:none;stroke:currentColor;stroke-width:1.3;stroke-linejoin:round;opacity:.85}
.gnomon.gnomon svg path.bar{stroke-width:1;opacity:.6}
.gnomon.gnomon svg circle{fill:#2f81d6;stroke:none}
.gnomon.gnomon svg .fill{fill:#246fd7;stroke:none}.gnomon.gnomon svg .line{stroke:#246fd7;opacity:1}
.gnomon.gnomon svg .band{fill:#246fd7;stroke:none;opacity:.15}.gnomon.gnomon .key{display:inline-block;width:10px;height:10px;
margin-right:5px;background:#246fd7}
.gnomon.gnomon svg .fill.s1,.gnomon.gnomon svg .band.s1{fill:#f26900}.gnomon.gnomon svg .line.s1{stroke:#f26900}
.gnomon.gnomon .key.s1{background:#f26900}
.gnomon.gnomon svg .fill.s2,.gnomon.gnomon svg .band.s2{fill:#29a56c}.gnomon.gnomon svg .line.s2{stroke:#29a56c}
.gnomon.gnomon .key.s2{background:#29a56c}
.gnomon.gnomon svg .axis,.gnomon.gnomon svg .even{opacity:.5;stroke-width:1}.gnomon.gnomon svg .even{stroke-dasharray:4 3}
.gnomon.gnomon svg .tick{font-size:11px;fill:currentColor;opacity:.7}.gnomon.gnomon svg .tick.below{text-anchor:middle}
.gnomon.gnomon svg .tick.beside{text-anchor:end}
.gnomon.gnomon summary{cursor:pointer;font-weight:600;margin-top:4px}
.gnomon.gnomon .note{border-left:3px solid rgba(128,128,128,.45);padding:0 0 0 10px;margin:4px 0 8px;max-width:48em;
overflow-wrap:anywhere}
.gnomon.gnomon .note p,.gnomon.gnomon .note ul,.gnomon.gnomon .note ol{margin:.2em 0}
.gnomon.gnomon .warn{border-left:3px solid #c98a1b;padding-left:8px;margin:3px 0}
.gnomon.gnomon .better::before{content:"▲ ";color:#2a9d5c}.gnomon.gnomon .worse::before{content:"▼ ";color:#d9484a}
.gnomon.gnomon .add{color:#2a9d5c}.gnomon.gnomon .del{color:#d9484a}
"""
_SHEET = _SHEET.replace("\n", "")


def framed(*children: Child) -> str:
    """Return what `_repr_html_` gives: the style and what it applies to."""
    return tag("div", style(_SHEET), children, class_="gnomon").markup


def section(title: str, *children: Child, is_open: bool = True) -> Html:
    """Return a part with a title, which a reader opens and closes."""
    return tag("details", tag("summary", title), children, open="" if is_open else None)


def status(word: str) -> Html:
    """Return a status with its dot; the colour only repeats the word."""
    kind = word if word in STATUSES else ""
    return tag("span", tag("span", class_=f"dot {kind}".strip()), word, class_="status")


def facts(*found: Child) -> Html:
    """Return short facts in a line."""
    return tag("div", [tag("span", one) for one in found if one], class_="facts dim")


def warning(text: str) -> Html:
    """Return a sentence that a reader should not miss."""
    return tag("div", text, class_="warn")
