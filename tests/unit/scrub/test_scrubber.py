"""Secrets stay out, whatever way they come in; everything else stays as it is."""

from __future__ import annotations

import json
import threading
from collections import namedtuple
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gnomon.scrub.names import said
from gnomon.scrub.scrubber import Scrubber, Withheld
from tests.unit.scrub.named_afar import AFAR, DRAWN_ONLY, MACHINES, ORDINARY, SECRETS
from tests.unit.scrub.ordinary import PAIRS, TEXTS
from tests.unit.scrub.planted import planted

PLANTED = planted()
KINDS = [kind for kind, _, _ in PLANTED]
# These say what they are by themselves, so that they may stand anywhere.
TOKENS = [(kind, secret) for kind, secret, text in PLANTED if text == f"using {secret} for this run"]
A_PASSWORD = "Tr0ub4dor&" + "3xK9q"
A_KEY = "q7Zk2Lw9" + "Xv4Bn8Tc1Rm5Yp3D"


def cleaned(text: str, **options) -> str:
    return Scrubber(**options).text(text, "console")


# ---------------------------------------------------------------- what is planted


def test_there_are_many_kinds():
    assert len(set(KINDS)) == len(KINDS) >= 100


@pytest.mark.parametrize("seed", range(5))
def test_nothing_planted_stays_in_a_text(seed):
    for kind, secret, text in planted(seed):
        scrubber = Scrubber()
        kept = scrubber.text(text, "console")
        assert secret not in kept, kind
        assert "[withheld: " in kept and scrubber.withheld, kind
        assert secret not in repr(scrubber.withheld) + repr(scrubber), kind


@pytest.mark.parametrize(("kind", "secret", "text"), PLANTED, ids=KINDS)
def test_nothing_planted_stays_in_a_diff_a_traceback_or_a_listing(kind, secret, text):
    for form in (
        "+{}",
        "-  {}",
        "    {}",
        "  | {}",
        "12: {}",
        "E   ValueError: {}",
        "2024-03-11 10:15:30,123 INFO {}",
    ):
        lines = [form.format(line) for line in text.splitlines()]
        assert secret not in cleaned("\n".join(lines)), form


@pytest.mark.parametrize(("kind", "secret", "text"), PLANTED, ids=KINDS)
def test_nothing_planted_stays_in_a_value_however_deep(kind, secret, text):
    value = {"a": [1, {"b": ("x", text)}], "n": 3}
    kept = Scrubber().value("config", value, "params")
    assert secret not in json.dumps(kept)
    assert kept["a"][0] == 1 and kept["n"] == 3 and kept["a"][1]["b"][0] == "x"


@pytest.mark.parametrize(("kind", "secret", "text"), PLANTED, ids=KINDS)
def test_nothing_planted_stays_in_a_line_of_json(kind, secret, text):
    escaped = json.dumps(secret)[1:-1]
    kept = cleaned(json.dumps({"level": "info", "message": text, "step": 3}))
    assert escaped not in kept and secret not in kept


@pytest.mark.parametrize(("kind", "secret", "text"), PLANTED, ids=KINDS)
def test_nothing_planted_stays_in_a_command(kind, secret, text):
    for words in (["run", text], ["run", *text.split()], ["bash", "-c", f"set -e; {text}"]):
        kept = Scrubber().argv(words)
        assert len(kept) == len(words)
        assert secret not in " ".join(kept)


@pytest.mark.parametrize(("kind", "secret"), TOKENS, ids=[kind for kind, _ in TOKENS])
def test_a_token_is_known_anywhere(kind, secret):
    for form in (
        "{}",
        "token:{}",
        "x={}",
        "--x={}",
        "'{}'",
        '"{}",',
        "({})",
        "https://h.test/{}/x",
        "https://h.test/?a=1&b={}&c=2",
        "a%3D{}",
        "\\n{}\\n",
        "\x1b[32m{}\x1b[0m",
        "[{}]",
        "<a>{}</a>",
        "käse {} 🙂",
    ):
        assert secret not in cleaned(form.format(secret)), form
    middle = len(secret) // 2
    coloured = f"\x1b[1m{secret[:middle]}\x1b[31m{secret[middle:]}\x1b[0m"
    assert secret[middle:] not in cleaned(coloured)


@pytest.mark.slow
@given(st.sampled_from(TOKENS), st.text(max_size=30), st.text(max_size=30))
@settings(max_examples=3 * settings.default.max_examples, deadline=None)
def test_a_token_is_known_between_any_words(token, before, after):
    assert token[1] not in cleaned(f"{before} {token[1]} {after}")


