#!/bin/sh
# The shipped model on real photographs that it never saw, each light apart, beside background subtraction.
# Usage: shipped.sh [PHOTOGRAPHS]; the figures that count are those of the scenes after the first 97 by name.
set -eu
photographs=${1:-../shared/glass-images}
glassline=${GLASSLINE:-.venv/bin/glassline}
[ -d "$photographs" ] || { echo "skipped: there are no photographs in $photographs"; exit 0; }
for light in forward backward; do
    set=var/accuracy/$light
    [ -f "$set/data.yaml" ] || "$glassline" model split "$set" --images "$photographs/images/$light" \
        --labels "$photographs/labels" --names contusion,scratch,crack,spot >/dev/null
    for scenes in "first 97:--limit 97" "other 100:--skip 97"; do
        echo "$light light, ${scenes%%:*}"
        # shellcheck disable=SC2086
        "$glassline" model eval "$set/data.yaml" --part all ${scenes#*:} --baseline
    done
done
