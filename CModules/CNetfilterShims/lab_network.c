// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CNetfilterShims.h"
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int CNetfilterShims_nameTun(int descriptor, const char *name) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
    request.ifr_flags = IFF_TUN;
    return ioctl(descriptor, TUNSETIFF, &request);
}

int CNetfilterShims_dropCapabilities(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) != 0) return -1;
    data[0].effective = 0;
    data[1].effective = 0;
    return syscall(SYS_capset, &header, data);
}

int CNetfilterShims_threadNumber(void) { return gettid(); }