@pytest.mark.slow
@given(st.sampled_from(PLANTED), st.text(max_size=80), st.text(max_size=80))
@settings(max_examples=3 * settings.default.max_examples, deadline=None)
def test_nothing_planted_survives_among_other_lines(one, before, after):
    assert one[1] not in cleaned(f"{before}\n{one[2]}\n{after}")


# ---------------------------------------------------------------- by name

NAMED = [
    "password={}",
    "password = {}\n",
    "password: {}",
    "  password: {}  # of the database",
    'password: "{}"',
    "password='{}'",
    'self.password = "{}"',
    'password: str = "{}"',
    'password: Optional[str] = "{}"',
    '"password": "{}"',
    "'password': '{}',",
    'config["db"]["password"] = "{}"',
    "os.environ['DB_PASSWORD'] = '{}'",
    'monkeypatch.setenv("DB_PASSWORD", "{}")',
    '{{\\"password\\": \\"{}\\"}}',
    "DB_PASSWORD={}",
    "export DB_PASSWORD='{}'",
    "ENV DB_PASSWORD {}",
    "--password {}",
    "--password={}",
    "['train.py', '--password', '{}']",
    "+password = \"{}\"",
    "-    db_password: {}",
    "<password>{}</password>",
    '<add key="password" value="{}"/>',
    "password => '{}'",
    "password := \"{}\"",
    'if password == "{}":',
    "connect(user, password=b'{}')",
    'connect(user, password=r"""{}""")',
    "dbPassword: {}",
    "PGPASSWORD={} psql",
    "\x1b[36mpassword\x1b[0m=\x1b[35m{}\x1b[0m",
    "\x1b[31m\"password\"\x1b[0m: \x1b[32m\"{}\"\x1b[0m",
    "Server=db;User Id=me;Password={};",
    "spring.datasource.password={}",
]  # fmt: skip


@pytest.mark.parametrize("form", NAMED)
@pytest.mark.parametrize("secret", ["hunter2", "Tr0ub4dor3xK9q", "correct-horse-9"])
def test_a_password_is_known_by_its_name(form, secret):
    kept = cleaned(form.format(secret))
    assert secret not in kept
    assert "password" in kept.lower()


@pytest.mark.parametrize(
    "secret", [A_PASSWORD, "correct-horse;battery", "a,b;c(d1", "p@ss w0rd", "ümläut9x", 'say"9x', "a=b=c9"]
)
def test_a_password_may_hold_any_sign_where_it_stands_in_quotes_or_on_a_line_of_its_own(secret):
    assert secret not in cleaned(f"password = {json.dumps(secret, ensure_ascii=False)}").replace('\\"', '"')
    assert (
        cleaned(f"user = me\npassword = {secret}\nport = 1\n").split("\n")[1]
        == "password = [withheld: password]"
    )
    assert secret not in "".join(Scrubber().argv(["x", "--password", secret, f"PASSWORD={secret}"]))


def test_what_stands_around_a_secret_stays():
    text = "db:\n  user: me\n  password: hunter2xyz # old\n  port: 5432\n"
    assert cleaned(text) == "db:\n  user: me\n  password: [withheld: password] # old\n  port: 5432\n"


def test_what_is_known_in_two_ways_gets_one_mark():
    token = "h" + "f_" + A_KEY * 2
    scrubber = Scrubber()
    assert (
        scrubber.text(f'HF_TOKEN="{token}" # mine', "code")
        == 'HF_TOKEN="[withheld: huggingface-token]" # mine'
    )
    assert scrubber.withheld == [Withheld("huggingface-token", "code", "HF_TOKEN", 1)]


def test_a_letter_that_gets_longer_in_lower_case_moves_nothing():
    assert cleaned("İ" * 9 + " password='hunter2x' ok") == "İ" * 9 + " password='[withheld: password]' ok"


def test_a_name_is_kept_and_counted():
    scrubber = Scrubber()
    scrubber.text("WANDB_API_KEY=" + A_KEY, "environment")
    scrubber.text("WANDB_API_KEY=" + A_KEY, "environment")
    scrubber.withhold("env-file", "code", ".env")
    assert scrubber.withheld == [
        Withheld("api-key", "environment", "WANDB_API_KEY", 2),
        Withheld("env-file", "code", ".env", 1),
    ]


def test_scrubbing_twice_changes_nothing_more():
    for _, _, text in PLANTED:
        once = cleaned(text)
        assert cleaned(once) == once


