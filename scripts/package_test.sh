#!/usr/bin/env bash
# Installs the package in an empty Debian and drafts a film there: what a stranger does after `apt install ./radgen.deb`.
# Needs root, debootstrap (scripts/setup.sh package) and the network. A few minutes, 3 GiB under TMPDIR for the time being.
#
#   scripts/package_test.sh [PACKAGE.deb]    default: makes build/radgen_*.deb first
#   RADGEN_MODEL=run/model scripts/package_test.sh    drafts by this model folder instead of random weights
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in -*) sed -n '2,6s/^# \{0,1\}//p' "$0"; [ "$1" = --help ] && exit 0 || exit 2 ;; esac
die() { printf 'error[%s]: %s\n  hint: %s\n' "$1" "$2" "$3" >&2; exit "$4"; }
say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
[ "$(id -u)" = 0 ] || die usage "an empty root is made by root alone" "sudo $0" 2
command -v debootstrap >/dev/null || die resource "debootstrap is not there" "scripts/setup.sh package" 5
# Mounts of its own: nothing stays mounted, however this ends.
if [ "${RADGEN_PACKAGE_TEST:-}" != inside ]; then
  exec env RADGEN_PACKAGE_TEST=inside unshare --mount --propagation private "$0" "$@"
fi

build=${RADGEN_BUILD_DIR:-build}
if [ $# -gt 0 ]; then
  package=$(realpath "$1")
else
  cmake --build "$build" --target package >&2
  package=$(realpath "$(ls -t "$build"/radgen_*.deb | head -n 1)")
fi
[ -f "$package" ] || die usage "$package is not there" "cmake --build $build --target package" 2
. /etc/os-release
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -m1 -E 'debian|ubuntu' || true)
root=$(mktemp -d "${TMPDIR:-/tmp}/radgen-root.XXXXXX")
trap 'umount "$root/proc" 2>/dev/null || true; rm -rf --one-file-system "$root"' EXIT

say "an empty ${VERSION_CODENAME} from ${mirror:-the default mirror}"
debootstrap --variant=minbase "$VERSION_CODENAME" "$root" ${mirror:+"$mirror"} >"$root.log" 2>&1 \
  || { tail -n 20 "$root.log" >&2; rm -f "$root.log"; die resource "debootstrap failed" "see the lines above; is the network there?" 5; }
rm -f "$root.log"
mount -t proc proc "$root/proc"
cp /etc/resolv.conf "$root/etc/resolv.conf"
apt-config dump | grep -iE '^Acquire::https?::Proxy' >"$root/etc/apt/apt.conf.d/90proxy" || true
cp "$package" "$root/radgen.deb"
if [ -n "${RADGEN_MODEL:-}" ]; then cp -r "$RADGEN_MODEL" "$root/model"; fi
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TMPDIR=/tmp DEBIAN_FRONTEND=noninteractive "$@"; }

say "apt install ./radgen.deb"
inside sh -ec 'apt-get update -qq; apt-get install -y -qq --no-install-recommends ./radgen.deb >/apt.log 2>&1 || { tail -n 20 /apt.log; exit 1; }'
inside sh -ec '
  for tool in /usr/bin/*-radgen; do
    "$tool" --version >/version || { echo "FAILED: $tool does not start"; exit 1; }
    page=/usr/share/man/man1/${tool##*/}.1.gz
    # minbase leaves manual pages out when it unpacks packages; the package itself must have them
    dpkg -L radgen | grep -qxF "$page" || { echo "FAILED: no manual page of $tool"; exit 1; }
  done
  ldconfig -p | grep -qF libradgen.so.1 || { echo "FAILED: the loader does not find libradgen.so.1"; exit 1; }
  for file in /usr/include/radgen/radgen.h /usr/lib/cmake/radgen/radgenConfig.cmake /usr/share/radgen/configs/demo.json; do
    [ -s "$file" ] || { echo "FAILED: $file is missing"; exit 1; }
  done
  cat /version'

say "a phantom film and its draft"
inside sh -ec '
  phantom-radgen --studies 1 --size 1024 --seed 5 --output /films
  [ -d /model ] || bench-radgen model --config /usr/share/radgen/configs/demo.json --output /model
  report-radgen --model /model --input /films/files --output /drafts
  folder=$(dirname "$(find /drafts -name prediction.json)")
  for file in prediction.json report.txt report.html sentence_01.png; do
    [ -s "$folder/$file" ] || { echo "FAILED: no $file"; exit 1; }
  done
  grep -q "\"status\": \"drafted\"" "$folder/prediction.json"
  sed -n "1,14p" "$folder/report.txt"'

say "removed again"
inside sh -ec 'apt-get purge -y -qq radgen >/apt.log 2>&1; left=$(find /usr -name "*radgen*"); [ -z "$left" ] || { echo "FAILED: left behind: $left"; exit 1; }'
echo "package: $(basename "$package") installs and drafts in an empty $VERSION_CODENAME"
