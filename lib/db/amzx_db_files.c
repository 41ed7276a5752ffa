/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a SQLite database: on which disk, whose, and with what mode. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#endif
#include <apr_strings.h>

#include "amzx_db_private.h"
#include "amzx_str.h"

#define FUSE_MAGIC 0x65735546L

/* Where locks or shared memory do not reach from one host to the next. The
 * numbers are those of statfs(2). */
static const struct {
    long magic;
    const char *name;
} remote[] = {
    { 0x6969L, "NFS" },         { 0x517BL, "SMB" },
    { 0xFF534D42L, "CIFS" },    { 0xFE534D42L, "SMB2" },
    { 0x5346414FL, "AFS" },     { 0x00C36400L, "Ceph" },
    { 0x01021997L, "9P" },      { 0x0BD00BD0L, "Lustre" },
    { 0x01161970L, "GFS2" },    { 0x7461636FL, "OCFS2" },
    { 0x564CL, "NCP" },         { 0x73757245L, "Coda" },
    { 0x6B414653L, "AFS" },     { 0x47504653L, "GPFS" },
};

/* FUSE file systems that keep their data on this host. */
static const char *const local_fuse[] = { "fuseblk", "fuse.fuse-overlayfs" };

static const char *folder_of(const char *path, apr_pool_t *p)
{
    const char *slash = strrchr(path, '/');

    if (!slash) {
        return ".";
    }
    return slash == path ? "/"
                         : apr_pstrmemdup(p, path,
                                          (apr_size_t)(slash - path));
}

#ifdef __linux__
/* The type of the mount a device is: "fuse.sshfs", "fuseblk"... or "". */
static const char *mount_type(dev_t dev, apr_pool_t *p)
{
    const char *want = apr_psprintf(p, "%u:%u", major(dev), minor(dev));
    const char *type = "";
    char line[4096];
    FILE *mounts = fopen("/proc/self/mountinfo", "re");

    while (mounts && fgets(line, sizeof(line), mounts)) {
        char **word = amzx_split(line, " \n", p);
        int i;

        if (!word[0] || !word[1] || !word[2] || strcmp(word[2], want) != 0) {
            continue;
        }
        for (i = 3; word[i]; i++) {
            if (strcmp(word[i], "-") == 0 && word[i + 1]) {
                type = word[i + 1];
            }
        }
    }
    if (mounts) {
        fclose(mounts);
    }
    return type;
}

/* NULL when the file system is fit for SQLite, else its name. */
static const char *unfit(const char *folder, apr_pool_t *p)
{
    struct statfs fs;
    struct stat st;
    const char *type;
    apr_size_t i;

    if (statfs(folder, &fs) != 0 || stat(folder, &st) != 0) {
        return NULL; /* what follows reports it better */
    }
    for (i = 0; i < sizeof(remote) / sizeof(remote[0]); i++) {
        if (((unsigned long)fs.f_type & 0xFFFFFFFFUL)
            == (unsigned long)remote[i].magic) {
            return remote[i].name;
        }
    }
    if (fs.f_type != FUSE_MAGIC) {
        return NULL;
    }
    type = mount_type(st.st_dev, p);
    for (i = 0; i < sizeof(local_fuse) / sizeof(local_fuse[0]); i++) {
        if (strcmp(type, local_fuse[i]) == 0) {
            return NULL;
        }
    }
    return type[0] ? type : "FUSE";
}
#else
static const char *unfit(const char *folder, apr_pool_t *p)
{
    (void)folder;
    (void)p;
    return NULL;
}
#endif

apr_status_t amzx_file_system_check(const char *path, amzx_fault_t *fault,
                                    apr_pool_t *p)
{
    const char *name = unfit(folder_of(path, p), p);

    if (name) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_ENOTIMPL,
                              "config.database",
                              "%s is on a %s file system: SQLite needs a "
                              "local one, or use PostgreSQL",
                              path, name);
    }
    return APR_SUCCESS;
}

static apr_status_t files_fault(amzx_fault_t *fault, const char *path,
                                const char *what)
{
    int e = errno;

    return amzx_fault_set(fault, AMZX_FAULT_CONFIG, e, "database.readonly",
                          "cannot %s %s: %s", what, path, strerror(e));
}

