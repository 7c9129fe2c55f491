// SPDX-License-Identifier: Apache-2.0
// What the Swift importer cannot take from the kernel's and libmnl's headers; one reason a shim, no logic.
#ifndef CNETFILTER_SHIMS_H
#define CNETFILTER_SHIMS_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>

// unshare(2) and setns(2) stand behind _GNU_SOURCE, which the importer's view of libc does not always have.
int CNetfilterShims_unshareNetwork(void);
int CNetfilterShims_enterNetwork(int descriptor);

// Attribute numbers newer than the headers that we build against (6.1); the kernel reports them, so they must be known.
// NFTA_SET_TYPE and NFTA_SET_COUNT: name of the set's backend and number of elements (Linux 6.16).
#define CNetfilterShims_NFTA_SET_TYPE 19u
#define CNetfilterShims_NFTA_SET_COUNT 20u

// NFT_BITWISE_BOOL became a macro for NFT_BITWISE_MASK_XOR in newer headers; the importer takes neither everywhere.
#define CNetfilterShims_NFT_BITWISE_BOOL 0u

#include "ethtool_value.h"
#include "lab_network.h"
#include "resolve_name.h"

#endif
