// Runs a program and does something at its k-th call that concerns a folder.
//
//     tracer FOLDER K DEED REPORT PROGRAM ARGUMENT...
//
// Calls are counted over all threads as the kernel sees them, whoever makes them: libc, or an instruction of the
// program's own. A call concerns FOLDER if a path or a descriptor in it leads there. DEED: `count` does nothing; `kill`
// sends SIGKILL and `term` SIGTERM before the call; `eio`, `enospc` and `eacces` make the call fail without being made.
// REPORT gets a line for every call: its name, `+` where it changes what is on disk, and the path. Exit code: the
// program's, or 128 and the signal.
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#if !defined(__x86_64__) && !defined(__aarch64__)
#error "registers of this processor are not known here"
#endif

// What of a call says which file it is about: a descriptor, a path, or a path below a descriptor.
enum place { FD, PATH, AT, TWO_AT };
struct call {
    long number;
    const char *name;
    enum place place;
};

static const struct call CALLS[] = {
    {SYS_openat, "openat", AT}, {SYS_mkdirat, "mkdirat", AT}, {SYS_unlinkat, "unlinkat", AT},
    {SYS_statx, "statx", AT}, {SYS_newfstatat, "newfstatat", AT}, {SYS_faccessat, "faccessat", AT},
    {SYS_readlinkat, "readlinkat", AT}, {SYS_fchmodat, "fchmodat", AT}, {SYS_symlinkat, "symlinkat", PATH},
    {SYS_linkat, "linkat", TWO_AT}, {SYS_renameat2, "renameat2", TWO_AT},
    {SYS_read, "read", FD}, {SYS_pread64, "pread64", FD}, {SYS_readv, "readv", FD},
    {SYS_write, "write", FD}, {SYS_pwrite64, "pwrite64", FD}, {SYS_writev, "writev", FD},
    {SYS_fsync, "fsync", FD}, {SYS_fdatasync, "fdatasync", FD}, {SYS_ftruncate, "ftruncate", FD},
    {SYS_fallocate, "fallocate", FD}, {SYS_fstat, "fstat", FD}, {SYS_lseek, "lseek", FD},
    {SYS_getdents64, "getdents64", FD}, {SYS_close, "close", FD}, {SYS_fchmod, "fchmod", FD},
    {SYS_copy_file_range, "copy_file_range", FD}, {SYS_sendfile, "sendfile", FD}, {SYS_flock, "flock", FD},
#ifdef SYS_renameat
    {SYS_renameat, "renameat", TWO_AT},
#endif
#ifdef SYS_open
    {SYS_open, "open", PATH}, {SYS_creat, "creat", PATH}, {SYS_mkdir, "mkdir", PATH}, {SYS_rmdir, "rmdir", PATH},
    {SYS_unlink, "unlink", PATH}, {SYS_rename, "rename", PATH}, {SYS_link, "link", PATH}, {SYS_stat, "stat", PATH},
    {SYS_lstat, "lstat", PATH}, {SYS_chmod, "chmod", PATH}, {SYS_access, "access", PATH},
    {SYS_readlink, "readlink", PATH},
#endif
};

static const char *folder;

static void fail(const char *what) {
    perror(what);
    exit(125);
}

static void text_at(pid_t pid, uint64_t address, char *text) {
    size_t have = 0;
    while (have < PATH_MAX - 1) {
        errno = 0;
        long word = ptrace(PTRACE_PEEKDATA, pid, address + have, 0);
        if (errno) break;
        memcpy(text + have, &word, sizeof word);
        if (memchr(&word, 0, sizeof word)) return;
        have += sizeof word;
    }
    text[have] = 0;
}

static void path_of(pid_t pid, int descriptor, char *text) {
    char link[64];
    snprintf(link, sizeof link, "/proc/%d/fd/%d", pid, descriptor);
    ssize_t length = readlink(link, text, PATH_MAX - 1);
    text[length < 0 ? 0 : length] = 0;
}

static int concerns(const char *text) { return !strncmp(text, folder, strlen(folder)); }

static int below(pid_t pid, int descriptor, uint64_t path, char *text) {
    text_at(pid, path, text);
    if (text[0] == '/' || descriptor == AT_FDCWD) return concerns(text);
    char above[PATH_MAX], name[PATH_MAX];
    path_of(pid, descriptor, above);
    strcpy(name, text);
    snprintf(text, 2 * PATH_MAX, "%s/%s", above, name);
    return concerns(text);
}

