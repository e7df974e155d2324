"""The known forms: secrets that say what they are by how they begin.

A form is an anchor (`ghp_`), the characters that may follow and how many of them. A text is first asked for the anchors
among its long words, which costs little; a pattern runs only where an anchor stands at the start of a word.

Always true: no form crosses a line; the work at one anchor is bounded (`_MAX_TAIL`), but for a form that was recognised,
which is taken to its end.
Not here: values that only their name gives away (`scrub.assigned`), blocks of several lines (`scrub.blocks`).
"""

from __future__ import annotations

import re
from functools import lru_cache

from gnomon.scrub.looks import is_drawn
from gnomon.scrub.spans import Span

_MAX_TAIL = 256
_MIN_WORD = 20  # no form is shorter

_ALNUM = "A-Za-z0-9"
_WORD = r"A-Za-z0-9_\-"
_DOTTED = r"A-Za-z0-9_.\-"
_BASE64 = r"A-Za-z0-9+/=_\-"
_UPPER = "A-Z0-9"
_HEX = "0-9a-f"
_SEGMENTS = r"A-Za-z0-9_./@\-"
_TWO_SEGMENTS = r"A-Za-z0-9_/@:\-"


# Anchors that ordinary names begin with too: their tails must look drawn by chance.
_COMMON = frozenset(
    "sk- key- secret_ rnd_ fw_ cio EAA SK hf_ npm_ api_org_ fo1_ fm2_ glc_ SG. pul- pypi- tfp_ gsk_ r8_".split()
)


class Form:
    """A kind of secret that begins with `anchor`, followed by `least` or more of `characters`."""

    __slots__ = ("anchor", "any_look", "characters", "is_plain", "kind", "least", "most", "usual")

    def __init__(
        self,
        anchor: str,
        kind: str,
        characters: str,
        least: int,
        most: int = 1 << 30,
        any_look: bool = False,
        usual: int = 0,
    ) -> None:
        self.anchor, self.kind, self.characters = anchor, kind, characters
        self.least, self.most = least, most
        self.any_look = any_look  # its tail may look like anything
        self.usual = usual  # a tail of just so many characters need hardly look drawn by chance
        # It may stand right behind other letters, since its anchor is no part of a word, nor of base64.
        self.is_plain = len(anchor) >= 4 and ("_" in anchor or "-" in anchor) and anchor not in _COMMON


