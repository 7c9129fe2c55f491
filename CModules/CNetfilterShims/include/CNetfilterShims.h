// SPDX-License-Identifier: Apache-2.0
// What the Swift importer cannot take from the kernel's and libmnl's headers; one reason a shim, no logic.
#ifndef CNETFILTER_SHIMS_H
#define CNETFILTER_SHIMS_H

#include <netinet/in.h>
#include <stdint.h>

#endif
