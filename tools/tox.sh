#!/bin/sh
# Runs tox with the given arguments, from a virtual environment that it makes
# first if there is none:
#
#     sh tools/tox.sh                 everything that must be green
#     sh tools/tox.sh -e demo         the demo
#     sh tools/tox.sh list            what else there is
#
# Needs a Python of at least 3.11 with venv, and git. The Python can be chosen
# with PYTHON=...; pip's own variables (PIP_INDEX_URL, ...) are honoured.

set -eu

top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
venv=$top/.venv
wanted=$top/tools/tox-requirements.txt
installed=$venv/tox-requirements.txt

fail() {
    printf '%s\n' "tools/tox.sh: $1" >&2
    shift
    for line in "$@"; do
        printf '    %s\n' "$line" >&2
    done
    exit 1
}

# runs PYTHON TEST: whether PYTHON starts and TEST, an expression that may use
# sys, holds in it. A command on PATH need not work (pyenv's shims do not).
runs() {
    "$1" -c "import sys; sys.exit(0 if ($2) else 1)" >/dev/null 2>&1
}

version_of() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'
}

# imports PYTHON MODULES
imports() {
    "$1" -c "import $2" >/dev/null 2>&1
}

# Sets python. The versions that the pinned packages were tried with come
# first; a newer one may lack wheels for them.
find_python() {
    too_old='' without_venv=''
    for test in '(3, 11) <= sys.version_info < (3, 15)' \
                'sys.version_info >= (3, 15)' 'sys.version_info < (3, 11)'; do
        for python in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 \
                      python3.11 python3.14; do
            runs "$python" "$test" || continue
            if runs "$python" 'sys.version_info < (3, 11)'; then
                too_old=" ($python is $(version_of "$python"))"
                break
            fi
            # Debian keeps ensurepip in a package of its own.
            imports "$python" 'ensurepip, venv' && return
            without_venv=${without_venv:-$python}
        done
    done
    if [ -n "$without_venv" ]; then
        version=$(version_of "$without_venv")
        fail "$without_venv (Python $version) lacks the modules venv or ensurepip." \
            "Debian, Ubuntu:  apt-get install python$version-venv" \
            "Elsewhere:       the package that brings them for Python $version"
    fi
    fail "no Python of at least 3.11 was found$too_old." \
        'Debian 12, Ubuntu 24.04:  apt-get install python3 python3-venv' \
        'Fedora:                   dnf install python3' \
        'If it is not on PATH:     PYTHON=/path/to/python3 sh tools/tox.sh'
}

# Whether .venv can be completed by pip, whoever made it.
can_be_completed() {
    runs "$venv/bin/python" True || return
    runs "$venv/bin/python" 'sys.version_info >= (3, 11)' ||
        fail "$venv has Python $(version_of "$venv/bin/python")." \
            'At least 3.11 is needed. Remove it, and run this again.'
    "$venv/bin/python" -m ensurepip >/dev/null 2>&1 || :
    imports "$venv/bin/python" pip
}

# Versions come from git. An archive of the source has none to ask.
if [ -e "$top/.git" ]; then
    command -v git >/dev/null 2>&1 ||
        fail 'git was not found; the package takes its version from it.' \
            'Debian, Ubuntu:  apt-get install git' \
            'Fedora:          dnf install git-core'
else
    PBR_VERSION=${PBR_VERSION:-0.0.1}
    export PBR_VERSION
fi

# The copy of the requirements is written last: where it is, all was installed.
if ! cmp -s "$wanted" "$installed" || ! imports "$venv/bin/python" tox; then
    if cmp -s "$wanted" "$installed" || ! can_be_completed; then
        find_python
        printf '%s\n' "tools/tox.sh: making .venv with $python" >&2
        rm -rf "$venv"
        "$python" -m venv "$venv"
    fi
    printf '%s\n' 'tools/tox.sh: installing tox into .venv' >&2
    "$venv/bin/python" -m pip install --quiet --requirement "$wanted"
    cp "$wanted" "$installed"
fi

cd "$top"
exec "$venv/bin/python" -m tox "$@"
