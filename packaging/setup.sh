# Set-up shared by packaging/run and packaging/test: sourced by them, POSIX sh, never run alone.
# Makes sure of the distribution, the Debian packages and .venv; asks nothing; touches the network
# only when something is missing; stops with status 8 and two sentences when the host is not fit.
# shellcheck shell=sh

umask 022
LC_ALL=C.UTF-8
export LC_ALL

TREE=$(cd "$(dirname "$0")/.." && pwd -P)
VENV=${TREE}/.venv
# Measured: 430 MB of .venv for the tests and 350 MB of Debian packages, and room to unpack.
VENV_MEGABYTES=700
PACKAGES_MEGABYTES=800

say() {
    printf '%s\n' "$*"
}

# stop WHAT DO: cannot go on; one sentence says what is missing, one what to do.
stop() {
    printf '\nsignstation cannot be set up: %s\n' "$1" >&2
    printf '%s\n' "$2" >&2
    exit 8
}

# need_space DIRECTORY MEGABYTES WHAT
need_space() {
    free=$(df -Pk "$1" | awk 'NR == 2 { print int($4 / 1024) }')
    [ "${free}" -ge "$2" ] || stop \
        "the disk is full: $3 need $2 MB in $1, ${free} MB are free." \
        "Make room there and run this again."
}

# tail_of LOG: the end of a tool's output, set off from our own words.
tail_of() {
    tail -n 5 "$1" | cut -c1-160 | sed 's/^/    | /' >&2
}

# explain LOG WHAT: turns a failed apt or pip run into one plain sentence, then stops.
explain() {
    tail_of "$1"
    if grep -q -i -E 'no space left|not have enough free space|disk quota' "$1"; then
        stop "the disk became full while $2." "Make room and run this again."
    elif grep -q -i -E 'do not match the hashes' "$1"; then
        stop "a downloaded file is not the one that packaging/lock names ($2)." \
            "Do not go on: the package index or the way to it gave something else."
    elif grep -q -i -E 'name resolution|resolving|could not connect|unable to connect|connection (failed|refused|timed out)|network is unreachable|newconnectionerror|connectionpool|proxyerror|failed to establish' "$1"; then
        stop "there is no network (or no package server answers), needed for $2." \
            "Connect this machine once, or copy a prepared tree; later runs need no network."
    elif grep -q -i -E 'permission denied|read-only file system' "$1"; then
        stop "$(id -un) may not write what is needed for $2." \
            "Work in a copy of this folder that is yours."
    elif grep -q -i -E 'could not get lock|is another process using it' "$1"; then
        stop "another package manager is running." "Wait until it has finished and run this again."
    elif grep -q -i -E 'no matching distribution|not a supported wheel' "$1"; then
        stop "a Python package has no build for this machine ($(uname -m), $2)." \
            "Supported are x86_64 and aarch64 with CPython 3.11 to 3.13."
    fi
    stop "$2 failed; the tool's last words are above." "Run this again once the cause is gone."
}

# ---- who we are ---------------------------------------------------------------------------------

# as_root COMMAND...: with sudo where we are not root. sudo may ask for its own password only where
# a person sits at a terminal.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

can_be_root() {
    [ "$(id -u)" -eq 0 ] && return 0
    command -v sudo >/dev/null || return 1
    [ -t 0 ] || sudo -n true 2>/dev/null
}

# as_person COMMAND...: `sudo sh packaging/run` installs as root, but .venv and the window belong to
# the person who owns the tree: signing keys and settings are not root's.
as_person() {
    if [ "$(id -u)" -eq 0 ] && [ -n "${SUDO_USER:-}" ] && [ "${SUDO_USER}" != root ] &&
        [ "$(stat -c %U "${TREE}")" = "${SUDO_USER}" ]; then
        runuser -u "${SUDO_USER}" -- env "HOME=$(getent passwd "${SUDO_USER}" | cut -d: -f6)" "$@"
    else
        "$@"
    fi
}

# ---- Debian packages ----------------------------------------------------------------------------

need_distribution() {
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        name=$(. /etc/os-release 2>/dev/null && printf '%s' "${PRETTY_NAME:-}")
        stop "this is ${name:-an unknown system}, without apt and dpkg." \
            "Debian 12 or 13 is needed (a container or a virtual machine will do)."
    fi
}

# wanted LIST...: the lines of package lists, comments and blanks removed.
wanted() {
    sed -e 's/#.*//' -e 's/[[:space:]]*|[[:space:]]*/|/g' -e 's/[[:space:]]//g' -e '/^$/d' "$@"
}

# missing LIST...: those lines of which no alternative is installed. dpkg is asked once for all.
missing() {
    names=$(wanted "$@" | tr '|' '\n')
    # shellcheck disable=SC2086 # one word per package; the star is dpkg-query's own pattern
    installed=$(set -f && dpkg-query -W -f '${db:Status-Status} ${Package}\n' ${names} 2>/dev/null |
        sed -n 's/^installed //p')
    for line in $(set -f && wanted "$@"); do
        found=no
        for name in $(set -f && printf '%s' "${line}" | tr '|' ' '); do
            for package in ${installed}; do
                # shellcheck disable=SC2254 # a pattern on purpose
                case ${package} in ${name}) found=yes ;; esac
            done
        done
        [ "${found}" = yes ] || printf '%s\n' "${line}"
    done
}

