// SPDX-License-Identifier: MIT
// Tolls as JSON, as docs/formats.md has them.
#pragma once

#include "usr/include/tollgate.h"
#include "usr/program/json.h"

// Write the tolls of a slot as an object.
void toll_json(struct json *json, const char *key, const struct toll *toll);

// Write a distribution as members of the object that is open, in cycles.
void toll_json_distribution(
    struct json *json, const struct toll_distribution *d);

// Write a resource as the object "bound".
void toll_json_resource(
    struct json *json, const struct toll_resource *resource);
