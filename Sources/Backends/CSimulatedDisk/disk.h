// What the parts of the disk share. The lock of the disk is held in every function declared here.

#ifndef SIMDISK_DISK_H
#define SIMDISK_DISK_H

#include <pthread.h>
#include <sqlite3.h>

#include "CSimulatedDisk.h"

/// How often a sector can be written between two syncs before the older of the writes are forgotten.
enum { SIMDISK_VERSIONS = 4 };

/// What a sector held before a write that is not synced.
typedef struct version {
    struct version *older;
    uint64_t stamp;
    unsigned char bytes[];
} version;

/// A sector that was written since the last sync.
typedef struct {
    size_t index;
    /// Newest first. The last one is what the disk holds for sure, unless the sector is new.
    version *versions;
    int count;
    /// Beyond the length that is synced: the disk holds nothing for sure.
    int is_new;
    /// A sync failed and the system took the sector for clean: it is not synced again unless it is written again.
    int is_stranded;
    /// The operation that wrote what is there now.
    uint64_t stamp;
} dirty_sector;

/// The WAL index: memory that the connections of one incarnation share.
typedef struct shared_memory {
    /// Attached connections, dead ones too: SQLite keeps pointers into the regions.
    int references;
    int alive;
    int region_count;
    size_t region_size;
    void **regions;
    struct handle *connections;
} shared_memory;

/// A file without its name.
typedef struct inode {
    int references;
    unsigned char *bytes;
    size_t length, room;
    size_t synced_length;
    uint64_t length_stamp;
    /// Index into `dirty` plus one, for each sector; 0 for those that are synced.
    uint32_t *dirty_index;
    size_t dirty_index_room;
    dirty_sector *dirty;
    size_t dirty_count, dirty_room;
    // Locks between connections, as in SQLite's os_unix.c: the owner of each level.
    int shared_locks;
    struct handle *reserved, *pending, *exclusive;
    shared_memory *memory;
} inode;

/// A name, and what it means now and after a power loss.
typedef struct {
    char *name;
    inode *now, *synced;
    uint64_t stamp;
} entry;

/// The VFS as the connections of one incarnation see it. A crash puts another one into its place.
typedef struct incarnation {
    sqlite3_vfs vfs;
    simdisk *disk;
    int is_dead;
    int handles;
    /// The number of crashes and kills then.
    uint64_t ended_at;
    struct incarnation *older;
} incarnation;

typedef struct handle {
    sqlite3_file base;
    simdisk *disk;
    incarnation *incarnation;
    /// NULL once the incarnation or the process has ended.
    inode *file;
    char *name;
    uint64_t name_hash;
    int is_temporary, syncs_directory;
    int lock;
    shared_memory *memory;
    uint16_t memory_shared, memory_exclusive;
    struct handle *next_connection;
    struct handle *next, *previous;
} handle;

struct simdisk {
    pthread_mutex_t mutex;
    /// The owner and the open handles, dead ones too.
    int references;
    char *vfs_name;
    simdisk_settings settings;
    simdisk_world world;
    simdisk_faults faults;
    simdisk_latency latency;
    int64_t capacity;
    simdisk_counters counters;
    uint64_t crash_countdown;
    enum simdisk_loss crash_loss;
    uint64_t latency_owed, trace, draws;
    /// The living one first, then those that ended.
    incarnation *incarnations;
    entry *entries;
    size_t entry_count, entry_room;
    handle *handles;
    version *spare_versions;
    size_t spare_count;
};

// disk.c
void *simdisk_allocate(size_t size);
void *simdisk_reallocate(void *memory, size_t size);
char *simdisk_copy_name(const char *name);
void simdisk_lock(simdisk *disk);
void simdisk_unlock(simdisk *disk);
/// Gives a reference back; the lock is released, and the disk may be gone.
void simdisk_unlock_and_drop(simdisk *disk);
void simdisk_detach(handle *handle);
void simdisk_lose_power(simdisk *disk, enum simdisk_loss loss);

// chance.c
uint64_t simdisk_mix(uint64_t value);
uint64_t simdisk_hash(const void *bytes, size_t length, uint64_t seed);
/// The next number of the disk's own sequence.
uint64_t simdisk_draw(simdisk *disk);
/// A number that follows from the seed and the current operation alone, so that one fault less shifts no other.
uint64_t simdisk_draw_for_operation(simdisk *disk, uint64_t purpose);
/// Makes the next numbers of SQLite's generator follow from the disk's seed.
void simdisk_feed_sqlite(simdisk *disk);
void simdisk_begin(simdisk *disk, uint64_t what, uint64_t name_hash, int64_t offset, int64_t length);
void simdisk_take_time(simdisk *disk, enum simdisk_timed kind);
int simdisk_strikes(simdisk *disk, enum simdisk_fault_kind kind, const char *file, int64_t offset, int64_t length);
/// As above, for faults that follow from the state of the disk and not from a draw.
int simdisk_happens(simdisk *disk, enum simdisk_fault_kind kind, const char *file, int64_t offset, int64_t length);

// inode.c
inode *simdisk_new_inode(void);
void simdisk_drop_inode(simdisk *disk, inode *file);
void simdisk_write(simdisk *disk, inode *file, const void *bytes, size_t length, size_t offset);
void simdisk_set_length(simdisk *disk, inode *file, size_t length);
void simdisk_sync(simdisk *disk, inode *file);
void simdisk_strand(inode *file);
void simdisk_settle(simdisk *disk, inode *file, enum simdisk_loss loss, uint64_t survives_until);

// directory.c
entry *simdisk_find(simdisk *disk, const char *name);
entry *simdisk_find_or_add(simdisk *disk, const char *name);
void simdisk_link(simdisk *disk, entry *entry, inode *file);
void simdisk_sync_directory(simdisk *disk);
void simdisk_settle_directory(simdisk *disk, enum simdisk_loss loss, uint64_t survives_until);
uint64_t simdisk_bytes_in_use(simdisk *disk);

// locks.c
extern int simdisk_file_lock(sqlite3_file *file, int level);
extern int simdisk_file_unlock(sqlite3_file *file, int level);
extern int simdisk_file_check_reserved(sqlite3_file *file, int *result);
extern int simdisk_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **memory);
extern int simdisk_shm_lock(sqlite3_file *file, int offset, int count, int flags);
extern void simdisk_shm_barrier(sqlite3_file *file);
extern int simdisk_shm_unmap(sqlite3_file *file, int delete);
void simdisk_release_locks(handle *handle);
void simdisk_leave_memory(handle *handle);
void simdisk_free_memory(shared_memory *memory);

// vfs.c
void simdisk_fill_vfs(sqlite3_vfs *vfs, const char *name, void *incarnation);

#endif
