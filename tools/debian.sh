#!/usr/bin/env bash
# Make sure Debian packages are there: install them as root or by sudo, else name them and stop.
set -euo pipefail

missing=()
for package in "$@"; do
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

stop() {
  echo "Missing: ${missing[*]}" >&2
  echo "Please install it, then run make again:  apt-get install ${missing[*]}" >&2
  exit 1
}

command -v apt-get >/dev/null || stop
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || stop
  as_root=(sudo)
  [ -t 0 ] || as_root=(sudo -n)   # nobody is there to type a password
  "${as_root[@]}" true 2>/dev/null || stop
fi

echo "Installing ${missing[*]}"
install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}
install 2>/dev/null || { "${as_root[@]}" apt-get update -qq && install; } || stop
