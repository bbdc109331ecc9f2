// Files, and what of them survives.
//
// `bytes` is what a program sees. Beside it, each sector that was written since the last sync keeps what it held before,
// so that a power loss can put any of it back: sector for sector, in any order. Within one sector writes keep their
// order. That is the model of SQLite's own crash tests (test6.c, "crashtest"), of FoundationDB's AsyncFileNonDurable
// and of TigerBeetle's testing/storage.zig.

#include <stdlib.h>
#include <string.h>

#include "disk.h"

static version *take_version(simdisk *disk) {
    version *one = disk->spare_versions;
    disk->counters.bytes_unsynced += disk->settings.sector_size;
    if (!one) return simdisk_allocate(sizeof(version) + disk->settings.sector_size);
    disk->spare_versions = one->older;
    disk->spare_count--;
    return one;
}

static void spare_version(simdisk *disk, version *one) {
    disk->counters.bytes_unsynced -= disk->settings.sector_size;
    if (disk->spare_count >= 1024) {
        free(one);
        return;
    }
    one->older = disk->spare_versions;
    disk->spare_versions = one;
    disk->spare_count++;
}

static void forget_versions(simdisk *disk, dirty_sector *sector) {
    while (sector->versions) {
        version *next = sector->versions->older;
        spare_version(disk, sector->versions);
        sector->versions = next;
    }
    sector->count = 0;
}

inode *simdisk_new_inode(void) {
    inode *file = simdisk_allocate(sizeof(inode));
    memset(file, 0, sizeof(inode));
    return file;
}

void simdisk_drop_inode(simdisk *disk, inode *file) {
    if (--file->references > 0) return;
    for (size_t index = 0; index < file->dirty_count; index++) forget_versions(disk, &file->dirty[index]);
    free(file->bytes);
    free(file->dirty);
    free(file->dirty_index);
    free(file);
}

static void make_room(inode *file, size_t length) {
    if (length <= file->room) return;
    size_t room = file->room ? file->room * 2 : 16384;
    while (room < length) room *= 2;
    file->bytes = simdisk_reallocate(file->bytes, room);
    file->room = room;
}

static void make_index_room(inode *file, size_t sectors) {
    if (sectors <= file->dirty_index_room) return;
    size_t room = file->dirty_index_room ? file->dirty_index_room * 2 : 64;
    while (room < sectors) room *= 2;
    file->dirty_index = simdisk_reallocate(file->dirty_index, room * sizeof(uint32_t));
    memset(file->dirty_index + file->dirty_index_room, 0, (room - file->dirty_index_room) * sizeof(uint32_t));
    file->dirty_index_room = room;
}

/// What a program sees of a sector, with zeros behind the end of the file.
static void copy_sector(simdisk *disk, inode *file, size_t index, unsigned char *bytes) {
    size_t size = disk->settings.sector_size, start = index * size;
    size_t count = file->length > start ? file->length - start : 0;
    if (count > size) count = size;
    if (count) memcpy(bytes, file->bytes + start, count);
    if (count < size) memset(bytes + count, 0, size - count);
}

static void push_version(simdisk *disk, inode *file, dirty_sector *sector) {
    version *one;
    if (sector->count < SIMDISK_VERSIONS) {
        one = take_version(disk);
        one->older = sector->versions;
        sector->versions = one;
        sector->count++;
    } else {
        one = sector->versions;
    }
    one->stamp = sector->stamp;
    copy_sector(disk, file, sector->index, one->bytes);
}

