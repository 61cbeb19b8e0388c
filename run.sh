#!/bin/sh
# Sets up a private environment in .venv (only when something changed), then does one job in it.
# Needs Python 3.11 or newer and, the first time, a network. No administrator or system pip; a C compiler, if there
# is one with Python's headers, makes gradviz faster.
set -eu

usage() {
    cat <<'END'
usage: sh run.sh [JOB] [ARGS...]

  demo    (default) trace samples/02_linear_regression_by_hand.py: prints the table, leaves 02_linear_regression_by_hand.gradviz and .svg in this folder
  test    run the tests; ARGS go to pytest
  gpu-test
          run the ops on CuPy, against NumPy and against a PyTorch that sees the GPU, and write docs/gpu-report-DATE.md; skips, and says why, without a GPU
  bench   print the timing ratios against PyTorch and its peers; ARGS go to the benchmark
  setup   only set up .venv; ARGS are extras of pyproject.toml (test, torch, bench, cuda12, cuda13)

PYTHON=/path/to/python3 picks the Python that .venv is made from.
END
}

say() { printf 'run.sh: %s\n' "$*" >&2; }
fail() { say "$*"; exit 2; }

root=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd -P)
venv=$root/.venv
python=$venv/bin/python

# Another project's paths and a "user" install in pip's settings would leak into the environment.
unset PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX
export PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_REQUIRE_VIRTUALENV=0

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else set -- python3 python3.14 python3.13 python3.12 python3.11; fi
    for candidate in "$@"; do
        if new_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    seen=$("$1" --version 2>&1 | head -n 1) || true
    command -v "$1" >/dev/null 2>&1 || seen="no $1"
    fail "found $seen, but gradviz needs Python 3.11 or newer: install one, or name it with PYTHON=/path/to/python3"
}

# Where the environment lies and which Python runs it: scripts and links inside hold both, so neither may change.
place() { "$python" -c 'import sys; print(sys.prefix, *sys.version_info[:2])' 2>/dev/null; }

whole() { [ ! -e "$venv/unfinished" ] && new_enough "$python"; }
ours() { [ -e "$venv/place" ] && [ "$(cat "$venv/place")" = "$(place)" ]; }

# An install that was cut off leaves the mark behind, and the next run starts afresh.
logged() {
    : >"$venv/unfinished"
    status=0
    "$@" >"$venv/setup.log" 2>&1 || status=$?
    rm -f "$venv/unfinished"
    return "$status"
}

last_words() {
    # the innermost error tells the cause; pip wraps it in "Failed to build"
    { grep 'ERROR: ' "$venv/setup.log" | grep -v 'Failed to build' || tail -n 1 "$venv/setup.log"; } |
        tail -n 1 | sed 's/^ *//' | cut -c 1-300
}

make_venv() {
    base=$(find_python) || exit
    say "making $venv with $base"
    rm -rf "$venv" 2>/dev/null || fail "cannot replace $venv, which belongs to somebody else: use a clone of your own"
    mkdir "$venv" 2>/dev/null || fail "cannot write to $root: clone gradviz into a folder of your own"
    logged "$base" -m venv --without-pip "$venv" || fail "$base cannot make a virtual environment: $(last_words)"
}

# Makes .venv unless a good one is there. One that somebody made by hand is used, not replaced.
need_venv() {
    if whole && ours; then return; fi
    if ! whole || [ -e "$venv/place" ]; then make_venv; fi
    [ -w "$venv" ] || fail "cannot write to $venv: clone gradviz into a folder of your own"
    set -- "$root"/tools/pip-*.whl
    logged "$python" "$1/pip" install --no-index "$1" || fail "cannot install pip from $1: $(last_words)"
    place >"$venv/place"
}

# need [EXTRA]: gradviz is installed, with that extra, as pyproject.toml now asks and with its C twins as they now are.
need() {
    need_venv
    stamp=$venv/ready${1:+-$1}
    asked=$(cat "$root"/pyproject.toml "$root"/hatch_build.py "$root"/gradviz/*/compiled/*.[ch] 2>/dev/null | cksum)
    if [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$asked" ]; then return; fi
    [ -w "$venv" ] || fail "cannot write to $venv: clone gradviz into a folder of your own"
    say "installing gradviz${1:+ with the extra '$1'} into $venv"
    (cd "$root" && logged "$python" -m pip install --editable ".${1:+[$1]}") ||
        fail "pip failed; is there a network? It said: $(last_words) (all of it: $venv/setup.log)"
    printf '%s\n' "$asked" >"$stamp"
}

# The extra that brings CuPy for this machine's driver; nothing where CuPy or no such driver is there.
cuda_extra() {
    if "$python" -c 'import cupy' >/dev/null 2>&1; then return; fi
    { nvidia-smi 2>/dev/null || true; } | sed -n 's/.*CUDA Version: *\([0-9]*\).*/cuda\1/p' | head -n 1
}

job=${1:-demo}
[ $# -eq 0 ] || shift
case $job in
    demo)
        need
        sample=$root/samples/02_linear_regression_by_hand.py
        if [ "$(pwd -P)" = "$root" ]; then sample=samples/02_linear_regression_by_hand.py; fi
        exec "$venv/bin/gradviz" trace "$sample" "$@"
        ;;
    test)
        need test
        cd "$root"
        exec "$python" -m pytest "$@"
        ;;
    gpu-test)
        need test
        extra=$(cuda_extra)
        case $extra in cuda12 | cuda13) need "$extra" ;; esac
        cd "$root"
        GRADVIZ_GPU_REPORT=1 exec "$python" -m pytest tests/gpu "$@"
        ;;
    bench)
        need torch
        cd "$root"
        exec "$python" -m bench "$@"
        ;;
    setup)
        for extra in "$@"; do
            case $extra in
                test | torch | bench | cuda12 | cuda13) ;;
                *) fail "'$extra' is no extra; choose from test, torch, bench, cuda12, cuda13" ;;
            esac
        done
        need
        for extra in "$@"; do need "$extra"; done
        say "ready: $venv/bin/gradviz"
        ;;
    -h | --help | help) usage ;;
    *)
        usage >&2
        fail "'$job' is no job; choose demo, test, gpu-test, bench or setup"
        ;;
esac
