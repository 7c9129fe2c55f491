// SPDX-License-Identifier: Apache-2.0
// One number of a device by SIOCETHTOOL, which takes a struct ifreq with a pointer in an anonymous union.
#ifndef ETHTOOL_VALUE_H
#define ETHTOOL_VALUE_H

#include <linux/ethtool.h>

// Sends one command of struct ethtool_value for a device: `value` is read, and written where the command gets.
// Returns 0, or -1 with errno.
int CNetfilterShims_ethtoolValue(int descriptor, const char *device, unsigned command, unsigned *value);

#endif