/// Remembers what a sector holds before it is changed.
static void touch(simdisk *disk, inode *file, size_t index) {
    make_index_room(file, index + 1);
    if (file->dirty_index[index]) {
        dirty_sector *sector = &file->dirty[file->dirty_index[index] - 1];
        // What the same operation did to it before was never there for others.
        if (sector->stamp != disk->counters.operations) push_version(disk, file, sector);
        sector->stamp = disk->counters.operations;
        sector->is_stranded = 0;
        return;
    }
    if (file->dirty_count == file->dirty_room) {
        file->dirty_room = file->dirty_room ? file->dirty_room * 2 : 64;
        file->dirty = simdisk_reallocate(file->dirty, file->dirty_room * sizeof(dirty_sector));
    }
    dirty_sector *sector = &file->dirty[file->dirty_count++];
    *sector = (dirty_sector){.index = index, .is_new = index * disk->settings.sector_size >= file->synced_length};
    if (!sector->is_new) push_version(disk, file, sector);
    sector->stamp = disk->counters.operations;
    file->dirty_index[index] = (uint32_t)file->dirty_count;
}

static void touch_range(simdisk *disk, inode *file, size_t offset, size_t length) {
    if (!length) return;
    size_t size = disk->settings.sector_size, last = (offset + length - 1) / size;
    for (size_t index = offset / size; index <= last; index++) touch(disk, file, index);
}

void simdisk_write(simdisk *disk, inode *file, const void *bytes, size_t length, size_t offset) {
    if (!length) return;
    make_room(file, offset + length);
    size_t start = offset < file->length ? offset : file->length;
    touch_range(disk, file, start, offset + length - start);
    if (offset > file->length) memset(file->bytes + file->length, 0, offset - file->length);
    memcpy(file->bytes + offset, bytes, length);
    if (offset + length > file->length) {
        file->length = offset + length;
        file->length_stamp = disk->counters.operations;
    }
}

void simdisk_set_length(simdisk *disk, inode *file, size_t length) {
    if (length == file->length) return;
    if (length < file->length) {
        touch_range(disk, file, length, file->length - length);
    } else {
        make_room(file, length);
        touch_range(disk, file, file->length, length - file->length);
        memset(file->bytes + file->length, 0, length - file->length);
    }
    file->length = length;
    file->length_stamp = disk->counters.operations;
}

void simdisk_sync(simdisk *disk, inode *file) {
    size_t kept = 0;
    for (size_t index = 0; index < file->dirty_count; index++) {
        dirty_sector sector = file->dirty[index];
        if (sector.is_stranded) {
            file->dirty[kept++] = sector;
            file->dirty_index[sector.index] = (uint32_t)kept;
        } else {
            forget_versions(disk, &sector);
            file->dirty_index[sector.index] = 0;
        }
    }
    file->dirty_count = kept;
    file->synced_length = file->length;
}

/// After a failed fsync Linux takes the pages for clean: a later fsync succeeds without writing them (Rebello et al.,
/// "Can Applications Recover from fsync Failures?", 2020).
void simdisk_strand(inode *file) {
    for (size_t index = 0; index < file->dirty_count; index++) file->dirty[index].is_stranded = 1;
}

// MARK: Power loss

/// Which of its states a sector comes back in: `*bytes` is that state, NULL for the one that the program saw.
/// Returns 0 when the disk has nothing.
static int choose_state(
    simdisk *disk, const dirty_sector *sector, enum simdisk_loss loss, uint64_t survives_until,
    const unsigned char **bytes) {
    uint64_t choice = loss == SIMDISK_LOSS_MIXED ? simdisk_draw(disk) : 0;
    int states = 1 + sector->count + sector->is_new;
    int age = 0;
    switch (loss) {
    case SIMDISK_LOSS_NOTHING: break;
    case SIMDISK_LOSS_EVERYTHING: age = states - 1; break;
    case SIMDISK_LOSS_ORDERED: {
        uint64_t stamp = sector->stamp;
        for (const version *one = sector->versions; stamp > survives_until; one = one->older) {
            age++;
            if (!one) break;
            stamp = one->stamp;
        }
        break;
    }
    default: age = choice & 1 ? 0 : (int)((choice >> 1) % states);
    }
    if (age >= states) age = states - 1;
    *bytes = NULL;
    if (age == 0) return 1;
    const version *one = sector->versions;
    for (int step = 1; one && step < age; step++) one = one->older;
    if (!one) return 0;
    *bytes = one->bytes;
    return 1;
}

