#!/bin/sh
# Prints the files that training and export depend on and that changed within DAYS (1) before the newest commit.
# Ends with 0 if there are any, with 1 if not. A history that was cut short counts as a change.
set -eu
newest_s=$(git log -1 --format=%ct)
since_s=$((newest_s - ${DAYS:-1} * 86400))
changed=$(git log --since="@$since_s" --format= --name-only -- \
    workbench/training.py workbench/normalisation.py workbench/blending.py workbench/exporting.py workbench/exporters.py workbench/parity.py \
    glassline/scene glassline/vision/runtimes glassline/vision/metadata.py glassline/vision/yolo.py \
    tests/workbench/test_training.py tests/workbench/test_blending.py tests/vision/fixtures/make_outputs.py | sort -u)
[ -n "$changed" ] || exit 1
echo "$changed"
