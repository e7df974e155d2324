#!/bin/sh
# What `make demo` does once its environment is there: demo.sh BIN FOLDER [options of train.py]
# Trains, then shows the runs, the best one with its curves, and that the record is whole.
set -eu

bin=$1
folder=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

# The record is FOLDER/.gnomon, also where the repository has one of its own above it.
GNOMON_DIR=$folder/.gnomon
export GNOMON_DIR

say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n$ %s\n' "$*"; }

say python examples/adult/train.py "$@"
"$bin/python" "$here/train.py" "$@"

columns="name,metrics.auc,metrics.selection_rate/Male,metrics.selection_rate/Female"
say gnomon runs --sort metrics.auc --columns "$columns"
"$bin/gnomon" runs --sort metrics.auc --columns "$columns"

# The first run that matches, its id as short as people type it.
first_run() {
    "$bin/gnomon" runs --json --limit 1 "$@" |
        "$bin/python" -c 'import json, sys; print(*(run["id"][:8] for run in json.load(sys.stdin)))'
}
best=$(first_run --sort metrics.auc)

say gnomon show "$best" --metric auc
"$bin/gnomon" show "$best" --metric auc

# A check's exit code says what came of it: 1 for fail, 3 for cannot tell. Here it is the model that is checked, not this script.
fair="fairness of income by sex, race"
say gnomon checks --of "$best"
"$bin/gnomon" checks --of "$best"
say gnomon checks show "'$fair'"
"$bin/gnomon" checks show "$fair" || true

# The same check, of a model that is made fairer: what was gained for whom, and what it cost.
say python examples/adult/fairer.py
"$bin/python" "$here/fairer.py"
say gnomon checks show "'mitigation of income by sex'" --all
"$bin/gnomon" checks show "mitigation of income by sex" --all || true
say gnomon checks compare "'$fair'"
"$bin/gnomon" checks compare "$fair" || true

# Two runs that differ in two things. Which of them made the difference? Mixtures of the two are run to find out.
for options in "--numbers raw --rate 0.02" "--numbers scaled --rate 0.05"; do
    say gnomon run -- python examples/adult/tune.py $options --seed 1
    # shellcheck disable=SC2086
    "$bin/gnomon" run -- "$bin/python" "$here/tune.py" $options --seed 1
done
say gnomon why @2 @1 -m auc --parallel 2
"$bin/gnomon" why @2 @1 -m auc --parallel 2 || true

say gnomon verify
"$bin/gnomon" verify

name=$(basename "$folder")
cat <<TXT

The record is in $name/.gnomon. To look around in it:

  cd $name && . ../$(basename "$(dirname "$bin")")/bin/activate

  gnomon ui                                             # all of it in the browser
  gnomon compare --groups test_auc                      # which model is better, and how sure that is
  gnomon get $best model.skops --to best.skops          # the best model, checked against its hash
TXT
