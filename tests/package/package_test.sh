#!/usr/bin/env bash
# Installs the development component into an empty folder, moves that folder, and builds and runs a stranger's project
# that finds it there: what find_package(radgen) promises.
#
#   tests/package/package_test.sh BUILD_DIR CXX_COMPILER
set -euo pipefail
build=$(realpath "$1"); compiler=$2
here=$(cd "$(dirname "$0")" && pwd)
cmake=${CMAKE_COMMAND:-cmake}
scratch=$(mktemp -d); trap 'rm -rf "$scratch"' EXIT

"$cmake" --install "$build" --prefix "$scratch/installed" --component Development >"$scratch/log" || { cat "$scratch/log" >&2; exit 1; }
mv "$scratch/installed" "$scratch/moved"
if grep -rlF "$build" "$scratch/moved" --include='*.cmake'; then
  echo "FAILED: the installed package names the build folder" >&2; exit 1
fi

sanitizers=$(sed -n 's/^RADGEN_SANITIZE:[A-Z]*=//p' "$build/CMakeCache.txt")
configure() {  # folder, further flags
  local folder=$1; shift
  "$cmake" -S "$here" -B "$folder" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$scratch/moved" \
    ${sanitizers:+-DCMAKE_CXX_FLAGS="-fsanitize=$sanitizers"} "$@" >"$scratch/log" 2>&1
}
configure "$scratch/consumer" || { cat "$scratch/log" >&2; exit 1; }
"$cmake" --build "$scratch/consumer" >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; exit 1; }

said=$("$scratch/consumer/label_sentence" "$scratch" "There is a small left pleural effusion. No pneumothorax.")
printf '%s\n' "$said"
for line in 'Pleural Effusion|left|positive|pleural effusion' 'Pneumothorax||negative|pneumothorax' \
            'There is a small left pleural effusion. No pneumothorax.'; do
  grep -qxF "$line" <<<"$said" || { echo "FAILED: the program did not say: $line" >&2; exit 1; }
done

# A layer that does not exist, and a version that is too new, are refused in words.
sed 's/COMPONENTS core report/COMPONENTS nonsense/' "$here/CMakeLists.txt" >"$scratch/CMakeLists.txt"; cp "$here/main.cpp" "$scratch/"
here=$scratch
if configure "$scratch/wrong"; then echo "FAILED: an unknown layer was accepted" >&2; exit 1; fi
grep -qF "no layer 'nonsense'" "$scratch/log" || { cat "$scratch/log" >&2; exit 1; }
sed -i 's/COMPONENTS nonsense/COMPONENTS core/; s/radgen 0\.1/radgen 99.0/' "$scratch/CMakeLists.txt"
if configure "$scratch/newer"; then echo "FAILED: version 99 was found" >&2; exit 1; fi
echo "package: passed"