// The call if it concerns the folder, and the path in it that does.
static const struct call *of(pid_t pid, struct __ptrace_syscall_info *info, char *text) {
    const uint64_t *args = (const uint64_t *)info->entry.args;
    for (size_t k = 0; k < sizeof CALLS / sizeof *CALLS; k++) {
        const struct call *call = CALLS + k;
        if ((long)info->entry.nr != call->number) continue;
        int there = 0;
        switch (call->place) {
        case FD:
            path_of(pid, args[0], text);
            there = concerns(text);
            break;
        case PATH:
            text_at(pid, args[0], text);
            there = concerns(text);
            break;
        case AT:
            there = below(pid, args[0], args[1], text);
            break;
        case TWO_AT:
            there = below(pid, args[0], args[1], text) || below(pid, args[2], args[3], text);
            break;
        }
        return there ? call : NULL;
    }
    return NULL;
}

// Whether a call changes what is on disk, or has it reach the disk.
static int changes(const struct call *call, struct __ptrace_syscall_info *info) {
    static const char *const CHANGING[] = {"mkdir", "unlink", "rmdir", "rename", "link", "symlink", "write", "pwrite",
        "fsync", "fdatasync", "ftruncate", "fallocate", "fchmod", "chmod", "copy_file", "sendfile", "creat"};
    for (size_t k = 0; k < sizeof CHANGING / sizeof *CHANGING; k++)
        if (!strncmp(call->name, CHANGING[k], strlen(CHANGING[k]))) return 1;
    int flags = !strcmp(call->name, "openat") ? 2 : !strcmp(call->name, "open") ? 1 : 0;
    return flags && info->entry.args[flags] & (O_CREAT | O_TRUNC);
}

// Has the kernel make no call, and then say that it failed.
static void skip(pid_t pid) {
#if defined(__x86_64__)
    if (ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, orig_rax), -1)) fail("skip");
#else
    int none = -1;
    struct iovec part = {&none, sizeof none};
    if (ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &part)) fail("skip");
#endif
}

static void answer(pid_t pid, long value) {
#if defined(__x86_64__)
    if (ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rax), value)) fail("answer");
#else
    struct user_regs_struct registers;
    struct iovec all = {&registers, sizeof registers};
    if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &all)) fail("answer");
    registers.regs[0] = value;
    if (ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &all)) fail("answer");
#endif
}

int main(int count, char **words) {
    if (count < 6) return 125;
    folder = words[1];
    FILE *report = fopen(words[4], "we");
    if (!report) fail("report");
    long at = atol(words[2]), calls = 0, number = 0;
    const char *deed = words[3];
    int error = !strcmp(deed, "eio") ? EIO : !strcmp(deed, "enospc") ? ENOSPC : !strcmp(deed, "eacces") ? EACCES : 0;
    char text[3 * PATH_MAX];
    pid_t program = fork();
    if (!program) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        execv(words[5], words + 5);
        _exit(125);
    }
    int status, code = 125;
    if (waitpid(program, &status, 0) < 0 || !WIFSTOPPED(status)) fail("begin");
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SETOPTIONS, program, 0, options)) fail("options");
    ptrace(PTRACE_SYSCALL, program, 0, 0);
    pid_t failing = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            if (pid == program) code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        int signal = WSTOPSIG(status);
        int pass = 0;
        struct __ptrace_syscall_info info;
        if (signal == (SIGTRAP | 0x80)) {
            if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) < 0) continue;
            const struct call *call = info.op == PTRACE_SYSCALL_INFO_ENTRY ? of(pid, &info, text) : NULL;
            if (call) fprintf(report, "%s%s %s\n", call->name, changes(call, &info) ? " +" : "", text);
            if (call && ++calls == at) {
                number = call->number;
                if (error) {
                    skip(pid);
                    failing = pid;
                }
                if (!strcmp(deed, "kill")) kill(program, SIGKILL);
                if (!strcmp(deed, "term")) kill(program, SIGTERM);
            } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && failing == pid) {
                // A descriptor that is closed is gone, whatever `close` says.
                answer(pid, number == SYS_close ? 0 : -error);
                failing = 0;
            }
        } else if (status >> 16 || signal == SIGSTOP) {
            // A new thread, or the program begins.
        } else if (signal != SIGTRAP) {
            pass = signal;
        }
        ptrace(PTRACE_SYSCALL, pid, 0, pass);
    }
    if (fclose(report)) fail("report");
    return code;
}