/// What a sector holds that the file system has given to a file and that was never written: zeros, noise, or what stood
/// there before, of which an older part of the same file is the most dangerous.
static void fill_unwritten(simdisk *disk, inode *file, size_t start, size_t count, uint64_t choice, size_t end) {
    size_t size = disk->settings.sector_size;
    if (choice % 3 == 0 || (choice % 3 == 2 && end < size)) {
        memset(file->bytes + start, 0, count);
    } else if (choice % 3 == 1) {
        for (size_t index = 0; index < count; index++) {
            if (index % 8 == 0) choice = simdisk_mix(choice);
            file->bytes[start + index] = (unsigned char)(choice >> (8 * (index % 8)));
        }
    } else {
        size_t from = (size_t)(simdisk_mix(choice) % (end / size)) * size;
        memmove(file->bytes + start, file->bytes + from, count);
    }
}

static size_t choose_length(simdisk *disk, inode *file, enum simdisk_loss loss, uint64_t survives_until) {
    size_t before = file->synced_length, after = file->length, size = disk->settings.sector_size;
    switch (loss) {
    case SIMDISK_LOSS_EVERYTHING: return before;
    case SIMDISK_LOSS_NOTHING: return after;
    case SIMDISK_LOSS_ORDERED:
        if (file->length_stamp <= survives_until) return after;
        if (after < before) return before;
        size_t length = before;
        for (size_t index = 0; index < file->dirty_count; index++) {
            const dirty_sector *sector = &file->dirty[index];
            size_t end = (sector->index + 1) * size;
            if (end > after) end = after;
            if (sector->stamp <= survives_until && end > length) length = end;
        }
        return length;
    default: break;
    }
    uint64_t choice = simdisk_draw(disk);
    if (choice % 3 == 0 || before == after) return after;
    if (choice % 3 == 1 || after < before) return before;
    return before + (size_t)((choice >> 8) % ((after - before) / size + 1)) * size;
}

/// Brings a sector into the state that survived. `reach` bytes of the file are there.
static void settle_sector(
    simdisk *disk, inode *file, dirty_sector *sector, enum simdisk_loss loss, uint64_t survives_until, size_t reach) {
    size_t size = disk->settings.sector_size, start = sector->index * size;
    size_t count = reach > start ? reach - start : 0;
    if (count > size) count = size;
    const unsigned char *bytes;
    int is_written = choose_state(disk, sector, loss, survives_until, &bytes);
    int is_kept = is_written && !bytes;
    *(is_kept ? &disk->counters.sectors_kept : &disk->counters.sectors_lost) += 1;
    if (!count || is_kept) return;
    if (loss == SIMDISK_LOSS_MIXED && !disk->settings.is_powersafe && simdisk_draw(disk) % 4 == 0) {
        fill_unwritten(disk, file, start, count, 1 + 3 * (simdisk_draw(disk) >> 2), reach);
    } else if (bytes) {
        memcpy(file->bytes + start, bytes, count);
    } else {
        uint64_t choice = loss == SIMDISK_LOSS_MIXED ? simdisk_draw(disk) >> 2 : 0;
        fill_unwritten(disk, file, start, count, choice, file->synced_length < reach ? file->synced_length : reach);
    }
}

/// Leaves of a file what a power loss would, and takes that for synced.
void simdisk_settle(simdisk *disk, inode *file, enum simdisk_loss loss, uint64_t survives_until) {
    size_t length = choose_length(disk, file, loss, survives_until);
    size_t reach = length > file->length ? length : file->length;
    make_room(file, reach);
    if (reach > file->length) memset(file->bytes + file->length, 0, reach - file->length);
    for (size_t index = 0; index < file->dirty_count; index++)
        settle_sector(disk, file, &file->dirty[index], loss, survives_until, reach);
    file->length = length;
    for (size_t index = 0; index < file->dirty_count; index++) file->dirty[index].is_stranded = 0;
    simdisk_sync(disk, file);
}
