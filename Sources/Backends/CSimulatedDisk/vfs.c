// The functions that SQLite calls. Which system calls a real disk would see, and when the directory is synced, follows
// SQLite's os_unix.c; the structure follows the VFS shims that SQLite is tested with (test_demovfs.c, test_vfs.c).

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"

/// What is traced of an operation.
enum { TRACE_READ = 1, TRACE_WRITE, TRACE_TRUNCATE, TRACE_SYNC, TRACE_OPEN, TRACE_DELETE };

/// To be called before anything changes. Returns whether the power goes now, or the process that is at work ends.
static int power_fails(simdisk *disk, const char *name, int64_t offset, int64_t length) {
    disk->counters.changes++;
    if (disk->crash_countdown == 0 || --disk->crash_countdown > 0) return 0;
    const incarnation *before = disk->incarnations;
    uint64_t kills = disk->counters.kills;
    int fails = simdisk_happens(disk, SIMDISK_POWER_LOSS, name, offset, length);
    // Who hears of it may have crashed the disk already, or killed the process instead.
    if (disk->incarnations != before || disk->counters.kills != kills) return 1;
    if (fails) simdisk_lose_power(disk, disk->crash_loss);
    return fails;
}

// MARK: Files

// Who hears of a fault may end the process that it strikes: behind each `simdisk_strikes` the handle may be dead.

static const char *name_of(const handle *handle) { return handle->name ? handle->name : "(temporary)"; }

static int close_file(sqlite3_file *base) {
    handle *self = (handle *)base;
    simdisk *disk = self->disk;
    simdisk_lock(disk);
    simdisk_detach(self);
    if (self->memory) simdisk_free_memory(self->memory);
    *(self->previous ? &self->previous->next : &disk->handles) = self->next;
    if (self->next) self->next->previous = self->previous;
    free(self->name);
    self->incarnation->handles--;
    simdisk_unlock_and_drop(disk);
    return SQLITE_OK;
}

static int read_locked(handle *self, unsigned char *bytes, int amount, sqlite3_int64 offset) {
    simdisk *disk = self->disk;
    inode *file = self->file;
    if (!file) return SQLITE_IOERR_READ;
    simdisk_begin(disk, TRACE_READ, self->name_hash, offset, amount);
    simdisk_take_time(disk, SIMDISK_TIMED_READ);
    disk->counters.reads++;
    if (simdisk_strikes(disk, SIMDISK_READ_ERROR, name_of(self), offset, amount)) return SQLITE_IOERR_READ;
    if (!self->file) return SQLITE_IOERR_READ;
    size_t start = (size_t)offset;
    size_t there = start < file->length ? file->length - start : 0;
    size_t count = there < (size_t)amount ? there : (size_t)amount;
    int rots = count && simdisk_strikes(disk, SIMDISK_BIT_ROT, name_of(self), offset, amount);
    int ends = count && simdisk_strikes(disk, SIMDISK_SHORT_READ, name_of(self), offset, amount);
    if (!self->file) return SQLITE_IOERR_READ;
    if (rots) {
        uint64_t bit = simdisk_draw_for_operation(disk, 103) % (count * 8);
        file->bytes[start + bit / 8] ^= (unsigned char)(1u << (bit % 8));
    }
    if (ends) count = simdisk_draw_for_operation(disk, 104) % count;
    if (count) memcpy(bytes, file->bytes + start, count);
    disk->counters.bytes_read += count;
    if (count == (size_t)amount) return SQLITE_OK;
    // SQLite wants zeros behind the end.
    memset(bytes + count, 0, (size_t)amount - count);
    return SQLITE_IOERR_SHORT_READ;
}

static int read_file(sqlite3_file *base, void *bytes, int amount, sqlite3_int64 offset) {
    handle *self = (handle *)base;
    simdisk_lock(self->disk);
    int result = read_locked(self, bytes, amount, offset);
    simdisk_unlock(self->disk);
    return result;
}

