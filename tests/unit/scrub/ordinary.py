"""Names, values and texts of everyday machine learning in which there is no secret.

`PAIRS` are (name, value) as parameters or assignments, `TEXTS` are lines and pieces of text. None of them may change.
"""

from __future__ import annotations

import base64
import hashlib
import random
import uuid

_draw = random.Random(20)


def _digest(count: int) -> str:
    return hashlib.sha512(_draw.randbytes(8)).hexdigest()[:count]


_SPECIAL = [
    (f"{part}_token", value)
    for part, value in {
        "pad": "<pad>",
        "cls": "[CLS]",
        "sep": "[SEP]",
        "mask": "[MASK]",
        "unk": "<unk>",
        "bos": "<s>",
        "eos": "</s>",
        "eot": "<|endoftext|>",
        "image": "<image>",
        "audio": "<|audio|>",
        "start": "<|im_start|>",
        "end": "<|im_end|>",
        "stop": "<|eot_id|>",
        "think": "<think>",
        "class": "learned",
        "special": "<extra_id_0>",
        "next": "Ġthe",
        "last": "▁Paris",
        "first": "Hello",
        "word": "##ing",
        "sot": "<|startoftranscript|>",
        "video": "<|video_pad|>",
        "query": "learned",
        "system": "<|system|>",
        "assistant": "<|assistant|>",
    }.items()
]
_COUNTS = [
    (name, value)
    for name in (
        "num_tokens max_tokens min_tokens n_tokens total_tokens max_new_tokens tokens_per_second tokens_seen num_keys "
        "key_dim num_key_value_heads d_key head_dim_key tokens_per_batch tokenizer_batch_size per_token_loss token_accuracy "
        "token_count token_budget pad_token_id eos_token_id bos_token_id cls_token_id image_token_index vocab_size "
        "max_token_length token_type_vocab_size prompt_tokens completion_tokens cached_tokens num_special_tokens passes "
        "n_passes forward_passes num_secret_santas max_key_length key_padding password_length min_password_length "
        "token_dropout key_size cookie_count author_count authors num_passes monkey turkey donkey keyboard_layouts"
    ).split()
    for value in (3, "128", 0.5, True, None)
]
_NAMES = [
    ("tokenizer", "bert-base-uncased"),
    ("tokenizer", "meta-llama/Llama-3.2-1B"),
    ("tokenizer_name", "gpt2"),
    ("tokenizer_class", "PreTrainedTokenizerFast"),
    ("tokenizer_path", "/data/tokenizers/sp_32k_v2.model"),
    ("tokenizer_file", "artifacts/tokenizer-20240311.json"),
    ("tokenizer_revision", _digest(40)),
    ("tokenization", "byte_pair_encoding"),
    ("use_cls_token", "True"),
    ("add_bos_token", "false"),
    ("use_auth_token", "False"),
    ("use_auth_token", "None"),
    ("token_pooling", "mean"),
    ("token_type", "Bearer"),
    ("token_type_ids", "0 0 1 1"),
    ("token_url", "https://login.example.test/oauth/token"),
    ("token_file", "/var/run/token"),
    ("token", "hello"),
    ("token", "Ġworld"),
    ("token", "▁the"),
    ("token", "<pad>"),
    ("tokens", "the quick brown fox"),
    ("token_merging", "tome"),
    ("key", "train/loss"),
    ("key", "val/accuracy_top5"),
    ("key", "input_ids"),
    ("key", "model.layers.0.self_attn.k_proj.weight"),
    ("key", _digest(64)),
    ("key", "a"),
    ("keys", "image,label"),
    ("cache_key", _digest(64)),
    ("cache_key", "imagenet-224-train-v3"),
    ("sort_key", "created_at"),
    ("primary_key", "id"),
    ("foreign_key", "run_id"),
    ("public_key", "ssh-ed25519 " + base64.b64encode(_draw.randbytes(51)).decode() + " me@host"),
    ("ssh_public_key", "ssh-rsa " + base64.b64encode(_draw.randbytes(279)).decode() + " me@host"),
    ("image_key", "jpg"),
    ("label_key", "cls"),
    ("rng_key", "0 42"),
    ("prng_key", "threefry2x32"),
    ("config_key", "optimizer.lr"),
    ("group_key", "seed"),
    ("private_key_path", "/home/me/.ssh/id_ed25519"),
    ("private_key_file", "~/.ssh/id_rsa"),
    ("key_file", "keys/eval.txt"),
    ("key_mapping", "old->new"),
    ("key_frames", "0,12,24"),
    ("keyword", "transformers"),
    ("keywords", "vision, language"),
    ("keyboard", "us"),
    ("key_bias", "zeros"),
    ("kv_cache_dtype", "fp8_e4m3"),
    ("password_file", "/run/secrets/db"),
    ("password_prompt", "Enter it here"),
    ("password_policy", "strict"),
    ("secret_name", "training-credentials"),
    ("secret_arn", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:train-AbCdEf"),
    ("secrets_path", "/run/secrets"),
    ("author", "Ada Lovelace"),
    ("authors", "Vaswani et al."),
    ("author_email", "ada@example.test"),
    ("authority", "https://login.example.test"),
    ("auth", "none"),
    ("auth_type", "oauth2"),
    ("auth_provider", "github"),
    ("auth_url", "https://auth.example.test/v1"),
    ("credentials_path", "/etc/gcp/train.json"),
    ("credential_helper", "store"),
    ("cookie_policy", "lax"),
    ("bypass", "yes"),
    ("compass", "north"),
    ("passenger", "Titanic"),
    ("passthrough", "identity"),
    ("lowpass", "butterworth4"),
    ("forward_pass", "fused"),
    ("backward_pass", "checkpointed"),
    ("first_pass", "greedy"),
    ("two_pass", "yes"),
    ("monkey_patch", "torch.nn"),
    ("hotkey", "ctrl+k"),
    ("turkey", "Ankara"),
    ("PWD", "/home/me/project"),
    ("OLDPWD", "/data/checkpoints/2024"),
    ("SSH_AUTH_SOCK", "/tmp/ssh-abc/agent.1234"),
    ("XAUTHORITY", "/home/me/.Xauthority"),
    ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/1000/bus"),
    ("SESSION_MANAGER", "local/host:@/tmp/.ICE-unix/1234"),
    ("KEYMAP", "de"),
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ("TOKENIZERS_PARALLELISM", "false"),
    ("HF_HOME", "/data/huggingface"),
    ("WANDB_MODE", "offline"),
    ("WANDB_PROJECT", "keypoint-detection"),
    ("CUDA_VISIBLE_DEVICES", "0,1,2,3"),
    ("AWS_PROFILE", "research"),
    ("AWS_REGION", "eu-central-1"),
    ("GOOGLE_APPLICATION_CREDENTIALS", "/etc/gcp/train.json"),
    ("GIT_COMMIT", _digest(40)),
    ("sig", "sigmoid"),
    ("sigma", "0.5"),
    ("signature", "def forward(x)"),
    ("pattern", "*.parquet"),
    ("phrase", "a photo of a cat"),
    ("session_id", _digest(32)),
    ("patience", "10"),
]
_HASHES = [
    pair
    for _ in range(20)
    for pair in (
        ("commit", _digest(40)),
        ("revision", _digest(40)),
        ("sha256", _digest(64)),
        ("blake3", _digest(64)),
        ("md5", _digest(32)),
        ("run_id", _digest(20)),
        ("checksum", "sha256:" + _digest(64)),
        ("uuid", str(uuid.UUID(bytes=_draw.randbytes(16)))),
        ("weights", base64.b64encode(_draw.randbytes(48)).decode()),
        ("state", base64.b64encode(_draw.randbytes(90)).decode()),
        ("artifact", f"s3://models/resnet50/{_digest(32)}/model.safetensors"),
        ("checkpoint", f"/data/ckpt/step_{_draw.randrange(10**6)}/{_digest(12)}.pt"),
        ("wandb_run", f"https://wandb.ai/me/keypoints/runs/{_digest(8)}"),
    )
]
PAIRS: list[tuple[str, object]] = [*_SPECIAL, *_COUNTS, *_NAMES, *_HASHES]

TEXTS = [
    *"""token = tokenizer.encode(text)
tokens = tokenizer(text, return_tensors="pt")
token = tokens[i]
token = next(stream)
for token in tokens:
token: str
token: int = 0
token: Optional[str] = None
def authenticate(token): ...
def authenticate(token: str, password: str) -> bool:
def login(user, password=None, token=None):
def f(api_key: str | None = None, secret: bytes = b""): ...
password = getpass()
password = md5hex(raw)
private_key: rsa.RSAPrivateKeyWithSerialization | None
password = rows2[0]
password = getpass.getpass("Password: ")
password = input("password: ")
password = os.environ["DB_PASSWORD"]
password = os.environ.get("DB_PASSWORD")
password = os.getenv("DB_PASSWORD", "")
password = config.password
password = args.db_password
password = self.password
password = keyring.get_password("gnomon", user)
self.password = password
self._token = token
self.api_key = api_key or os.environ["OPENAI_API_KEY"]
client = OpenAI(api_key=os.environ["OPENAI_API_KEY"])
client = OpenAI(api_key=api_key)
client = connect(user=user, password=password, token=token)
headers = {"Authorization": f"Bearer {token}"}
headers = {"Authorization": "Bearer " + token}
headers["X-Api-Key"] = key
curl -H "Authorization: Bearer $TOKEN" https://api.example.test
export HF_TOKEN=$(cat ~/.hf_token)
export DB_PASSWORD=${DB_PASSWORD:-}
password: ${DB_PASSWORD}
password: {{ vault_db_password }}
api_key: <your-api-key>
api_key = "YOUR_API_KEY"
OPENAI_API_KEY=your-key-here
token: ${{ secrets.GITHUB_TOKEN }}
key=lambda x: x
runs.sort(key=lambda run: run.loss)
sorted(names, key=str.lower)
max(scores, key=scores.get)
for key, value in params.items():
key = f"{prefix}/{name}"
key, subkey = jax.random.split(key)
key = jax.random.PRNGKey(42)
rng_key = jax.random.key(0)
k = self.key(x); q = self.query(x)
self.key_proj = nn.Linear(d_model, d_key)
attn = softmax(query @ key.transpose(-2, -1) / sqrt(d_key))
key_padding_mask=key_padding_mask
"key": "value",
{"key": "train/loss", "step": 100}
monkey=3
pytest -k "monkey or token"
loss=0.3
step=100 loss=0.3142 token_acc=0.91 tokens/s=12034
epoch 3 | train/loss 0.231 | val/token_acc 0.87 | lr 3.0e-04
{"loss": 0.3, "tokens": 1048576, "step": 12}
tokens: 1,048,576 (12.3k/s)
Epoch 1: 100%|██████████| 1875/1875 [00:12<00:00, 150.21it/s, loss=0.231]
  3%|▎         | 31/1000 [00:04<02:10,  7.42it/s]
Downloading tokenizer.json: 100%|██████████| 1.36M/1.36M [00:00<00:00, 5.11MB/s]
tokenizer_config.json: 100%|##########| 48.0/48.0 [00:00<00:00, 12.3kB/s]
Special tokens have been added in the vocabulary, make sure the associated word embeddings are fine-tuned.
Setting `pad_token_id` to `eos_token_id`:50256 for open-end generation.
The attention mask and the pad token id were not set.
Token indices sequence length is longer than the specified maximum sequence length (1024 > 512).
KeyError: 'token'
KeyError: 'password'
ValueError: password must be at least 8 characters
TypeError: authenticate() missing 1 required positional argument: 'token'
raise ValueError("token is invalid")
raise AuthError("wrong password for user")
if password == "":
if token is None:
if not token:
assert token != pad_token
print("token:", token)
print(f"password: {password}")
parser.add_argument("--token", type=str, default=None, help="the token to use")
parser.add_argument("--password", help="password of the database")
parser.add_argument("--api-key", required=True)
@click.option("--password", prompt=True, hide_input=True)
usage: train.py [-h] [--token TOKEN] [--password PASSWORD] [--key KEY]
  --token TOKEN         the token of the hub
  --password PASSWORD   the password of the user
Please enter your password:
Password:
password for me@host:
Enter passphrase for key '/home/me/.ssh/id_ed25519':
huggingface-cli login
huggingface-cli login --token $HF_TOKEN
wandb: Currently logged in as: ada. Use `wandb login --relogin` to force relogin
wandb: Run data is saved locally in /data/wandb/run-20240311_101530-3k2j1h4g
wandb: You can find your API key in your browser here: https://wandb.ai/authorize
wandb: Paste an API key from your profile and hit enter, or press ctrl+c to quit:
git clone https://github.com/huggingface/tokenizers.git
git clone git@github.com:me/train.git
git remote add origin ssh://git@example.test/me/train.git
https://huggingface.co/datasets/mozilla/common_voice/resolve/main/data/train-00000-of-00042.parquet
https://user@example.test/path
https://example.test/@user/notebook
https://example.test:8080/path@2x.png
http://localhost:6006/?tag=loss&run=baseline
https://example.test/search?key=loss&page=2
https://example.test/d?token=abc&x=1
https://zenodo.org/records/1234567/files/data.zip?download=1
s3://bucket/datasets/imagenet/train-{0000..1281}.tar
gs://bucket/tokenized/c4/en/3.0.1/
postgresql://localhost:5432/train
postgresql://me@localhost/train
postgresql://user:${DB_PASSWORD}@localhost/train
sqlite:////tmp/optuna.db
redis://localhost:6379/0
import secrets
secret = secrets.token_hex(16)
secret_santa = draw(names)
from transformers import AutoTokenizer, AutoModelForTokenClassification
from torch.nn.utils.rnn import pad_sequence  # pad_token first
class TokenClassifier(nn.Module):
class PasswordField(forms.CharField):
x = torch.cat([self.cls_token.expand(b, -1, -1), x], dim=1)
self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
tokenizer.pad_token = tokenizer.eos_token
tokenizer.add_special_tokens({"pad_token": "[PAD]"})
PAD_TOKEN = "<pad>"
EOS_TOKEN = "</s>"
IMAGE_TOKEN = "<image>"
SECRET_NAMES = ("password", "token", "api_key")
fields = ["user", "password", "email"]
names = {"password", "secret", "token"}
{"type": "object", "properties": {"password": {"type": "string"}, "token": {"type": "string"}}}
<input type="password" name="password" id="password">
<label for="password">Password</label>
model.safetensors: 3f786850e387550fdab836ed7e6dc881de23001b
commit 3f786850e387550fdab836ed7e6dc881de23001b
index 83db48f..bf2a1c3 100644
+    token = tokenizer.encode(text)
-    password = getpass()
+        api_key=os.environ["API_KEY"],
@@ -12,7 +12,7 @@ def authenticate(token):
diff --git a/src/tokenizer.py b/src/tokenizer.py
diff --git a/keys.py b/keys.py
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJmQ0m8Yb0mHn2t1o5v6w7x8y9zAbCdEfGhIjKlMnOpQ me@host
-----BEGIN CERTIFICATE-----
-----BEGIN PUBLIC KEY-----
if line.startswith("-----BEGIN"):
python train.py --tokenizer gpt2 --max-tokens 1024 --pad-token "<pad>" --key-dim 64
python train.py tokenizer=llama key_dim=64 +data.image_key=jpg
torchrun --nproc_per_node=4 train.py --use-cls-token --no-auth
docker run -p 8080:80 -v /data:/data image:tag
ssh -p 2222 host
mysql -u root -p
curl -u user https://example.test
pip install tokenizers==0.19.1 keyring==25.2.1 passlib==1.7.4 secretstorage==3.3.3
keyring==25.2.1
sk-learn is not scikit-learn
scikit-learn==1.5.0 task-specific-pretraining-v2-large-20240101
risk-adjusted-return-model-2024-q3-final-v12
hf_hub_download(repo_id="gpt2", filename="config.json")
hf_model_name_or_path = "meta-llama/Llama-3.2-1B-Instruct"
npm_config_cache=/data/npm
key-value-store-benchmark-results-2024
SG.mean() and SK.fit(x)
AKIA is a prefix
eyJ is base64 of {"
cookie: yes
cookies = session.cookies.get_dict()
session = requests.Session()
auth = HTTPBasicAuth(user, password)
auth=(user, password)
auth: disabled
credentials = service_account.Credentials.from_service_account_file(path)
credentials=None
creds, project = google.auth.default()
basic training of networks
Basic understanding of attention is assumed
bearer of good news
Authorization is required
authorization: none
authorize_url = "https://example.test/authorize"
The secret: more data.
The key is to lower the learning rate.
The key idea: attention is all you need
A token is a piece of a word.
Passing tokens: 12 of 13
passed=12 failed=0
pass
bypass=True
compass: north
2024-03-11 10:15:30,123 INFO trainer: saved checkpoint to /data/ckpt/step_1000
Traceback (most recent call last):
  File "/data/train.py", line 12, in authenticate
    raise KeyError(key)
tensor([[ 101, 7592, 2088,  102]])
array([0.1, 0.2, 0.3], dtype=float32)
Namespace(tokenizer='gpt2', max_tokens=128, password=None, token=None, key='loss')
Config(d_key=64, n_token=128, api_key=None, use_auth=False)
TokenizerFast(name_or_path='gpt2', special_tokens={'bos_token': '<|endoftext|>'})
{'input_ids': [101, 102], 'token_type_ids': [0, 0], 'special_tokens_mask': [1, 1]}
{"id": 262, "token": "Ġthe", "logprob": -0.12}
{"name": "DB_HOST", "value": "db.example.test"}
{"usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}}
[tool.tokenizer]
key = value
author = Ada
[credential]
    helper = store
requires-python = ">=3.11"
sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==
NCCL_SOCKET_IFNAME=eth0 TOKENIZERS_PARALLELISM=false python train.py
nvidia-smi --query-gpu=uuid --format=csv
GPU-3f2a1b4c-5d6e-7f80-9a1b-2c3d4e5f6071
00:1B.0 PCI bridge
x @ y.T  # matmul
user@example.test
me@gpu-node-17:~/project$
~/project$ ls -la keys/
=> exporting layers  sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
Step 3/7 : ENV TOKENIZERS_PARALLELISM false
password reset for user ada
the password of the database is read from the vault
token expired; refresh it
tokens_per_s: 12345.678
n_keys: 8
secret: false
secrets: []
no_secret=1
auth_required: true
is_token: 1""".split("\n"),
    "def f(token):\n    return tokenizer.decode(token)\n",
    "\x1b[32mINFO\x1b[0m tokens=\x1b[1m128\x1b[0m key=\x1b[33mloss\x1b[0m",
    "\r  1%|          | 1/100 [00:00<00:09]\r  2%|▏         | 2/100 [00:00<00:09]",
]
TEXTS += [f"{name}={value}" for name, value in PAIRS[:25]]
TEXTS += [f'    "{name}": "{value}",' for name, value in [*_NAMES, *_HASHES]]
TEXTS += [f"{name}: {value}" for name, value in [*_NAMES, *_HASHES]]
