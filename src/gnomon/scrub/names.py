"""Does the name of a variable, option or key say that its value is a secret?

A name is cut into words (`wandbApiKey`, `WANDB_API_KEY`, `--wandb-api-key`: wandb, api, key). Its last word decides,
with the words before it: `client_secret` says so, `cls_token` and `key_dim` do not.

Always true: the answer depends on the name alone. It is sure (`password`, `api_key`), or asks the value to look drawn
by chance as well (`token`, `auth`), or None.
Variables of the environment are few, and their names are often glued (`MYTOKEN`): `kind_of_variable` is stricter.
"""

from __future__ import annotations

import re
from functools import lru_cache


class Said:
    """What a name says of its value."""

    __slots__ = ("by_people", "hex_counts", "holds_many", "is_sure", "kind", "never_path", "telling_counts")

    def __init__(
        self,
        kind: str,
        is_sure: bool,
        by_people: bool,
        *,
        hex_counts: bool = True,
        never_path: bool = False,
        telling_counts: bool = False,
        holds_many: bool = False,
    ) -> None:
        self.kind = kind
        self.is_sure = is_sure  # no: withhold only what looks drawn by chance
        self.by_people = by_people  # chosen by a person, so it may look like any word
        self.hex_counts = hex_counts  # no: a hash under this name is ordinary
        self.never_path = never_path or not by_people  # a path under this name is ordinary
        self.holds_many = holds_many  # of a list or a dict: it goes for the items
        self.telling_counts = telling_counts  # not sure, but what is telling is withheld too


# A name that holds none of these says nothing.
HINTS = ("pass", "pwd", "secret", "token", "key", "auth", "cred", "jwt", "phrase")
_RARE_HINTS = (
    "cookie",
    "psw",
    "pw",
    "pat",
    "sas",
    "sig",
    "bearer",
    "mnemonic",
)  # too common or too rare to look for in texts
_PASSWORD = frozenset(
    "password passwd passphrase passcode passwort passwrd pswd psw pwd passwords passphrases".split()
)
_AFTERWARDS = frozenset(
    "value base prod production dev staging test live old new default b64 base64 encoded plain raw string str text env "
    "primary secondary main backup hash bytes".split()
)
_COUNTING = frozenset(
    "num n max min len count total avg mean is has per skip ignore show hide valid next".split()
)
VENDORS = frozenset(
    "hf hub huggingface wandb neptune comet clearml dagshub mlflow databricks github gh gitlab gl bitbucket slack bot telegram "
    "discord npm pypi twine docker registry aws azure gcp gcs google openai anthropic cohere mistral groq together replicate "
    "modal runpod ngrok mapbox vault consul nomad kube kubernetes sentry datadog dd circle travis codecov netlify vercel "
    "heroku cloudflare cf digitalocean hcloud linode stripe twilio sendgrid mailgun mailchimp kaggle zenodo civitai langsmith "
    "langchain pinecone weaviate qdrant snowflake mongo mongodb postgres pg mysql redis smtp sftp ftp jira confluence notion "
    "linear airtable shopify dropbox figma okta auth0 firebase supabase algolia elastic newrelic grafana pagerduty snyk "
    "sonar artifactory jfrog tavily serpapi serper deepseek gemini fireworks perplexity xai nvidia ngc lightning prefect "
    "rapidapi alibaba aliyun yandex".split()
)
_OWNERS = VENDORS | frozenset(
    "api access auth authentication authorization bearer refresh session csrf xsrf personal private oauth oauth2 jwt secret "
    "security service deploy login client consumer webhook ci job server admin upload push device account encryption "
    "encrypt decryption signing sign sig master shared subscription app application ssh gpg pgp aes hmac recovery".split()
)
_PASS_OWNERS = VENDORS | frozenset(
    "db user usr smtp mail email ftp sql admin root login proxy ssh my sudo account database become ansible wifi mqtt ldap "
    "bind rabbitmq amqp keystore truststore cert http sasl".split()
)
_TOKEN_PARTS = frozenset(
    "cls pad eos bos unk mask sep eot sot image img audio video next last first start end stop special prev previous current "
    "per max min new input output prompt learnable register dist class memory query patch latent think target source src tgt "
    "word sub subword begin final extra added additional fill separator decoder encoder time text visual modality each one "
    "two zero".split()
)
_NO_KEYS = frozenset(
    "public pub primary foreign sort cache dict group partition row column index lookup hash rng prng random jax map config "
    "param metric state query attn past object attention sorting grouping head batch item field label image text target "
    "input output feature host compare cmp unique natural composite".split()
)
_LOOKING = frozenset("auth creds cred credential credentials bearer jwt pw sas authorization".split())
_GLUED = ("password", "passwd", "passphrase", "secret", "token", "key", "pass", "pwd", "auth")
_NOT_GLUED = frozenset(
    "bypass compass lowpass highpass bandpass multipass surpass oldpwd monkey turkey hotkey donkey hockey".split()
)
# Names of variables in which the word for a secret ends a part; and what may follow of one that holds no secret itself.
_IN_VARIABLE = (
    ("private-key", r"PRIVATE_?KEY"),
    ("secret", r"SECRET_?KEY|SECRETS?"),
    ("api-key", r"API_?KEYS?|ACCESS_?KEY"),
    ("token", r"TOKEN"),
    ("password", r"PASSWORDS?|PASSWD|PASSPHRASE|PASS"),
    ("credentials", r"CREDENTIALS?"),
)
_ABOUT_SECRETS = frozenset(
    "url uri host hostname port addr address endpoint service file files path dir folder name names type kind count limit "
    "length size ttl expiry expires timeout mode method provider helper store arn region version algorithm cache policy "
    "prefix header field permissions scope scopes enabled required".split()
)
_BESIDE_SECRETS = frozenset(
    "id ids user username login email mail account project database db schema bucket org organization team description model "
    "profile domain tenant issuer audience created updated date time hash digest commit".split()
)
_HOLDING = frozenset("creds cred credential credentials auth".split())
_OF_MODELS = frozenset(
    "cls pad padding eos bos unk mask sep separator eot sot eom begin end start stop fill special".split()
)
SHELL_FOLDERS = frozenset({"OLDPWD", "PWD"})  # elsewhere `pwd` says password


