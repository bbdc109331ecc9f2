// The disk as a whole: its life, its crashes, and what Swift asks of it.

#include <stdlib.h>
#include <string.h>

#include "disk.h"

void *simdisk_allocate(size_t size) { return simdisk_reallocate(NULL, size); }

/// A simulation without memory has nothing to say; it ends.
void *simdisk_reallocate(void *memory, size_t size) {
    void *result = realloc(memory, size);
    if (!result) abort();
    return result;
}

char *simdisk_copy_name(const char *name) {
    size_t size = strlen(name) + 1;
    return memcpy(simdisk_allocate(size), name, size);
}

void simdisk_lock(simdisk *disk) { pthread_mutex_lock(&disk->mutex); }
void simdisk_unlock(simdisk *disk) { pthread_mutex_unlock(&disk->mutex); }

// MARK: Life

/// Puts a fresh VFS under the name of the disk.
static int enter_incarnation(simdisk *disk) {
    incarnation *next = simdisk_allocate(sizeof(incarnation));
    memset(next, 0, sizeof(incarnation));
    next->disk = disk;
    simdisk_fill_vfs(&next->vfs, disk->vfs_name, next);
    if (sqlite3_vfs_register(&next->vfs, 0) != SQLITE_OK) {
        free(next);
        return 0;
    }
    next->older = disk->incarnations;
    disk->incarnations = next;
    return 1;
}

/// Nothing opened before can reach the files any more.
static void end_incarnation(simdisk *disk) {
    for (handle *handle = disk->handles; handle; handle = handle->next) simdisk_detach(handle);
    disk->incarnations->is_dead = 1;
    disk->incarnations->ended_at = disk->counters.crashes + disk->counters.kills;
    sqlite3_vfs_unregister(&disk->incarnations->vfs);
}

/// Frees the incarnations that nobody can be using. A connection that the crash interrupts while it opens its first file
/// has no handle yet, so each stays for a few crashes more.
static void bury_incarnations(simdisk *disk) {
    for (incarnation **place = &disk->incarnations; *place;) {
        incarnation *one = *place;
        if (!one->is_dead || one->handles > 0 || one->ended_at + 8 > disk->counters.crashes + disk->counters.kills) {
            place = &one->older;
        } else {
            *place = one->older;
            free(one);
        }
    }
}

simdisk *simdisk_create(const char *name, const simdisk_settings *settings, const simdisk_world *world) {
    if (sqlite3_initialize() != SQLITE_OK) return NULL;
    simdisk *disk = simdisk_allocate(sizeof(simdisk));
    memset(disk, 0, sizeof(simdisk));
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&disk->mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    disk->references = 1;
    disk->vfs_name = simdisk_copy_name(name);
    disk->settings = *settings;
    disk->world = *world;
    disk->capacity = -1;
    if (enter_incarnation(disk)) return disk;
    disk->world.released = NULL;
    simdisk_lock(disk);
    simdisk_unlock_and_drop(disk);
    return NULL;
}

static void destroy(simdisk *disk) {
    for (size_t index = 0; index < disk->entry_count; index++) {
        if (disk->entries[index].now) simdisk_drop_inode(disk, disk->entries[index].now);
        if (disk->entries[index].synced) simdisk_drop_inode(disk, disk->entries[index].synced);
        free(disk->entries[index].name);
    }
    free(disk->entries);
    while (disk->spare_versions) {
        version *next = disk->spare_versions->older;
        free(disk->spare_versions);
        disk->spare_versions = next;
    }
    while (disk->incarnations) {
        incarnation *next = disk->incarnations->older;
        free(disk->incarnations);
        disk->incarnations = next;
    }
    pthread_mutex_destroy(&disk->mutex);
    free(disk->vfs_name);
    if (disk->world.released) disk->world.released(disk->world.context);
    free(disk);
}

void simdisk_unlock_and_drop(simdisk *disk) {
    int is_last = --disk->references == 0;
    simdisk_unlock(disk);
    if (is_last) destroy(disk);
}

void simdisk_release(simdisk *disk) {
    simdisk_lock(disk);
    end_incarnation(disk);
    simdisk_unlock_and_drop(disk);
}

// MARK: Crashes

/// A handle loses its file. What SQLite holds pointers to stays until it closes the handle.
void simdisk_detach(handle *handle) {
    if (!handle->file) return;
    simdisk_release_locks(handle);
    simdisk_leave_memory(handle);
    simdisk_drop_inode(handle->disk, handle->file);
    handle->file = NULL;
}

void simdisk_lose_power(simdisk *disk, enum simdisk_loss loss) {
    static const enum simdisk_loss drawn[] = {
        SIMDISK_LOSS_EVERYTHING, SIMDISK_LOSS_NOTHING, SIMDISK_LOSS_MIXED, SIMDISK_LOSS_MIXED,
        SIMDISK_LOSS_MIXED,      SIMDISK_LOSS_MIXED,   SIMDISK_LOSS_ORDERED, SIMDISK_LOSS_ORDERED};
    if (loss == SIMDISK_LOSS_DRAWN) loss = drawn[simdisk_draw(disk) % 8];
    disk->counters.crashes++;
    disk->crash_countdown = 0;
    disk->trace = simdisk_mix(disk->trace ^ (uint64_t)loss << 32);
    end_incarnation(disk);
    bury_incarnations(disk);
    // Recent moments are where things happen: one of the last 64 operations, or any.
    uint64_t span = simdisk_draw(disk) & 1 ? 64 : disk->counters.operations + 1;
    uint64_t back = simdisk_draw(disk) % (span ? span : 1);
    uint64_t until = back < disk->counters.operations ? disk->counters.operations - back : 0;
    simdisk_settle_directory(disk, loss, until);
    enter_incarnation(disk);
}

