# The versions of what this repository does not take from npm or GitHub Actions, for the scripts to source. Packages are in
# package.json; actions in the workflows, by commit; the scanners' images in src/checks/pure/scanner-images.ts. The contract test
# compares what must say the same elsewhere.
# shellcheck shell=bash disable=SC2034

# What actions run on: `using: node24`. The scripts and the command line need what package.json says under "engines".
node_of_actions=24
npm_major=11

# The oldest that the tests are written for, and that the action takes.
min_engine=25
min_buildx=0.15

# What script/compile-tools makes with Go. "engine" is Docker Engine 29.
declare -A compiled=(
  [actionlint]=v1.7.12
  [act]=v0.2.89
  [buildkit]=v0.25.2
  [engine]=v2.0.0-beta.24
  [scanner]=v0.110.0
)

# From Python's package index.
zizmor_version=1.32.0
