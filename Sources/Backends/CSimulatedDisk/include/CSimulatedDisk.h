// A disk in memory that SQLite reaches as a VFS, and that fails on purpose.
//
// The Swift face is `SimulatedDisk` in StorageSQLiteTesting; nothing else should call these functions. They may be
// called from any thread. What is modelled, and after whom, is told in Docs/Simulation.md.

#ifndef CSIMULATEDDISK_H
#define CSIMULATEDDISK_H

#include <stddef.h>
#include <stdint.h>

typedef struct simdisk simdisk;

/// What can go wrong. The values index `simdisk_settings.probability` and `simdisk_counters.faults`.
enum simdisk_fault_kind {
    SIMDISK_READ_ERROR,
    SIMDISK_WRITE_ERROR,
    SIMDISK_SYNC_ERROR,
    SIMDISK_OPEN_ERROR,
    SIMDISK_DELETE_ERROR,
    SIMDISK_TRUNCATE_ERROR,
    SIMDISK_LYING_SYNC,
    SIMDISK_SHORT_READ,
    SIMDISK_BIT_ROT,
    SIMDISK_DISK_FULL,
    SIMDISK_POWER_LOSS,
    SIMDISK_FAULT_KINDS
};

/// What becomes of data that was written but not synced when the power goes.
enum simdisk_loss {
    /// One of the others, by draw.
    SIMDISK_LOSS_DRAWN,
    /// Nothing of it survives.
    SIMDISK_LOSS_EVERYTHING,
    /// All of it survives.
    SIMDISK_LOSS_NOTHING,
    /// Each sector, each length and each name for itself.
    SIMDISK_LOSS_MIXED,
    /// What was written before some moment survives.
    SIMDISK_LOSS_ORDERED
};

/// Operations that take time.
enum simdisk_timed { SIMDISK_TIMED_READ, SIMDISK_TIMED_WRITE, SIMDISK_TIMED_SYNC, SIMDISK_TIMED_KINDS };

typedef struct {
    uint64_t seed;
    /// What the disk writes as one piece, a power of two.
    size_t sector_size;
    /// Whether a write that the power loss interrupts leaves the bytes beside it alone.
    int is_powersafe;
} simdisk_settings;

typedef struct {
    /// Of each operation, by kind; those of SIMDISK_DISK_FULL and SIMDISK_POWER_LOSS do not count.
    double probability[SIMDISK_FAULT_KINDS];
} simdisk_faults;

typedef struct {
    /// Microseconds that an operation takes at least, by kind.
    uint64_t base[SIMDISK_TIMED_KINDS];
    /// Microseconds that are added at most, by draw.
    uint64_t jitter[SIMDISK_TIMED_KINDS];
    /// Of each operation, to stall.
    double stall_probability;
    uint64_t stall;
} simdisk_latency;

typedef struct {
    uint64_t operation;
    enum simdisk_fault_kind kind;
    const char *file;
    int64_t offset;
    int64_t length;
} simdisk_fault;

typedef struct {
    uint64_t operations, changes;
    uint64_t reads, writes, syncs, truncations, creations, deletions;
    uint64_t bytes_read, bytes_written;
    uint64_t crashes, kills;
    uint64_t sectors_kept, sectors_lost, names_kept, names_lost;
    uint64_t faults[SIMDISK_FAULT_KINDS];
    /// Now: bytes in files, bytes held to undo what is not synced, open handles of living and of dead incarnations.
    uint64_t bytes_stored, bytes_unsynced, open_handles, dead_handles;
} simdisk_counters;

/// The world outside. Called on the thread of the SQLite call, with the disk locked for others.
typedef struct {
    void *context;
    /// Whether the fault that was drawn happens.
    int (*allows)(void *context, const simdisk_fault *fault);
    /// Microseconds since 1970.
    int64_t (*now)(void *context);
    /// The disk and everything that was open on it is gone.
    void (*released)(void *context);
} simdisk_world;

/// Creates a disk and registers it with SQLite under `name`. NULL when SQLite refuses.
simdisk *simdisk_create(const char *name, const simdisk_settings *settings, const simdisk_world *world);
/// Takes the name back. Memory goes with the last open handle.
void simdisk_release(simdisk *disk);

void simdisk_set_faults(simdisk *disk, const simdisk_faults *faults);
void simdisk_set_latency(simdisk *disk, const simdisk_latency *latency);
/// - capacity: bytes of all files together; negative for endless.
void simdisk_set_capacity(simdisk *disk, int64_t capacity);

void simdisk_crash(simdisk *disk, enum simdisk_loss loss);
/// The power goes just before the `number`th change from now, counted from 1; 0 takes it back.
void simdisk_schedule_crash(simdisk *disk, uint64_t number, enum simdisk_loss loss);
/// Ends all handles on the database `path` and its companions, as the end of their process does; all handles when NULL.
void simdisk_kill(simdisk *disk, const char *path);

void simdisk_read_counters(simdisk *disk, simdisk_counters *counters);
/// Microseconds that the operations since the last call took.
uint64_t simdisk_take_latency(simdisk *disk);
uint64_t simdisk_trace_digest(simdisk *disk);
uint64_t simdisk_content_digest(simdisk *disk);

/// Shows each file as it is now, in the order of the names.
void simdisk_each_file(
    simdisk *disk, void *context, void (*visit)(void *context, const char *name, const void *bytes, size_t length));
/// Puts a file on the disk, synced, in place of what has the name.
void simdisk_put_file(simdisk *disk, const char *name, const void *bytes, size_t length);

#endif
