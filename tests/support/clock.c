/* A wrong clock: loaded before the C library, it adds what the file CLOCK_FILE says to the time of day, and says of it what
   the file says of whoever keeps it. Python's time and datetime, OpenSSL and SQLite ask these; what measures durations
   (CLOCK_MONOTONIC) is left as it is. The file may be written at any time: the clock jumps at once. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

struct said {
    double off_s;  /* added to the time of day */
    double is_set; /* 1: a program keeps the clock and has set it; 0: nobody has; -1: what the kernel itself says */
    double left_s; /* how far it is still to be led */
};

static struct said *said(void) {
    static struct said *at, none = {0, -1, 0};
    if (at) return at;
    const char *path = getenv("CLOCK_FILE");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *at, PROT_READ, MAP_SHARED, fd, 0);
    if (fd >= 0) close(fd);
    return at = mapped == MAP_FAILED ? &none : mapped;
}

int clock_gettime(clockid_t id, struct timespec *at) {
    long failed = syscall(SYS_clock_gettime, id, at);
    if (!failed && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
        double off_s = said()->off_s, whole_s = floor(off_s);
        at->tv_sec += (time_t)whole_s;
        at->tv_nsec += (long)((off_s - whole_s) * 1e9);
        if (at->tv_nsec >= 1000000000) at->tv_sec++, at->tv_nsec -= 1000000000;
    }
    return (int)failed;
}

int gettimeofday(struct timeval *at, void *zone) {
    struct timespec now;
    (void)zone;
    int failed = clock_gettime(CLOCK_REALTIME, &now);
    if (!failed && at) at->tv_sec = now.tv_sec, at->tv_usec = now.tv_nsec / 1000;
    return failed;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}

int adjtimex(struct timex *timex) {
    int state = (int)syscall(SYS_adjtimex, timex);
    if (state < 0 || said()->is_set < 0) return state;
    timex->maxerror = said()->is_set ? 1000 : 16000000;
    timex->status = said()->is_set ? STA_PLL | STA_NANO : STA_UNSYNC | STA_NANO;
    timex->offset = (long)(said()->left_s * 1e9);
    return said()->is_set ? TIME_OK : TIME_ERROR;
}
