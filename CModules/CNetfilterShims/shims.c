// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CNetfilterShims.h"
#include <sched.h>

int CNetfilterShims_unshareNetwork(void) { return unshare(CLONE_NEWNET); }

int CNetfilterShims_enterNetwork(int descriptor) { return setns(descriptor, CLONE_NEWNET); }
