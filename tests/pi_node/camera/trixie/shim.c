/* Preloaded so that libcamera's virtual camera and picamera2 run where the kernel has no DMA heaps, and can be hung.
 *
 * Buffers of a camera are files of the kernel's DMA heaps. Where /dev/udmabuf and /dev/dma_heap are missing, opening them
 * and allocating there gives anonymous memory instead, which maps and copies alike; what only such buffers know (names,
 * cache flushes) succeeds and does nothing.
 *
 * While the file named by $HANG_FILE exists, nothing that libcamera's Python bindings say reaches Python: frames are made,
 * and nobody hears of them. So does a camera that hangs look to picamera2.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_missing_heap(const char *path)
{
    if (strcmp(path, "/dev/udmabuf") != 0 && strncmp(path, "/dev/dma_heap/", 14) != 0)
        return 0;
    return access(path, F_OK) != 0;
}

static int memory_of(size_t bytes)
{
    int fd = memfd_create("instead-of-dma", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd >= 0 && ftruncate(fd, (off_t)bytes) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int open_as(const char *name, const char *path, int flags, mode_t mode)
{
    if (is_missing_heap(path))
        return memory_of(0);
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, name);
    return real(path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open_as("open", path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open_as("open64", path, flags, mode);
}

int __open_2(const char *path, int flags) { return open_as("open", path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_as("open64", path, flags, 0); }

int ioctl(int fd, unsigned long request, ...)
{
    va_list rest;
    va_start(rest, request);
    void *about = va_arg(rest, void *);
    va_end(rest);
    unsigned int code = (unsigned int)request; /* Python hands it over with its sign */
    if (code == UDMABUF_CREATE)
        return fcntl((int)((struct udmabuf_create *)about)->memfd, F_DUPFD_CLOEXEC, 0);
    if (code == DMA_HEAP_IOCTL_ALLOC) {
        struct dma_heap_allocation_data *wanted = about;
        int memory = memory_of(wanted->len);
        wanted->fd = (unsigned int)memory;
        return memory < 0 ? -1 : 0;
    }
    int done = (int)syscall(SYS_ioctl, fd, request, about);
    if (done < 0 && errno == ENOTTY && _IOC_TYPE(code) == DMA_BUF_BASE)
        return 0;
    return done;
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    const char *hang_file = getenv("HANG_FILE");
    Dl_info caller;
    if (count == sizeof(unsigned long long) && hang_file && access(hang_file, F_OK) == 0 &&
        dladdr(__builtin_return_address(0), &caller) && strstr(caller.dli_fname, "_libcamera."))
        return (ssize_t)count;
    return syscall(SYS_write, fd, bytes, count);
}
