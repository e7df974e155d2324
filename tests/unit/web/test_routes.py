"""Every route, and what it needs: one that is not in the table here fails, and so does one that asks for less.

Three columns: method, path, who may ask. *anybody* on this machine; who has *entered*; who has entered and holds the *token*.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from pathlib import Path

import pytest
from starlette.routing import Route

import gnomon
from gnomon.web import gate as gate_module
from tests.browser.sweep_record import add_sweep
from tests.browser.team_record import add_team
from tests.unit.web.asking import FORM, PAGES, Client

POLICY = """
GET  /enter                             anybody
POST /enter                             anybody
POST /leave                             token
GET  /events                            entered
GET  /static/{name:path}                anybody
GET  /{path:path}                       entered
POST /{path:path}                       token

GET  /                                  entered
GET  /help                              entered
GET  /palette                           entered
GET  /runs                              entered
GET  /runs/archive                      entered
POST /runs/tag                          token
POST /runs/hide                         token
POST /runs/restore                      token
POST /runs/views                        token
POST /runs/views/remove                 token
GET  /run/{run}                         entered
GET  /run/{run}/charts                  entered
GET  /run/{run}/console                 entered
GET  /run/{run}/code                    entered
GET  /run/{run}/code/diff               entered
GET  /run/{run}/files                   entered
GET  /run/{run}/media                   entered
GET  /run/{run}/media/points            entered
GET  /run/{run}/system                  entered
GET  /run/{run}/notebook                entered
GET  /run/{run}/lineage                 entered
POST /run/{run}/note                    token
POST /run/{run}/note/edit               token
POST /run/{run}/tags                    token
POST /run/{run}/name                    token
POST /run/{run}/hide                    token
POST /run/{run}/restore                 token
GET  /compare                           entered
GET  /compare/differences               entered
GET  /compare/patch                     entered
GET  /compare/groups                    entered
GET  /compare/media                     entered
GET  /compare/parallel                  entered
GET  /compare/scatter                   entered
GET  /compare/columns                   entered
GET  /compare/importance                entered
GET  /chart                             entered
GET  /sweeps                            entered
GET  /sweep/{sweep}                     entered
GET  /search                            entered
GET  /sql                               entered
GET  /sql/download                      entered
POST /sql/stop                          token
GET  /data                              entered
GET  /data/{name}                       entered
GET  /data/{name}/diff                  entered
GET  /data/{name}/{version}             entered
POST /data/{name}/{version}/tags        token
GET  /data/{name}/{version}/croissant   entered
GET  /checks                            entered
GET  /checks/compare                    entered
GET  /check/{check}                     entered
GET  /run/{run}/checks                  entered
GET  /lineage                           entered
GET  /lineage/reach                     entered
GET  /lineage/names                     entered
GET  /record                            entered
POST /record/sync                       token
POST /record/stop                       token
POST /record/verify                     token
GET  /catchup                            entered
POST /catchup/seen                       token
GET  /team                               entered
POST /team/me                            token
POST /team/add                           token
POST /team/away                          token
GET  /questions                          entered
GET  /question/{word}                    entered
GET  /decisions                          entered
GET  /decision/{word}                    entered
GET  /handoffs                           entered
GET  /handoff/{word}                     entered
GET  /reviews                            entered
GET  /review/{word}                      entered
GET  /updates                            entered
GET  /update/{word}                      entered
GET  /pages                              entered
GET  /page/{word}                        entered
GET  /problems                           entered
GET  /problem/{word}                     entered
GET  /write/{kind}                       entered
POST /write/{kind}                       token
POST /writing/{kind}/{word}/say          token
POST /writing/{kind}/{word}/comment      token
POST /writing/{kind}/{word}/move         token
POST /writing/{kind}/{word}/text         token
POST /writing/{kind}/{word}/verdict      token
POST /writing/{kind}/{word}/again        token
"""
OURS = ("origin", f"http://{PAGES}")


def policy() -> dict[tuple[str, str], str]:
    rows = [line.split() for line in POLICY.splitlines() if line.strip()]
    return {(method, path): who for method, path, who in rows}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("routes")
    (folder / "a.csv").write_text("x,y\n1,2\n3,4\n")
    with gnomon.run("r", dir=folder / ".gnomon", params={"lr": 0.1}, seed=1) as run:
        run.log(loss=0.5)
        run.log(words=gnomon.Text("hello"))
        run.keep(folder / "a.csv")
    with gnomon.open(folder / ".gnomon") as record:
        record.add_data(str(folder / "a.csv"), name="a")
        record.save_view("mine", "params.lr > 0")
    add_team(folder, run.id)
    sweep, _ = add_sweep(folder / ".gnomon")
    from gnomon.session import close_all

    close_all()
    started = Client(folder / ".gnomon")
    started.run, started.folder, started.sweep = run.id, folder, sweep
    yield started
    started.close()


def filled(client, path: str) -> str:
    known = {
        "{run}": client.run,
        "{sweep}": client.sweep,
        "{name}": "a",
        "{version}": "v1",
        "{word}": "1",
        "{kind}": "question",
        "{name:path}": "app.js",
        "{path:path}": "no-such-page",
    }
    for hole, value in known.items():
        path = path.replace(hole, value)
    return path if "{" not in path else path.replace("{", "").replace("}", "")


@pytest.mark.slow
def test_every_route_is_in_the_table_and_the_table_has_no_other(client):
    routes = {
        (method, route.path)
        for route in client.app.routes
        if isinstance(route, Route)
        for method in route.methods or ()
        if method != "HEAD"
    }
    assert len(routes) == sum(
        1 for route in client.app.routes for method in route.methods if method != "HEAD"
    )
    assert routes - set(policy()) == set(), "say in the table above who may ask for it"
    assert set(policy()) - routes == set()


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path"), sorted(policy()))
def test_a_route_is_for_whom_the_table_says(client, method, path):
    who, target = policy()[method, path], filled(client, path)
    if path == "/events" or (method, path) == ("POST", "/leave"):
        asked = [("session", client.ask(method, target, OURS, FORM, session="").status)]
        assert asked == [("session", 401)]
        return
    stranger = client.ask(method, target, OURS, FORM, session="")
    entered = client.ask(method, target, OURS, FORM)
    assert stranger.status == 401 if who != "anybody" else stranger.status in (200, 403)
    if who == "token":
        assert entered.status == 403 and "load it again" in entered.text
        for token in ("", "0" * 64, client.app.sessions.token("other")):
            assert client.ask(method, target, OURS, FORM, ("x-gnomon-token", token)).status == 403
        assert client.post(target).status not in (401, 403)
    elif who == "entered":
        assert entered.status not in (401, 403)
        assert client.ask(method, target, ("sec-fetch-site", "cross-site")).status == 403
        assert client.ask(method, target, ("origin", "null")).status == 403


@pytest.mark.parametrize(("method", "path"), sorted(policy()))
def test_no_route_shows_an_inside_when_it_is_asked_nonsense(client, method, path, capfd):
    if path == "/events" or path == "/leave":
        return
    target = filled(client, path)
    for query in (
        "",
        "part=%00",
        "where=%22&sort=%ff&columns=,,,&run=x&run=&metric=&q=%00&query=%3B",
        "limit=9e99&step=-1&from=NaN&to=inf&x=",
    ):
        got = (
            client.get(f"{target}?{query}")
            if method == "GET"
            else client.post(f"{target}?{query}", junk="\x00")
        )
        said = capfd.readouterr().err
        assert "Traceback (most recent" not in got.text and 'File "/' not in got.text
        assert got.status < 500 and "Traceback" not in said, (target, query, got.text[:300], said[-1500:])
        names = [name for name, _ in got.headers]
        assert (
            names.count("content-security-policy") == 1
            and "x-frame-options" in names
            and "cache-control" in names
        )
        assert "frame-ancestors 'none'" in got.header("content-security-policy")


def files(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Return what stands in a record, file by file."""
    found = {}
    for place, _, names in os.walk(folder):
        for one in names:
            path = Path(place, one)
            state = path.stat()
            found[str(path)] = (
                state.st_size,
                state.st_mtime_ns,
                hashlib.sha256(path.read_bytes()).hexdigest(),
            )
    return found