@pytest.mark.parametrize(
    "name",
    "WANDB_API_KEY password client_secret --hf-token hfToken apiKey api_key APIKEY openaiApiKey OPENAI_API_KEY "
    "aws_secret_access_key AWS_SESSION_TOKEN PGPASSWORD db_pass MYSQL_PWD github_token GH_TOKEN SECRET_KEY_BASE passphrase "
    "private_key access_token refreshToken auth_token encryption_key signing-key AZURE_STORAGE_KEY secrets.db.password "
    "password2 api_key_prod X-Api-Key smtpPassword wandb.key huggingface.token".split(),
)
def test_a_name_says_that_its_value_is_a_secret(name):
    about = said(name)
    assert about is not None and about.is_sure


@pytest.mark.parametrize(
    "name",
    "num_tokens cls_token tokenizer key_dim monkey private_key_path max_tokens pad_token_id tokens n_keys keyboard author "
    "authority token_type secret_name password_file password_length bypass compass cache_key sort_key public_key "
    "primary_key keyword passenger lowpass tokens_per_s OLDPWD SSH_AUTH_SOCK secretary".split(),
)
def test_a_name_says_nothing_of_a_secret(name):
    assert said(name) is None


# ---------------------------------------------------------------- what is ordinary


def test_there_is_much_that_is_ordinary():
    assert len(PAIRS) >= 600 and len(TEXTS) >= 300


def test_ordinary_parameters_come_back_as_the_same_objects():
    scrubber = Scrubber()
    wrong = [(name, value) for name, value in PAIRS if scrubber.value(name, value, "params") is not value]
    assert wrong == []


@pytest.mark.slow
def test_ordinary_arguments_come_back_as_they_are():
    wrong = []
    for name, value in PAIRS:
        for words in (["x", f"--{name}", str(value)], ["x", f"--{name}={value}"], [f"{name}={value}"]):
            if Scrubber().argv(words) != words:
                wrong.append(words)
    assert wrong == []


def test_ordinary_texts_come_back_as_they_are():
    wrong = [text for text in TEXTS if cleaned(text) != text]
    assert wrong == []


@pytest.mark.slow
@given(st.text(alphabet=st.characters(exclude_characters="=:\"'@/", exclude_categories=["Cs"])))
@example("İ token")
@settings(max_examples=3 * settings.default.max_examples, deadline=None)
def test_a_text_without_secrets_comes_back_byte_for_byte(text):
    assert cleaned(text) == text


@pytest.mark.slow
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text("abc xyz"),
        lambda one: st.lists(one) | st.dictionaries(st.text("abc"), one) | st.tuples(one, one),
    )
)
@settings(max_examples=2 * settings.default.max_examples, deadline=None)
def test_a_value_without_secrets_is_the_same_object(value):
    assert Scrubber().value("config", value, "params") is value


# ---------------------------------------------------------------- commands

DRAWN = "q7Wk2" * 8


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (["t.py", "--password", "secret"], ["t.py", "--password", "[withheld: password]"]),
        (["t.py", "--password=x"], ["t.py", "--password=[withheld: password]"]),
        (["t.py", "--hf-token", "abc"], ["t.py", "--hf-token", "[withheld: token]"]),
        (["t.py", "--token", "abcdefgh1"], ["t.py", "--token", "[withheld: token]"]),
        (["t.py", "db.password=x", "lr=1"], ["t.py", "db.password=[withheld: password]", "lr=1"]),
        (["t.py", "--api-key", "--verbose"], ["t.py", "--api-key", "--verbose"]),
        (["t.py", "-u", "me", "-p", "x"], ["t.py", "-u", "me", "-p", "[withheld: password]"]),
        (["ssh", "-p", "2222", "host"], ["ssh", "-p", "2222", "host"]),
        (["sshpass", "-p", "hunter", "ssh"], ["sshpass", "-p", "[withheld: password]", "ssh"]),
        (["curl", "-u", "me:hunter", "h"], ["curl", "-u", "me:[withheld: password]", "h"]),
        (["curl", "-H", "Authorization: Bearer abcdefgh"], ["curl", "-H", "Authorization: Bearer [withheld: authorization]"]),
        (["curl", "Authorization:", "Bearer", "abcdefgh"], ["curl", "Authorization:", "Bearer", "[withheld: authorization]"]),
        (["git", "clone", "https://me:pw@h/x.git"], ["git", "clone", "https://[withheld: url-password]@h/x.git"]),
        (["t.py", "--max-tokens", "3", "--pad-token", "<pad>"], ["t.py", "--max-tokens", "3", "--pad-token", "<pad>"]),
        (["aws", "set", "aws_secret_access_key", DRAWN], ["aws", "set", "aws_secret_access_key", "[withheld: aws-secret-key]"]),
        (["npm", "set", "//r/:_authToken", DRAWN], ["npm", "set", "//r/:_authToken", "[withheld: token]"]),
        (["hf", "auth", "login", DRAWN], ["hf", "auth", "login", "[withheld: token]"]),
        (["openssl", "enc", "-pass", "pass:x"], ["openssl", "enc", "-pass", "pass:[withheld: password]"]),
        (["t.py", "--pat", DRAWN, "--wandb", DRAWN], ["t.py", "--pat", "[withheld: token]", "--wandb", "[withheld: token]"]),
        (["t.py", "token=ZxPw93kTq7mQ"], ["t.py", "token=[withheld: token]"]),
        (["t.py", "token=whitespace", "--wandb", "my-project", "-pass", "1", "login", "ann"],) * 2,
        (["git", "checkout", "3fa2c1d0" * 5, "train", "q7Wk2" * 8],) * 2,
        ([], []),
    ],
)  # fmt: skip
def test_a_command(words, kept):
    assert Scrubber().argv(words) == kept


