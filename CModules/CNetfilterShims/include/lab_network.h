// SPDX-License-Identifier: Apache-2.0
// What the laboratory needs of links, routes, TUN devices, NFLOG and conntrack and the importer cannot take.
#ifndef LAB_NETWORK_H
#define LAB_NETWORK_H

#include <net/if.h>
#include <linux/fib_rules.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/rtnetlink.h>

// TUNSETIFF takes a struct ifreq, whose anonymous unions the importer names unstably. The device is layer 3, with the
// four octets of struct tun_pi before each packet. Returns 0, or -1 with errno.
int CNetfilterShims_nameTun(int descriptor, const char *name);

// capget(2) and capset(2) stand in no header of libc. Empties the effective set of the calling thread alone.
int CNetfilterShims_dropCapabilities(void);

// gettid(2) stands behind _GNU_SOURCE.
int CNetfilterShims_threadNumber(void);

#endif
