#!/usr/bin/env bash
# release.sh VERSION: a commit with the version's number and its heading in the changelog, and the tag that `evenkeel upgrade` finds.
# Pushes nothing: .github/workflows/release.yml makes the wheels of a tag that is pushed.
set -euo pipefail

refuse() {
  printf 'release: %s\n' "$1" >&2
  exit 1
}

version=${1:-}
cd "$(git rev-parse --show-toplevel)"
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || refuse "VERSION is '$version': write a number such as 0.3.0"
[ -z "$(git status --porcelain)" ] || refuse "there are changes that are not committed: commit or remove them"
newest=$(git tag --list 'v[0-9]*' | sort --version-sort | tail -n 1)
older=$(printf '%s\n' "$newest" "v$version" | sort --version-sort | head -n 1)
if [ "$newest" = "v$version" ] || [ "$older" != "$newest" ]; then
  refuse "VERSION is $version, and $newest is there already: choose a newer one"
fi
notes=$(awk '/^## / { inside = ($2 == "Unreleased"); next } inside' CHANGELOG.md)
[[ $notes =~ [^[:space:]] ]] || refuse "CHANGELOG.md has nothing under Unreleased: say what the version changes"

sed -i "s/^## Unreleased$/## Unreleased\n\n## $version - $(date -u +%F)/" CHANGELOG.md
sed -i "s/^version = \".*\"$/version = \"$version\"/" packaging/*/pyproject.toml
git commit --quiet --message "Release $version" CHANGELOG.md packaging/*/pyproject.toml
git tag --annotate "v$version" --cleanup=verbatim --message "$version

$notes"
printf 'Look at it (git show v%s), then: git push --follow-tags\n' "$version"