@pytest.mark.slow
def test_no_get_changes_the_record(client):
    before = files(client.folder / ".gnomon")
    assert len(before) >= 3
    for method, path in policy():
        if method == "GET" and path != "/events":
            target = filled(client, path)
            for query in (
                "",
                f"?run={client.run}&metric=loss&q=hello&query=select+1&where=params.lr+%3E+0&by=group",
            ):
                client.get(target + query)
                client.ask("HEAD", target + query)
    assert files(client.folder / ".gnomon") == before


@pytest.mark.slow
def test_a_stream_of_news_ends_with_its_session(client, monkeypatch):
    monkeypatch.setattr("gnomon.web.live.ALIVE_S", 0.05)
    session = client.enter()
    client.app.sessions.leave(session)
    assert client.ask("GET", "/events", session="", accept="*/*").status == 401
    own, client.session = client.session, client.enter()
    threading.Timer(0.3, client.app.sessions.leave, [client.session]).start()
    started = time.monotonic()
    got = client.get("/events")
    assert got.status == 200 and b"event: marks" in got.body and time.monotonic() - started < 5
    client.session = own
    assert client.app.live._listeners == set()


def test_streams_are_bounded_and_one_that_is_gone_frees_its_place(client, monkeypatch):
    import asyncio

    from gnomon.web import live
    from tests.unit.web.asking import asked, scope_of

    monkeypatch.setattr(live, "MOST", 3)
    monkeypatch.setattr(live, "ALIVE_S", 0.05)
    headers = [("host", PAGES), ("cookie", f"{client.app.sessions.cookie}={client.session}")]

    async def streams():
        open_ones = [
            asyncio.create_task(asked(client.app.gate, scope_of("GET", "/events", headers), (None,)))
            for _ in range(3)
        ]
        while len(client.app.live._listeners) < 3:
            await asyncio.sleep(0.01)
        refused = await asked(client.app.gate, scope_of("GET", "/events", headers))
        for one in open_ones:
            one.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)
        return refused

    refused = client.runner.run(streams())
    assert refused.status == 503 and json.loads(refused.body)["error"]["message"] == "too many pages listen"
    assert client.app.live._listeners == set()


