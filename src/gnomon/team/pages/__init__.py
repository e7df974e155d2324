"""The pages of a team: catching up, what people write to each other, the clock. See docs/internals/team.md."""

from __future__ import annotations

from gnomon.page import Page

_HERE = "gnomon.team.pages"
LISTS = {
    "question": "Questions",
    "decision": "Decisions",
    "handoff": "Hand-offs",
    "review": "Reviews",
    "update": "Updates",
    "page": "Knowledge",
    "problem": "Problems",
}
"""What the page with all of a kind is called, in the order of the tabs."""
PATHS = {kind: f"/{kind}s" for kind in LISTS}
_ACTS = ("say", "comment", "move", "text", "verdict", "again")
PAGES = (
    Page("/catchup", f"{_HERE}.catchup_page:catchup", "Catch up", nav=12, key="u"),
    Page("/catchup/seen", f"{_HERE}.catchup_page:seen", method="POST"),
    Page("/team", f"{_HERE}.clock_page:clock", "Team", nav=55, key="t"),
    Page("/team/me", f"{_HERE}.clock_page:me", method="POST"),
    Page("/team/add", f"{_HERE}.clock_page:add", method="POST"),
    Page("/team/away", f"{_HERE}.clock_page:away", method="POST"),
    *(Page(PATHS[kind], f"{_HERE}.listing:{kind}s", title) for kind, title in LISTS.items()),
    *(Page(f"/{kind}/{{word}}", f"{_HERE}.one:{kind}") for kind in LISTS),
    Page("/write/{kind}", f"{_HERE}.write:form", "Write"),
    Page("/write/{kind}", f"{_HERE}.write:written", method="POST"),
    *(Page(f"/writing/{{kind}}/{{word}}/{act}", f"{_HERE}.changes:{act}", method="POST") for act in _ACTS),
)