# ---------------------------------------------------------------- values


def test_a_value_is_judged_by_its_name_and_by_the_name_above():
    config = {
        "db": {"password": "x", "port": 3},
        "huggingface": {"token": "abc"},
        "api": {"key": "k1"},
        "key": "loss",
    }
    assert Scrubber().value("config", config, "params") == {
        "db": {"password": "[withheld: password]", "port": 3},
        "huggingface": {"token": "[withheld: token]"},
        "api": {"key": "[withheld: api-key]"},
        "key": "loss",
    }


def test_what_a_secret_name_holds_is_secret_but_for_numbers():
    value = {"a": "x", "n": 3, "on": True, "none": None}
    assert Scrubber().value("secrets", value, "params") == {
        "a": "[withheld: secret]",
        "n": 3,
        "on": True,
        "none": None,
    }
    assert Scrubber().value("passwords", ["x", 1], "params") == ["[withheld: password]", 1]


def test_a_variable_said_as_name_and_value():
    value = [{"name": "DB_PASSWORD", "value": "x"}, {"name": "HOST", "value": "y"}]
    kept = Scrubber().value("env", value, "params")
    assert kept == [{"name": "DB_PASSWORD", "value": "[withheld: password]"}, {"name": "HOST", "value": "y"}]


def test_a_named_tuple_stays_one():
    pair = namedtuple("pair", "user password")("me", f"password={A_PASSWORD}")
    kept = Scrubber().value("login", pair, "params")
    assert type(kept) is type(pair) and A_PASSWORD not in kept.password


def test_an_object_is_judged_by_its_text():
    class Config:
        def __str__(self):
            return f"Config(password='{A_PASSWORD}')"

    class Plain:
        pass

    assert Scrubber().value("config", Config(), "params") == "Config(password='[withheld: password]')"
    assert Scrubber().value("config", plain := Plain(), "params") is plain
    assert A_PASSWORD not in str(Scrubber().value("blob", f"password={A_PASSWORD}".encode(), "params"))


def test_the_given_value_is_not_changed():
    value = {"password": "x", "list": ["y"]}
    Scrubber().value("config", value, "params")
    assert value == {"password": "x", "list": ["y"]}


# ---------------------------------------------------------------- URLs


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://user:tok@host/x.git", "https://host/x.git"),
        ("https://host/x.git", "https://host/x.git"),
        ("git@host:x.git", "git@host:x.git"),
        ("ssh://git@host/x.git", "ssh://git@host/x.git"),
        ("ssh://git:pw@host/x.git", "ssh://git@host/x.git"),
        ("https://me@host/x.git", "https://me@host/x.git"),
        (f"https://{A_KEY}@host/x.git", "https://host/x.git"),
        (f"https://h/x?ref=main&token={A_KEY}#top", "https://h/x?ref=main#top"),
        (f"https://h/x?api_key={A_KEY}", "https://h/x"),
        (f"https://h/x#access_token={A_KEY}", "https://h/x"),
        ("https://h:8080/a@b", "https://h:8080/a@b"),
        ("https://u:p%40ss@h/x", "https://h/x"),
        ("https://u:p@ss@h/x", "https://h/x"),
        ("postgresql://me:pw@db:5432/train", "postgresql://db:5432/train"),
        ("", ""),
    ],
)
def test_a_url(url, kept):
    assert Scrubber().url(url, "remote") == kept