/// How much of a write still fits.
static size_t fitting(simdisk *disk, const inode *file, size_t amount, size_t offset) {
    if (disk->capacity < 0 || offset + amount <= file->length) return amount;
    uint64_t used = simdisk_bytes_in_use(disk), capacity = (uint64_t)disk->capacity;
    size_t most = file->length + (size_t)(capacity > used ? capacity - used : 0);
    if (offset + amount <= most) return amount;
    return offset < most ? most - offset : 0;
}

static int write_locked(handle *self, const unsigned char *bytes, int amount, sqlite3_int64 offset) {
    simdisk *disk = self->disk;
    if (!self->file) return SQLITE_IOERR_WRITE;
    simdisk_begin(disk, TRACE_WRITE, self->name_hash, offset, amount);
    simdisk_take_time(disk, SIMDISK_TIMED_WRITE);
    disk->counters.writes++;
    if (power_fails(disk, name_of(self), offset, amount)) return SQLITE_IOERR_WRITE;
    size_t count = fitting(disk, self->file, (size_t)amount, (size_t)offset);
    int result = SQLITE_OK;
    if (count < (size_t)amount && simdisk_happens(disk, SIMDISK_DISK_FULL, name_of(self), offset, amount))
        result = SQLITE_FULL;
    else
        count = (size_t)amount;
    if (result == SQLITE_OK && simdisk_strikes(disk, SIMDISK_WRITE_ERROR, name_of(self), offset, amount)) {
        // Some of it may have been written.
        count = simdisk_draw_for_operation(disk, 105) % (count + 1);
        result = SQLITE_IOERR_WRITE;
    }
    if (!self->file) return SQLITE_IOERR_WRITE;
    simdisk_write(disk, self->file, bytes, count, (size_t)offset);
    disk->counters.bytes_written += count;
    return result;
}

static int write_file(sqlite3_file *base, const void *bytes, int amount, sqlite3_int64 offset) {
    handle *self = (handle *)base;
    simdisk_lock(self->disk);
    int result = write_locked(self, bytes, amount, offset);
    simdisk_unlock(self->disk);
    return result;
}

static int truncate_locked(handle *self, sqlite3_int64 length) {
    simdisk *disk = self->disk;
    if (!self->file) return SQLITE_IOERR_TRUNCATE;
    simdisk_begin(disk, TRACE_TRUNCATE, self->name_hash, length, 0);
    disk->counters.truncations++;
    if (power_fails(disk, name_of(self), length, 0)) return SQLITE_IOERR_TRUNCATE;
    if (simdisk_strikes(disk, SIMDISK_TRUNCATE_ERROR, name_of(self), length, 0)) return SQLITE_IOERR_TRUNCATE;
    if (!self->file) return SQLITE_IOERR_TRUNCATE;
    simdisk_set_length(disk, self->file, (size_t)length);
    return SQLITE_OK;
}

static int truncate_file(sqlite3_file *base, sqlite3_int64 length) {
    handle *self = (handle *)base;
    simdisk_lock(self->disk);
    int result = truncate_locked(self, length);
    simdisk_unlock(self->disk);
    return result;
}

static int sync_locked(handle *self) {
    simdisk *disk = self->disk;
    if (!self->file) return SQLITE_IOERR_FSYNC;
    simdisk_begin(disk, TRACE_SYNC, self->name_hash, 0, 0);
    simdisk_take_time(disk, SIMDISK_TIMED_SYNC);
    disk->counters.syncs++;
    if (power_fails(disk, name_of(self), 0, 0)) return SQLITE_IOERR_FSYNC;
    if (simdisk_strikes(disk, SIMDISK_SYNC_ERROR, name_of(self), 0, 0)) {
        if (self->file && simdisk_draw_for_operation(disk, 106) & 1) simdisk_strand(self->file);
        return SQLITE_IOERR_FSYNC;
    }
    int is_new = self->syncs_directory;
    self->syncs_directory = 0;
    int lies = simdisk_strikes(disk, SIMDISK_LYING_SYNC, name_of(self), 0, 0);
    if (!self->file) return SQLITE_IOERR_FSYNC;
    if (lies) return SQLITE_OK;
    simdisk_sync(disk, self->file);
    if (is_new) simdisk_sync_directory(disk);
    return SQLITE_OK;
}

