/* SPDX-License-Identifier: Apache-2.0 */
/* A main() for fuzz targets built without libFuzzer: it feeds every file of
 * the folders and files named on the command line to the target. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>

#define REPLAY_MAX_BYTES (1 << 24)

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static apr_status_t replay_file(const char *path, apr_pool_t *p)
{
    apr_file_t *file = NULL;
    apr_finfo_t info;
    apr_status_t rv;
    uint8_t *data;
    apr_size_t size;

    rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY,
                       APR_FPROT_OS_DEFAULT, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = apr_file_info_get(&info, APR_FINFO_SIZE, file);
    if (rv != APR_SUCCESS || info.size > REPLAY_MAX_BYTES) {
        return rv != APR_SUCCESS ? rv : APR_ENOSPC;
    }
    size = (apr_size_t)info.size;
    /* malloc of the exact size, so that a sanitizer sees one byte too many */
    data = malloc(size > 0 ? size : 1);
    if (!data) {
        return APR_ENOMEM;
    }
    rv = size > 0 ? apr_file_read_full(file, data, size, NULL) : APR_SUCCESS;
    if (rv == APR_SUCCESS) {
        (void)LLVMFuzzerTestOneInput(data, size);
    }
    free(data);
    return rv;
}

static int replay_path(const char *path, apr_pool_t *p)
{
    apr_dir_t *dir = NULL;
    apr_finfo_t info;
    int count = 0;

    if (apr_stat(&info, path, APR_FINFO_TYPE, p) != APR_SUCCESS) {
        fprintf(stderr, "cannot find %s\n", path);
        return -1;
    }
    if (info.filetype != APR_DIR) {
        if (replay_file(path, p) != APR_SUCCESS) {
            fprintf(stderr, "cannot read %s\n", path);
            return -1;
        }
        return 1;
    }
    if (apr_dir_open(&dir, path, p) != APR_SUCCESS) {
        fprintf(stderr, "cannot open %s\n", path);
        return -1;
    }
    while (apr_dir_read(&info, APR_FINFO_NAME | APR_FINFO_TYPE, dir)
           == APR_SUCCESS) {
        if (info.filetype == APR_REG && info.name[0] != '.') {
            const char *file = apr_pstrcat(p, path, "/", info.name, NULL);

            if (replay_file(file, p) != APR_SUCCESS) {
                fprintf(stderr, "cannot read %s\n", file);
                count = -1;
                break;
            }
            ++count;
        }
    }
    apr_dir_close(dir);
    return count;
}

int main(int argc, char **argv)
{
    apr_pool_t *p = NULL;
    int total = 0;
    int i;

    if (apr_initialize() != APR_SUCCESS
        || apr_pool_create(&p, NULL) != APR_SUCCESS) {
        return 1;
    }
    for (i = 1; i < argc; ++i) {
        int count = replay_path(argv[i], p);

        if (count < 0) {
            return 1;
        }
        total += count;
    }
    printf("replayed %d inputs\n", total);
    apr_pool_destroy(p);
    apr_terminate();
    return total > 0 ? 0 : 1;
}