# ---------------------------------------------------------------- the environment and the home folder


def test_a_value_of_the_environment_is_withheld_word_for_word():
    environ = {"MY_PASSWORD": "plain&simple horse", "LANG": "en_US.UTF-8", "HF_TOKEN": "abcdefgh_ijklmnop"}
    scrubber = Scrubber(environ=environ)
    for secret in ("plain&simple horse", "abcdefgh_ijklmnop"):
        for written in (
            secret,
            json.dumps(secret),
            repr(secret),
            quote(secret),
            quote(secret, safe=""),
            f"x{secret}x",
        ):
            kept = scrubber.text(f"it is {written} now", "console")
            assert secret not in kept and quote(secret) not in kept
    assert scrubber.text("en_US.UTF-8", "console") == "en_US.UTF-8"
    assert ("password", "console", "MY_PASSWORD") in {one[:3] for one in scrubber.withheld}
    assert scrubber.argv(["x", "abcdefgh_ijklmnop"]) == ["x", "[withheld: token]"]
    assert scrubber.value("note", "abcdefgh_ijklmnop", "params") == "[withheld: token]"


@pytest.mark.parametrize(
    "value", ["disabled", "postgres", "true", "12345678", "/run/secrets/db", "short", "changeme"]
)
def test_an_ordinary_value_of_the_environment_stays_in_texts(value):
    text = f"it is {value} now"
    assert cleaned(text, environ={"DB_PASSWORD": value}) == text


@pytest.mark.parametrize(
    "value", ["q7Rk2ZpX9mLw" + "4TbN8sVd", "zxcvbnm" + "asdfghj12", "ordinarywords" + "inarow"]
)
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("MYTOKEN", "token"), ("GHTOKEN", "token"), ("PROJ_TOKEN", "token"), ("MYSECRET_TOKEN", "token"), ("myToken", "token"),
        ("FOO_TOKEN_2", "token"), ("TOKEN_OF_CI", "token"), ("MYSECRET", "secret"), ("APP_SECRETS", "secret"),
        ("MYAPIKEY", "api-key"), ("XAPI_KEY", "api-key"), ("MYACCESS_KEY", "api-key"), ("FOOSECRET_KEY", "secret"),
        ("FOOPRIVATE_KEY", "private-key"), ("DBPASS", "password"), ("XPASSWORD", "password"), ("MYPASSWD", "password"),
        ("FOOPASSPHRASE", "password"), ("XPASSWORD_OLD", "password"), ("FOO_CREDENTIALS", "credentials"),
        ("MYCREDENTIALS", "credentials"),
    ],
)  # fmt: skip
def test_a_variable_whose_name_ends_like_a_secret_is_one_however_it_is_glued(name, kind, value):
    kept = cleaned(f"it is {value} now, https://h.test/{value}/x", environ={name: value})
    assert kept == f"it is [withheld: {kind}] now, https://h.test/[withheld: {kind}]/x"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOKENIZERS_PARALLELISM", "parallel12"), ("PAD_TOKEN", "<|padding|>"), ("EOS_TOKEN", "end_of_text"),
        ("GPG_TTY", "/dev/pts/3"), ("SSH_AUTH_SOCK", "/tmp/ssh-q7Rk2ZpX9mLw4TbN/agent.1"), ("KEYBOARD", "us-intl-2024"),
        ("PWD", "/q7Rk2ZpX9mLw4TbN8sVd"), ("OLDPWD", "/q7Rk2ZpX9mLw4TbN8sVd"), ("SSH_ASKPASS", "ksshaskpass-5"),
        ("XDG_SESSION_ID", "session-123"), ("TOKEN_URL", "https://h.test/a"), ("VAULT_SECRET_PATH", "kv/data/team1"),
        ("DB_SECRET_NAME", "db-secret-1"), ("TOKEN_SERVICE_PORT", "tcp://10.0.0.1:80"), ("NUM_TOKENS", "10000000"),
        ("MYTOKEN", "/run/secrets/q7Rk2ZpX9mLw4TbN8sVd"), ("MYTOKEN", "1234567890123"), ("MYTOKEN", "-1234.5678"),
        ("MYTOKEN", "something"), ("MYTOKEN", "Development"), ("MYTOKEN", "abc1234"), ("MYTOKEN", "${OTHER_ONE}"),
        ("LOWPASS", "butter-8000"), ("SECRETARY", "anna.smith1"), ("MYPASSPORT", "holiday-2024"),
    ],
)  # fmt: skip
def test_a_variable_that_is_no_secret_stays_in_texts(name, value):
    text = f"it is {value} now"
    assert cleaned(text, environ={name: value}) == text


