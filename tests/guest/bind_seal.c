// SPDX-License-Identifier: MIT
// The kernel's own reader of modules, for its module_seal().
#include "callouts/module.c"
