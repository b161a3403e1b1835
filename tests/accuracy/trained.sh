#!/bin/sh
# Trains on real photographs and measures on the scenes that were held out, for each number of scenes to learn from.
# Usage: trained.sh SCENES…, after the variables
#   PASSES  pictures looked at in training, the same for every number of scenes, and a sixth as many at last (30,000: an
#           hour on two cores)
#   PASTED  how many photographs with more cracks pasted onto them are trained on beside the others
#   PHOTOGRAPHS, GLASSLINE  where they are
# First the shipped weights learn the labels of the photographs on rendered close-ups, then see each photograph twice
# beside those with pasted cracks and other close-ups, and at last the photographs alone. It is measured at the size that
# was best where a fourth of the scenes to learn from were held out (docs/accuracy.md). What was interrupted goes on,
# what is finished is only measured again: remove var/accuracy to begin anew. `taskset -c 0` before it leaves the other
# cores alone.
set -eu
photographs=${PHOTOGRAPHS:-../shared/glass-images}
glassline=${GLASSLINE:-.venv-train/bin/glassline}
passes=${PASSES:-30000}
pasted=${PASTED:-316}
runs=var/accuracy/runs
labels='band=contusion, blow=contusion, thread=scratch, crack=crack, spot=spot'
[ -d "$photographs" ] || { echo "skipped: there are no photographs in $photographs"; exit 0; }

# train NAME PASSES PICTURES ARGUMENTS…: as many epochs of so many pictures as come to so many passes
train() {
    name=$1 epochs=$((($2 + $3 / 2) / $3))
    shift 3
    [ "$epochs" -gt 0 ] || epochs=1
    resume=
    [ -f "$runs/$name/weights/last.pt" ] && resume=--resume
    "$glassline" model train --runs "$runs" --name "$name" --epochs "$epochs" --batch 8 --no-keep-best $resume "$@"
}

# drawn NAME COUNT SEED: close-ups in the labels of the photographs
drawn() {
    [ -f "var/accuracy/$1/data.yaml" ] ||
        "$glassline" model render "var/accuracy/$1" --count "$2" --seed "$3" --labels "$labels" >/dev/null
}

drawn drawn 1500 31
drawn drawn-beside 266 32
train drawn 4050 1350 var/accuracy/drawn/data.yaml --lr0 0.001 --imgsz 448 --mosaic 0.2
for scenes in "$@"; do
    set=var/accuracy/real-$scenes
    [ -f "$set/data.yaml" ] || "$glassline" model split "$set" --images "$photographs/images/forward" \
        --images "$photographs/images/backward" --labels "$photographs/labels" \
        --names contusion,scratch,crack,spot --scenes "$scenes" >/dev/null
    more=$set
    if [ "$pasted" -gt 0 ]; then
        more=$set-pasted
        [ -f "$more/data.yaml" ] ||
            "$glassline" model paste "$set/data.yaml" "$more" --labels crack --count "$pasted" >/dev/null
    fi
    pictures=$(find "$set/images/train" -name '*.jpg' | wc -l)
    train "real-$scenes" "$passes" $((2 * pictures + pasted + 240)) "$more/data.yaml" --also "$set/data.yaml" \
        --also var/accuracy/drawn-beside/data.yaml --weights "$runs/drawn/weights/last.pt" --lr0 0.001 --imgsz 512 \
        --mosaic 0.3
    train "alone-$scenes" $((passes / 6)) "$pictures" "$set/data.yaml" --weights "$runs/real-$scenes/weights/last.pt" \
        --lr0 0.0003 --imgsz 448 --mosaic 0 --seed 4
    "$glassline" model export "$runs/alone-$scenes/weights/last.pt" "$set/real.onnx" --formats onnx --imgsz 416
    for looks in 1 4 8; do
        echo "$scenes scenes, $pictures pictures, $pasted with pasted cracks, $passes passes; looks: $looks"
        "$glassline" model eval "$set/data.yaml" --model "$set/real.onnx" --looks "$looks"
    done
done
