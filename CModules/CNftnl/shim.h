// SPDX-License-Identifier: Apache-2.0
// <netinet/in.h> first: libc's guards then silence the kernel's copies of its structures (house style 3.3).
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>
#include <libnftnl/table.h>
#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/expr.h>
#include <libnftnl/set.h>
#include <libnftnl/object.h>
#include <libnftnl/udata.h>
#include <libnftnl/common.h>
