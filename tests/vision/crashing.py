"""A measuring process that dies as a broken library makes it die."""

import os

if __name__ == "__main__":
    os.abort()
