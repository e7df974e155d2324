"""A bucket as a remote, against servers that speak S3: localbucket, and moto for signatures and create-only puts."""

from __future__ import annotations

import itertools

import pytest
import remotes
from store_contract import StoreContract

from gnomon.env import REAL
from gnomon.errors import BadArgumentError, MissingExtraError, RemoteError
from gnomon.sync.bucket import BucketStore

_numbers = itertools.count()


@pytest.fixture
def url(s3):
    return f"s3://team/some folder/{next(_numbers)}"


@pytest.fixture
def again(url):
    return lambda: BucketStore(url, REAL)


@pytest.fixture
def store(again):
    return again()


class TestBucket(StoreContract):
    pass


# ---------------------------------------------------------------- requests


@pytest.fixture
def proxy(s3, monkeypatch):
    """A proxy before the server, in which requests can be counted and made to fail."""
    with remotes.FaultyProxy(s3) as between:
        monkeypatch.setenv("AWS_ENDPOINT_URL", between.url)
        yield between


def kinds(proxy):
    return [command for command, _ in proxy.requests]


@pytest.mark.slow
def test_a_thousand_names_come_in_one_request(store, again, proxy, s3, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3)
    writer = again()
    from gnomon.sync.store import each

    each(writer, lambda n: writer.write(f"heads/{n:032x}/x", b"1"), list(range(1001)))
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
    reader = again()
    proxy.requests.clear()
    assert len(list(reader.list("heads/"))) == 1001
    assert kinds(proxy) == ["GET", "GET"]  # a page of a thousand, and the rest


@pytest.mark.slow
def test_a_file_is_one_request(again, proxy):
    store = again()
    store.write("log/x", b"1" * 1000)
    store.read("log/x")
    list(store.pieces("log/x"))
    store.read("log/x", 3, 5)
    assert kinds(proxy) == ["PUT", "GET", "GET", "GET"]


@pytest.mark.slow
@pytest.mark.parametrize("status", [500, 503])
def test_what_failed_once_is_asked_again(again, proxy, status):
    store = again()
    proxy.answers = [status]
    store.write("log/x", b"data")
    proxy.answers = [status, status]
    assert store.read("log/x") == b"data"
    assert kinds(proxy) == ["PUT", "PUT", "GET", "GET", "GET"]


@pytest.mark.slow
def test_an_answer_that_breaks_off_is_read_on_or_an_error_and_never_a_short_file(again, proxy):
    store = again()
    data = bytes(range(256)) * 8000
    store.write("log/x", data)
    proxy.answers = ["cut"]
    try:
        got = store.read("log/x")
    except RemoteError as error:
        assert "log/x" in str(error)  # noqa: PT017 - either is right
    else:
        assert got == data


@pytest.mark.slow
def test_a_put_whose_answer_was_lost_is_there_once(again, proxy):
    store = again()
    proxy.answers = ["lost"]
    try:
        store.write("log/x", b"data")
    except RemoteError:
        store.write("log/x", b"data")
    assert store.read("log/x") == b"data"
    assert [tuple(one) for one in store.list("log/")] == [("log/x", 4)]


@pytest.mark.slow
def test_an_upload_that_breaks_off_leaves_nothing_under_its_name(again, proxy, tmp_path):
    source = tmp_path / "large"
    source.write_bytes(bytes(20 << 20))
    store = again()
    proxy.answers = [None, None] + [403] * 50
    with pytest.raises(RemoteError, match="log/large"):
        store.write("log/large", str(source))
    proxy.answers = []
    assert list(store.list("log/")) == []
    with pytest.raises(FileNotFoundError):
        store.read("log/large")


# ---------------------------------------------------------------- errors


def said(error):
    return str(error.value)


def test_a_bucket_that_is_missing_is_named(s3):
    store = BucketStore("s3://no-such-bucket/team", REAL)
    for ask in (
        lambda: store.read("record.toml"),
        lambda: list(store.list("heads/")),
        lambda: store.write("record.toml", b"1"),
        lambda: store.write("record.toml", b"1", once=True),
        lambda: store.delete(["record.toml"]),
    ):
        with pytest.raises(RemoteError, match="there is no bucket `no-such-bucket`"):
            ask()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "text"),
    [
        (403, "access denied (403 Forbidden, Made)"),
        (400, "the server answered 400 Bad Request, Made"),
        (301, "the bucket is in another region"),
    ],
)
def test_an_error_names_the_address_the_file_and_what_came_back(again, proxy, status, text):
    store = again()
    proxy.answers = [status] * 20
    with pytest.raises(RemoteError) as error:
        store.read("record.toml")
    assert f"`{store.url}`: read `record.toml`: {text}" in said(error)
    assert "\nhint: " in said(error)
    assert remotes.S3_VARIABLES["AWS_SECRET_ACCESS_KEY"] not in said(error)
    assert error.value.__cause__ is None  # obstore's own text may hold a signed address


