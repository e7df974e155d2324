"""Files that must never be kept, told by their names: `.env`, `id_rsa`, `*.pem`, `.aws/credentials`.

Always true: the answer depends on the path alone; nothing is opened. Names that end in a program's extension
(`secrets.py`) are not such files: their text goes through the scrubber.
"""

from __future__ import annotations

_ENV_EXAMPLES = ("example", "sample", "template", "dist", "defaults", "schema", "tpl")
_BY_NAME = {
    ".envrc": "env-file",
    ".netrc": "netrc",
    "_netrc": "netrc",
    ".npmrc": "credentials-file",
    ".yarnrc.yml": "credentials-file",
    ".pypirc": "credentials-file",
    ".pgpass": "credentials-file",
    "pgpass.conf": "credentials-file",
    ".my.cnf": "credentials-file",
    ".mylogin.cnf": "credentials-file",
    ".git-credentials": "credentials-file",
    ".dockercfg": "credentials-file",
    ".dockerconfigjson": "credentials-file",
    ".htpasswd": "credentials-file",
    ".s3cfg": "credentials-file",
    ".boto": "credentials-file",
    "rclone.conf": "credentials-file",
    ".passwd-s3fs": "credentials-file",
    ".vault-token": "credentials-file",
    ".terraformrc": "credentials-file",
    "terraform.rc": "credentials-file",
    "credentials.tfrc.json": "credentials-file",
    "kaggle.json": "credentials-file",
    "application_default_credentials.json": "credentials-file",
    "client_secret.json": "credentials-file",
    "client_secrets.json": "credentials-file",
    "service_account.json": "credentials-file",
    "service-account.json": "credentials-file",
    "serviceaccount.json": "credentials-file",
    "accesskeys.csv": "credentials-file",
    "rootkey.csv": "credentials-file",
    "kubeconfig": "kubeconfig",
    "shadow": "credentials-file",
    "id_rsa": "key-file",
    "id_dsa": "key-file",
    "id_ecdsa": "key-file",
    "id_ecdsa_sk": "key-file",
    "id_ed25519": "key-file",
    "id_ed25519_sk": "key-file",
    "identity": "key-file",
    "secring.gpg": "key-file",
    "master.key": "key-file",
}
_BY_FOLDER = {
    ".aws": ({"credentials"}, "credentials-file"),
    ".docker": ({"config.json"}, "credentials-file"),
    ".kube": ({"config"}, "kubeconfig"),
    ".huggingface": ({"token"}, "credentials-file"),
    "huggingface": ({"token", "stored_tokens"}, "credentials-file"),
    "gcloud": ({"credentials.db", "access_tokens.db"}, "credentials-file"),
    ".azure": ({"accesstokens.json", "msal_token_cache.json"}, "credentials-file"),
    ".cargo": ({"credentials", "credentials.toml"}, "credentials-file"),
    ".gem": ({"credentials"}, "credentials-file"),
    ".streamlit": ({"secrets.toml"}, "secrets-file"),
    "gh": ({"hosts.yml"}, "credentials-file"),
    "private-keys-v1.d": (set(), "key-file"),
}
_KEY_ENDINGS = ".pem .key .p12 .pfx .p8 .jks .keystore .ppk .kdbx .kdb .bks .pkcs12 .asc.key .agekey .keytab .ovpn .jceks".split()
_STATE_ENDINGS = (".tfstate", ".tfstate.backup", ".tfvars", ".tfvars.json")
_PLAIN_ENDINGS = (
    ".json",
    ".yaml",
    ".yml",
    ".toml",
    ".ini",
    ".cfg",
    ".conf",
    ".txt",
    ".env",
    ".csv",
    ".properties",
    ".xml",
    "",
)
_PLAIN_STEMS = frozenset(
    "secret secrets credential credentials passwords password passwd creds api_keys apikeys api_key api-keys".split()
)


def secret_file(path: str) -> str | None:
    """Return the kind of secret that a file with this path holds; None where its name says nothing of one.

    >>> secret_file("deploy/.env.local"), secret_file(".env.example"), secret_file("keys.py")
    ('env-file', None, None)
    """
    parts = [part for part in path.replace("\\", "/").lower().split("/") if part not in ("", ".")]
    if not parts:
        return None
    name = parts[-1]
    if (
        name in _BY_NAME
        and (name != "shadow" or parts[-2:-1] == ["etc"])
        and (name != "identity" or ".ssh" in parts)
    ):
        return _BY_NAME[name]
    for folder in parts[-3:-1]:
        names, kind = _BY_FOLDER.get(folder, (None, ""))
        if names is not None and (name in names or not names):
            return kind
    return _by_form(name)


def _by_form(name: str) -> str | None:
    if (
        name == ".env"
        or name.startswith(".env.")
        or (name.endswith(".env") and not name.startswith("example"))
    ):
        return (
            None
            if name.rpartition(".")[2] in _ENV_EXAMPLES or "example" in name or "sample" in name
            else "env-file"
        )
    if name.endswith(tuple(_KEY_ENDINGS)):
        return None if name.endswith((".pub.pem", ".pub.key")) or "public" in name else "key-file"
    if name.endswith(_STATE_ENDINGS):
        return "terraform-state" if ".tfstate" in name else "secrets-file"
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, dot + ending) if dot else (name, "")
    if ending not in _PLAIN_ENDINGS:
        return None
    bare = stem.lstrip(".")
    if bare in _PLAIN_STEMS or bare.endswith(("-credentials", "_credentials", ".secrets", ".secret")):
        return "credentials-file" if "cred" in bare else "secrets-file"
    if (
        bare.startswith(("client_secret_", "service-account-", "service_account_", "gcp-key", "gcp_key"))
        and ending == ".json"
    ):
        return "credentials-file"
    return None
