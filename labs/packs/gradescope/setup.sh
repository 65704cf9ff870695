#!/usr/bin/env bash
# Run once, when Gradescope builds the image. Nothing is to be done when a Node that runs TypeScript is here, or
# in this archive (--with-node).
set -euo pipefail
grader=${AUTOGRADER_ROOT:-/autograder}/source/grader
if [ -f "$grader/bin/node" ]; then exit 0; fi
if node -e 'process.exit(process.features.typescript ? 0 : 1)' 2>/dev/null; then exit 0; fi

version=@NODE@
case $(uname -m) in aarch64) arch=arm64 ;; *) arch=x64 ;; esac
if ! command -v curl >/dev/null; then apt-get update && apt-get install -y curl; fi
mkdir -p "$grader/bin"
name=node-v$version-linux-$arch
curl -fsSL "https://nodejs.org/dist/v$version/$name.tar.gz" |
  tar -xz -C "$grader" --strip-components=1 "$name/bin/node"