@pytest.mark.slow
def test_a_busy_server_is_an_error_after_some_tries(again, proxy, monkeypatch):
    monkeypatch.setattr("gnomon.sync.bucket.RETRIES", 2)
    store = again()
    proxy.answers = [503] * 20
    with pytest.raises(RemoteError, match="the server is busy"):
        store.read("record.toml")
    assert len(proxy.requests) == 3


def test_a_server_that_is_not_there_is_named(again, monkeypatch):
    monkeypatch.setattr("gnomon.sync.bucket.RETRIES", 0)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{remotes.free_port()}")
    with pytest.raises(RemoteError, match="nothing listens there"):
        again().read("record.toml")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://nobody.invalid")
    with pytest.raises(RemoteError, match="the name of the server is not known"):
        again().read("record.toml")


def test_plain_http_is_refused_but_to_this_machine_or_when_asked_for(url, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://files.example.org")
    with pytest.raises(RemoteError, match="plain HTTP") as error:
        BucketStore(url, REAL)
    assert "GNOMON_ALLOW_HTTP=1" in said(error)
    monkeypatch.setenv("GNOMON_ALLOW_HTTP", "1")
    BucketStore(url, REAL)
    monkeypatch.delenv("GNOMON_ALLOW_HTTP")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://files.example.org")
    BucketStore(url, REAL)


def test_what_cannot_be_a_bucket_is_refused_without_repeating_a_key(s3):
    for url in ("s3:///path", "s3://key:secret@bucket/path", "s3://bucket/path?X-Amz-Signature=secret"):
        with pytest.raises(BadArgumentError) as error:
            BucketStore(url, REAL)
        assert "secret" not in said(error)


def test_without_obstore_the_extra_is_named(s3, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "obstore.store", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'gnomon\[bucket\]'"):
        BucketStore("s3://team/x", REAL)


def test_no_repr_shows_a_key(store):
    assert remotes.S3_VARIABLES["AWS_SECRET_ACCESS_KEY"] not in f"{store!r} {vars(store)}"


# ---------------------------------------------------------------- credentials


def test_an_azure_container_needs_an_account(monkeypatch):
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    with pytest.raises(RemoteError, match="AZURE_STORAGE_ACCOUNT_NAME"):
        BucketStore("az://container/team", REAL)


def test_google_and_azure_are_opened_without_a_request(monkeypatch, tmp_path):
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "team")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "c2VjcmV0")
    assert "secret" not in repr(BucketStore("az://container/team", REAL))
    monkeypatch.setenv(
        "GOOGLE_SERVICE_ACCOUNT_KEY",
        '{"gcs_base_url":"http://127.0.0.1:9","disable_oauth":true,"client_email":"","private_key":"","private_key_id":""}',
    )
    BucketStore("gs://bucket/team", REAL)


@pytest.fixture(scope="module")
def moto(tmp_path_factory):
    with remotes.moto_server(tmp_path_factory.mktemp("moto")) as address:
        remotes.ask_moto(address, "s3", "PUT", "/team")
        yield address


