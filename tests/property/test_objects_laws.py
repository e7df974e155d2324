"""Objects, whatever their bytes: they come back, and merging in any order changes nothing."""

from __future__ import annotations

import os
import tempfile

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st
from thorough import examples

from gnomon.env import REAL
from gnomon.errors import DamagedObjectError, GnomonError
from gnomon.objects import pack as pack_module
from gnomon.objects.merge import merge_packs
from gnomon.objects.pack import MAGIC, Stored, decode_index, encode_index, unpack, zstd
from gnomon.objects.store import ObjectStore
from gnomon.objects.tree import TreeFile, decode_tree, encode_tree, path_fault
from gnomon.objects.verify import verify_objects

OWN, OTHER = "a" * 32, "b" * 32
datas = st.one_of(
    st.binary(max_size=200),
    st.builds(lambda part, count: part * count, st.binary(min_size=1, max_size=8), st.integers(0, 3000)),
)


def digest(data):
    return blake3(data).hexdigest()


def small_pieces(size):
    """Play large objects with small ones: `size` bytes are one piece."""
    import pytest

    patch = pytest.MonkeyPatch()
    patch.setattr(pack_module, "PIECE", size)
    patch.setattr("gnomon.objects.packing.PIECE", size)
    return patch


@pytest.mark.slow
@settings(max_examples=examples(60), deadline=None)
@given(st.lists(datas, max_size=6), st.sampled_from([16, 100, 1 << 20]))
def test_any_bytes_come_back(contents, piece):
    patch = small_pieces(piece)
    try:
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(f"{folder}/in")
            for number, data in enumerate(contents):
                with open(f"{folder}/in/{number}", "wb") as file:
                    file.write(data)
            store = ObjectStore(REAL, f"{folder}/objects", OWN)
            kept = store.keep(f"{folder}/in")
            assert {name: store.read(name) for name in map(digest, contents)} == {
                digest(d): d for d in contents
            }
            store.restore(kept.object, f"{folder}/out")
            for number, data in enumerate(contents):
                with open(f"{folder}/out/{number}", "rb") as file:
                    assert file.read() == data
            assert store.keep(f"{folder}/out") == kept._replace(already_there=True)
            assert list(verify_objects(REAL, f"{folder}/objects")) == []
    finally:
        patch.undo()


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from([b"a" * 90, b"b", b"", b"c" * 300, b"d"]), min_size=1, max_size=3),
        max_size=6,
    ),
    st.data(),
)
def test_merging_in_any_order_changes_no_object(packs, draw):
    with tempfile.TemporaryDirectory() as folder:
        stores = [ObjectStore(REAL, f"{folder}/objects", writer) for writer in (OWN, OTHER)]
        expected = {}
        for contents in packs:
            for data in contents:
                store = draw.draw(st.sampled_from(stores))
                expected[store.put_bytes(data)] = data
            if draw.draw(st.booleans()):
                merge_packs(REAL, f"{folder}/objects/{draw.draw(st.sampled_from([OWN, OTHER]))}", enough=2)
        for writer in draw.draw(st.permutations([OWN, OTHER, OWN])):
            merge_packs(REAL, f"{folder}/objects/{writer}", enough=2)
        reader = ObjectStore(REAL, f"{folder}/objects")
        assert {name: reader.read(name) for name in reader.objects()} == expected
        assert list(verify_objects(REAL, f"{folder}/objects")) == []
        writers = os.listdir(f"{folder}/objects") if expected else []
        assert all(len(os.listdir(f"{folder}/objects/{one}")) == 1 for one in writers)


@settings(max_examples=2 * settings.default.max_examples, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 400), st.integers(0, 400), st.booleans())
def test_unpacking_never_yields_more_than_the_index_states(data, size, cut, is_frame):
    stored_bytes = zstd.compress(data)[: cut or None] if is_frame else data
    stored = Stored("zstd", digest(data), 8, size, len(stored_bytes))
    out = []
    try:
        for piece in unpack(stored, [stored_bytes], "p"):
            out.append(piece)
    except DamagedObjectError:
        assert len(b"".join(out)) <= size
    else:
        assert b"".join(out) == data


@settings(max_examples=3 * settings.default.max_examples, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 300))
def test_any_index_is_read_or_refused(index, index_at):
    for candidate in (index, b"[" + index + b"]"):
        try:
            objects = decode_index(candidate, index_at, "p")
        except GnomonError:
            continue
        assert encode_index(objects.values()) == candidate
        assert sum(one.stored for one in objects.values()) == index_at - len(MAGIC)


paths = st.lists(
    st.sampled_from(["a", "b", "..", ".", "", "c.txt", "ä", "C:", "a\\b", "\n", '"']), max_size=4
).map("/".join)


@pytest.mark.slow
@settings(max_examples=3 * settings.default.max_examples, deadline=None)
@given(
    st.lists(
        st.tuples(paths, st.integers(0, 10**18 - 1), st.integers(0, 0o777)),
        max_size=4,
        unique_by=lambda f: f[0],
    )
)
def test_a_tree_is_read_exactly_or_refused(files):
    tree = [TreeFile(path, digest(path.encode()), size, mode) for path, size, mode in files]
    names = {file.path for file in tree}
    is_safe = not any(path_fault(name) for name in names)
    is_safe &= not any(other.startswith(f"{name}/") for name in names for other in names)
    try:
        found = decode_tree(encode_tree(tree), digest(b"tree"))
    except GnomonError:
        assert not is_safe
    else:
        assert is_safe
        assert found == sorted(tree)
        assert not any(part in ("", ".", "..") for name in names for part in name.split("/"))
