"""Instead of the library by which picamera2 shows pictures on a monitor, which it imports and nobody here uses."""

from unittest.mock import MagicMock

PixelFormat = MagicMock()
