// SPDX-License-Identifier: MIT
// See record.h.
#include "usr/program/record.h"

#include <errno.h>
#include <string.h>

#include "usr/program/options.h"

void record_begin(struct json *json, const char *type) {
    *json = (struct json){0};
    json_begin(json, NULL, JSON_OBJECT);
    json_text(json, "type", type);
}

static bool record_end(struct json *json, bool must) {
    json_end(json);
    bool ok = json_report(json) || (!must && errno == ENOENT);
    if (!ok) {
        complain("can not write to %s: %s", REPORT_DEVICE, strerror(errno));
    }
    json_free(json);
    return ok;
}

bool record_send(struct json *json) {
    return record_end(json, true);
}

bool record_offer(struct json *json) {
    return record_end(json, false);
}
