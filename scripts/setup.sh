#!/usr/bin/env bash
# Installs everything that RadGen needs on Debian 12 / Ubuntu: packages by apt, and
# sentencepiece, as a static library where the distribution's clashes with LibTorch.
# Safe to run again: what is there is left alone and the second run takes a second.
#
#   scripts/setup.sh [GROUP...]  install what is missing of these groups (uses sudo when not root)
#   scripts/setup.sh --check [GROUP...]   only say what is missing; exit 5 when something is
#
# Groups (default: build test):
#   build     what building and running the programs takes
#   test      what the tests and scripts/lint.sh take besides
#   fuzz      what scripts/fuzz.sh takes besides
#   browser   a browser, to look at pages by a script
#   servers   databases and a DICOM server, to try RadGen beside them
#   package   an empty Debian, to try the package in (scripts/package_test.sh)
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
deps="${RADGEN_DEPS_DIR:-$root/.deps}"

# Debian 12's default Boost is older than its 1.81; other systems have one.
boost_package=libboost-dev
if grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release; then boost_package=libboost1.81-dev; fi
build_packages=(
  build-essential cmake ninja-build pkg-config git ca-certificates
  libtorch-dev libopenblas0-openmp   # the OpenMP variant, as LibTorch: one set of threads
  libdcmtk-dev dcmtk libopencv-dev libopenjp2-7-dev   # DCMTK's CMake files want its programs too
  nlohmann-json3-dev libcli11-dev libspdlog-dev
  libssl-dev zlib1g-dev libdeflate-dev libpng-dev libjpeg-dev libutf8proc-dev libseccomp-dev
  libpugixml-dev libstemmer-dev "$boost_package"   # of Boost only the headers of Boost.Math
  wordnet-base
  dpkg-dev                     # dpkg-source, for the sentencepiece source package
)
test_packages=(
  libgtest-dev
  python3-torch protobuf-compiler   # artifacts run in Python; Triton's configurations are checked
  clang-format python3         # scripts/lint.sh --check
  dicom3tools python3-pydicom  # strangers that read our DICOM results
)
# The project's C++20 takes clang 16 or later; Debian 12's `clang` is 14, but it has later ones beside it.
clang_version() {
  local version
  for version in 19 18 17 16; do apt-cache show "clang-$version" >/dev/null 2>&1 && break; done
  echo "$version"
}
fuzz_packages=()
browser_packages=(chromium)
servers_packages=(postgresql orthanc orthanc-dicomweb)
package_packages=(debootstrap)

usage() { printf 'error[usage]: %s\n  hint: scripts/setup.sh [--check] [build] [test] [fuzz] [browser] [servers] [package]\n' "$1" >&2; exit 2; }
only_check=no groups=()
for argument in "$@"; do
  case "$argument" in
    --check) only_check=yes ;;
    build|test|fuzz|browser|servers|package) groups+=("$argument") ;;
    *) usage "unknown group '$argument'" ;;
  esac
done
[ ${#groups[@]} -gt 0 ] || groups=(build test)
[[ " ${groups[*]} " != *" fuzz "* ]] || { version=$(clang_version); fuzz_packages=("clang-$version" "libclang-rt-$version-dev" "libomp-$version-dev"); }
packages=() wants_build=no
for group in "${groups[@]}"; do
  declare -n of_group="${group}_packages"
  packages+=("${of_group[@]}")
  [ "$group" != build ] || wants_build=yes
done

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf 'error[setup]: %s\n  hint: %s\n' "$1" "$2" >&2; exit 5; }

missing=()
for p in "${packages[@]}"; do
  case "$(dpkg-query -W -f='${Status}' "$p" 2>/dev/null)" in
    *" ok installed") ;;  # "install" or "hold"
    *) missing+=("$p") ;;
  esac
done
# The distribution's sentencepiece does where it uses the system's protobuf, as LibTorch does (Debian 13).
system_spm_installed() {
  [[ $(dpkg-query -W -f='${Status}' libsentencepiece-dev 2>/dev/null || true) == *" ok installed" ]] \
    && [[ $(dpkg-query -W -f='${Depends}' libsentencepiece0 2>/dev/null || true) == *libprotobuf* ]]
}
spm_ready() {  # or not wanted
  [ $wants_build = no ] || system_spm_installed || { [ -f "$deps/sentencepiece/lib/libsentencepiece.a" ] && [ -f "$deps/sentencepiece/include/sentencepiece_processor.h" ]; }
}