@lru_cache(maxsize=1)
def _words_of() -> re.Pattern[str]:
    return re.compile(r"[A-Z]++(?![a-z])|[A-Z]?[a-z]+|[A-Z]|[0-9]+")


@lru_cache(maxsize=4096)
def said(name: str) -> Said | None:
    """Return what `name` says of its value; None where it says nothing of a secret.

    >>> said("WANDB_API_KEY").kind, said("--hf-token").is_sure, said("num_tokens"), said("key_dim")
    ('api-key', True, None, None)
    """
    lowered = name.lower()
    if not any(hint in lowered for hint in HINTS) and not any(hint in lowered for hint in _RARE_HINTS):
        return None
    words = _glued_apart(_words(name[-160:]))
    while len(words) > 1 and (words[-1].isdigit() or words[-1] in _AFTERWARDS):
        words.pop()
    if len(words) > 1 and words[-1] == "data" and words[-2] == "key":  # kubeconfig: client-key-data
        words.pop()
    if not words or words[0] in _COUNTING or (_words(name.rpartition(".")[2]) or [""])[0] in _COUNTING:
        return None
    return _judged(words[-1], words[:-1], name)


@lru_cache(maxsize=1024)
def said_of_items(name: str) -> Said | None:
    """Return what the name of a list or a dict says of the items in it.

    >>> said_of_items("tokens").kind, said_of_items("creds").kind, said_of_items("num_tokens"), said_of_items("keys")
    ('token', 'credentials', None, None)
    """
    about = said(name)
    if about is not None and (about.is_sure or about.kind != "credentials"):
        return about
    words = _words(name[-160:])
    if not words or words[0] in _COUNTING:
        return None
    if words[-1] == "tokens" and (len(words) == 1 or words[-2] not in _TOKEN_PARTS):
        return Said("token", False, False, holds_many=True)
    if words[-1] in _HOLDING:
        return Said("credentials", False, True, never_path=True, telling_counts=True, holds_many=True)
    return about


def is_beside_secrets(name: str) -> bool:
    """Return whether what is called `name` is ordinary although it stands among secrets, as `user` does in credentials."""
    words = _words(name[-160:])
    return bool(words) and (words[-1] in _ABOUT_SECRETS or words[-1] in _BESIDE_SECRETS)


def _words(name: str) -> list[str]:
    if name.isupper() or name.islower():
        return [word for part in _words_of().findall(name.lower()) for word in [part] if word]
    found: list[str] = []
    for part in re.split(r"[^A-Za-z0-9]+", name):
        if part.isupper() or part.islower():
            found += _words_of().findall(part.lower())
        else:
            found += [word.lower() for word in _words_of().findall(part)]
    return found