void simdisk_crash(simdisk *disk, enum simdisk_loss loss) {
    simdisk_lock(disk);
    simdisk_lose_power(disk, loss);
    simdisk_unlock(disk);
}

void simdisk_schedule_crash(simdisk *disk, uint64_t number, enum simdisk_loss loss) {
    simdisk_lock(disk);
    disk->crash_countdown = number;
    disk->crash_loss = loss;
    simdisk_unlock(disk);
}

static void kill_all(simdisk *disk) {
    end_incarnation(disk);
    bury_incarnations(disk);
    enter_incarnation(disk);
}

void simdisk_kill(simdisk *disk, const char *path) {
    size_t length = path ? strlen(path) : 0;
    simdisk_lock(disk);
    disk->counters.kills++;
    disk->trace = simdisk_mix(disk->trace ^ simdisk_hash(path, length, 1));
    if (!path) kill_all(disk);
    for (handle *handle = disk->handles; path && handle; handle = handle->next) {
        if (!handle->name || strncmp(handle->name, path, length) != 0) continue;
        if (handle->name[length] == '\0' || handle->name[length] == '-') simdisk_detach(handle);
    }
    simdisk_unlock(disk);
}

// MARK: Settings

void simdisk_set_faults(simdisk *disk, const simdisk_faults *faults) {
    simdisk_lock(disk);
    disk->faults = *faults;
    simdisk_unlock(disk);
}

void simdisk_set_latency(simdisk *disk, const simdisk_latency *latency) {
    simdisk_lock(disk);
    disk->latency = *latency;
    simdisk_unlock(disk);
}

void simdisk_set_capacity(simdisk *disk, int64_t capacity) {
    simdisk_lock(disk);
    disk->capacity = capacity;
    simdisk_unlock(disk);
}

// MARK: What there is

void simdisk_read_counters(simdisk *disk, simdisk_counters *counters) {
    simdisk_lock(disk);
    *counters = disk->counters;
    counters->bytes_stored = simdisk_bytes_in_use(disk);
    for (const handle *handle = disk->handles; handle; handle = handle->next)
        *(handle->file ? &counters->open_handles : &counters->dead_handles) += 1;
    simdisk_unlock(disk);
}

uint64_t simdisk_take_latency(simdisk *disk) {
    simdisk_lock(disk);
    uint64_t owed = disk->latency_owed;
    disk->latency_owed = 0;
    simdisk_unlock(disk);
    return owed;
}

uint64_t simdisk_trace_digest(simdisk *disk) {
    simdisk_lock(disk);
    uint64_t trace = disk->trace;
    simdisk_unlock(disk);
    return trace;
}

void simdisk_each_file(
    simdisk *disk, void *context, void (*visit)(void *context, const char *name, const void *bytes, size_t length)) {
    simdisk_lock(disk);
    for (size_t index = 0; index < disk->entry_count; index++) {
        const entry *entry = &disk->entries[index];
        if (entry->now) visit(context, entry->name, entry->now->bytes, entry->now->length);
    }
    simdisk_unlock(disk);
}

void simdisk_put_file(simdisk *disk, const char *name, const void *bytes, size_t length) {
    simdisk_lock(disk);
    inode *file = simdisk_new_inode();
    simdisk_write(disk, file, bytes, length, 0);
    simdisk_sync(disk, file);
    simdisk_link(disk, simdisk_find_or_add(disk, name), file);
    simdisk_sync_directory(disk);
    simdisk_unlock(disk);
}

static uint32_t big_endian(const unsigned char *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/// A write-ahead log without the salts and the checksums that build on them (the format's bytes 16 to 31 of the header
/// and 8 to 23 of each frame): SQLite's generator of salts is one for the process, which other threads may use.
static uint64_t hash_log(const unsigned char *bytes, size_t length, uint64_t hash) {
    size_t page = length >= 32 ? big_endian(bytes + 8) : 0;
    if (page < 512 || page > 65536) return simdisk_hash(bytes, length, hash);
    hash = simdisk_hash(bytes, 16, hash ^ length);
    for (size_t at = 32; at < length; at += page + 24) {
        size_t rest = length - at;
        hash = simdisk_hash(bytes + at, rest < 8 ? rest : 8, hash);
        if (rest > 24) hash = simdisk_hash(bytes + at + 24, rest - 24 < page ? rest - 24 : page, hash);
    }
    return hash;
}

static int ends_in(const char *name, const char *end) {
    size_t length = strlen(name), count = strlen(end);
    return length >= count && strcmp(name + length - count, end) == 0;
}

uint64_t simdisk_content_digest(simdisk *disk) {
    uint64_t hash = 0;
    simdisk_lock(disk);
    for (size_t index = 0; index < disk->entry_count; index++) {
        const entry *entry = &disk->entries[index];
        if (!entry->now) continue;
        hash = simdisk_hash(entry->name, strlen(entry->name), hash);
        hash = ends_in(entry->name, "-wal") ? hash_log(entry->now->bytes, entry->now->length, hash)
                                            : simdisk_hash(entry->now->bytes, entry->now->length, hash);
    }
    simdisk_unlock(disk);
    return hash;
}
