"""The servers that the tests of transports talk to: one of each for all tests of a session."""

from __future__ import annotations

import pytest
import remotes


@pytest.fixture(scope="session")
def s3_address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("localbucket")
    (folder / "team").mkdir()
    with remotes.local_bucket(folder) as address:
        yield address


@pytest.fixture
def s3(s3_address, monkeypatch):
    """The environment for the bucket `team` of a server that speaks S3; its address."""
    for name, value in remotes.S3_VARIABLES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_address)
    for name in (
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_ENDPOINT",
        "AWS_ENDPOINT_URL_S3",
        "AWS_ALLOW_HTTP",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")
    return s3_address


@pytest.fixture(scope="session")
def ssh_address(tmp_path_factory):
    with remotes.ssh_server(tmp_path_factory.mktemp("ssh")) as found:
        yield found


@pytest.fixture
def ssh(ssh_address, monkeypatch):
    """The environment for a machine with SSH; its address, without a folder."""
    command, address = ssh_address
    monkeypatch.setenv("GNOMON_SSH", command)
    monkeypatch.setenv("GIT_SSH_COMMAND", command)
    return address


@pytest.fixture
def plain_git(tmp_path, monkeypatch):
    """Git without anybody's settings, not even a name."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def bare(tmp_path, plain_git):
    """An empty bare repository."""
    path = tmp_path / "hosted.git"
    remotes.git("init", "--quiet", "--bare", "--initial-branch=main", path)
    return path
