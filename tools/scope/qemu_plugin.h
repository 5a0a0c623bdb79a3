// SPDX-License-Identifier: MIT
// What the scope uses of QEMU's interface for TCG plugins, version 1, which
// QEMU 6.2 to 8.2 load. Debian's package ships no header, so these declarations
// are our own, after QEMU's documentation ("QEMU TCG Plugins").
//
// QEMU calls the plugin when it translates a block of guest code; what the
// plugin registers then for its instructions is called when they are executed,
// just before each. The CPUs' threads call at the same time.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QEMU_PLUGIN_VERSION 1
#define QEMU_PLUGIN_EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;

// About the guest; valid during qemu_plugin_install() only.
struct qemu_info {
    const char *target_name;
    struct {
        int min;
        int cur;
    } version;
    bool system_emulation;
    struct {
        int smp_vcpus;
        int max_vcpus;
    } system;
};

struct qemu_plugin_tb;     // a block that is being translated
struct qemu_plugin_insn;   // an instruction of it
struct qemu_plugin_hwaddr; // where an access goes; valid in its callback only
typedef uint32_t qemu_plugin_meminfo_t;

enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
// Both reads and writes: by one of them alone QEMU 7.2 selects wrongly where
// the access is in line. Ask qemu_plugin_mem_is_store().
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_RW = 3 };

enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

typedef void qemu_plugin_udata_cb(qemu_plugin_id_t id, void *data);
typedef void qemu_plugin_trans_cb(
    qemu_plugin_id_t id, struct qemu_plugin_tb *block);
typedef void qemu_plugin_exec_cb(unsigned cpu, void *data);
typedef void qemu_plugin_mem_cb(
    unsigned cpu, qemu_plugin_meminfo_t info, uint64_t vaddr, void *data);

// What a plugin exports.
extern QEMU_PLUGIN_EXPORT int qemu_plugin_version;
QEMU_PLUGIN_EXPORT int qemu_plugin_install(
    qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv);

// What QEMU offers to it.
void qemu_plugin_register_vcpu_tb_trans_cb(
    qemu_plugin_id_t id, qemu_plugin_trans_cb *callback);
void qemu_plugin_register_atexit_cb(
    qemu_plugin_id_t id, qemu_plugin_udata_cb *callback, void *data);
void qemu_plugin_register_vcpu_tb_exec_cb(
    struct qemu_plugin_tb *block, qemu_plugin_exec_cb *callback,
    enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(
    struct qemu_plugin_insn *insn, qemu_plugin_exec_cb *callback,
    enum qemu_plugin_cb_flags flags, void *data);
// In line, without a call; additions of CPUs that run at once can be lost.
void qemu_plugin_register_vcpu_insn_exec_inline(
    struct qemu_plugin_insn *insn, enum qemu_plugin_op op, void *to,
    uint64_t more);
void qemu_plugin_register_vcpu_mem_cb(
    struct qemu_plugin_insn *insn, qemu_plugin_mem_cb *callback,
    enum qemu_plugin_cb_flags flags, enum qemu_plugin_mem_rw rw, void *data);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(
    const struct qemu_plugin_tb *block, size_t index);

// The bytes of an instruction, its virtual address, and where it lies in the
// memory of the emulator: NULL, or the host's address of the guest's RAM.
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);

// Whether an access is a write.
bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t info);

// Where a memory access goes: NULL, or a handle; its offset in RAM, which below
// 3 GiB is the physical address.
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(
    qemu_plugin_meminfo_t info, uint64_t vaddr);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *address);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *address);
