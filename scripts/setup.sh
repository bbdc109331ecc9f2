#!/usr/bin/env bash
# Installs what is missing on Debian or Ubuntu: `build` for the executable; `postgresql` for the trait of that name as well,
# `test` for everything that tests start; `fuzz` and `docs` for their Python.
set -euo pipefail

what=${1:-build}
packages=(libsqlite3-dev libargon2-dev libcrypt-dev libssl-dev libnghttp2-dev zlib1g-dev)
case $what in postgresql | test) packages+=(libpq-dev) ;; esac
[ "$what" = test ] && packages+=(postgresql pgbouncer)
[ "$what" = fuzz ] && packages+=(python3 python3-venv)
[ "$what" = docs ] && packages=(python3 python3-venv)
[ "$what" = journey ] && packages+=(curl jq)

[ "$what" = docs ] || command -v swift >/dev/null || { echo "Swift 6.3 or newer is needed: https://www.swift.org/install" >&2; exit 3; }

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

sudo=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "root is needed to install: ${missing[*]}" >&2; exit 3; }
    sudo=sudo
fi
echo "installing ${missing[*]}"
$sudo apt-get update -qq
# RUNLEVEL=1: what is installed for tests starts no server of its own.
$sudo env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