# candidate LINE: the first alternative that the archive has; for a pattern the newest by name.
candidate() {
    for name in $(printf '%s' "$1" | tr '|' ' '); do
        case ${name} in
            *\**) name=$(apt-cache pkgnames "${name%%\**}" | grep -v -e -dbg | sort -V | tail -n 1) ;;
        esac
        [ -n "${name}" ] || continue
        if LC_ALL=C apt-cache policy "${name}" | grep -q -E '^  Candidate: [^(]'; then
            printf '%s\n' "${name}"
            return 0
        fi
    done
    return 1
}

# install_packages LIST...: installs what is missing; returns at once when nothing is.
install_packages() {
    set -f # package patterns are not file names
    lacking=$(missing "$@")
    if [ -z "${lacking}" ]; then
        set +f
        return 0
    fi
    say "Debian packages to install: $(printf '%s' "${lacking}" | tr '\n' ' ')"
    can_be_root || stop "installing packages needs root, and sudo is not at hand." \
        "Run it as root once (sudo sh packaging/run --prepare), or let an administrator install: $(printf '%s' "${lacking}" | tr '\n' ' ')"
    need_space /var "${PACKAGES_MEGABYTES}" "the Debian packages"
    log=$(mktemp)
    # An update that partly fails is no reason to stop: what counts is whether the install works.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >"${log}" 2>&1 </dev/null || true
    chosen=
    for line in ${lacking}; do
        name=$(candidate "${line}") || {
            grep -q -E '^(Err|E|W):' "${log}" && explain "${log}" "fetching the package lists"
            stop "no package server that apt knows has ${line}." \
                "Debian 12 or 13 with its main archive is needed: see /etc/apt/sources.list.d."
        }
        chosen="${chosen} ${name}"
    done
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get install -q -y \
        --no-install-recommends -o Dpkg::Options::=--force-confdef \
        -o Dpkg::Options::=--force-confold ${chosen} >"${log}" 2>&1 </dev/null ||
        explain "${log}" "installing Debian packages"
    rm -f "${log}"
    still=$(missing "$@")
    set +f
    [ -z "${still}" ] || stop "apt reported success but these are not installed: ${still}" \
        "Look at: apt-get install ${chosen}"
}

# ---- .venv --------------------------------------------------------------------------------------

# find_python: the distribution's interpreter of a version that the lock is valid for.
find_python() {
    for python in /usr/bin/python3 /usr/bin/python3.13 /usr/bin/python3.12 /usr/bin/python3.11; do
        if [ -x "${python}" ] && "${python}" -I -c \
            'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'; then
            printf '%s\n' "${python}"
            return 0
        fi
    done
    stop "there is no Python 3.11, 3.12 or 3.13 in /usr/bin." "Debian 12 and 13 have one."
}

# stamp_of KIND: what a finished .venv was made from; a moved tree or a new Python counts too.
stamp_of() {
    { cat "${TREE}/packaging/lock/$1.txt" && "${PYTHON}" -VV && printf '%s\n' "${TREE}"; } |
        sha256sum | cut -c1-64
}

# is_made KIND
is_made() {
    [ "$(cat "${VENV}/stamp-$1" 2>/dev/null)" = "$(stamp_of "$1")" ]
}

# pip ARGUMENTS...: the machine's own pip configuration (index, proxy, certificates) stays in force,
# but nothing may send files elsewhere than into .venv.
pip() {
    as_person env -u PIP_USER -u PIP_TARGET -u PIP_PREFIX -u PIP_ROOT -u PYTHONPATH -u PYTHONHOME \
        PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
        "${VENV}/bin/python" -m pip install "$@" </dev/null
}

# make_venv KIND: .venv with packaging/lock/KIND.txt in it and the program importable from the tree.
# The packages of run.txt are part of test.txt, so a .venv for tests serves both.
make_venv() {
    PYTHON=$(find_python) || exit 8
    # Two set-ups at once would tear each other's .venv; whoever may read this file may lock it.
    exec 9<"${TREE}/packaging/setup.sh" && flock 9
    if ! is_made "$1" && ! is_made test; then
        # Only test.txt on top of a sound run.txt is added to; everything else is made anew.
        if ! is_made run; then
            as_person rm -rf "${VENV}"
        fi
        need_space "${TREE}" "${VENV_MEGABYTES}" "the Python packages"
        say "Making .venv from packaging/lock/$1.txt with $("${PYTHON}" -V) ..."
        log=$(mktemp)
        [ -d "${VENV}" ] || as_person "${PYTHON}" -m venv "${VENV}" >"${log}" 2>&1 ||
            explain "${log}" "making .venv"
        pip --only-binary :all: --require-hashes -r "${TREE}/packaging/lock/$1.txt" \
            >"${log}" 2>&1 || explain "${log}" "installing Python packages"
        rm -f "${log}"
        stamp_of "$1" | as_person tee "${VENV}/stamp-$1" >/dev/null
    fi
    link_tree
    exec 9<&- # a program started later must not hold the lock
}

# link_tree: the program itself, not copied; made again when pyproject.toml changed (0.7 s).
link_tree() {
    project=$(sha256sum "${TREE}/pyproject.toml" | cut -c1-64)
    [ "$(cat "${VENV}/stamp-project" 2>/dev/null)" != "${project}" ] || return 0
    log=$(mktemp)
    pip --no-deps --no-build-isolation --no-index --editable "${TREE}" >"${log}" 2>&1 ||
        explain "${log}" "linking the program into .venv"
    rm -f "${log}"
    printf '%s\n' "${project}" | as_person tee "${VENV}/stamp-project" >/dev/null
}
