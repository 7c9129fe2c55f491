// SPDX-License-Identifier: Apache-2.0
// Numbers of devices; see ethtool_value.h.
#define _GNU_SOURCE
#include "CNetfilterShims.h"

#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>

int CNetfilterShims_ethtoolValue(int descriptor, const char *device, unsigned command, unsigned *value) {
    struct ethtool_value number = {.cmd = command, .data = *value};
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, device, sizeof request.ifr_name - 1);
    request.ifr_data = (void *)&number;
    if (ioctl(descriptor, SIOCETHTOOL, &request) != 0) return -1;
    *value = number.data;
    return 0;
}
