# What the scripts beside this one share: `. common.sh WORK`.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
recordings=${TRACKWEAVE_RECORDINGS:?"wanted the folder of the recordings in TRACKWEAVE_RECORDINGS"}
trackweave=${TRACKWEAVE:-trackweave}
python=${PYTHON:-python3}
policy=$root/data/policies/all-to-all
mkdir -p "$1"

# What a draft asks for: every sensor is alder's, and heights of vertical_m that nothing tells.
complete() {
    sed -i 's/^owner = "unknown".*/owner = "alder"/' "$1/recording.toml"
}

# A run whose result is birch's picture.
fuse() { # RECORDING CONFIG OUT
    "$trackweave" run "$1" --policy "$policy" --config "$2" --out "$3" --executor host --json > "$3.json"
}
