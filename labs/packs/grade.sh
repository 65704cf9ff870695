#!/bin/sh
# grade.sh SUBMISSION FORMAT FILE: grades a copy of the submission, and writes the result to FILE.
# Exit code: that of `edgewise lab check`. It needs no network.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
node=$here/bin/node
if [ ! -f "$node" ]; then node=node; else chmod +x "$node" 2>/dev/null || true; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s "$here/node_modules" "$work/node_modules"

has() {
  for file in @FILES@; do
    for path in "$1/${file%.*}".[tj]s; do if [ -f "$path" ]; then return 0; fi; done
  done
  return 1
}
# A student may have handed in the folder, and not what is in it.
source=$1
if ! has "$1"; then
  for folder in "$1"/*/; do if has "$folder"; then source=$folder; break; fi; done
fi
mkdir "$work/@FOLDER@"
# What was given is not handed in, or need not be.
given=
for file in @FILES@; do
  if [ -f "$source/${file%.*}.js" ]; then given=dist/js/@FOLDER@; fi
  if [ -f "$source/${file%.*}.ts" ]; then given=@FOLDER@/starter; fi
done
if [ -n "$given" ]; then
  cp -R "$here/node_modules/edgewise-labs/$given/." "$work/@FOLDER@"
fi
cp -R "$source/." "$work/@FOLDER@"
cd "$work/@FOLDER@"
rm -rf node_modules .edgewise .git labs.config.json
echo '{ "type": "module" }' >package.json

cd "$here"
"$node" node_modules/edgewise/dist/cli/main.js lab check @LAB@ "$work/@FOLDER@" \
  --format "$2" --out "$3" --no-trace --allow-empty
