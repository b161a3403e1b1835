/* A wrong clock: loaded before the C library, it adds CLOCK_OFF_S seconds to the time of day. Python's time and
   datetime, OpenSSL and SQLite ask these three; what measures durations (CLOCK_MONOTONIC) is left as it is. */

#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long off_s(void) {
    const char *text = getenv("CLOCK_OFF_S");
    return text ? atol(text) : 0;
}

int clock_gettime(clockid_t id, struct timespec *at) {
    long failed = syscall(SYS_clock_gettime, id, at);
    if (!failed && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) at->tv_sec += off_s();
    return (int)failed;
}

int gettimeofday(struct timeval *at, void *zone) {
    long failed = syscall(SYS_gettimeofday, at, zone);
    if (!failed && at) at->tv_sec += off_s();
    return (int)failed;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
