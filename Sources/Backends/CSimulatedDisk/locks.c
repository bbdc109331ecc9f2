// Locks on files and the shared memory of the WAL index, between the connections of one incarnation. The rules are those
// of SQLite's os_unix.c, with one owner each in place of the locks of the operating system.

#include <stdlib.h>
#include <string.h>

#include "disk.h"

// MARK: The five levels of a rollback journal's lock

static int owned_by_other(const handle *owner, const handle *handle) { return owner && owner != handle; }

static int acquire(handle *handle, int level) {
    inode *file = handle->file;
    if (level == SQLITE_LOCK_SHARED) {
        if (file->pending || file->exclusive) return SQLITE_BUSY;
        file->shared_locks++;
        return SQLITE_OK;
    }
    if (owned_by_other(file->reserved, handle) || owned_by_other(file->pending, handle)) return SQLITE_BUSY;
    if (level == SQLITE_LOCK_RESERVED) {
        file->reserved = handle;
        return SQLITE_OK;
    }
    file->pending = handle;
    handle->lock = SQLITE_LOCK_PENDING;
    if (file->shared_locks > 1) return SQLITE_BUSY;
    file->exclusive = handle;
    return SQLITE_OK;
}

int simdisk_file_lock(sqlite3_file *base, int level) {
    handle *self = (handle *)base;
    int result = SQLITE_OK;
    simdisk_lock(self->disk);
    if (!self->file) {
        result = SQLITE_IOERR_LOCK;
    } else if (self->lock < level) {
        result = acquire(self, level);
        if (result == SQLITE_OK) self->lock = level;
        // A connection that is about to write may draw the nonce of a journal.
        if (result == SQLITE_OK && level >= SQLITE_LOCK_RESERVED) simdisk_feed_sqlite(self->disk);
    }
    simdisk_unlock(self->disk);
    return result;
}

static void lower(handle *handle, int level) {
    inode *file = handle->file;
    if (handle->lock <= level) return;
    if (file->reserved == handle) file->reserved = NULL;
    if (file->pending == handle) file->pending = NULL;
    if (file->exclusive == handle) file->exclusive = NULL;
    if (level == SQLITE_LOCK_NONE) file->shared_locks--;
    handle->lock = level;
}

int simdisk_file_unlock(sqlite3_file *base, int level) {
    handle *self = (handle *)base;
    simdisk_lock(self->disk);
    if (self->file) lower(self, level);
    simdisk_unlock(self->disk);
    return SQLITE_OK;
}

int simdisk_file_check_reserved(sqlite3_file *base, int *result) {
    handle *self = (handle *)base;
    simdisk_lock(self->disk);
    int is_dead = !self->file;
    *result = !is_dead && (self->file->reserved || self->file->pending || self->file->exclusive);
    simdisk_unlock(self->disk);
    return is_dead ? SQLITE_IOERR_CHECKRESERVEDLOCK : SQLITE_OK;
}

void simdisk_release_locks(handle *handle) { lower(handle, SQLITE_LOCK_NONE); }

// MARK: The WAL index

static void enter_memory(handle *handle, size_t region_size) {
    inode *file = handle->file;
    if (!file->memory) {
        file->memory = simdisk_allocate(sizeof(shared_memory));
        memset(file->memory, 0, sizeof(shared_memory));
        file->memory->region_size = region_size;
    }
    handle->memory = file->memory;
    handle->memory->references++;
    handle->memory->alive++;
    handle->next_connection = handle->memory->connections;
    handle->memory->connections = handle;
}

/// Ends the part of a connection in the shared memory; the memory itself stays for the pointers that SQLite holds.
void simdisk_leave_memory(handle *self) {
    shared_memory *memory = self->memory;
    if (!memory) return;
    self->memory_shared = self->memory_exclusive = 0;
    for (handle **place = &memory->connections; *place; place = &(*place)->next_connection) {
        if (*place != self) continue;
        *place = self->next_connection;
        memory->alive--;
        break;
    }
    // What no living process has mapped is gone, as os_unix.c has it: the next to open builds it again from the log.
    if (memory->alive == 0 && self->file && self->file->memory == memory) self->file->memory = NULL;
}

void simdisk_free_memory(shared_memory *memory) {
    if (--memory->references > 0) return;
    for (int index = 0; index < memory->region_count; index++) free(memory->regions[index]);
    free(memory->regions);
    free(memory);
}

int simdisk_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **result) {
    handle *self = (handle *)base;
    *result = NULL;
    simdisk_lock(self->disk);
    if (!self->file) {
        simdisk_unlock(self->disk);
        return SQLITE_IOERR_SHMMAP;
    }
    if (!self->memory) enter_memory(self, (size_t)size);
    shared_memory *memory = self->memory;
    if (region >= memory->region_count && extend) {
        memory->regions = simdisk_reallocate(memory->regions, (size_t)(region + 1) * sizeof(void *));
        for (; memory->region_count <= region; memory->region_count++) {
            memory->regions[memory->region_count] = simdisk_allocate(memory->region_size);
            memset(memory->regions[memory->region_count], 0, memory->region_size);
        }
    }
    if (region < memory->region_count) *result = memory->regions[region];
    simdisk_unlock(self->disk);
    return SQLITE_OK;
}

static int change_shm_lock(handle *self, uint16_t mask, int flags) {
    if (flags & SQLITE_SHM_UNLOCK) {
        self->memory_exclusive &= (uint16_t)~mask;
        self->memory_shared &= (uint16_t)~mask;
        return SQLITE_OK;
    }
    for (const handle *other = self->memory->connections; other; other = other->next_connection) {
        if (other == self) continue;
        uint16_t taken = other->memory_exclusive;
        if (flags & SQLITE_SHM_EXCLUSIVE) taken |= other->memory_shared;
        if (taken & mask) return SQLITE_BUSY;
    }
    if (flags & SQLITE_SHM_SHARED)
        self->memory_shared |= mask;
    else
        self->memory_exclusive |= mask;
    return SQLITE_OK;
}

int simdisk_shm_lock(sqlite3_file *base, int offset, int count, int flags) {
    handle *self = (handle *)base;
    simdisk_lock(self->disk);
    int result = SQLITE_IOERR_SHMLOCK;
    if (self->file && self->memory) {
        result = change_shm_lock(self, (uint16_t)(((1u << count) - 1) << offset), flags);
        // The lock of the one writer: behind it the salts of a new log may be drawn.
        int is_writer = offset == 0 && flags == (SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE);
        if (is_writer && result == SQLITE_OK) simdisk_feed_sqlite(self->disk);
    }
    simdisk_unlock(self->disk);
    return result;
}

void simdisk_shm_barrier(sqlite3_file *base) {
    handle *self = (handle *)base;
    simdisk_lock(self->disk);
    simdisk_unlock(self->disk);
}

int simdisk_shm_unmap(sqlite3_file *base, int delete) {
    (void)delete;
    handle *self = (handle *)base;
    simdisk_lock(self->disk);
    simdisk_leave_memory(self);
    if (self->memory) simdisk_free_memory(self->memory);
    self->memory = NULL;
    simdisk_unlock(self->disk);
    return SQLITE_OK;
}