/* Make the folder when it is missing; refuse one that anybody may change. */
static apr_status_t folder_make(const char *folder, long uid, long gid,
                                amzx_fault_t *fault)
{
    struct stat st;

    if (mkdir(folder, S_IRWXU) == 0) {
        if (uid >= 0 && chown(folder, (uid_t)uid, (gid_t)gid) != 0) {
            return files_fault(fault, folder, "give away");
        }
    }
    else if (errno != EEXIST) {
        return files_fault(fault, folder, "make");
    }
    if (stat(folder, &st) != 0) {
        return files_fault(fault, folder, "look at");
    }
    if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX)) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EACCES,
                              "config.database",
                              "%s may be written by everybody", folder);
    }
    return APR_SUCCESS;
}

/* One file: made when missing, 0600, given away; never through a link. */
static apr_status_t file_fit(const char *path, long uid, long gid,
                             amzx_fault_t *fault)
{
    int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    apr_status_t rv = APR_SUCCESS;
    struct stat st;
    int fd;

    fd = open(path, flags);
    if (fd < 0) {
        return errno == ENOENT ? APR_SUCCESS
                               : files_fault(fault, path, "open");
    }
    if (fstat(fd, &st) != 0) {
        rv = files_fault(fault, path, "look at");
    }
    else if (!S_ISREG(st.st_mode) || st.st_nlink != 1) {
        rv = amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EACCES,
                            "config.database",
                            "%s is not a plain file with one name", path);
    }
    else {
        if ((st.st_uid == geteuid() || geteuid() == 0)
            && (st.st_mode & (S_IRWXG | S_IRWXO))
            && fchmod(fd, S_IRUSR | S_IWUSR) != 0) {
            rv = files_fault(fault, path, "close to others");
        }
        if (rv == APR_SUCCESS && uid >= 0
            && fchown(fd, (uid_t)uid, (gid_t)gid) != 0) {
            rv = files_fault(fault, path, "give away");
        }
    }
    /* closing any descriptor of a file drops this process's locks on it:
     * so this runs only while no connection to it is open here */
    close(fd);
    return rv;
}

/*
 * Make an empty file under a name of its own and link it into place when it
 * is ready: no descriptor of the real name is ever closed, because another
 * thread may have it open already.
 */
static apr_status_t file_make(const char *path, amzx_fault_t *fault,
                              apr_pool_t *p)
{
    char *temp = apr_pstrcat(p, path, ".XXXXXX", NULL);
    apr_status_t rv = APR_SUCCESS;
    int fd;

    if (access(path, F_OK) == 0) {
        return APR_SUCCESS;
    }
    fd = mkostemp(temp, O_CLOEXEC); /* 0600 */
    if (fd < 0) {
        return files_fault(fault, path, "make");
    }
    close(fd);
    if (link(temp, path) != 0 && errno != EEXIST) {
        rv = files_fault(fault, path, "make");
    }
    unlink(temp);
    return rv;
}

apr_status_t amzx_db_files_make(const char *path, amzx_fault_t *fault,
                                apr_pool_t *p)
{
    apr_status_t rv;

    rv = folder_make(folder_of(path, p), -1, -1, fault);
    if (rv == APR_SUCCESS) {
        rv = file_make(apr_pstrcat(p, path, ".lock", NULL), fault, p);
    }
    if (rv == APR_SUCCESS) {
        rv = file_make(path, fault, p);
    }
    return rv;
}

apr_status_t amzx_db_prepare_files(const char *dsn, apr_uid_t uid,
                                   apr_gid_t gid, amzx_fault_t *fault,
                                   apr_pool_t *p)
{
    static const char *const suffixes[] = { "", ".lock", "-wal", "-shm" };
    const char *path = dsn + 7;
    apr_status_t rv;
    apr_size_t i;

    if (strncmp(dsn, "sqlite:/", 8) != 0) {
        return APR_SUCCESS;
    }
    rv = folder_make(folder_of(path, p), (long)uid, (long)gid, fault);
    if (rv == APR_SUCCESS) {
        rv = amzx_file_system_check(path, fault, p);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_db_files_make(path, fault, p);
    }
    for (i = 0; rv == APR_SUCCESS && i < sizeof(suffixes) / sizeof(*suffixes);
         i++) {
        rv = file_fit(apr_pstrcat(p, path, suffixes[i], NULL), (long)uid,
                      (long)gid, fault);
    }
    return rv;
}
