#!/bin/sh
# Trains on real photographs and measures on the scenes that were held out, for each number of scenes to learn from.
# Usage: trained.sh SCENES…, after the variables
#   PASSES  pictures looked at in training, the same for every number of scenes (37,000: about two hours on two cores)
#   PHOTOGRAPHS, GLASSLINE  where they are
# What was interrupted goes on, what is finished is only measured again: remove var/accuracy/runs to train anew.
set -eu
photographs=${PHOTOGRAPHS:-../shared/glass-images}
glassline=${GLASSLINE:-.venv-train/bin/glassline}
passes=${PASSES:-37000}
[ -d "$photographs" ] || { echo "skipped: there are no photographs in $photographs"; exit 0; }
for scenes in "$@"; do
    set=var/accuracy/real-$scenes
    weights=var/accuracy/runs/real-$scenes/weights/last.pt
    [ -f "$set/data.yaml" ] || "$glassline" model split "$set" --images "$photographs/images/forward" \
        --images "$photographs/images/backward" --labels "$photographs/labels" \
        --names contusion,scratch,crack,spot --scenes "$scenes" >/dev/null
    pictures=$(find "$set/images/train" -name '*.jpg' | wc -l)
    resume=
    [ -f "$weights" ] && resume=--resume
    "$glassline" model train "$set/data.yaml" --runs var/accuracy/runs --name "real-$scenes" --imgsz 512 --batch 8 \
        --epochs $(((passes + pictures / 2) / pictures)) --lr0 0.001 --mosaic 0.3 --no-keep-best $resume
    "$glassline" model export "$weights" "$set/real.onnx" --formats onnx
    echo "$scenes scenes, $pictures pictures, $passes passes"
    "$glassline" model eval "$set/data.yaml" --model "$set/real.onnx"
done
