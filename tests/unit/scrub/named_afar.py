"""Secrets that are named on their line, but not right before them; and lines like these in which there is none.

`AFAR` are (text with `{}` for the secret, what kind of secret goes there). The secrets are put together at run time.
"""

from __future__ import annotations

PEOPLES, MACHINES = "peoples", "machines"
# Values that say nothing by their form.
SECRETS = {
    PEOPLES: ("plum-Tango" + "-4471x", "Tr0ub4dor" + "3xK9q", "hunter2" + "-prod-99"),
    MACHINES: (
        "q7Zk2Lw9" + "Xv4Bn8Tc1Rm5Yp3D",
        "tok_a81b22c9" + "d4e7",
        "9f8e7d6c5b4a" + "39281706f5e4d3c2b1a0",
    ),
}
AFAR = [
    *[(text, PEOPLES) for text in r"""
p.add_argument("--db-password", type=str, default="{}")
parser.add_argument("-p", "--password", default='{}', help="of the database")
@click.option("--password", default="{}", show_default=False)
password: str = Field(default="{}")
password: SecretStr = SecretStr("{}")
db_password = ("{}")
PASSWORD = os.getenv("DB_PASSWORD") or "{}"
password = os.environ.get("DB_PASSWORD", "{}")
const password = process.env.DB_PASSWORD || "{}";
const password = process.env.DB_PASSWORD ?? '{}';
password = args.password if args.password else "{}"
{{"db_passwords": ["{}"]}}
passwords: [{}, other-one-77]
passwords = ["first-one-77", "{}"]
credentials: {{user: bob, prod: {}}}
creds = {{"user": "bob", "prod": "{}"}}
CREDENTIALS = {{'staging': {{'user': 'bob', 'login': 'bob', 'secret1': '{}'}}}}
passwords: {{prod: {}}}
export PASSWORDS=({} other-one-77)
requests.get(url, auth=HTTPBasicAuth("bob", "{}"))
auth = ("bob", "{}")
SecretStr("{}")
| password | {} |
│ db_password │ {} │
password	{}
DB_PASSWORD -> {}
db_password → {}
pass={}
pass: {}
"pass": "{}"
ansible_become_pass={}
ansible_become_pass: {}
{{"value":"{}","name":"DB_PASSWORD"}}
{{"name":"DB_PASSWORD","value":"{}"}}
{{"name": "DB_PASSWORD", "type": "string", "value": "{}"}}
- {{name: DB_PASSWORD, value: {}}}
<add value="{}" key="DbPassword"/>
<property name="hibernate.password" value="{}"/>""".strip("\n").split("\n")],
    *[(text, MACHINES) for text in r"""
@click.option("--api-key", default="{}")
p.add_argument("--openai-api-key", "-k", default="{}", type=str)
API_KEY = os.getenv("OPENAI_API_KEY") or "{}"
api_key: str = Field(default="{}")
api_key: Optional[SecretStr] = Field(SecretStr("{}"), alias="key")
api_key = ("{}")
API_KEYS = ["{}"]
API_KEYS = ["short", "{}", load("x")]
api_keys: [{}, b]
{{\"api_keys\": [\"{}\"]}}
api_keys: {{openai: {}}}
aws configure set aws_secret_access_key {}
setx API_KEY {}
set -gx OPENAI_API_KEY {}
ENV HF_TOKEN {}
Step 3/7 : ENV HCLOUD_TOKEN {}
ARG NPM_TOKEN {}
| api_key | {} |
|  1 | openai_api_key |  {}  | 2024-01-01 |
│ api_key │ {} │
api_key	{}
OPENAI_API_KEY -> {}
{{"value":"{}","name":"API_KEY"}}
{{"name":"HCLOUD_TOKEN","value":"{}"}}
{{\"name\": \"HCLOUD_TOKEN\", \"value\": \"{}\"}}
<add key="HCLOUD_TOKEN" value="{}"/>
<add value='{}' key='HCLOUD_TOKEN' />
<env name="OPENAI_API_KEY" required="true" value="{}"/>""".strip("\n").split("\n")],
]  # fmt: skip
# Under these names only what looks drawn by chance may be withheld.
DRAWN_ONLY = r"""
{{"tokens": {{"hf": "{}"}}}}
{{\"tokens\": {{\"hf\": \"{}\"}}}}
tokens: {{hf: {}}}
export TOKENS=({})
TOKENS=("{}" "b")
tokens = ["{}"]
token = ("{}")
token: str = Field(default="{}")
parser.add_argument("--token", default="{}")
MY_TOKEN = os.getenv("MY_TOKEN") or "{}"
"okta_api_key": "SSWS {}"
okta_api_key = "SSWS {}"
the api_key {} was refused""".strip("\n").split("\n")
ORDINARY = r"""
parser.add_argument("--token", type=str, default="default")
parser.add_argument("--password", type=str, default="", help="password of db-2024x")
parser.add_argument("--api-key", default=os.environ.get("OPENAI_API_KEY"))
parser.add_argument("--api-key-env", default="OPENAI_API_KEY")
parser.add_argument("--pad-token", default="<|endoftext|>")
parser.add_argument("--cache-key", default="imagenet-224-train-v3")
parser.add_argument("--key", default="model.layers.0.self_attn.k_proj")
@click.option("--token", default="cls_token", show_default=True)
@click.option("--password", default=None, envvar="DB_PASSWORD_2024")
@click.option("--num-tokens", default=128)
api_key_env="OPENAI_API_KEY"
api_key_env: OPENAI_API_KEY
"api_key_env": "ANTHROPIC_API_KEY",
api_key: OPENAI_API_KEY
Client(api_key_env="OPENAI_API_KEY", n_passwords="100")
n_passwords="100"
<add key="n_passwords" value="100"/>
<add key="tokenizer" value="bert-base-uncased"/>
<option name="num_tokens" value="128000"/>
<input name="password" value=""/>
{"name": "n_tokens", "value": "1048576"}
{"value": "bert-base-uncased-2024", "name": "tokenizer"}
{"name": "cls_token", "value": "[CLS]"}
{"name": "API_KEY", "value": "${API_KEY}"}
{"name": "API_KEY_NAME", "value": "prod-2024-key1"}
num_tokens=128
tokens: ["the", "cat"]
tokens = ["the", "cat", "sat", "tokenization", "Ġworld2024"]
{"tokens": ["▁the", "▁2024", "##ing", "<0x0A>"]}
{"tokens": {"hello": 7592, "world2": 2088}}
{"tokens": {"pad": "<pad>", "image": "<image_2024_a>"}}
{"special_tokens": {"bos": "<|begin_of_text|>", "im": "<|im_end_2|>"}}
{"added_tokens": [{"id": 0, "content": "<|endoftext|>", "single_word": false}]}
tokens=[101, 7592, 2088, 102]
tokens = tokenizer(["first text of 2024", "second2text"], return_tensors="pt")
token = tokenizer.decode([101, 102]) or "<unk>"
token = ("the", "cat")
token = ("bert-base-uncased")
TOKENS=(the cat sat on 2024)
export TOKENS=($TOKENS more-tokens-2024)
api_keys: [openai, anthropic]
api_keys: []
api_keys = [OPENAI_API_KEY, ANTHROPIC_API_KEY]
api_keys = {"openai": os.environ["OPENAI_API_KEY"], "hf": os.environ["HF_TOKEN_2"]}
API_KEYS = ["OPENAI_API_KEY", "HF_TOKEN"]
API_KEY = os.getenv("OPENAI_API_KEY") or ""
API_KEY = os.getenv("OPENAI_API_KEY") or sys.exit("set OPENAI_API_KEY to run exp2024")
api_key = os.environ.get("API_KEY_2024")
api_key: str = Field(default="", description="the key of api.example2024.test")
api_key: str = Field(default=None, alias="apiKey2x")
password: SecretStr = Field(..., min_length=8)
password = read(secret_file("/run/secrets/db2024"))
password = vault.read("kv/train/db2024")["password"]
password = getpass(f"password of {user} at db2024: ")
password = hashlib.new("sha256-2024").hexdigest()
secret = client.access_secret_version(name="projects/7/secrets/db/versions/latest2")
credentials: {user: bob, host: db2024.example.test, project: research-2024x1}
credentials = {"type": "service_account", "client_id": "1029384756"}
creds = {"user": "bob2024", "profile": "research-2024-x1"}
credentials = load_credentials("research-2024x1")
auth = ("bob", getpass())
auth=("user", "password")
HTTPBasicAuth("bob", os.environ["API_KEY_2"])
HTTPBasicAuth(user, token)
SecretStr(os.environ["DB_PASSWORD_2"])
aws configure set region eu-central-1
aws configure set aws_secret_access_key $AWS_SECRET
setx TOKENIZERS_PARALLELISM false
ENV TOKENIZER_REVISION 3f786850e387550fdab836ed7e6dc881de23001b
| token | count |
| token | 0.95123 |
| password | string | required |
| api_key | str | None | the key of the API |
| key | train/loss2024 |
| tokens | 1048576 |
│ token │ the │
token	count
token	logprob
api_key	string
password	required	8 or more letters
the_token -> 12
key -> value
password -> str
token -> index2word
pass=12 fail=0
pass: 2 of 3
pass=True
pass=first
pass: epoch-12
first_pass=encoder2x
pass=step_1000
pass ``start_of_2nd_line``, to correspond to the loc value passed
isinstance(private_key, ed25519.Ed25519PrivateKey)
value = row["key2value9"]; name = "x"
Option(name="num_tokens", value="a1b2c3d4e5f6")
'args': ['--tokenizer', 'gpt2-medium', '--max-tokens', '2048']
bind_address=0.0.0.0
{"usage": {"tokens": {"prompt": 120, "completion": 30}}}
{"key": "d41d8cd9", "d": "forward", "d_model": 512}
"d": "2024-03-11",
fc-layer-2 as-is pa-2024 re_compile_all_2024_x csk-learn rpa_bots jina_embeddings_v3 phc_2024 ak-47
sk_buff_2024 sk_ff_1 path/to/pattern patience1234567.csv unkey_value EAAA sl.txt sl.py
slurm-12345678.out sl.step_batch_0123456789_of_the_run_with_a_long_name
""".strip("\n").split("\n")
