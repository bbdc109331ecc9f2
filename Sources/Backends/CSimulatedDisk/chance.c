// Draws, the trace, and time. All of it follows from the seed and from what was done before.

#include <string.h>

#include "disk.h"

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
uint64_t simdisk_mix(uint64_t value) {
    value += 0x9E3779B97F4A7C15u;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
    return value ^ (value >> 31);
}

/// Eight bytes at a time, independent of the byte order that the machine has: the same on every machine.
uint64_t simdisk_hash(const void *bytes, size_t length, uint64_t seed) {
    const unsigned char *at = bytes;
    uint64_t hash = simdisk_mix(seed ^ length);
    for (; length >= 8; at += 8, length -= 8) {
        uint64_t word = 0;
        for (int index = 0; index < 8; index++) word |= (uint64_t)at[index] << (8 * index);
        hash = (hash ^ word) * 0x9FB21C651E98DF25u;
        hash ^= hash >> 32;
    }
    uint64_t rest = 0;
    for (size_t index = 0; index < length; index++) rest |= (uint64_t)at[index] << (8 * index);
    return simdisk_mix(hash ^ rest);
}

uint64_t simdisk_draw(simdisk *disk) { return simdisk_mix(disk->settings.seed + simdisk_mix(++disk->draws)); }

uint64_t simdisk_draw_for_operation(simdisk *disk, uint64_t purpose) {
    uint64_t operation = simdisk_mix(disk->counters.operations ^ (purpose << 48));
    return simdisk_mix(~disk->settings.seed ^ operation);
}

static int falls_below(uint64_t draw, double probability) {
    return probability > 0 && (double)(draw >> 11) * 0x1p-53 < probability;
}

/// SQLite's generator is one for the whole process and is seeded once, by the default VFS. It decides the salts of a
/// write-ahead log and the nonce of a journal, so it is seeded anew from here before a connection may draw them.
void simdisk_feed_sqlite(simdisk *disk) {
    int seed = (int)(simdisk_draw(disk) & 0x7FFFFFFF) | 1;
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, seed, (sqlite3 *)NULL);
}

void simdisk_begin(simdisk *disk, uint64_t what, uint64_t name_hash, int64_t offset, int64_t length) {
    disk->counters.operations++;
    disk->trace = simdisk_mix(disk->trace ^ name_hash ^ (what << 56) ^ simdisk_mix((uint64_t)offset << 24 ^ length));
}

void simdisk_take_time(simdisk *disk, enum simdisk_timed kind) {
    uint64_t jitter = disk->latency.jitter[kind];
    disk->latency_owed += disk->latency.base[kind];
    if (jitter) disk->latency_owed += simdisk_draw_for_operation(disk, 101) % (jitter + 1);
    double stalls = disk->latency.stall_probability;
    if (stalls > 0 && falls_below(simdisk_draw_for_operation(disk, 102), stalls))
        disk->latency_owed += disk->latency.stall;
}

int simdisk_happens(simdisk *disk, enum simdisk_fault_kind kind, const char *file, int64_t offset, int64_t length) {
    simdisk_fault fault = {
        .operation = disk->counters.operations, .kind = kind, .file = file, .offset = offset, .length = length};
    if (disk->world.allows && !disk->world.allows(disk->world.context, &fault)) return 0;
    disk->counters.faults[kind]++;
    disk->trace = simdisk_mix(disk->trace ^ ((uint64_t)kind + 1) << 40);
    return 1;
}

int simdisk_strikes(simdisk *disk, enum simdisk_fault_kind kind, const char *file, int64_t offset, int64_t length) {
    double probability = disk->faults.probability[kind];
    if (probability <= 0) return 0;
    if (!falls_below(simdisk_draw_for_operation(disk, kind), probability)) return 0;
    return simdisk_happens(disk, kind, file, offset, length);
}