_FORMS = [
    *[Form(start, "aws-access-key", _UPPER, 16, 16, True) for start in ("AKIA", "ASIA", "ABIA", "ACCA")],
    *[Form(f"gh{kind}_", "github-token", _ALNUM, 30, 255) for kind in "pousr"],
    Form("github_pat_", "github-token", r"A-Za-z0-9_", 22),
    *[
        Form(f"gl{kind}-", "gitlab-token", _DOTTED, 18)
        for kind in ("pat", "dt", "rt", "cbt", "ptt", "ft", "imt", "agent", "soat", "oas", "ffct")
    ],
    *[
        Form(f"xox{kind}", "slack-token", _WORD, 16)
        for kind in ("a-", "b-", "c-", "d-", "e-", "e.", "o-", "p-", "r-", "s-")
    ],
    Form("xapp-", "slack-token", _WORD, 16),
    Form("hooks.slack.com/services/", "slack-webhook", _TWO_SEGMENTS, 20, any_look=True),
    Form("hooks.slack.com/workflows/", "slack-webhook", _TWO_SEGMENTS, 20, any_look=True),
    Form("discord.com/api/webhooks/", "discord-webhook", _TWO_SEGMENTS, 30, any_look=True),
    Form("discordapp.com/api/webhooks/", "discord-webhook", _TWO_SEGMENTS, 30, any_look=True),
    Form("webhook.office.com/webhookb2/", "teams-webhook", _TWO_SEGMENTS, 30, any_look=True),
    Form("sk-ant-", "anthropic-key", _WORD, 20),
    Form("sk-proj-", "openai-key", _WORD, 20),
    Form("sk-or-", "openrouter-key", _WORD, 20),
    Form("sk-", "openai-key", _WORD, 20),
    Form("hf_", "huggingface-token", _ALNUM, 30, usual=34),
    Form("api_org_", "huggingface-token", _ALNUM, 30, usual=34),
    Form("AIza", "google-api-key", _WORD, 35),
    Form("ya29.", "google-oauth-token", _DOTTED, 20),
    Form("GOCSPX-", "google-client-secret", _WORD, 20, any_look=True),
    Form("1//0", "google-refresh-token", _WORD, 30),
    *[
        Form(f"{kind}_{mode}_", "stripe-key", _ALNUM, 16)
        for kind in ("sk", "rk")
        for mode in ("live", "test", "prod")
    ],
    Form("whsec_", "stripe-webhook-secret", _BASE64, 24),
    Form("SK", "twilio-key", _HEX, 32, 32),
    Form("SG.", "sendgrid-key", _DOTTED, 40),
    Form("key-", "mailgun-key", _HEX, 32, 32),
    Form("npm_", "npm-token", _ALNUM, 36),
    Form("pypi-", "pypi-token", _WORD, 50),
    Form("dckr_pat_", "docker-token", _WORD, 20),
    Form("dckr_oat_", "docker-token", _WORD, 20),
    Form("dapi", "databricks-token", r"0-9a-f\-", 32, 36),
    Form("dose", "databricks-token", _HEX, 32, 32),
    *[Form(f"shp{kind}_", "shopify-token", "A-Fa-f0-9", 32) for kind in ("at", "ca", "pa", "ss")],
    *[Form(f"hv{kind}.", "vault-token", _WORD, 20) for kind in "sbr"],
    *[Form(f"{kind}_v1_", "digitalocean-token", _HEX, 64) for kind in ("dop", "doo", "dor")],
    Form("lin_api_", "linear-key", _ALNUM, 32),
    Form("ntn_", "notion-token", _ALNUM, 40),
    Form("secret_", "notion-token", _ALNUM, 40),
    Form("figd_", "figma-token", _WORD, 30),
    Form("PMAK-", "postman-key", r"0-9a-f\-", 50),
    Form("rubygems_", "rubygems-key", _HEX, 40),
    Form("glsa_", "grafana-token", r"A-Za-z0-9_", 32),
    Form("glc_", "grafana-token", _BASE64, 32),
    Form("NRAK-", "newrelic-key", _UPPER, 27),
    Form("pscale_", "planetscale-token", _DOTTED, 32),
    Form("r8_", "replicate-token", _ALNUM, 30),
    Form("gsk_", "groq-key", _ALNUM, 40),
    Form("pplx-", "perplexity-key", _ALNUM, 40),
    Form("xai-", "xai-key", _ALNUM, 40),
    Form("nvapi-", "nvidia-key", _WORD, 40),
    Form("tgp_v1_", "together-key", _WORD, 30),
    Form("fw_", "fireworks-key", _ALNUM, 20),
    Form("wandb_v1_", "wandb-key", r"A-Za-z0-9_", 30),
    Form("pcsk_", "pinecone-key", r"A-Za-z0-9_", 40),
    Form("lsv2_", "langsmith-key", r"A-Za-z0-9_", 40),
    Form("tvly-", "tavily-key", _WORD, 20),
    Form("KGAT_", "kaggle-token", _ALNUM, 30),
    Form("sntrys_", "sentry-token", _BASE64, 40),
    Form("sntryu_", "sentry-token", _HEX, 64),
    Form("ATATT3", "atlassian-token", _BASE64, 60),
    Form("ATBB", "bitbucket-token", _ALNUM, 28),
    Form("ops_eyJ", "1password-token", _BASE64, 100),
    *[
        Form(f"dp.{kind}.", "doppler-token", _DOTTED, 40)
        for kind in ("pt", "st", "ct", "sa", "scim", "audit")
    ],
    Form("fm2_", "fly-token", _BASE64, 60),
    Form("fo1_", "fly-token", _WORD, 40),
    *[Form(f"sq0{kind}-", "square-token", _WORD, 22) for kind in ("atp", "csp", "idp")],
    Form("EAA", "facebook-token", _ALNUM, 80),
    Form("tskey-", "tailscale-key", _WORD, 20),
    Form("pul-", "pulumi-token", _HEX, 40, 40),
    Form("sbp_", "supabase-token", _HEX, 40),
    Form("sb_secret_", "supabase-token", _WORD, 20),
    Form("xkeysib-", "brevo-key", _WORD, 60),
    Form("tfp_", "typeform-token", _WORD, 40),
    Form("CFPAT-", "contentful-token", _WORD, 40),
    Form("LTAI", "alibaba-key", _ALNUM, 16, 26),
    Form("AQVN", "yandex-key", _WORD, 35),
    Form("pnu_", "prefect-key", _ALNUM, 30),
    Form("pnb_", "prefect-key", _ALNUM, 30),
    Form("nfp_", "netlify-token", _ALNUM, 30),
    Form("rnd_", "render-key", _ALNUM, 28),
    Form("squ_", "sonar-token", _HEX, 40),
    Form("sqp_", "sonar-token", _HEX, 40),
    Form("AKCp", "artifactory-token", _ALNUM, 60),
    Form("bkua_", "buildkite-token", _HEX, 40),
    Form("AGE-SECRET-KEY-1", "age-key", _UPPER, 50),
    Form("cio", "crates-token", _ALNUM, 32, 32),
    Form("eyJ", "jwt", _DOTTED + "=", 60),
]
# Forms whose anchor stands inside: kind, pattern, and how far before the anchor it may begin.
_INNER: dict[str, tuple[str, str, tuple[int, ...]]] = {
    ":AA": (
        "telegram-token",
        r"(?<![A-Za-z0-9])(?:bot)?[0-9]{8,10}:AA[A-Za-z0-9_\-]{32,34}(?![A-Za-z0-9_\-])",
        (13, 12, 11, 10, 9, 8),
    ),
    "-us": ("mailchimp-key", r"(?<![A-Za-z0-9])[0-9a-f]{32}-us[0-9]{1,2}(?![A-Za-z0-9])", (32,)),
    "Q~": (
        "azure-client-secret",
        r"(?<![A-Za-z0-9_~.\-])[A-Za-z0-9_~.\-]{3}[0-9]Q~[A-Za-z0-9_~.\-]{31,34}",
        (4,),
    ),
    ".atlasv1.": (
        "terraform-token",
        r"(?<![A-Za-z0-9])[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=\-]{60,}",
        (14,),
    ),
}
# Forms told by a pattern as a whole: a guard, the kind, the pattern, and whether it must look drawn by chance as well.
# What stands before must not belong to the same word.
_BEHIND = r"(?![A-Za-z0-9_\-])"
_MIN_WHOLE = 25  # none of them is shorter
_WHOLE = (
    ("HRKU-", "heroku-key", r"HRKU-AA[A-Za-z0-9_\-]{50,}", False),
    ("CCIPAT_", "circleci-token", r"CCI(?:PAT|PRJ)_[A-Za-z0-9]{16,40}_[0-9a-f]{40}", False),
    ("CCIPRJ_", "circleci-token", r"CCI(?:PAT|PRJ)_[A-Za-z0-9]{16,40}_[0-9a-f]{40}", False),
    ("dt0", "dynatrace-token", r"dt0[a-z][0-9]{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}", False),
    ("pat", "airtable-token", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}(?![A-Za-z0-9])", False),
    ("phx_", "posthog-key", rf"phx_[A-Za-z0-9_]{{32,64}}{_BEHIND}", True),
    ("phc_", "posthog-key", rf"phc_[A-Za-z0-9_]{{32,64}}{_BEHIND}", True),
    ("sl.", "dropbox-token", r"sl\.(?:u\.)?[A-Za-z0-9_\-]{60,}", True),
    ("sk_", "elevenlabs-key", rf"sk_[0-9a-f]{{48}}{_BEHIND}", False),
    ("csk-", "cerebras-key", rf"csk-[a-z0-9]{{40,64}}{_BEHIND}", True),
    ("jina_", "jina-key", r"jina_[0-9a-f]{32}[A-Za-z0-9_\-]{20,64}", False),
    ("rpa_", "runpod-key", rf"rpa_[A-Za-z0-9]{{40,64}}{_BEHIND}", True),
    ("re_", "resend-key", rf"re_[A-Za-z0-9]{{8}}_[A-Za-z0-9]{{20,32}}{_BEHIND}", True),
    ("fc-", "firecrawl-key", rf"fc-[0-9a-f]{{32}}{_BEHIND}", False),
    ("EAAA", "square-token", r"EAAA[A-Za-z0-9_\-]{60}(?![A-Za-z0-9_=\-])", True),
    ("sk.eyJ", "mapbox-token", r"sk\.eyJ[A-Za-z0-9_\-]{20,}\.[A-Za-z0-9_\-]{20,}", False),
    ("APA91b", "fcm-token", r"APA91b[A-Za-z0-9_\-]{100,}", False),
    ("unkey_", "unkey-key", rf"unkey_[A-Za-z0-9]{{16,64}}{_BEHIND}", True),
    ("pa-", "voyage-key", rf"pa-[A-Za-z0-9_\-]{{43}}{_BEHIND}", True),
    ("ak-", "modal-token", rf"ak-[A-Za-z0-9]{{22}}{_BEHIND}", True),
    ("as-", "modal-token", rf"as-[A-Za-z0-9]{{22}}{_BEHIND}", True),
)
_ANCHORS = [*dict.fromkeys(form.anchor for form in _FORMS), *_INNER]