if [ $only_check = yes ]; then
  [ ${#missing[@]} -eq 0 ] || { echo "missing packages: ${missing[*]}"; exit 5; }
  spm_ready || { echo "missing: $deps/sentencepiece"; exit 5; }
  echo "all there"; exit 0
fi

if [ ${#missing[@]} -eq 0 ] && spm_ready; then
  say "everything is there"; exit 0
fi
command -v apt-get >/dev/null || die "this machine has no apt-get" "install the packages listed in $0 with your own package manager"
if [ "$(id -u)" = 0 ]; then as_root=()
elif command -v sudo >/dev/null; then as_root=(sudo)
elif [ ${#missing[@]} -gt 0 ]; then die "packages are missing (${missing[*]}) and neither root nor sudo is here" "ask an administrator to install them, then run $0 again"
else as_root=(); fi

if [ ${#missing[@]} -gt 0 ]; then
  say "installing ${#missing[@]} packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq || die "apt-get update failed" "check the network and the package sources"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null \
    || die "apt-get install failed" "run it by hand to see why: apt-get install ${missing[*]}"
fi

if ! spm_ready && [[ $(apt-cache depends libsentencepiece0 2>/dev/null || true) == *"Depends: libprotobuf"* ]]; then
  say "installing the distribution's sentencepiece"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libsentencepiece-dev >/dev/null \
    || die "apt-get install failed" "run it by hand to see why: apt-get install libsentencepiece-dev"
fi

# Debian 12's shared sentencepiece exports its own protobuf and cannot live in one process with LibTorch. The same
# sources as a static library with hidden symbols can.
if ! spm_ready; then
  say "building sentencepiece (static) from the distribution's source package"
  work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
  mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/apt/state"
  # A private source list: the system's own lists stay as they are.
  . /etc/os-release
  if [ "${ID:-}" = ubuntu ]; then components="main universe"; else components="main"; fi
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -m1 -E 'debian|ubuntu' || true)
  [ -n "$mirror" ] || mirror="http://deb.debian.org/debian"
  echo "deb-src $mirror ${VERSION_CODENAME:-bookworm} $components" > "$work/apt/src.list"
  aptopts=(-o "Dir::Etc::SourceList=$work/apt/src.list" -o "Dir::Etc::SourceParts=/dev/null"
           -o "Dir::State::Lists=$work/apt/lists" -o "Dir::Cache=$work/apt/cache" -o "APT::Sandbox::User=root")
  apt-get "${aptopts[@]}" update -qq || die "cannot read the source package list" "check the network"
  (cd "$work" && apt-get "${aptopts[@]}" source -qq sentencepiece >/dev/null) \
    || die "cannot fetch the sentencepiece source package" "check the network; for data sets alone (-DRADGEN_ONLY=prepare) libsentencepiece-dev does"
  src=$(find "$work" -maxdepth 1 -type d -name 'sentencepiece-*' | head -n1)
  [ -n "$src" ] || die "the source package held no sentencepiece folder" "run $0 again"
  # Debian's patches leave only the shared targets; the same targets as archives are what is wanted here.
  sed -i 's/add_library(sentencepiece SHARED/add_library(sentencepiece STATIC/; s/add_library(sentencepiece_train SHARED/add_library(sentencepiece_train STATIC/' "$src/src/CMakeLists.txt"
  cmake -S "$src" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSPM_ENABLE_TCMALLOC=OFF \
        -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_CXX_VISIBILITY_PRESET=hidden >"$work/log" 2>&1 \
    && cmake --build "$work/build" --target sentencepiece sentencepiece_train >>"$work/log" 2>&1 \
    || { tail -n 20 "$work/log" >&2; die "sentencepiece did not build" "see the lines above"; }
  stage="$deps/sentencepiece.tmp.$$"; rm -rf "$deps"/sentencepiece.tmp.*
  mkdir -p "$stage/lib" "$stage/include"
  cp "$work/build/src/libsentencepiece.a" "$work/build/src/libsentencepiece_train.a" "$stage/lib/"
  cp "$src/src/sentencepiece_processor.h" "$src/src/sentencepiece_trainer.h" "$stage/include/"
  rm -rf "$deps/sentencepiece"; mv "$stage" "$deps/sentencepiece"
fi
say "everything is there"
