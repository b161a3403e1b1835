"""Labelled photographs of scenes, each under one or more lights, put together as a YOLO data set."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from glassline.data_yaml import write_data_yaml


def split_scenes(
    directory: Path,
    *,
    images: Sequence[Path],
    labels: Path,
    names: Sequence[str],
    held_out_every: int = 5,
    scenes: int | None = None,
) -> Path:
    """Link photographs and labels into `directory` and return its data.yaml.

    Each folder of `images` holds a scene under one light as SCENE.jpg; `labels` holds one SCENE.txt for all of its
    lights. Scenes are sorted by name and every `held_out_every`-th is for validation, so that no light of a held-out
    scene is trained on. `scenes` limits the training part to so many, evenly spread over the sorted names.
    ValueError when a picture or a label file has no partner, when none would be held out, when two folders of pictures
    have the same name, or when `directory` already holds a data set.
    """
    lights = [folder.name for folder in images]
    if len(set(lights)) < len(lights):
        raise ValueError(f"two folders of pictures have the same name ({', '.join(lights)}): rename one of them")
    stems = sorted({path.stem for folder in images for path in folder.glob("*.jpg")})
    missing = [stem for stem in stems if not (labels / f"{stem}.txt").is_file()]
    if not stems or missing:
        lacks = f"no label file for {missing[0]}.jpg in {labels}" if stems else "no *.jpg in the folders of pictures"
        raise ValueError(f"{lacks}. A scene is SCENE.jpg in each folder of pictures and SCENE.txt in that of labels.")
    if (directory / "data.yaml").exists():
        raise ValueError(f"{directory} already holds a data set: name another directory")
    held_out = stems[held_out_every - 1 :: held_out_every]
    if not held_out:
        raise ValueError(
            f"with {len(stems)} scenes, none is held out for validation: give --held-out-every a smaller number"
        )
    trained = [stem for stem in stems if stem not in set(held_out)]
    if scenes is not None:
        count = min(scenes, len(trained))
        trained = [trained[k * len(trained) // count] for k in range(count)]
    for part, members in (("train", trained), ("val", held_out)):
        for kind in ("images", "labels"):
            (directory / kind / part).mkdir(parents=True, exist_ok=True)
        for folder in images:
            for stem in members:
                if (folder / f"{stem}.jpg").is_file():
                    name = f"{stem}-{folder.name}"
                    os.symlink((folder / f"{stem}.jpg").resolve(), directory / "images" / part / f"{name}.jpg")
                    os.symlink((labels / f"{stem}.txt").resolve(), directory / "labels" / part / f"{name}.txt")
    return write_data_yaml(directory / "data.yaml", names)