@lru_cache(maxsize=64)
def _run_of(characters: str) -> re.Pattern[str]:
    return re.compile(f"[{characters}]*+")


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def find_forms(text: str, vocabulary: str) -> list[Span]:
    """Return every secret of a known form in `text`; `vocabulary` holds each of its words at least once, one a line."""
    long_list = [word for word in vocabulary.split("\n") if len(word) >= _MIN_WORD]
    if not long_list:
        return []
    long_words = "\n".join(long_list)
    present = {anchor for anchor in _ANCHORS if anchor in long_words}
    found: dict[int, Span] = {}  # by start: of `sk-ant-` and `sk-` the first in the table counts
    for form in _FORMS:
        if form.anchor in present:
            for span in _of_form(text, form):
                found.setdefault(span.start, span)
    for anchor in present.intersection(_INNER):
        for span in _of_inner(text, anchor):
            found.setdefault(span.start, span)
    longer = "\n".join([word for word in long_list if len(word) >= _MIN_WHOLE])
    if longer:
        for guard, kind, pattern, must_look in _WHOLE:
            if guard in longer and _compiled(pattern).search(longer) is not None:
                for hit in _compiled(pattern).finditer(text):
                    if _is_alone(text, hit.start()) and (not must_look or _is_all_mixed(hit[0])):
                        start = _with_device(text, hit.start()) if guard == "APA91b" else hit.start()
                        found.setdefault(start, Span(start, hit.end(), kind, "", start))
    return list(found.values())


