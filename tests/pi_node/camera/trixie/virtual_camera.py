"""The real picamera2 on libcamera's virtual camera, which differs from a Pi's and from a USB camera in two things."""

import libcamera
import picamera2
from picamera2.allocators import LibcameraAllocator


class OnVirtual(picamera2.Picamera2):
    """Its buffers come from libcamera, two planes each, and it has no raw stream."""

    def __init__(self, camera_num=0):
        super().__init__(camera_num)
        self.allocator = LibcameraAllocator(self.camera)

    def _get_raw_modes(self):
        formats = self.camera.generate_configuration([libcamera.StreamRole.Viewfinder]).at(0).formats
        return [
            {"format": str(pixels), "size": (size.width, size.height)}
            for pixels in formats.pixel_formats
            for size in formats.sizes(pixels)
        ]


picamera2.Picamera2 = OnVirtual
