"""A Git remote: over `file://`, over HTTP with Git's own server program, and over SSH."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
import remotes
from people import Person, tree_of
from remotes import git
from store_contract import TOMBSTONE, StoreContract, bundle

from gnomon.env import REAL
from gnomon.errors import BadArgumentError, RemoteError
from gnomon.record.keys import load_device_key
from gnomon.session import close_all
from gnomon.sync.git import GitStore
from gnomon.sync.git_address import first_complaint
from gnomon.sync.heads import make_head
from gnomon.sync.store import absolute, open_store

RUN = "0123456789abcdef"


def head_of(person, *, serial, files, over=()):
    return make_head(
        load_device_key(person.env), person.home.record_id, lane="0" * 16, serial=serial, files=files.items(), gone=[],
        over=over, seen=[], time_us=1_000_000,
    )  # fmt: skip


@pytest.fixture(params=["file", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("http", "ssh"))])
def url(request, bare):
    if request.param == "file":
        yield f"git+file://{bare}"
    elif request.param == "ssh":
        yield f"git+{request.getfixturevalue('ssh')}{bare}"
    else:
        git("config", "http.receivepack", "true", cwd=bare)
        with remotes.git_over_http(bare.parent) as address:
            yield f"git+{address}/{bare.name}"


@pytest.fixture
def again(url, tmp_path):
    """Each store is on a machine of its own."""
    opened = []

    def open_it():
        place = tmp_path / f"machine-{len(opened)}"
        place.mkdir()
        opened.append(GitStore(REAL, url, str(place)))
        return opened[-1]

    yield open_it
    for one in opened:
        one.close()


@pytest.fixture
def store(again):
    return again()


class TestGit(StoreContract):
    pass


# ---------------------------------------------------------------- the project's own remote


@pytest.fixture
def repository(project, bare):
    """A working repository with a commit, a change that is staged and one that is not; its remote is `origin`."""
    git("init", "--quiet", "--initial-branch=main", cwd=project)
    for name, value in (
        ("user.name", "Ann"),
        ("user.email", "ann@example.org"),
        ("core.logAllRefUpdates", "true"),
    ):
        git("config", name, value, cwd=project)
    git("remote", "add", "origin", bare, cwd=project)
    (project / "train.py").write_text("print(1)\n")
    git("add", "train.py", cwd=project)
    git("commit", "--quiet", "-m", "first", cwd=project)
    git("push", "--quiet", "origin", "main", cwd=project)
    (project / "train.py").write_text("print(2)\n")
    git("add", "train.py", cwd=project)
    (project / "train.py").write_text("print(3)\n")
    return project


def person_in(repository, root):
    """Ann, whose record lies in her repository."""
    ann = Person(root, "ann")
    ann.path = str(repository / ".gnomon")
    return ann.found()


def everything(folder):
    """Return all files of a repository, its Git folder included, but not the record."""
    return {
        path: data
        for path, data in tree_of(folder).items()
        if not path.startswith(".gnomon/") and path != ".git/FETCH_HEAD"
    }


def meet(person, url="git+origin"):
    return person.sync(url, store=open_store(url, person.env, person.path))


@pytest.mark.slow
def test_the_users_repository_is_not_touched(repository, tmp_path, monkeypatch):
    hooks = repository / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("pre-push", "post-checkout", "reference-transaction", "post-index-change"):
        # The host's own hooks are no matter of ours, and here they are found by the same setting.
        script = (
            f'#!/bin/sh\ncase $PWD in *hosted.git) ;; *) echo "$0 in $PWD" >>{tmp_path}/hook-ran ;; esac\n'
        )
        (hooks / name).write_text(script)
        (hooks / name).chmod(0o755)
    (tmp_path / "home" / ".gitconfig").write_text(
        f"[core]\n\thooksPath = {hooks}\n[push]\n\tgpgSign = true\n[commit]\n\tgpgSign = true\n[fetch]\n\tprune = true\n"
    )
    ann = person_in(repository, tmp_path)
    ann.run("0001" + RUN)
    close_all()
    status = git("status", "--porcelain", "--ignored", cwd=repository)  # it may write the index
    (tmp_path / "hook-ran").unlink(missing_ok=True)
    before = everything(repository)
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))  # as in a hook or an alias
    monkeypatch.setenv("GIT_INDEX_FILE", str(repository / ".git" / "index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(repository))
    meet(ann)
    ann.run("0002" + RUN)
    meet(ann)
    close_all()
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        monkeypatch.delenv(name)
    assert everything(repository) == before
    assert not (tmp_path / "hook-ran").exists(), (tmp_path / "hook-ran").read_text()
    assert git("status", "--porcelain", "--ignored", cwd=repository) == status


@pytest.mark.slow
def test_who_does_not_use_gnomon_sees_nothing(repository, bare, tmp_path):
    ann = person_in(repository, tmp_path)
    ann.run("0001" + RUN)
    meet(ann)
    assert "refs/gnomon/record" in git("for-each-ref", cwd=bare)
    git("clone", "--quiet", bare, tmp_path / "colleague")
    git("fetch", "--quiet", "--all", "--tags", cwd=tmp_path / "colleague")
    git("pull", "--quiet", cwd=tmp_path / "colleague")
    assert "gnomon" not in git("for-each-ref", cwd=tmp_path / "colleague")
    found = git("rev-list", "--objects", "--all", cwd=tmp_path / "colleague")
    assert ".head" not in found
    assert sorted(path.name for path in (tmp_path / "colleague").iterdir()) == [".git", "train.py"]


@pytest.mark.slow
def test_a_ref_for_each_lane_of_one_commit_without_parents_that_is_a_record(repository, bare, tmp_path):
    ann = person_in(repository, tmp_path)
    for number in range(3):
        ann.run(f"000{number}" + RUN)
        meet(ann)
    close_all()
    refs = git("for-each-ref", "--format=%(refname)", "refs/gnomon", cwd=bare).split()
    writer = next(name for name in os.listdir(os.path.join(ann.path, "heads")))
    (lane,) = [ref for ref in refs if writer in ref]
    assert refs == sorted([lane, "refs/gnomon/record"])
    assert git("rev-list", "--count", lane, cwd=bare).strip() == "1"
    assert "gnomon@localhost" in git("show", "--no-patch", "--format=%ae %ce", lane, cwd=bare)
    # The trees together are a record that can be opened without Gnomon's transport.
    out = tmp_path / "out" / ".gnomon"
    out.mkdir(parents=True)
    for ref in refs:
        tar = subprocess.run(["git", "-C", bare, "archive", ref], capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", out], input=tar, check=True)
    eve = Person(tmp_path, "eve")
    eve.path = str(out)
    assert eve.state() == ann.state()
    assert not eve.damage()


@pytest.mark.slow
def test_what_did_not_change_is_not_sent_or_fetched_again(repository, bare, tmp_path, monkeypatch):
    ann = person_in(repository, tmp_path)
    ann.run("0001" + RUN, points=20_000)
    meet(ann)
    ben = Person(tmp_path, "ben")
    url = f"git+file://{bare}"
    ben.clone(url)
    ann.run("0002" + RUN)
    assert (
        objects_moved(lambda: meet(ann), monkeypatch, tmp_path) <= 12
    )  # commit, trees, head, bundle, segment: not the first run's
    assert objects_moved(lambda: meet(ben, url), monkeypatch, tmp_path) <= 12
    assert len(ben.series("0001" + RUN)) == 20_000


def objects_moved(do, monkeypatch, tmp_path):
    """Return how many objects were in the packs that Git made meanwhile, on either side."""
    log = tmp_path / "trace"
    log.unlink(missing_ok=True)
    monkeypatch.setenv("GIT_TRACE2_EVENT", str(log))
    do()
    monkeypatch.delenv("GIT_TRACE2_EVENT")
    events = [json.loads(line) for line in log.read_text().splitlines()]
    found = [int(one["value"]) for one in events if one.get("key") == "write_pack_file/wrote"]
    assert found
    return sum(found)


@pytest.mark.slow
def test_no_news_is_one_question_to_the_remote(repository, bare, tmp_path, monkeypatch):
    ann = person_in(repository, tmp_path)
    ann.run("0001" + RUN)
    meet(ann)
    log = tmp_path / "trace"
    monkeypatch.setenv("GIT_TRACE2_EVENT", str(log))
    assert not meet(ann).has_news
    monkeypatch.delenv("GIT_TRACE2_EVENT")
    asked = [
        line for line in log.read_text().splitlines() if '"cmd_name"' in line and '"upload-pack"' in line
    ]
    assert len(asked) == 1


# ---------------------------------------------------------------- two at once


def store_for(url, folder):
    folder.mkdir(exist_ok=True)
    return GitStore(REAL, url, str(folder))


@pytest.mark.slow
def test_a_head_that_another_put_there_meanwhile_is_not_overwritten(bare, tmp_path):
    """A cloned device: both push to one lane at the same moment, and both heads stay."""
    url = f"git+file://{bare}"
    person = Person(tmp_path, "zoe").found()
    heads = [head_of(person, serial=1, files={bundle(n): 3}) for n in (1, 2)]
    first, second = (store_for(url, tmp_path / name) for name in ("first", "second"))
    assert (
        list(first.list("heads/")) == list(second.list("heads/")) == []
    )  # both have seen that there is nothing
    for number, (store, head) in enumerate(zip((first, second), heads, strict=True), 1):
        store.write(bundle(number), b"abc")
        store.write(head.name.path, head.data)
    first.finish()
    second.finish()
    third = store_for(url, tmp_path / "third")
    assert {one.path for one in third.list("heads/")} == {head.name.path for head in heads}
    third.delete([heads[1].name.path])
    third.finish()
    assert {one.path for one in third.list("heads/")} == {heads[0].name.path}
    for store in (first, second, third):
        store.close()


@pytest.mark.slow
def test_a_newer_head_of_a_lane_takes_the_place_of_the_older_and_never_the_other_way_round(bare, tmp_path):
    url = f"git+file://{bare}"
    person = Person(tmp_path, "zoe").found()
    old = head_of(person, serial=1, files={bundle(1): 3})
    new = head_of(person, serial=2, files={bundle(2): 3}, over=[old.name.hash])
    owner, friend = store_for(url, tmp_path / "owner"), store_for(url, tmp_path / "friend")
    for number, head in ((1, old), (2, new)):
        owner.write(bundle(number), b"abc")
        owner.write(head.name.path, head.data)
        owner.finish()
    friend.write(bundle(1), b"abc")
    friend.write(old.name.path, old.data)  # a friend sends on what he knows
    friend.finish()
    assert [one.path for one in friend.list("heads/")] == [new.name.path]
    assert {one.path for one in friend.list("log/")} == {bundle(2)}
    owner.close(), friend.close()


@pytest.mark.slow
def test_what_was_erased_leaves_the_tree_of_another_writers_head(bare, tmp_path):
    url = f"git+file://{bare}"
    person = Person(tmp_path, "zoe").found()
    head = head_of(person, serial=1, files={bundle(1): 3, bundle(2): 3})
    store = store_for(url, tmp_path / "owner")
    for number in (1, 2):
        store.write(bundle(number), b"abc")
    store.write(head.name.path, head.data)
    store.finish()
    store.delete([bundle(1)])
    store.finish()
    other = store_for(url, tmp_path / "other")
    assert {one.path for one in other.list("log/")} == {bundle(2)}
    assert [one.path for one in other.list("heads/")] == [head.name.path]
    other.write(bundle(1), b"abc")  # and comes back where it was missing
    other.finish()
    assert {one.path for one in other.list("log/")} == {bundle(1), bundle(2)}
    store.close(), other.close()


@pytest.mark.slow
def test_what_was_deleted_leaves_no_ref(bare, tmp_path):
    person = Person(tmp_path, "zoe").found()
    head = head_of(person, serial=1, files={bundle(1): 3})
    store = store_for(f"git+file://{bare}", tmp_path / "owner")
    for path, data in ((bundle(1), b"abc"), (TOMBSTONE, b"gone"), (head.name.path, head.data)):
        store.write(path, data)
    store.finish()
    assert len(git("for-each-ref", cwd=bare).splitlines()) == 2
    store.delete([TOMBSTONE, head.name.path])
    store.finish()
    assert git("for-each-ref", cwd=bare) == ""
    store.close()


def test_a_head_does_not_go_without_its_files(bare, tmp_path):
    person = Person(tmp_path, "zoe").found()
    head = head_of(person, serial=1, files={bundle(1): 3})
    store = store_for(f"git+file://{bare}", tmp_path / "owner")
    store.write(head.name.path, head.data)
    with pytest.raises(RemoteError, match="has it no more"):
        store.finish()
    assert git("for-each-ref", cwd=bare) == ""
    store.close()


# ---------------------------------------------------------------- what may go wrong


def test_a_file_of_more_than_50_mb_is_refused_by_name(bare, tmp_path):
    large = tmp_path / "large"
    with open(large, "wb") as file:
        file.truncate(50_000_001)
    store = store_for(f"git+file://{bare}", tmp_path / "owner")
    with pytest.raises(RemoteError, match=f"`{bundle(1)}` has 50 MB"):
        store.write(bundle(1), str(large))


def test_a_host_that_refuses_the_refs_is_named_with_its_reason(bare, tmp_path):
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'error: only branches here' >&2; exit 1\n")
    hook.chmod(0o755)
    store = store_for(f"git+file://{bare}", tmp_path / "owner")
    with pytest.raises(
        RemoteError,
        match=r"set `refs/gnomon/record`: .*pre-receive hook declined\): error: only branches here",
    ):
        store.write("record.toml", b"1", once=True)


def test_a_repository_that_is_missing_is_named(plain_git, tmp_path):
    store = store_for(f"git+file://{tmp_path}/nowhere.git", tmp_path / "owner")
    with pytest.raises(RemoteError, match="nowhere") as error:
        store.read("record.toml")
    assert "look at the address" in str(error.value)


def test_no_password_of_an_address_is_in_a_message(plain_git, tmp_path):
    store = store_for("git+http://ann:s3cret-token@127.0.0.1:9/team.git", tmp_path / "owner")
    with pytest.raises(RemoteError) as error:
        store.read("record.toml")
    assert "s3cret" not in f"{error.value} {store.url}"
    assert "127.0.0.1" in str(error.value)


def test_what_git_said_is_shown_without_passwords():
    said = "remote: hello\nfatal: unable to access 'https://ann:t0ken@host/x': t0ken is wrong\n"
    assert first_complaint(said, secrets=["t0ken"]) == "fatal: unable to access 'https://host/x': … is wrong"


def test_git_origin_outside_a_repository_says_what_to_do(plain_git, project, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    with pytest.raises(RemoteError, match=r"in no Git repository|there is none"):
        GitStore(REAL, "git+origin", str(project))


def test_a_remote_that_the_repository_does_not_have_is_named(repository):
    with pytest.raises(RemoteError, match="no remote called `upstream`"):
        GitStore(REAL, "git+upstream", str(repository))


def test_no_address_becomes_an_option_or_a_command(plain_git, tmp_path, project):
    for url in ("git+", "git+-uhttp://x", "git+--upload-pack=touch x", "git+a\nb"):
        with pytest.raises(BadArgumentError):
            GitStore(REAL, url, str(project))
    store = store_for(f"git+ext::sh -c touch% {tmp_path}/ran", tmp_path / "owner")
    with pytest.raises(RemoteError, match="not allowed"):
        store.read("record.toml")
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
@pytest.mark.parametrize("where", ["--local", "--global"])
def test_settings_for_reaching_the_host_are_those_of_the_repository(where, repository, bare, tmp_path):
    """`core.sshCommand` of this repository, which the cache does not have, and that of the user."""
    ran = tmp_path / "ran"
    git("config", where, "core.sshCommand", f"touch {ran}; exit 1;", cwd=repository)
    git("remote", "set-url", "origin", "ssh://nobody.invalid/team.git", cwd=repository)
    store = GitStore(REAL, "git+origin", str(repository))
    with pytest.raises(RemoteError):
        store.read("record.toml")
    assert ran.exists()


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("share", "{here}/share"),
        ("~/share", "{home}/share"),
        ("git+../x.git", "git+{above}/x.git"),
        ("git+~/x.git", "git+{home}/x.git"),
        ("git+origin", "git+origin"),
        ("git+git@host:team/x.git", "git+git@host:team/x.git"),
        ("git+https://host/x.git", "git+https://host/x.git"),
        ("s3://bucket/x", "s3://bucket/x"),
        ("ssh://host/~/x", "ssh://host/~/x"),
    ],
)
def test_an_address_means_the_same_from_every_folder(url, meant, plain_git, project, tmp_path):
    places = {"here": project, "above": project.parent, "home": tmp_path / "home"}
    assert absolute(url) == meant.format(**places)


@pytest.mark.slow
def test_a_damaged_cache_is_made_anew(bare, tmp_path):
    url = f"git+file://{bare}"
    store = store_for(url, tmp_path / "owner")
    store.write("record.toml", b"1", once=True)
    store.close()
    for path in (tmp_path / "cache" / "gnomon" / "git").rglob("objects/??/*"):
        path.chmod(0o644)
        path.write_bytes(b"")
    assert store.read("record.toml") == b"1"
    store.close()


def test_a_hostile_tree_gives_no_name_that_is_not_ours(bare, tmp_path):
    blob = subprocess.run(
        ["git", "-C", bare, "hash-object", "-w", "--stdin"], input=b"x", capture_output=True, check=True
    )
    name = blob.stdout.decode().strip()
    lines = f"120000 blob {name}\tlink\n100644 blob {name}\tplain\n"
    tree = subprocess.run(
        ["git", "-C", bare, "mktree"], input=lines.encode(), capture_output=True, check=True
    ).stdout.decode().strip()  # fmt: skip
    commit = git("-c", "user.name=x", "-c", "user.email=x", "commit-tree", tree, "-m", "x", cwd=bare).strip()
    git("update-ref", "refs/gnomon/evil/ref", commit, cwd=bare)
    git("update-ref", "refs/gnomon/record", commit, cwd=bare)
    store = store_for(f"git+file://{bare}", tmp_path / "owner")
    assert {one.path for one in store.list("")} == {"plain"}
    with pytest.raises(FileNotFoundError):
        store.read("record.toml")
    assert list(store.list("heads/")) == []
    store.close()


def push_tree(bare, tree, ref="refs/gnomon/evil/ref"):
    who = ("-c", "user.name=x", "-c", "user.email=x")
    git("update-ref", ref, git(*who, "commit-tree", tree, "-m", "x", cwd=bare).strip(), cwd=bare)


def made(bare, *arguments, data):
    done = subprocess.run(["git", "-C", bare, *arguments], input=data, capture_output=True, check=True)
    return done.stdout.decode().strip()


@pytest.mark.slow
def test_a_tree_that_unfolds_without_end_is_refused(bare, tmp_path, monkeypatch):
    """Sixteen names for one subtree of sixteen names of one …: 65,536 files in five small objects."""
    monkeypatch.setattr("gnomon.sync.git_cache._MOST_FILES", 20_000)
    names, name = "0123456789abcdef", made(bare, "hash-object", "-w", "--stdin", data=b"x")
    lines = "".join(f"100644 blob {name}\t{one}\n" for one in names)
    for _ in range(3):
        tree = made(bare, "mktree", data=lines.encode())
        lines = "".join(f"040000 tree {tree}\t{one}\n" for one in names)
    push_tree(bare, made(bare, "mktree", data=lines.encode()))
    store = store_for(f"git+file://{bare}", tmp_path / "owner")
    with pytest.raises(RemoteError, match="which no replica makes"):
        list(store.list(""))
    store.close()


@pytest.mark.slow
def test_more_than_the_disk_can_take_is_not_taken(bare, tmp_path, monkeypatch):
    name = made(bare, "hash-object", "-w", "--stdin", data=os.urandom(3 << 20))
    push_tree(bare, made(bare, "mktree", data=f"100644 blob {name}\tlarge\n".encode()))
    free = (64 << 20) + (1 << 20)  # a megabyte more than is left alone
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": free}))
    store = store_for(f"git+file://{bare}", tmp_path / "owner")
    with pytest.raises(RemoteError, match="more than the disk"):
        store.read("record.toml")
    assert [path for path in (tmp_path / "cache").rglob("*tmp_*") if path.is_file()] == []
    store.close()


@pytest.mark.slow
def test_a_huge_head_is_not_read_into_memory(bare, tmp_path, monkeypatch):
    monkeypatch.setattr("gnomon.sync.git.MAX_BYTES", 1000)
    person = Person(tmp_path, "zoe").found()
    head = head_of(person, serial=1, files={})
    name = made(bare, "hash-object", "-w", "--stdin", data=b" " * 2000)
    folder, lane = head.name.path.rpartition("/")[0].partition("/")[2], head.name.lane
    tree = made(bare, "mktree", data=f"100644 blob {name}\t{lane}-0000000009-{'0' * 32}.head\n".encode())
    tree = made(bare, "mktree", data=f"040000 tree {tree}\t{folder}\n".encode())
    push_tree(
        bare,
        made(bare, "mktree", data=f"040000 tree {tree}\theads\n".encode()),
        f"refs/gnomon/{folder}/{lane}",
    )
    store = store_for(f"git+file://{bare}", tmp_path / "owner")
    read = []
    monkeypatch.setattr(store._cache, "pieces", lambda blob: read.append(blob) or iter([b""]))
    store.write(head.name.path, head.data)
    store.finish()
    assert name not in read
    assert len(list(store.list("heads/"))) == 2
    store.close()
