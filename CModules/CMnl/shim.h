// SPDX-License-Identifier: Apache-2.0
// <netinet/in.h> first: libc's guards then silence the kernel's copies of its structures (house style 3.3).
#include <netinet/in.h>
#include <libmnl/libmnl.h>
