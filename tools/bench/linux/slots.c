// SPDX-License-Identifier: MIT
// A driver for Linux that does what Tollgate's slots 0 and 3 do, as Linux has
// it done: an ioctl of a character device, interrupts off around the work. It
// takes the shortest ways there are: two words in, one word out, by get_user()
// and put_user(), or registers alone; and it checks nothing on its own, since
// opening the device is a check.
#include <linux/fs.h>
#include <linux/irqflags.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>

#include "tools/bench/linux/slots.h"

static DEFINE_SPINLOCK(counter_lock);
static unsigned long counter; // guarded by counter_lock

static unsigned long sum(unsigned long a, unsigned long b) {
    unsigned long flags;
    unsigned long result;
    local_irq_save(flags);
    result = a + b;
    local_irq_restore(flags);
    return result;
}

static unsigned long shared_add(unsigned long a) {
    unsigned long flags;
    unsigned long result;
    spin_lock_irqsave(&counter_lock, flags);
    result = counter + a;
    counter = result;
    spin_unlock_irqrestore(&counter_lock, flags);
    return result;
}

static long slots_ioctl(
    struct file *file, unsigned int command, unsigned long argument) {
    struct slots_call __user *call = (struct slots_call __user *)argument;
    unsigned long a;
    unsigned long b;
    switch (command) {
    case SLOTS_SUM_HALVES:
        return (int)sum((u32)argument, argument >> 32) & S32_MAX;
    case SLOTS_SUM:
        if (get_user(a, &call->a) || get_user(b, &call->b)) {
            return -EFAULT;
        }
        return put_user(sum(a, b), &call->result);
    case SLOTS_SHARED_ADD:
        if (get_user(a, &call->a)) {
            return -EFAULT;
        }
        return put_user(shared_add(a), &call->result);
    default:
        return -ENOTTY;
    }
}

static const struct file_operations slots_operations = {
    .owner = THIS_MODULE,
    .unlocked_ioctl = slots_ioctl,
};

static struct miscdevice slots_device = {
    .minor = MISC_DYNAMIC_MINOR,
    .name = SLOTS_NAME,
    .fops = &slots_operations,
};

module_misc_device(slots_device);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("What Tollgate's slots 0 and 3 do, as a Linux driver");