static int sync_file(sqlite3_file *base, int flags) {
    (void)flags;
    handle *self = (handle *)base;
    simdisk_lock(self->disk);
    int result = sync_locked(self);
    simdisk_unlock(self->disk);
    return result;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size) {
    handle *self = (handle *)base;
    simdisk_lock(self->disk);
    int is_dead = !self->file;
    *size = is_dead ? 0 : (sqlite3_int64)self->file->length;
    simdisk_unlock(self->disk);
    return is_dead ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int file_control(sqlite3_file *base, int operation, void *argument) {
    handle *self = (handle *)base;
    switch (operation) {
    case SQLITE_FCNTL_LOCKSTATE: *(int *)argument = self->lock; return SQLITE_OK;
    case SQLITE_FCNTL_HAS_MOVED: *(int *)argument = 0; return SQLITE_OK;
    case SQLITE_FCNTL_POWERSAFE_OVERWRITE: *(int *)argument = self->disk->settings.is_powersafe; return SQLITE_OK;
    default: return SQLITE_NOTFOUND;
    }
}

static int sector_size(sqlite3_file *base) { return (int)((handle *)base)->disk->settings.sector_size; }

static int device_characteristics(sqlite3_file *base) {
    return ((handle *)base)->disk->settings.is_powersafe ? SQLITE_IOCAP_POWERSAFE_OVERWRITE : 0;
}

// No xFetch: SQLite reads and writes through the functions above only, never through mapped memory.
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = simdisk_file_lock,
    .xUnlock = simdisk_file_unlock,
    .xCheckReservedLock = simdisk_file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = device_characteristics,
    .xShmMap = simdisk_shm_map,
    .xShmLock = simdisk_shm_lock,
    .xShmBarrier = simdisk_shm_barrier,
    .xShmUnmap = simdisk_shm_unmap,
};

// MARK: The directory

static simdisk *disk_of(const sqlite3_vfs *vfs) { return ((const incarnation *)vfs->pAppData)->disk; }

static uint64_t hash_of(const char *name) { return simdisk_hash(name, strlen(name), 0); }

/// The file of a name, made if it may be. NULL when it does not open.
static inode *open_named(const incarnation *incarnation, const char *name, int flags) {
    simdisk *disk = incarnation->disk;
    simdisk_begin(disk, TRACE_OPEN, hash_of(name), flags, 0);
    if (simdisk_strikes(disk, SIMDISK_OPEN_ERROR, name, 0, 0) || incarnation->is_dead) return NULL;
    entry *found = simdisk_find(disk, name);
    if (found && found->now) {
        if (flags & SQLITE_OPEN_EXCLUSIVE) return NULL;
        return found->now;
    }
    if (!(flags & SQLITE_OPEN_CREATE)) return NULL;
    if (power_fails(disk, name, 0, 0)) return NULL;
    disk->counters.creations++;
    inode *file = simdisk_new_inode();
    simdisk_link(disk, simdisk_find_or_add(disk, name), file);
    return file;
}

static int open_locked(incarnation *incarnation, const char *name, handle *self, int flags) {
    simdisk *disk = incarnation->disk;
    if (incarnation->is_dead) return SQLITE_CANTOPEN;
    inode *file = name ? open_named(incarnation, name, flags) : simdisk_new_inode();
    if (!file) return SQLITE_CANTOPEN;
    int is_log = flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL);
    file->references++;
    self->base.pMethods = &methods;
    self->disk = disk;
    self->incarnation = incarnation;
    self->file = file;
    self->name = name ? simdisk_copy_name(name) : NULL;
    self->name_hash = name ? hash_of(name) : 0;
    self->is_temporary = !name;
    self->syncs_directory = (flags & SQLITE_OPEN_CREATE) && is_log;
    self->next = disk->handles;
    if (self->next) self->next->previous = self;
    disk->handles = self;
    incarnation->handles++;
    disk->references++;
    return SQLITE_OK;
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out_flags) {
    simdisk *disk = disk_of(vfs);
    memset(base, 0, sizeof(handle));
    simdisk_lock(disk);
    int result = open_locked(vfs->pAppData, name, (handle *)base, flags);
    simdisk_unlock(disk);
    if (result == SQLITE_OK && out_flags) *out_flags = flags;
    return result;
}

