#!/usr/bin/env bash
# Shows on an empty system that nothing a machine happens to have is missing from scripts/setup.sh: makes a root of the
# distribution with debootstrap, copies the checkout into it, and works there as a stranger would.
#
#   scripts/fresh_machine.sh SUITE [STEP...]   SUITE: bookworm, trixie, sid; or SUITE=URL of another archive
#
# Steps (default: setup build unit):
#   setup       scripts/setup.sh as root, and that its second run finds everything there
#   setup-user  the same as a user with sudo, in a second root
#   configure   cmake with all layers
#   prepare     the part without LibTorch, built to its end (-DRADGEN_ONLY=prepare), and its unit tests
#   build       everything
#   unit        the unit tests of what was built
#   commands    README's two commands, scripts/demo.sh and scripts/test.sh, as root (hours on a slow machine)
#   commands-user   the same as a user with sudo
#
# What was shown so far: packages install in Debian 12 and 13, and Debian 13 configures the part without LibTorch; no suite was run to
# its end yet.
#
# Needs root, debootstrap, the network, and 10 GiB below $RADGEN_ROOTS (default: /var/tmp/radgen-roots). An empty root is kept
# and copied, so a second run starts at once; so is the root that was worked in, whose steps can be added to. RADGEN_JOBS sets the
# number of compilers at a time.
set -euo pipefail
cd "$(dirname "$0")/.."
roots=${RADGEN_ROOTS:-/var/tmp/radgen-roots}
clone=/home/stranger/radgen

usage() { printf 'error[usage]: %s\n  hint: see the first lines of %s\n' "$1" "$0" >&2; exit 2; }
die() { printf 'error[fresh_machine]: %s\n  hint: %s\n' "$1" "$2" >&2; exit 5; }
say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }

[ $# -ge 1 ] || usage "no suite"
suite=${1%%=*} archive=http://deb.debian.org/debian
[ "$1" = "$suite" ] || archive=${1#*=}
case "$suite" in ''|*[!a-z0-9.-]*) usage "no name of a suite: '$suite'" ;; esac
shift
steps=("$@")
[ ${#steps[@]} -gt 0 ] || steps=(setup build unit)
for step in "${steps[@]}"; do
  case "$step" in
    setup|setup-user|configure|prepare|build|unit|commands|commands-user) ;;
    *) usage "unknown step '$step'" ;;
  esac
done
[ "$(id -u)" = 0 ] || die "roots are made by root" "sudo $0 $suite ${steps[*]}"
command -v debootstrap >/dev/null || die "no debootstrap here" "apt-get install debootstrap"

# A root that has nothing but what the distribution calls minimal, and sudo for the user's steps.
mkdir -p "$roots"
empty="$roots/$suite.empty"
if [ ! -d "$empty" ]; then
  say "an empty root of $suite"
  rm -rf "$empty.part"
  debootstrap --variant=minbase "$suite" "$empty.part" "$archive" >"$roots/$suite.debootstrap.log" 2>&1 \
    || die "debootstrap failed" "see $roots/$suite.debootstrap.log"
  rm -f "$empty.part"/var/cache/apt/archives/*.deb
  mv "$empty.part" "$empty"
fi

copy_checkout() {  # what git would clone, changes included
  local to=$1$clone
  mkdir -p "$to"
  git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done \
    | tar --null --no-recursion -T - -cf - | tar -C "$to" -xf -
}
enter_root() {  # enter_root ROOT USER COMMAND: in namespaces of its own, so that no mount and no process is left behind
  local root=$1 user=$2 command=$3
  unshare --mount --pid --fork --kill-child bash -c '
    set -e
    root=$1 user=$2 clone=$3 command=$4
    mount --make-rprivate /
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs tmpfs "$root/tmp"
    cp --remove-destination -L /etc/resolv.conf "$root/etc/resolv.conf"
    cd "$root"
    home=/root; [ "$user" = root ] || home=/home/$user
    exec chroot "$root" env -i HOME=$home USER=$user PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb \
      RADGEN_JOBS="${RADGEN_JOBS:-}" \
      $([ "$user" = root ] || echo setpriv --reuid=$user --regid=$user --init-groups) \
      bash -c "cd \"\$1\" && eval \"\$2\"" - "$clone" "$command"
  ' - "$root" "$user" "$clone" "$command"
}
root_of() {  # root_of USER: the root that this user works in, with the present checkout
  local user=$1
  local root="$roots/$suite.$user"
  if [ ! -d "$root" ]; then
    say "a copy of it for $user"
    rm -rf "$root.part"
    cp -a "$empty" "$root.part"
    mkdir -p "$root.part$clone"
    echo force-unsafe-io >"$root.part/etc/dpkg/dpkg.cfg.d/radgen"  # a root that is thrown away need not survive a power cut
    # As this machine reaches its archive: proxies, and whether it is a snapshot whose lists have expired.
    apt-config dump | grep -E '^Acquire::(Check-Valid-Until|Check-Date|https?::Proxy) ' >"$root.part/etc/apt/apt.conf.d/90network" || true
    if [ "$user" != root ]; then
      chroot "$root.part" useradd --create-home --shell /bin/bash "$user"
      enter_root "$root.part" root "cd / && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends sudo >/dev/null" 2>/dev/null \
        || die "sudo cannot be installed" "check the network"
      printf '%s ALL=(ALL) NOPASSWD: ALL\n' "$user" >"$root.part/etc/sudoers.d/$user"
    fi
    mv "$root.part" "$root"
  fi
  copy_checkout "$root"
  [ "$user" = root ] || chroot "$root" chown -R "$user:$user" "/home/$user"
  echo "$root"
}
in_root() { local user=$1; shift; local root; root=$(root_of "$user"); enter_root "$root" "$user" "$*"; }

jobs='${RADGEN_JOBS:-$(nproc)}'
cmake_all='cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release'
done_steps=()
for step in "${steps[@]}"; do
  say "$suite: $step"
  begin=$SECONDS
  case "$step" in
    setup) in_root root 'scripts/setup.sh && scripts/setup.sh --check' ;;
    setup-user) in_root stranger 'scripts/setup.sh && scripts/setup.sh --check' ;;
    configure) in_root root "$cmake_all" ;;
    prepare) in_root root "cmake -S . -B build-prepare -G Ninja -DCMAKE_BUILD_TYPE=Release -DRADGEN_ONLY=prepare && \
      cmake --build build-prepare --parallel $jobs && ctest --test-dir build-prepare --output-on-failure --no-tests=error -L unit" ;;
    build) in_root root "$cmake_all && cmake --build build --parallel $jobs" ;;
    unit) in_root root 'ctest --test-dir build --output-on-failure --no-tests=error -L unit' ;;
    commands) in_root root 'scripts/demo.sh && scripts/test.sh' ;;
    commands-user) in_root stranger 'scripts/demo.sh && scripts/test.sh' ;;
  esac
  done_steps+=("$(printf '%s %-13s passed, %d s' "$suite" "$step" $((SECONDS - begin)))")
  printf '    %s\n' "${done_steps[-1]}" >&2
done
say "all steps passed"
printf '    %s\n' "${done_steps[@]}" >&2
