#!/usr/bin/env bash
# clang-format must find nothing to do; clang-tidy (.clang-tidy) must find nothing to say.
# `npm run check -- native [--format-only | --fix-format]`
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t files < <(git ls-files 'native/*.cc' 'native/*.h' 'bench/load/*.cc' 'bench/load/*.h' \
  'bench/peers/*.c' 'bench/peers/*.cc')
if [ "${1-}" = --fix-format ]; then
  clang-format -i "${files[@]}"
  exit
fi
clang-format --dry-run -Werror "${files[@]}"
if [ "${1-}" = --format-only ]; then exit; fi

# clang-tidy takes the flags from CMake, which knows the files of this system only.
include="$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")/include/node"
out=build-native/tidy
mkdir -p "$out"
cmake -S . -B "$out" -DEDGEWISE_NODE_INCLUDE="$include" > "$out/cmake.log" || { cat "$out/cmake.log"; exit 1; }
grep -oE '"file": ".*(native/(core|addon)|bench/load)/.*\.cc"' "$out/compile_commands.json" | cut -d'"' -f4 | sort -u |
  xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p "$out" 2> "$out/tidy.log"