static int delete_locked(incarnation *incarnation, const char *name, int syncs_directory) {
    simdisk *disk = incarnation->disk;
    if (incarnation->is_dead) return SQLITE_IOERR_DELETE;
    simdisk_begin(disk, TRACE_DELETE, hash_of(name), syncs_directory, 0);
    entry *found = simdisk_find(disk, name);
    if (!found || !found->now) return SQLITE_IOERR_DELETE_NOENT;
    if (power_fails(disk, name, 0, 0)) return SQLITE_IOERR_DELETE;
    if (simdisk_strikes(disk, SIMDISK_DELETE_ERROR, name, 0, 0) || incarnation->is_dead) return SQLITE_IOERR_DELETE;
    disk->counters.deletions++;
    simdisk_link(disk, found, NULL);
    if (syncs_directory) simdisk_sync_directory(disk);
    return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int syncs_directory) {
    simdisk *disk = disk_of(vfs);
    simdisk_lock(disk);
    int result = delete_locked(vfs->pAppData, name, syncs_directory);
    simdisk_unlock(disk);
    return result;
}

static int access_file(sqlite3_vfs *vfs, const char *name, int flags, int *result) {
    simdisk *disk = disk_of(vfs);
    simdisk_lock(disk);
    int is_dead = ((incarnation *)vfs->pAppData)->is_dead;
    const entry *found = simdisk_find(disk, name);
    // As os_unix.c has it, an empty file does not exist.
    *result = !is_dead && found && found->now && (flags != SQLITE_ACCESS_EXISTS || found->now->length > 0);
    simdisk_unlock(disk);
    return is_dead ? SQLITE_IOERR_ACCESS : SQLITE_OK;
}

static int full_path(sqlite3_vfs *vfs, const char *name, int room, char *path) {
    (void)vfs;
    if (strlen(name) >= (size_t)room) return SQLITE_CANTOPEN;
    strcpy(path, name);
    return SQLITE_OK;
}

// MARK: Time and chance

static int randomness(sqlite3_vfs *vfs, int count, char *bytes) {
    simdisk *disk = disk_of(vfs);
    simdisk_lock(disk);
    uint64_t word = 0;
    for (int index = 0; index < count; index++) {
        if (index % 8 == 0) word = simdisk_draw(disk);
        bytes[index] = (char)(word >> (8 * (index % 8)));
    }
    simdisk_unlock(disk);
    return count;
}

/// Nobody sleeps: the time is owed like that of any slow operation.
static int sleep_a_while(sqlite3_vfs *vfs, int microseconds) {
    simdisk *disk = disk_of(vfs);
    simdisk_lock(disk);
    disk->latency_owed += (uint64_t)(microseconds > 0 ? microseconds : 0);
    simdisk_unlock(disk);
    sched_yield();
    return microseconds;
}

static int current_milliseconds(sqlite3_vfs *vfs, sqlite3_int64 *time) {
    simdisk *disk = disk_of(vfs);
    int64_t now = disk->world.now ? disk->world.now(disk->world.context) : 0;
    // Milliseconds since noon in Greenwich on the 24th of November 4714 B.C.
    *time = 210866760000000 + now / 1000;
    return SQLITE_OK;
}

static int current_time(sqlite3_vfs *vfs, double *days) {
    sqlite3_int64 milliseconds;
    int result = current_milliseconds(vfs, &milliseconds);
    *days = (double)milliseconds / 86400000.0;
    return result;
}

static int last_error(sqlite3_vfs *vfs, int room, char *text) {
    (void)vfs;
    if (room > 0) text[0] = '\0';
    return 0;
}

void simdisk_fill_vfs(sqlite3_vfs *vfs, const char *name, void *incarnation) {
    *vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = sizeof(handle),
        .mxPathname = 512,
        .zName = name,
        .pAppData = incarnation,
        .xOpen = open_file,
        .xDelete = delete_file,
        .xAccess = access_file,
        .xFullPathname = full_path,
        .xRandomness = randomness,
        .xSleep = sleep_a_while,
        .xCurrentTime = current_time,
        .xCurrentTimeInt64 = current_milliseconds,
        .xGetLastError = last_error,
    };
}
