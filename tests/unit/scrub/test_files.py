"""Which files must never be kept."""

from __future__ import annotations

import pytest

from gnomon.scrub.files import secret_file

SECRET = """.env .env.local deploy/.env.production prod.env .envrc id_rsa .ssh/id_ed25519 server.pem tls.key cert.p12 key.pfx
AuthKey_ABC.p8 .netrc _netrc .npmrc .pypirc .pgpass .git-credentials credentials.json secrets.yaml secrets.yml secret.json
secrets.toml .secrets.toml passwords.txt kubeconfig .kube/config .aws/credentials .docker/config.json terraform.tfstate
terraform.tfstate.backup prod.tfvars client_secret.json client_secret_1234.json service-account.json gcp-credentials.json
.streamlit/secrets.toml .cargo/credentials.toml vault.kdbx putty.ppk app.keystore .htpasswd kaggle.json .vault-token
home/me/.huggingface/token .cache/huggingface/token application_default_credentials.json C:\\Users\\me\\.ssh\\id_rsa
rclone.conf .s3cfg .boto creds.json api_keys.txt .gnupg/private-keys-v1.d/ABC.key .ssh/identity ID_RSA .ENV""".split()
ORDINARY = """keys.py tokenizer.json secret_santa.py secrets.py credentials.py .env.example .env.sample .env.template
example.env app.example.env sample.env
environment.yml env.py env.yaml id_rsa.pub public.pem keyboard.json monkey.py tokens.txt token.py passwords.py
config.json .docker/Dockerfile config README.md requirements.txt train.py model.safetensors key_value.json tokenizer.model
special_tokens_map.json vocab.txt secrets.md password_reset.html auth.py .gitignore .aws/config identity shadow.py
keyframes.csv terraform.tf main.tf data/secrets/readme.md kube.yaml ssh.py settings.ini public_key.pem""".split()


@pytest.mark.parametrize("path", SECRET)
def test_a_secret_file_is_known_by_its_name_in_any_folder(path):
    assert secret_file(path)
    assert secret_file("a/b/" + path) == secret_file(path)
    assert secret_file("./" + path) == secret_file(path)


@pytest.mark.parametrize("path", ORDINARY)
def test_an_ordinary_file_is_none(path):
    assert secret_file(path) is None


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (".env", "env-file"),
        ("x.pem", "key-file"),
        (".netrc", "netrc"),
        ("kubeconfig", "kubeconfig"),
        ("a.tfstate", "terraform-state"),
        ("secrets.yaml", "secrets-file"),
        ("credentials.json", "credentials-file"),
    ],
)
def test_the_kind_says_what_it_is(path, kind):
    assert secret_file(path) == kind


def test_no_path_is_none():
    assert secret_file("") is None and secret_file("/") is None
