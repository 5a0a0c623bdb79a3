// SPDX-License-Identifier: MIT
// A record for the JSON of tools/boot (docs/formats.md).
#pragma once

#include <stdbool.h>

#include "usr/program/json.h"

// Begin a record of this type: an object that is open.
void record_begin(struct json *json, const char *type);

// End it, send it and free it. Returns false, after one line on stderr, if it
// can not be sent.
bool record_send(struct json *json);

// The same of one that nobody may have asked for: where there is no tools/boot
// to take it, all is well.
bool record_offer(struct json *json);