@pytest.mark.parametrize("place", ["query", "form"])
def test_ten_thousand_fields_are_refused_in_words(client, place):
    if place == "query":
        got = client.get("/runs?" + "&".join(["a=1"] * 3_000))
    else:
        body = f"_token={client.token}&".encode() + b"a=1&" * 10_000
        got = client.ask("POST", "/runs/tag", OURS, FORM, body=body)
        with_header = client.ask("POST", "/runs/tag", OURS, FORM, ("x-gnomon-token", client.token), body=body)
        assert with_header.status == 413 and "at most 2,000" in with_header.text
    assert got.status in (403, 413)


@pytest.mark.slow
def test_a_long_or_deep_question_is_answered_soon(client):
    """Filters, Markdown and words that make a poor parser take for ever."""
    deep = [
        "(" * 5_000, "not " * 5_000, "a = 1 and " * 2_000 + "a = 1", '"' * 9_001, "~" * 9_000, 'name ~ "' + "*a" * 3_000 + 'b"',
        'name ~ "' + "?" * 8_000 + '"', "\\" * 9_000, "1" * 9_000, "params." + "a." * 4_000, "created > " + "9" * 5_000 + "d ago",
        "(((" * 1_000 + "a" + ")))" * 1_000, "=" * 9_000, "-" * 9_000, "e" + "9" * 5_000, "lr < " + "1e" * 3_000,
    ]  # fmt: skip
    from urllib.parse import urlencode

    for text in deep:
        for path, name in (
            ("/runs", "where"),
            ("/search", "q"),
            ("/sql", "query"),
            ("/palette", "q"),
            ("/compare", "where"),
        ):
            started = time.monotonic()
            got = client.get(f"{path}?{urlencode({name: text})}"[:32_000])
            assert got.status < 500 and time.monotonic() - started < 5, (path, text[:40], got.text[-300:])
    for text in (
        "*" * 100_000,
        "_a" * 50_000,
        "[" * 100_000,
        "`" * 100_001,
        "**" * 50_000,
        "> " * 50_000,
        "![x](http://" * 9_000,
        "# " * 50_000,
    ):
        started = time.monotonic()
        client.post(f"/run/{client.run}/note", text=text, note=text)
        assert client.get(f"/run/{client.run}").status == 200
        assert time.monotonic() - started < 5, text[:20]


def test_the_largest_body_is_the_one_that_is_said(client):
    assert gate_module.LARGEST_BODY == 1 << 20
    assert client.ask("POST", "/runs/tag", OURS, FORM, body=b"x" * ((1 << 20) + 1)).status == 413
