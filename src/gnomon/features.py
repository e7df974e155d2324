"""The features that come with Gnomon, by the type of their subjects: loaded when the first subject of it is met.

The kernel knows no feature; this list is the one place that names them. Plug-ins are found through the entry point
group `gnomon.features` (see `record.kinds`).
"""

from __future__ import annotations

BUILT_IN = {
    "run": ("gnomon.runs.state:FEATURE", 13),
    "data": ("gnomon.data.state:FEATURE", 7),
    "process": ("gnomon.runs.capture.state:FEATURE", 5),
    "values": ("gnomon.runs.values.state:FEATURE", 2),
    "check": ("gnomon.checks.state:FEATURE", 1),
    "view": ("gnomon.runs.saved.state:FEATURE", 1),
    "sweep": ("gnomon.runs.sweep.state:SWEEP", 1),
    "trial": ("gnomon.runs.sweep.state:TRIAL", 1),
    "member": ("gnomon.team.people.state:FEATURE", 2),
    "decision": ("gnomon.team.writing.features:DECISION", 2),
    "question": ("gnomon.team.writing.features:QUESTION", 2),
    "handoff": ("gnomon.team.writing.features:HANDOFF", 2),
    "update": ("gnomon.team.writing.features:UPDATE", 2),
    "review": ("gnomon.team.writing.features:REVIEW", 2),
    "page": ("gnomon.team.writing.features:PAGE", 2),
    "problem": ("gnomon.team.writing.features:PROBLEM", 2),
}

PAGES = (
    "gnomon.runs.pages",
    "gnomon.data.pages",
    "gnomon.lineage.pages",
    "gnomon.checks.pages",
    "gnomon.team.pages",
)
"""The modules that list pages (`PAGES`, see `gnomon.page`)."""


def declare_features() -> None:
    """Say where the features are; imports none of them."""
    from gnomon.record import kinds

    for subject, (target, version) in BUILT_IN.items():
        kinds.declare(subject, target, version=version)
