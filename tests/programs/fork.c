/* Processes cannot be born for want of memory while there is the file that FORK_FAILS names: to be loaded before the C library. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

static int fails(void) {
    const char *name = getenv("FORK_FAILS");
    if (name && access(name, F_OK) == 0) {
        errno = ENOMEM;
        return 1;
    }
    return 0;
}

pid_t fork(void) {
    pid_t (*real)(void) = dlsym(RTLD_NEXT, "fork");
    return fails() ? -1 : real();
}

int clone(int (*run)(void *), void *stack, int flags, void *arg, ...) {
    int (*real)(int (*)(void *), void *, int, void *, ...) = dlsym(RTLD_NEXT, "clone");
    return fails() ? -1 : real(run, stack, flags, arg, NULL, NULL, NULL);
}