def test_only_variables_are_judged_so_strictly():
    value = "zxcvbnm" + "asdfghj12"
    for name in ("MYTOKEN", "PROJ_TOKEN"):
        assert Scrubber().value(name, value, "params") == value
    assert cleaned(f"x = {value}") == f"x = {value}"


@pytest.mark.parametrize(
    "folder", ["/tmp/pytest-of-ada/q7Rk2ZpX9mLw4TbN8sVd", "/Users/ada/q7Rk2ZpX9mLw4TbN8sVd"]
)
def test_the_working_folder_of_the_shell_is_no_password(folder):
    text = f"PWD={folder}\ncd {folder}"
    scrubber = Scrubber(environ={"PWD": folder, "OLDPWD": folder})
    assert scrubber.text(text, "console") == text
    assert scrubber.value("PWD", folder, "environment") == folder
    assert scrubber.withheld == []


def test_lines_of_a_long_secret_are_known_one_by_one():
    secret = "\n".join(f"part{n}-" + A_KEY[n:] + "-end" for n in range(3))
    kept = cleaned("got " + secret.split("\n")[1] + " here", environ={"MY_SECRET": secret})
    assert A_KEY[1:] not in kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("/home/ada/x.py", "~/x.py"),
        ("/home/ada", "~"),
        ("in /home/ada.", "in ~."),
        ("a=/home/ada:/home/ada/b", "a=~:~/b"),
        ('File "/home/ada/t.py"', 'File "~/t.py"'),
        ("file:///home/ada/t.py", "file://~/t.py"),
        ("-I/home/ada/include", "-I~/include"),
        ("/home/adam/x", "/home/adam/x"),
        ("/home/ada-old/x", "/home/ada-old/x"),
        ("/home/ada.bak/x", "/home/ada.bak/x"),
        ("/mnt/home/ada/x", "/mnt/home/ada/x"),
    ],
)
def test_the_home_folder_becomes_a_tilde_at_the_ends_of_paths(text, kept):
    assert cleaned(text, home="/home/ada") == kept
    assert Scrubber(home="/home/ada/").argv([text]) == [kept]


@pytest.mark.parametrize("home", ["/", "/top", "/a/b", "", None, "home/ada"])
def test_a_home_that_says_little_stays(home):
    assert cleaned("/top/x /a/b/c home/ada", home=home) == "/top/x /a/b/c home/ada"


# ---------------------------------------------------------------- many threads, hostile text


