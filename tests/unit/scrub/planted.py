"""Made-up secrets of many kinds, put together at run time.

No secret stands in this file: each is drawn from a seed, so that scanners of the repository have nothing to find.
`planted()` gives (kind, secret, a realistic text that holds it).
"""

from __future__ import annotations

import base64
import random
import string

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + string.digits
BASE64 = ALNUM + "+/"
WORD = ALNUM + "_-"


def planted(seed: int = 0) -> list[tuple[str, str, str]]:
    """Return (kind, secret, text) of every kind; another seed gives other secrets of the same kinds."""
    draw = random.Random(seed)
    made: list[tuple[str, str, str]] = []

    def some(count: int, letters: str = ALNUM) -> str:
        # First a letter and a digit: a short draw may lack one, and then is no such secret.
        first = draw.choice([one for one in letters if one.isalpha()])
        return first + draw.choice("23456789") + "".join(draw.choice(letters) for _ in range(count - 2))

    def add(kind: str, secret: str, text: str) -> None:
        assert secret in text
        made.append((kind, secret, text))

    def form(
        kind: str, start: str, count: int, letters: str = ALNUM, text: str = "using {} for this run"
    ) -> None:
        secret = start + some(count, letters)
        add(kind, secret, text.format(secret))

    # --- told by their form, in text that does not name them
    form("aws-access-key", "AK" + "IA", 16, UPPER, "credentials found: {} (default profile)")
    form("aws-session-key", "AS" + "IA", 16, UPPER)
    form("github-classic", "gh" + "p_", 36, text="remote: {} was rejected")
    form("github-oauth", "gh" + "o_", 36)
    form("github-server", "gh" + "s_", 36)
    form("github-fine", "github" + "_pat_", 60)
    form("gitlab", "gl" + "pat-", 20, WORD)
    form("gitlab-runner", "gl" + "rt-", 20, WORD)
    add(
        "slack-bot",
        secret := "xo" + "xb-" + some(12, "0123456789a") + "-" + some(24),
        f"posting with {secret}",
    )
    add(
        "slack-user",
        secret := "xo" + "xp-" + some(12, "0123456789a") + "-" + some(32),
        f"posting with {secret}",
    )
    path = f"T{some(8, UPPER)}/B{some(8, UPPER)}/{some(24)}"
    add("slack-webhook", path, f"POST https://hooks.slack.com/services/{path} 200")
    hook = f"{draw.randrange(10**17, 10**18)}/{some(68, WORD)}"
    add("discord-webhook", hook, f"hook = 'https://discord.com/api/webhooks/{hook}'")
    form("openai", "s" + "k-", 48, text='openai.OpenAI("{}")')
    form("openai-project", "s" + "k-proj-", 120, WORD)
    form("anthropic", "s" + "k-ant-api03-", 93, WORD)
    form("openrouter", "s" + "k-or-v1-", 64, HEX)
    form("huggingface", "h" + "f_", 34, text='login("{}")')
    letters = "h" + "f_" + "".join(draw.choice(string.ascii_letters) for _ in range(34))
    add("huggingface-letters", letters, f'login("{letters}")')
    form("google-api", "AI" + "za", 35, WORD)
    form("google-oauth", "ya" + "29.", 80, WORD)
    form("google-client", "GOC" + "SPX-", 28, WORD)
    form("stripe", "s" + "k_live_", 24)
    form("stripe-restricted", "r" + "k_live_", 24)
    form("twilio", "S" + "K", 32, HEX)
    add("sendgrid", secret := "S" + "G." + some(22, WORD) + "." + some(43, WORD), f"mail via {secret}")
    form("mailgun", "ke" + "y-", 32, HEX)
    add("mailchimp", secret := some(32, HEX) + "-us" + "12", f"list {secret} synced")
    form("npm", "np" + "m_", 36)
    form("pypi", "py" + "pi-AgEIcHlwaS5vcmc", 120, WORD)
    form("docker", "dckr" + "_pat_", 27, WORD)
    form("databricks", "da" + "pi", 32, HEX)
    form("shopify", "shp" + "at_", 32, HEX)
    form("vault", "hv" + "s.", 90, WORD)
    form("digitalocean", "do" + "p_v1_", 64, HEX)
    form("linear", "li" + "n_api_", 40)
    form("notion", "nt" + "n_", 46)
    form("postman", "PM" + "AK-" + some(24, HEX) + "-", 34, HEX)
    form("grafana", "gl" + "sa_", 41)
    form("replicate", "r" + "8_", 37)
    form("groq", "gs" + "k_", 52)
    form("perplexity", "pp" + "lx-", 48)
    form("nvidia", "nv" + "api-", 64, WORD)
    form("pinecone", "pc" + "sk_", 60)
    form("langsmith", "ls" + "v2_pt_", 43)
    form("figma", "fi" + "gd_", 40, WORD)
    form("tailscale", "ts" + "key-auth-", 30)
    form("supabase", "sb" + "p_", 40, HEX)
    form("brevo", "xke" + "ysib-", 81, HEX)
    form("newrelic", "NR" + "AK-", 27, UPPER)
    form("rubygems", "rubygems" + "_", 48, HEX)
    form("doppler", "dp" + ".pt.", 43)
    form("age", "AGE-SECRET" + "-KEY-1", 58, UPPER)
    form("heroku-new", "HRKU" + "-AA", 58, WORD)
    add("circleci", secret := "CCI" + "PAT_" + some(22) + "_" + some(40, HEX), f"using {secret} for this run")
    add(
        "dynatrace",
        secret := "dt0" + "c01." + some(24, UPPER) + "." + some(64, UPPER),
        f"using {secret} for this run",
    )
    add("airtable", secret := "pa" + "t" + some(14) + "." + some(64, HEX), f"using {secret} for this run")
    form("posthog", "ph" + "x_", 43)
    form("posthog-project", "ph" + "c_", 43)
    form("dropbox", "s" + "l.", 130, WORD)
    form("dropbox-new", "s" + "l.u.", 200, WORD)
    form("elevenlabs", "s" + "k_", 48, HEX)
    form("cerebras", "cs" + "k-", 48, string.ascii_lowercase + string.digits)
    add("jina", secret := "ji" + "na_" + some(32, HEX) + some(28, WORD), f"using {secret} for this run")
    form("runpod", "rp" + "a_", 44, UPPER)
    add("resend", secret := "r" + "e_" + some(8) + "_" + some(24), f"using {secret} for this run")
    form("firecrawl", "f" + "c-", 32, HEX)
    form("square", "EA" + "AA", 60, WORD)
    add(
        "mapbox",
        secret := "s" + "k.ey" + "J" + some(80) + "." + some(22, WORD),
        f"using {secret} for this run",
    )
    add("fcm", secret := some(22, WORD) + ":APA" + "91b" + some(134, WORD), f"using {secret} for this run")
    form("unkey", "unk" + "ey_", 22)
    form("voyage", "p" + "a-", 43, WORD)
    form("modal-id", "a" + "k-", 22)
    form("modal-secret", "a" + "s-", 22)
    add("jwk", secret := some(43, WORD), f'{{"kty": "EC", "crv": "P-256", "x": "ab", "d": "{secret}"}}')
    add("jwk-line", secret := some(86, WORD), f'  "d": "{secret}",')
    token = f"N{some(23)}.{some(6, WORD)}.{some(38, WORD)}"
    add("discord-stop", token, f"discord refused {token}. Again")
    add(
        "telegram",
        secret := f"{draw.randrange(10**9, 10**10)}:" + "AA" + some(33, WORD),
        f"bot {secret} started",
    )
    token = f"M{some(23)}.{some(6, WORD)}.{some(38, WORD)}"
    add("discord-bot", token, f"discord client starts: {token}")
    add(
        "azure-client",
        secret := f"{some(3)}8Q" + "~" + some(34),
        f"ClientSecretCredential(tenant, app, '{secret}')",
    )
    add("terraform", secret := some(14) + ".atlas" + "v1." + some(67), f"tfe {secret}")
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    claims = (
        base64.urlsafe_b64encode(f'{{"sub":"{some(12)}","iat":1516239022}}'.encode()).decode().rstrip("=")
    )
    add("jwt", secret := f"{header}.{claims}.{some(43, WORD)}", f"id {secret} accepted")

    # --- told by their name
    add("aws-secret", secret := some(40, BASE64), f"aws_secret_access_key = {secret}")
    add("aws-secret-csv", secret := some(40, BASE64), f"{'AK' + 'IA' + some(16, UPPER)},{secret}")
    add("wandb", secret := some(40, HEX), f"WANDB_API_KEY={secret}")
    add("wandb-login", secret := some(40, HEX), f"$ wandb login --relogin {secret}")
    add("password-env", secret := "Tr0ub4dor" + some(4), f"export DB_PASSWORD={secret}")
    add("password-yaml", secret := "c0rrect-horse" + some(4), f"db:\n  password: {secret}\n")
    add("password-ini", secret := "battery%" + some(6), f"[db]\nuser = me\npassword = {secret}\n")
    add(
        "password-json",
        secret := 'st"aple'.replace('"', "'") + some(6),
        f'{{"user": "me", "password": "{secret}"}}',
    )
    add("password-python", secret := "xkcd" + some(6), f"    conn = connect(user='me', password='{secret}')")
    add("password-plain-word", secret := "swordfish" + "lemon", f"MYSQL_PASSWORD={secret}")
    add("password-option", secret := "hunter" + some(4), f"train.py --db-password {secret} --epochs 3")
    add("client-secret", secret := some(32), f'"client_secret": "{secret}"')
    add("api-key-header", secret := some(32), f"X-Api-Key: {secret}")
    add("api-key-repr", secret := some(32), f"Config(api_key='{secret}', dim=3)")
    add("datadog", secret := some(32, HEX), f"DD_API_KEY: {secret}")
    add("django", secret := some(50, ALNUM + "!@#%^*-_"), f"SECRET_KEY = '{secret}'")
    add(
        "heroku",
        secret := f"{some(8, HEX)}-{some(4, HEX)}-4{some(3, HEX)}-a{some(3, HEX)}-{some(12, HEX)}",
        f"HEROKU_API_KEY={secret}",
    )
    add("cloudflare", secret := some(40, WORD), f"CLOUDFLARE_API_TOKEN={secret}")
    add(
        "neptune",
        secret := base64.b64encode(
            f'{{"api_address":"https://x.test","api_key":"{some(36)}"}}'.encode()
        ).decode(),
        f"NEPTUNE_API_TOKEN={secret}",
    )
    add("kaggle-json", secret := some(32, HEX), f'{{"username":"me","api_key":"{secret}"}}')
    add(
        "azure-storage",
        secret := some(86, BASE64) + "==",
        f"DefaultEndpointsProtocol=https;AccountName=me;AccountKey={secret};EndpointSuffix=x",
    )
    add(
        "azure-sas",
        secret := some(43) + "%3D",
        f"https://me.blob.core.windows.net/c/f?sv=2022-11-02&sr=c&sig={secret}&se=2030",
    )
    add(
        "s3-presigned",
        secret := some(64, HEX),
        f"https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature={secret}",
    )
    add("query-token", secret := some(32), f"GET /v1/models?token={secret}&page=2 HTTP/1.1")
    add("url-password", secret := "p4ss" + some(6), f"cloning https://me:{secret}@git.example.test/x.git")
    add("url-token", secret := some(40, HEX), f"origin\thttps://{secret}@git.example.test/x.git (fetch)")
    add("postgres-dsn", secret := "pg" + some(8), f"DATABASE_URL=postgresql://me:{secret}@db:5432/train")
    add("mongo-dsn", secret := "mg" + some(8), f"mongodb+srv://me:{secret}@c0.example.test/x")
    add("redis-dsn", secret := "rd" + some(8), f"redis://:{secret}@cache:6379/0")
    add("odbc", secret := "Od8c" + some(6), f"Server=db;Uid=me;Pwd={secret};Encrypt=yes")
    add("bearer", secret := some(40), f"Authorization: Bearer {secret}")
    add(
        "basic",
        secret := base64.b64encode(f"me:{some(12)}".encode()).decode(),
        f"> Authorization: Basic {secret}",
    )
    add("basic-alone", secret := base64.b64encode(f"me:{some(12)}".encode()).decode(), f"sent Basic {secret}")
    add("cookie", secret := some(32), f"Cookie: theme=dark; sessionid={secret}; lang=en")
    add("set-cookie", secret := some(32), f"< Set-Cookie: session={secret}; HttpOnly")
    add("netrc", secret := some(40, HEX), f"machine api.wandb.ai\n  login user\n  password {secret}\n")
    add("netrc-line", secret := "nt" + some(8), f"machine git.example.test login me password {secret}")
    add("npmrc", secret := some(36), f"//registry.example.test/:_authToken={secret}")
    add(
        "docker-config",
        secret := base64.b64encode(f"me:{some(16)}7x".encode()).decode(),
        f'{{"auths": {{"r.io": {{"auth": "{secret}"}}}}}}',
    )
    add("kubeconfig", secret := some(600, BASE64) + "==", f"    client-key-data: {secret}")
    add("kube-env", secret := "kb" + some(8), f'{{"name": "DB_PASSWORD", "value": "{secret}"}}')
    add("sshpass", secret := "sp" + some(8), f"sshpass -p {secret} ssh me@host")
    add("mysql", secret := "my" + some(8), f"mysqldump -u me -p{secret} train > dump.sql")
    add("curl", secret := "cu" + some(8), f"curl -s -u me:{secret} https://api.example.test/")
    add("docker-login", secret := "dl" + some(8), f"docker login r.io -u me -p {secret}")
    add("stdin", secret := "ec" + some(8), f"echo {secret} | docker login -u me --password-stdin")
    add("sql", secret := "sq" + some(8), f"CREATE USER me IDENTIFIED BY '{secret}';")
    add("xml", secret := "xm" + some(8), f"<server><password>{secret}</password></server>")
    add("jupyter", secret := some(48, HEX), f"http://localhost:8888/lab?token={secret}")

    # --- blocks
    for kind in ("RSA ", "", "OPENSSH ", "EC "):
        lines = [some(64, BASE64) for _ in range(6)] + [some(22, BASE64) + "=="]
        text = "\n".join(
            [f"-----BEGIN {kind}PRIV" + "ATE KEY-----", *lines, f"-----END {kind}PRIV" + "ATE KEY-----", ""]
        )
        add(f"pem-{kind.strip().lower() or 'pkcs8'}", lines[3], text)
        made[-1] = (made[-1][0], lines[3], text)
    lines = [some(64, BASE64) for _ in range(4)]
    body = "\n".join(lines)
    add(
        "pgp",
        lines[1],
        "-----BEGIN PGP PRIV"
        f"ATE KEY BLOCK-----\nVersion: 1\n\n{body}\n=aB3d\n-----END PGP PRIV"
        "ATE KEY BLOCK-----\n",
    )
    one_line = "\\n".join(["-----BEGIN PRIV" + "ATE KEY-----", *lines, "-----END PRIV" + "ATE KEY-----"])
    add(
        "service-account",
        lines[2],
        f'{{"type": "service_account", "private_key": "{one_line}\\n", "client_email": "x@y.test"}}',
    )
    return made