def _is_alone(text: str, at: int) -> bool:
    return _starts_word(text, at) and not (at and text[at - 1] in "_-.+" and text[at - 2 : at - 1].isalnum())


def _is_all_mixed(secret: str) -> bool:
    """Return whether small and capital letters and digits are in it, or many digits where letters are of one kind."""
    tail = secret[3:]
    digits = sum(map(str.isdigit, tail))
    is_of_both_cases = any(map(str.islower, tail)) and any(map(str.isupper, tail))
    return len(set(tail)) >= 10 and digits >= (1 if is_of_both_cases else 4) and digits < len(tail) - 4


def _with_device(text: str, start: int) -> int:
    """Return where the device stands that a token for messages begins with: `DEVICE:APA91b…`."""
    if text[start - 1 : start] != ":":
        return start
    first = start - 1
    while first > max(0, start - 64) and (text[first - 1].isalnum() or text[first - 1] in "_-"):
        first -= 1
    return first


def _of_form(text: str, form: Form) -> list[Span]:
    found: list[Span] = []
    size = len(form.anchor)
    at = text.find(form.anchor)
    while at >= 0:
        span = _form_at(text, form, at) if form.is_plain or _starts_word(text, at) else None
        if span is None:
            end = at + size
        else:
            found += _with_company(text, span)
            end = span.end
        at = text.find(form.anchor, end)
    return found


