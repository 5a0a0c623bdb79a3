// SPDX-License-Identifier: MIT
// Tollgate's own calls that bind and unbind callout modules; syscall/abi.h
// documents them.
#include "callouts/module.h"
#include "kernel/base/string.h"
#include "kernel/errno.h"
#include "kernel/heap.h"
#include "kernel/process.h"
#include "syscall/calls.h"
#include "syscall/modules.h"
#include "syscall/user_memory.h"

#define TOO_LONG "file is longer than any module"
#define MODULE_MAX_SIZE (sizeof(struct module_header) + 2 * MODULE_MAX_CODE)

static bool is_administrator(void) {
    return process_current()->type_id == 0;
}

// As much of the reason as fits, always with a final 0.
static bool reason_give(uint64_t to, uint64_t size, char *reason) {
    size_t length = strlen(reason) + 1;
    if (size == 0) {
        return true;
    }
    if (length > size) {
        length = size;
        reason[length - 1] = '\0';
    }
    return copy_to_user(to, reason, length);
}

static long bind_copy(uint64_t module, size_t size, char *reason) {
    uint8_t *file = kalloc(size);
    if (file == NULL) {
        return -ENOMEM;
    }
    long result = -EFAULT;
    if (copy_from_user(file, module, size)) {
        result = module_bind(file, size, reason);
    }
    kfree(file);
    return result;
}

long call_bind(
    uint64_t module, uint64_t size, uint64_t reason, uint64_t reason_size) {
    char text[TOLLGATE_REASON_SIZE] = "";
    if (!is_administrator()) {
        return -EPERM;
    }
    // The door is tried first: a slot is not bound by a call that then fails.
    if (!reason_give(reason, reason_size, text)) {
        return -EFAULT;
    }
    long result = -EINVAL;
    if (size > MODULE_MAX_SIZE) {
        memcpy(text, TOO_LONG, sizeof(TOO_LONG));
    } else {
        result = bind_copy(module, size, text);
    }
    return reason_give(reason, reason_size, text) ? result : -EFAULT;
}

long call_unbind(uint64_t slot) {
    if (!is_administrator()) {
        return -EPERM;
    }
    return slot > UINT32_MAX ? -EINVAL : module_unbind((uint32_t)slot);
}
