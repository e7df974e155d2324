"""What Amazon's own configuration files say: keys, region and endpoint of a profile.

obstore reads the environment, roles of machines and containers, but no files; people mostly have files.
Keys in the environment go before a profile, as with Amazon's tools. A profile that signs in elsewhere (SSO, an assumed role)
is asked of the `aws` command, which knows how.

Always true: what is read here goes to obstore only; it is in no message, `repr` or file.
"""

from __future__ import annotations

import configparser
import datetime
import os
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

import msgspec

from gnomon.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.env import Env

    Credential = dict[str, str | datetime.datetime | None]

_FROM_ELSEWHERE = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_SKIP_SIGNATURE",
)
_SIGNS_IN = ("sso_session", "sso_start_url", "role_arn", "login_session")
_PROCESS_S = 120  # a sign-in may open a browser


class _Printed(msgspec.Struct):
    """What a credential process prints."""

    AccessKeyId: str
    SecretAccessKey: str
    SessionToken: str | None = None
    Expiration: datetime.datetime | None = None


class Keys:
    """Keys that a command gives, for as long as they are valid. `error`: why there were none at the last asking."""

    def __init__(self, profile: str, command: list[str]) -> None:
        self._profile = profile
        self._command = command
        self.error: RemoteError | None = None
        self._first: Credential | None = _ask(
            profile, command
        )  # what is wrong is said before anything is sent

    def __call__(self) -> Credential:
        """Return keys, asking again where those of before are used up."""
        first, self._first = self._first, None
        if first is not None:
            return first
        try:
            return _ask(self._profile, self._command)
        except RemoteError as error:
            self.error = error  # obstore does not pass it on
            raise


def profile_settings(env: Env) -> tuple[dict[str, str], Keys | None]:
    """Return the settings of the profile in force, for obstore, and what gives its keys where a command does.

    Raises RemoteError where the profile is named and missing, or its keys cannot be had.
    """
    named = env.getenv("AWS_PROFILE") or env.getenv("AWS_DEFAULT_PROFILE")
    profile = named or "default"
    found = _read(env, profile)
    if named and not found and env.getenv("AWS_ACCESS_KEY_ID") is None:
        raise RemoteError(
            f"`AWS_PROFILE` is `{named}`, which is in neither of Amazon's files",
            hint="`aws configure list-profiles` lists those that are there",
        )
    settings = {}
    if env.getenv("AWS_REGION") is None and env.getenv("AWS_DEFAULT_REGION") is None and "region" in found:
        settings["region"] = found["region"]
    if endpoint(env) is None and "endpoint_url" in found:
        settings["endpoint"] = found["endpoint_url"]
    if any(env.getenv(name) for name in _FROM_ELSEWHERE):
        return settings, None
    if "aws_access_key_id" in found and "aws_secret_access_key" in found:
        settings["access_key_id"] = found["aws_access_key_id"]
        settings["secret_access_key"] = found["aws_secret_access_key"]
        if "aws_session_token" in found:
            settings["session_token"] = found["aws_session_token"]
        return settings, None
    command = _command(profile, found)
    return settings, None if command is None else Keys(profile, command)


def endpoint(env: Env) -> str | None:
    """Return the S3 endpoint that the environment names."""
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"):
        if (value := env.getenv(name)) is not None:
            return value
    return None


def _read(env: Env, profile: str) -> dict[str, str]:
    home = os.path.join(os.path.expanduser("~"), ".aws")
    config = _section(
        env.getenv("AWS_CONFIG_FILE") or os.path.join(home, "config"),
        profile if profile == "default" else f"profile {profile}",
    )
    keys = _section(env.getenv("AWS_SHARED_CREDENTIALS_FILE") or os.path.join(home, "credentials"), profile)
    return {**config, **keys}


def _section(path: str, name: str) -> Mapping[str, str]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        with open(os.path.expanduser(path), encoding="utf-8") as file:
            parser.read_file(file)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        raise RemoteError(
            f"`{path}` cannot be read: {type(error).__name__}",
            hint="Amazon's tools would not read it either: `aws configure list`",
        ) from None  # its text may hold a key
    return dict(parser.items(name)) if parser.has_section(name) else {}


def _command(profile: str, found: Mapping[str, str]) -> list[str] | None:
    """Return the command that prints the keys of a profile; None where it has none of its own."""
    if "credential_process" in found:
        return shlex.split(found["credential_process"])
    if any(name in found for name in _SIGNS_IN):
        if shutil.which("aws") is None:
            raise RemoteError(
                f"profile `{profile}` signs in elsewhere (SSO or a role), and the `aws` command that can do it is not here",
                hint='install it; or where it is: `eval "$(aws configure export-credentials --format env)"`',
            )
        return ["aws", "configure", "export-credentials", "--profile", profile, "--format", "process"]
    return None


def _ask(profile: str, command: list[str]) -> Credential:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PROCESS_S, check=True
        )
        printed = msgspec.json.decode(done.stdout, type=_Printed)
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError) as error:
        raise RemoteError(
            f"profile `{profile}` gave no keys: `{command[0]}` {_why(error)}",
            hint=f"sign in again (`aws sso login --profile {profile}`), or run the command by hand to see what it says",
        ) from None  # what it printed may hold a key
    now = datetime.datetime.now(datetime.UTC)
    return {
        "access_key_id": printed.AccessKeyId,
        "secret_access_key": printed.SecretAccessKey,
        "token": printed.SessionToken,
        "expires_at": printed.Expiration or now + datetime.timedelta(minutes=30),
    }


def _why(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return f"ended with {error.returncode}"
    if isinstance(error, subprocess.TimeoutExpired):
        return f"did not end in {_PROCESS_S} s"
    if isinstance(error, OSError):
        return error.strerror or "could not be run"
    return "printed something else than keys"
