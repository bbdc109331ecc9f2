// The names of the files. Creating and deleting takes effect for programs at once and for good with the next sync of
// the directory; until then a power loss may undo it, for each name by itself.

#include <stdlib.h>
#include <string.h>

#include "disk.h"

entry *simdisk_find(simdisk *disk, const char *name) {
    for (size_t index = 0; index < disk->entry_count; index++)
        if (strcmp(disk->entries[index].name, name) == 0) return &disk->entries[index];
    return NULL;
}

entry *simdisk_find_or_add(simdisk *disk, const char *name) {
    entry *found = simdisk_find(disk, name);
    if (found) return found;
    if (disk->entry_count == disk->entry_room) {
        disk->entry_room = disk->entry_room ? disk->entry_room * 2 : 16;
        disk->entries = simdisk_reallocate(disk->entries, disk->entry_room * sizeof(entry));
    }
    // Kept in the order of the names, so that nothing depends on the order of creation.
    size_t place = disk->entry_count++;
    for (; place > 0 && strcmp(disk->entries[place - 1].name, name) > 0; place--)
        disk->entries[place] = disk->entries[place - 1];
    disk->entries[place] = (entry){.name = simdisk_copy_name(name)};
    return &disk->entries[place];
}

static void set(simdisk *disk, inode **place, inode *file) {
    if (file) file->references++;
    inode *old = *place;
    *place = file;
    if (old) simdisk_drop_inode(disk, old);
}

void simdisk_link(simdisk *disk, entry *entry, inode *file) {
    set(disk, &entry->now, file);
    entry->stamp = disk->counters.operations;
}

/// Forgets names that mean nothing any more.
static void tidy(simdisk *disk) {
    size_t kept = 0;
    for (size_t index = 0; index < disk->entry_count; index++) {
        if (disk->entries[index].now || disk->entries[index].synced)
            disk->entries[kept++] = disk->entries[index];
        else
            free(disk->entries[index].name);
    }
    disk->entry_count = kept;
}

void simdisk_sync_directory(simdisk *disk) {
    for (size_t index = 0; index < disk->entry_count; index++)
        set(disk, &disk->entries[index].synced, disk->entries[index].now);
    tidy(disk);
}

static int name_survives(simdisk *disk, const entry *entry, enum simdisk_loss loss, uint64_t survives_until) {
    switch (loss) {
    case SIMDISK_LOSS_EVERYTHING: return 0;
    case SIMDISK_LOSS_NOTHING: return 1;
    case SIMDISK_LOSS_ORDERED: return entry->stamp <= survives_until;
    default: return simdisk_draw(disk) & 1;
    }
}

void simdisk_settle_directory(simdisk *disk, enum simdisk_loss loss, uint64_t survives_until) {
    for (size_t index = 0; index < disk->entry_count; index++) {
        entry *entry = &disk->entries[index];
        if (entry->now == entry->synced) continue;
        int survives = name_survives(disk, entry, loss, survives_until);
        *(survives ? &disk->counters.names_kept : &disk->counters.names_lost) += 1;
        if (!survives) set(disk, &entry->now, entry->synced);
    }
    simdisk_sync_directory(disk);
    for (size_t index = 0; index < disk->entry_count; index++)
        simdisk_settle(disk, disk->entries[index].now, loss, survives_until);
}

uint64_t simdisk_bytes_in_use(simdisk *disk) {
    uint64_t bytes = 0;
    for (size_t index = 0; index < disk->entry_count; index++)
        if (disk->entries[index].now) bytes += disk->entries[index].now->length;
    for (const handle *handle = disk->handles; handle; handle = handle->next)
        if (handle->file && handle->is_temporary) bytes += handle->file->length;
    return bytes;
}
