"""A measuring process that hangs, as a library that deadlocks makes it."""

import time

if __name__ == "__main__":
    time.sleep(600)