def _glued_apart(words: list[str]) -> list[str]:
    """Return the words with `apikey`, `pgpassword` and `hftoken` cut in two."""
    if not words or words[-1] in _NOT_GLUED or words[-1] in _PASSWORD:
        return words
    last = words[-1]
    for end in _GLUED:
        start = last[: -len(end)]
        if not start or not last.endswith(end):
            continue
        if end in _PASSWORD or start in _OWNERS or (end == "pass" and start in _PASS_OWNERS):
            return [*words[:-1], start, end]
    return words


def _judged(last: str, before: list[str], name: str) -> Said | None:
    beside = before[-1] if before else ""
    if last == "pwd" and not before:  # of a database, or the shell's working folder
        return Said("password", True, True, never_path=True)
    if (
        last in _PASSWORD
        or (last == "phrase" and beside in ("pass", "seed", "recovery"))
        or last == "mnemonic"
    ):
        return Said("password", True, True)
    if last == "pass":
        if beside in _PASS_OWNERS or name == "PASS":
            return Said("password", True, True)
        return None if before else Said("password", False, True, telling_counts=True)
    if last in ("secret", "secrets"):
        return Said("secret", True, False)
    if last == "token" or (last == "tokens" and beside in _OWNERS):
        return _token(before, beside)
    if last == "key" or (last == "keys" and beside in _OWNERS):
        return _key(before, beside)
    if last == "cookie" or (last == "cookies" and beside == "session"):
        return Said("cookie", False, False)
    if last == "sid" or (last == "id" and beside == "session"):
        return None
    if last in _LOOKING:
        return Said("credentials", False, False)
    if last == "pat" and name.isupper() and before:
        return Said("token", False, False)
    if last in ("sig", "signature") and beside in ("amz", "goog", "sas"):
        return Said("signature", True, False)
    return None


def _token(before: list[str], beside: str) -> Said | None:
    if beside in _TOKEN_PARTS:
        return None
    if "secret" in before or "security" in before:
        return Said("secret", True, False)
    return Said("token", any(word in _OWNERS for word in before), False)


def _key(before: list[str], beside: str) -> Said | None:
    if beside in _NO_KEYS:
        return None
    if not any(word in _OWNERS for word in before):
        return Said("key", False, False, hex_counts=False)
    if "aws" in before and "secret" in before:
        return Said("aws-secret-key", True, False)
    if "private" in before:
        return Said("private-key", True, False)
    if "secret" in before or "encryption" in before:
        return Said("secret", True, False)
    return Said("api-key", True, False)


# ---------------------------------------------------------------- variables of the environment


@lru_cache(maxsize=1)
def _in_variable() -> re.Pattern[str]:
    ways = "|".join(f"(?P<{kind.replace('-', '_')}>{way})" for kind, way in _IN_VARIABLE)
    return re.compile(rf"(?:{ways})(?=[0-9]*(?:[^A-Z0-9]|\Z))")


def kind_of_variable(name: str) -> str | None:
    """Return the kind of secret that an environment variable of this name holds, None where it says nothing of one.

    Any part of the name may end in the word for it, also without a sign between.

    >>> kind_of_variable("MYTOKEN"), kind_of_variable("XAPI_KEY_2"), kind_of_variable("TOKEN_URL")
    ('token', 'api-key', None)
    """
    upper = name[-160:].upper()
    hits = list(_in_variable().finditer(upper))
    if not hits or not _ABOUT_SECRETS.isdisjoint(_words(upper[hits[-1].end() :])):
        return None
    hit = hits[-1]
    part = _part_before(upper, hit.end())
    if hit[0] == "PASS" and (part in _NOT_GLUED or part.endswith("askpass")):
        return None
    return str(hit.lastgroup).replace("_", "-")


def is_special_token(name: str) -> bool:
    """Return whether an environment variable of this name may hold a token of a language model, as `PAD_TOKEN` does."""
    before = name.upper().rpartition("TOKEN")[0].rstrip("_-.")
    return _part_before(before, len(before)) in _OF_MODELS


def _part_before(upper: str, end: int) -> str:
    """Return the part of a name that ends at `end`, in lower case."""
    start = end
    while start and upper[start - 1].isalnum():
        start -= 1
    return upper[start:end].lower()
