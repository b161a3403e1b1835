#!/bin/sh
# Trains on real photographs and measures on the scenes that were held out, for each number of scenes to learn from.
# Usage: trained.sh SCENES…, after the variables
#   PASSES  pictures looked at in each run of training, the same for every number of scenes (22,000: 45 minutes on a core)
#   SEEDS   a run for each, blended where there are two; the runs take turns: to have them beside each other, start this
#           script twice, with `taskset -c 0` and one seed each, and then once more with both
#   PHOTOGRAPHS, GLASSLINE  where they are
# What was interrupted goes on, what is finished is only measured again: remove var/accuracy/runs to train anew.
set -eu
photographs=${PHOTOGRAPHS:-../shared/glass-images}
glassline=${GLASSLINE:-.venv-train/bin/glassline}
passes=${PASSES:-22000}
seeds=${SEEDS:-0 1}
runs=var/accuracy/runs
labels='band=contusion, blow=contusion, thread=scratch, crack=crack, spot=spot'
[ -d "$photographs" ] || { echo "skipped: there are no photographs in $photographs"; exit 0; }

# train NAME EPOCHS ARGUMENTS…
train() {
    name=$1 epochs=$2
    shift 2
    resume=
    [ -f "$runs/$name/weights/last.pt" ] && resume=--resume
    "$glassline" model train "$@" --runs "$runs" --name "$name" --epochs "$epochs" --batch 8 --lr0 0.001 \
        --no-keep-best $resume
}

# drawn NAME COUNT SEED: close-ups in the labels of the photographs
drawn() {
    [ -f "var/accuracy/$1/data.yaml" ] ||
        "$glassline" model render "var/accuracy/$1" --count "$2" --seed "$3" --labels "$labels" >/dev/null
}

drawn drawn 600 31
train drawn 4 var/accuracy/drawn/data.yaml --imgsz 448 --mosaic 0.2
for scenes in "$@"; do
    set=var/accuracy/real-$scenes
    [ -f "$set/data.yaml" ] || "$glassline" model split "$set" --images "$photographs/images/forward" \
        --images "$photographs/images/backward" --labels "$photographs/labels" \
        --names contusion,scratch,crack,spot --scenes "$scenes" >/dev/null
    pictures=$(find "$set/images/train" -name '*.jpg' | wc -l)
    weights=
    for seed in $seeds; do
        drawn "drawn-$seed" 266 $((32 + seed))
        each=$((2 * pictures + 240))
        train "real-$scenes-$seed" $(((passes + each / 2) / each)) "$set/data.yaml" --also "$set/data.yaml" \
            --also "var/accuracy/drawn-$seed/data.yaml" --weights "$runs/drawn/weights/last.pt" --seed "$seed" \
            --imgsz 512 --mosaic 0.3
        weights="$weights $runs/real-$scenes-$seed/weights/last.pt"
    done
    # shellcheck disable=SC2086 # paths without spaces, one for each seed
    case $seeds in
    *" "*) "$glassline" model blend $weights "$set/data.yaml" "$set/real.pt" --share 0.5 ;;
    *) cp $weights "$set/real.pt" ;;
    esac
    "$glassline" model export "$set/real.pt" "$set/real.onnx" --formats onnx --imgsz 448
    echo "$scenes scenes, $pictures pictures, $passes passes for each of the seeds $seeds"
    "$glassline" model eval "$set/data.yaml" --model "$set/real.onnx"
done
