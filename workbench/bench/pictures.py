"""JPEGs of a wanted size, as a node's camera would make them."""

import numpy as np
from numpy.typing import NDArray

from glassline.contract.frames import MAX_COM_BYTES, embed
from glassline.scene import Conveyor
from pi_node.camera import Picture
from pi_node.camera.jpeg import encode_jpeg

IMAGE_WH = (640, 480)
_NOISE_SEED = 1


def pictures(count: int, size_bytes: int) -> list[bytes]:
    """`count` different pictures of rendered glass, each a JPEG of exactly `size_bytes`.

    Quality and sensor noise bring it near the size, a second COM segment of spaces fills what is left.
    """
    belt = Conveyor(seed=7, image_wh=IMAGE_WH)
    return [_sized(belt.frame(10 + 0.1 * number), size_bytes) for number in range(count)]


def _sized(bgr: NDArray[np.uint8], size_bytes: int) -> bytes:
    jpeg = encode_jpeg(Picture(bgr), 5)
    for sigma, quality in [(0, q) for q in range(10, 101, 5)] + [(s, 95) for s in range(2, 60, 2)]:
        candidate = encode_jpeg(Picture(_noisy(bgr, sigma)), quality)
        if len(candidate) > size_bytes - 4:
            break
        jpeg = candidate
    missing = size_bytes - len(jpeg)
    if not 4 <= missing <= MAX_COM_BYTES:
        raise ValueError(f"no picture of {IMAGE_WH[0]} x {IMAGE_WH[1]} pixels comes near {size_bytes} bytes")
    return embed(jpeg, b" " * (missing - 4))


def _noisy(bgr: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    if not sigma:
        return bgr
    noise = np.random.default_rng(_NOISE_SEED).normal(0, sigma, bgr.shape)
    return np.clip(bgr + noise, 0, 255).astype(np.uint8)
