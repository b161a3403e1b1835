"""Instead of the library by which picamera2 ends the ffmpeg that it starts for recordings; nobody here records."""