def test_several_threads_count_together():
    scrubber = Scrubber()
    threads = [
        threading.Thread(target=lambda: [scrubber.text("password='hunter2x'", "c") for _ in range(50)])
        for _ in range(4)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert scrubber.withheld == [Withheld("password", "c", "password", 200)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        *["a", "eyJ", "-----BEGIN ", '"key": "', "key=", "://a:", "sk-", "password='", "\x1b[", "curl -u "],
        *["SharedAccessKey=", "\\", "?key=a&", "wandb key ", "-----BEGIN PRIVATE KEY-----"],
        *[
            "api_keys=[",
            'password=f("',
            '"name":"API_KEY",',
            '"value":"a1',
            ' key="a" value="b" ',
            "pat",
            '"kty":"d"',
        ],
    ],
)
def test_time_grows_with_the_text_and_no_faster(piece):
    from time import process_time

    def time_of(size: int) -> float:
        text = (piece * (size // len(piece) + 1))[:size]
        began = process_time()
        cleaned(text)
        return process_time() - began

    small, large = time_of(10_000), time_of(80_000)
    assert large < 0.05 or large < 8 * 4 * small  # quadratic would be 64 times


def test_a_secret_stays_out_however_long_it_is():
    long = "".join(f"{A_KEY}{n}" for n in range(400))
    for text in (
        f"password = {long}\n",
        f"x(password='{long}')",
        f"token={long} end",
        f"--hf-token {long}",
        f"client-key-data: {long}",
    ):
        assert long[-40:] not in cleaned(text), text[:20]


def test_a_token_of_a_known_form_is_taken_to_its_end():
    token = "e" + "yJ" + A_KEY * 4 + ".eyJ" + A_KEY * 40 + "." + A_KEY
    assert cleaned(f"got {token} now") == "got [withheld: jwt] now"


# ---------------------------------------------------------------- what was withheld once

A_VALUE = "plum-Tango" + "-4471x"


@pytest.mark.parametrize(
    "tell",
    [
        lambda s: s.argv(["train.py", "--password", A_VALUE]),
        lambda s: s.argv(["train.py", f"--db-password={A_VALUE}"]),
        lambda s: s.know_words(["train.py", "--password", A_VALUE]),
        lambda s: s.know_variables([("DB_PASSWORD", A_VALUE)]),
        lambda s: s.value("params", {"db_password": A_VALUE}, "params"),
        lambda s: s.value("params", {"db": [{"password": A_VALUE}]}, "params"),
        lambda s: s.text(f'API_KEY="{A_VALUE}"', "cell source"),
        lambda s: s.text(f"DB_PASSWORD={A_VALUE}\n", "console"),
        lambda s: s.text(f"\x1b[1mpassword\x1b[0m: '{A_VALUE}'\n", "console"),
        lambda s: s.text(f"postgresql://me:{A_VALUE}@db/x", "console"),
        lambda s: s.text(f"curl -u me:{A_VALUE} https://h", "console"),
        lambda s: s.url(f"https://me:{A_VALUE}@h/x.git", "git remote"),
        lambda s: s.know_all_of(Scrubber(environ={"DB_PASSWORD": A_VALUE})),
    ],
    ids=range(13),
)
def test_what_was_withheld_once_is_withheld_from_then_on(tell):
    scrubber = Scrubber()
    assert A_VALUE in scrubber.text(f"trying {A_VALUE}", "console")
    tell(scrubber)
    for written in (
        A_VALUE,
        repr(A_VALUE),
        f"\\n{A_VALUE}\\n",
        f"x={A_VALUE},",
        f"https://h/{A_VALUE}/x",
        f"_{A_VALUE}_",
    ):
        assert A_VALUE not in scrubber.text(f"trying {written} now", "console"), written
    assert A_VALUE not in scrubber.text(f"\x1b[1m{A_VALUE[:6]}\x1b[0m{A_VALUE[6:]}", "console")
    assert scrubber.value("note", {"a": [A_VALUE]}, "params") != {"a": [A_VALUE]}
    assert A_VALUE not in " ".join(scrubber.argv(["x", A_VALUE]))
    assert A_VALUE not in repr(scrubber) + repr(scrubber.withheld)


def test_only_whole_words_are_withheld_then():
    scrubber = Scrubber()
    scrubber.argv(["x", "--password", "changeme123"])
    kept = scrubber.text("changeme1234 xchangeme123 changeme123 changeme123.", "console")
    assert kept == "changeme1234 xchangeme123 [withheld: password] [withheld: password]."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("token", "default"), ("password", "true"), ("password", "/usr/lib/x86"), ("password", "2048"), ("api_key", "cls_token"),
        ("password", "20240311"), ("secret", "bert-base-uncased"), ("password", "hunter2"), ("password", "changeme"),
        ("api_key", "llama-3-8b-chat"), ("secret", "https://example.test/a1b2c3"), ("client_secret", "data/train2.csv"),
        ("password", "${DB_PASSWORD_2}"), ("password", "[withheld: password]"), ("hf_token", "meta/llama-3"),
    ],
)  # fmt: skip
def test_a_value_that_is_not_telling_stays_elsewhere(name, value):
    scrubber = Scrubber()
    scrubber.argv(["x", f"--{name}", value])
    scrubber.value("params", {name: value}, "params")
    scrubber.text(f'{name} = "{value}"', "code")
    assert scrubber.text(f"it is {value} now", "console") == f"it is {value} now"


def test_a_variable_that_is_set_later_is_known_at_once(monkeypatch):
    import os

    scrubber = Scrubber(environ=os.environ)
    assert A_VALUE in scrubber.text(A_VALUE, "console")
    monkeypatch.setenv("MY_SVC_TOKEN", A_VALUE)
    assert scrubber.text(f"got {A_VALUE}", "console") == "got [withheld: token]"
    monkeypatch.delenv("MY_SVC_TOKEN")
    monkeypatch.setenv("DB_PASSWORD", "another-Value-99")
    assert (
        scrubber.text(f"got {A_VALUE} another-Value-99", "console")
        == "got [withheld: token] [withheld: password]"
    )