def _form_at(text: str, form: Form, at: int) -> Span | None:
    start = at + len(form.anchor)
    run = _run_of(form.characters)
    seen = run.match(text, start, start + _MAX_TAIL)
    end = seen.end() if seen is not None else start
    if end - start < form.least or not _fits(form, text[start:end]):
        return None
    if form.most < _MAX_TAIL and (end - start > form.most or _goes_on(text, end)):
        return None
    if end - start == _MAX_TAIL:
        whole = run.match(text, start)
        end = whole.end() if whole is not None else end
    return Span(at, end, form.kind, "", at)


def _starts_word(text: str, at: int) -> bool:
    """Return whether no letter or digit stands before: but a `\\n` written out, or a percent-escape, may."""
    before = text[at - 1] if at else " "
    if not (before.isascii() and before.isalnum()):
        return True
    return (at > 1 and text[at - 2] == "\\") or (at > 2 and text[at - 3] == "%")


def _goes_on(text: str, end: int) -> bool:
    return end < len(text) and text[end].isascii() and text[end].isalnum()


def _fits(form: Form, tail: str) -> bool:
    if form.anchor == "eyJ":
        # The second part is JSON in base64 too; a lone part is a secret only where it says so: `{"api_…`.
        return ".eyJ" in tail or tail.count(".") >= 2 or tail.startswith("hcGlf")
    if form.any_look:
        return True
    if len(tail) == form.usual and not (tail.islower() or tail.isupper() or tail.isdigit()):
        return True
    if form.anchor in _COMMON:
        return is_drawn(tail) or (form.characters == _HEX and len(set(tail)) > 6)
    return len(set(tail)) >= 8 and not (tail.islower() and tail.replace("-", "").isalpha())


def _with_company(text: str, span: Span) -> list[Span]:
    """Return the span, and the AWS secret key where it stands right behind its access key id, as in a CSV of keys."""
    if span.kind != "aws-access-key":
        return [span]
    after = _compiled(
        r"""[ \t"',:;|]{1,8}(?:[A-Za-z_]{1,40}["' ]{0,3}[:=]["' ]{0,3})?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])"""
    ).match(text, span.end)
    if after is None:
        return [span]
    return [span, Span(after.start(1), after.end(1), "aws-secret-key", "", span.since)]


def _of_inner(text: str, anchor: str) -> list[Span]:
    kind, pattern, backs = _INNER[anchor]
    found: list[Span] = []
    at = text.find(anchor)
    while at >= 0:
        for back in backs:
            hit = _compiled(pattern).match(text, at - back) if at >= back else None
            if hit is not None:
                found.append(Span(hit.start(), hit.end(), kind, "", hit.start()))
                break
        at = text.find(anchor, at + len(anchor))
    return found