@pytest.fixture
def on_moto(s3, moto, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    return f"s3://team/{next(_numbers)}"


@pytest.mark.slow
class TestBucketOfAnotherServer(StoreContract):
    @pytest.fixture
    def again(self, on_moto):
        return lambda: BucketStore(on_moto, REAL)


@pytest.mark.slow
def test_a_bucket_that_keeps_versions_is_noticed(on_moto, moto):
    store = BucketStore(on_moto, REAL)
    assert store.keeps_versions("x") is False
    remotes.ask_moto(moto, "s3", "PUT", "/kept")
    remotes.ask_moto(
        moto,
        "s3",
        "PUT",
        "/kept?versioning",
        b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
    )
    assert BucketStore("s3://kept/x", REAL).keeps_versions("x") is True


@pytest.mark.slow
def test_a_server_that_checks_signatures_takes_ours_and_refuses_a_wrong_key(s3, tmp_path, monkeypatch):
    with remotes.moto_server(tmp_path, free_actions=4) as address:
        remotes.ask_moto(address, "s3", "PUT", "/team")
        iam = "Version=2010-05-08&UserName=ann&Action="
        remotes.ask_moto(address, "iam", "POST", "/", f"{iam}CreateUser".encode())
        policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
        from urllib.parse import quote

        body = f"{iam}PutUserPolicy&PolicyName=all&PolicyDocument={quote(policy)}"
        remotes.ask_moto(address, "iam", "POST", "/", body.encode())
        made = remotes.ask_moto(address, "iam", "POST", "/", f"{iam}CreateAccessKey".encode())
        key, secret = (
            made.partition(f"<{tag}>")[2].partition("<")[0] for tag in ("AccessKeyId", "SecretAccessKey")
        )
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
        store = BucketStore("s3://team/x-y", REAL)
        store.write("heads/x", b"data")
        assert store.read("heads/x") == b"data"
        assert [one.path for one in store.list("heads/")] == ["heads/x"]
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong" + secret)
        with pytest.raises(RemoteError, match="access denied") as error:
            BucketStore("s3://team/x", REAL).write("heads/x", b"data")
        assert secret not in said(error)


# ---------------------------------------------------------------- Amazon's own files


@pytest.fixture
def files(s3, tmp_path, monkeypatch):
    """Write Amazon's two files, and forget the keys of the environment."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name)

    def write(config, credentials=""):
        for name, variable, text in (
            ("config", "AWS_CONFIG_FILE", config),
            ("credentials", "AWS_SHARED_CREDENTIALS_FILE", credentials),
        ):
            (tmp_path / name).write_text(text)
            monkeypatch.setenv(variable, str(tmp_path / name))

    return write


@pytest.mark.slow
def test_a_profile_says_keys_region_and_endpoint(files, s3, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "work")
    with remotes.FaultyProxy(s3) as proxy:
        files(
            f"[profile work]\nregion = eu-central-1\nendpoint_url = {proxy.url}\n",
            "[default]\naws_access_key_id = NOT\n[work]\naws_access_key_id = AKIAFROMAFILE\naws_secret_access_key = from%a/f\n",
        )
        BucketStore("s3://team/profile", REAL).write("heads/x", b"1")
        assert "AKIAFROMAFILE/" in proxy.signatures[0]
        assert "/eu-central-1/s3/" in proxy.signatures[0]


@pytest.mark.slow
def test_keys_of_the_environment_go_before_the_default_profile(files, s3, monkeypatch):
    files("", "[default]\naws_access_key_id = AKIAFROMAFILE\naws_secret_access_key = x\n")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOUTSIDE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with remotes.FaultyProxy(s3) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        BucketStore("s3://team/profile", REAL).write("heads/x", b"1")
        assert "AKIAOUTSIDE/" in proxy.signatures[0]


@pytest.mark.slow
def test_a_credential_process_gives_the_keys(files, s3, tmp_path, monkeypatch):
    script = tmp_path / "give keys"
    script.write_text(
        '#!/bin/sh\necho \'{"Version":1,"AccessKeyId":"AKIAFROMPROCESS","SecretAccessKey":"s","SessionToken":"t"}\'\n'
    )
    script.chmod(0o755)
    with remotes.FaultyProxy(s3) as proxy:
        files(f"[default]\nendpoint_url = {proxy.url}\ncredential_process = '{script}' now\n")
        BucketStore("s3://team/profile", REAL).write("heads/x", b"1")
        assert "AKIAFROMPROCESS/" in proxy.signatures[0]
        script.write_text("#!/bin/sh\necho a-secret; exit 3\n")
        with pytest.raises(RemoteError, match=r"gave no keys: `.*give keys` ended with 3") as error:
            BucketStore("s3://team/profile", REAL).write("heads/x", b"1")
        assert "a-secret" not in said(error)


def test_keys_that_cannot_be_renewed_are_an_error_that_says_so(files, s3, tmp_path):
    script = tmp_path / "keys"
    used_up = '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"s","Expiration":"2020-01-01T00:00:00Z"}'
    script.write_text(f"#!/bin/sh\necho '{used_up}'\n")
    script.chmod(0o755)
    files(f"[default]\nendpoint_url = {s3}\ncredential_process = {script}\n")
    store = BucketStore("s3://team/profile", REAL)
    store.write("heads/x", b"1")
    script.write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(RemoteError, match=r"gave no keys: `.*keys` ended with 3"):
        store.write("heads/x", b"1")


def test_a_profile_that_is_missing_or_signs_in_elsewhere_is_named(files, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "work")
    files("[default]\n")
    with pytest.raises(RemoteError, match="`AWS_PROFILE` is `work`"):
        BucketStore("s3://team/x", REAL)
    files("[profile work]\nsso_session = office\n")
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(RemoteError, match="export-credentials"):
        BucketStore("s3://team/x", REAL)
    files("[profile work]\n", "aws_secret_access_key without a section = s3cret\n")
    with pytest.raises(RemoteError, match="cannot be read") as error:
        BucketStore("s3://team/x", REAL)
    assert "s3cret" not in said(error)