def test_a_text_withholds_from_the_line_on_that_names_a_secret():
    text = f"{A_VALUE}\nx {A_VALUE} password='{A_VALUE}'\nthen {A_VALUE}\n"
    mark = "[withheld: password]"
    assert cleaned(text) == f"{A_VALUE}\nx {mark} password='{mark}'\nthen {mark}\n"


def test_the_newest_values_are_remembered_and_no_more_than_so_many():
    from gnomon.scrub.literals import MAX_LEARNT

    scrubber = Scrubber()
    values = [f"tulip{n}Kx{n * 7919}" for n in range(MAX_LEARNT + 10)]
    for value in values:
        scrubber.value("password", value, "params")
    kept = scrubber.text("\n".join(values) + f"\nx\\n{values[-1]}\\n", "console")
    assert values[0] in kept and not any(value in kept for value in values[10:])


def test_a_value_read_from_a_program_is_known_without_its_backslashes():
    scrubber = Scrubber()
    scrubber.text('password = "say\\"9x\\"now-7"', "code")
    assert scrubber.text('it is say"9x"now-7 here', "console") == "it is [withheld: password] here"


# ---------------------------------------------------------------- named at some distance


@pytest.mark.parametrize("text", [text for text, _ in AFAR])
def test_a_secret_is_known_though_its_name_stands_apart(text):
    kind = dict(AFAR)[text]
    for secret in SECRETS[kind]:
        for around in ("{}", "    {}  # old", "+{}", "12: {}", "2024-03-11 10:15:30,123 INFO {}"):
            if around[0] in "12" and text.startswith(
                ("set", "ENV", "ARG", "api_key\t", "password\t", "-", "TOKENS")
            ):
                continue
            kept = cleaned(around.format(text.format(secret)))
            assert secret not in kept, kept
        assert f"{secret}" not in cleaned(f"{text.format(secret)}\nnow {secret}\n")


@pytest.mark.parametrize("text", DRAWN_ONLY)
def test_a_secret_under_a_name_that_is_not_sure_must_look_drawn(text):
    for secret in (SECRETS[MACHINES][0], SECRETS[MACHINES][2]):
        assert secret not in cleaned(text.format(secret))
    if "okta" not in text:
        assert cleaned(text.format("tokenization")) == text.format("tokenization")


def test_lines_that_resemble_these_stay_as_they_are():
    assert len(ORDINARY) >= 60
    assert [text for text in ORDINARY if cleaned(text) != text] == []
    assert [
        text for text in ORDINARY if cleaned(json.dumps({"message": text})) != json.dumps({"message": text})
    ] == []


@pytest.mark.parametrize(
    "value",
    [
        {"args": ["--hcloud_token", A_VALUE]},
        {"args": ["train.py", "--db-password", A_VALUE, "--lr", 3]},
        {"args": ("--password=" + A_VALUE,)},
        {"tokens": {"hf": A_KEY}},
        {"tokens": [A_KEY]},
        {"creds": {"prod": A_VALUE}},
        {"credentials": [A_VALUE]},
        {"db": {"credentials": {"prod": {"eu": A_VALUE}}}},
        {"env": [{"value": A_VALUE, "name": "API_KEY"}]},
        {"okta": {"api_key": "SSWS " + A_KEY}},
        {"pass": A_VALUE},
    ],
)
def test_a_parameter_is_known_though_its_name_stands_apart(value):
    scrubber = Scrubber()
    kept = json.dumps(scrubber.value("params", value, "params"))
    assert A_VALUE not in kept and A_KEY not in kept and "[withheld: " in kept
    assert A_VALUE not in scrubber.text(f"trying {A_VALUE}", "console") or A_VALUE not in json.dumps(value)


@pytest.mark.parametrize(
    "value",
    [
        {"tokens": {"pad": "<pad>", "im": "image_2024_x"}, "n": 3},
        {"tokens": ["the", "cat", "2024x"]},
        {"creds": {"user": "bob2024", "project": "research-2024x1"}},
        {"args": ["--tokenizer", "gpt2-medium", "--max-tokens", "2048", 3]},
        {"api_key_env": "OPENAI_API_KEY", "n_passwords": "100"},
        {"pass": "first", "passes": 3},
        {"env": [{"value": "gpt2-2024x1", "name": "MODEL"}]},
    ],
)
def test_parameters_that_resemble_these_are_the_same_objects(value):
    assert Scrubber().value("params", value, "params") is value
