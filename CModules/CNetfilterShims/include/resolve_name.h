// SPDX-License-Identifier: Apache-2.0
// Addresses of a host's name with the time they hold: struct __res_state and the ns_* macros are beyond the importer.
#ifndef RESOLVE_NAME_H
#define RESOLVE_NAME_H

// Asks for the A (family AF_INET) or AAAA (AF_INET6) records of a name, by the system's resolver configuration, or at
// one server in dotted IPv4 notation and a port. Each address takes 16 octets, of which IPv4 fills the first four.
// Returns the number of addresses, 0 if the name has none, -1 if nobody could answer now. The time to live is the
// smallest of all records in the answer, in seconds.
int CNetfilterShims_queryName(const char *name, int family, const char *server, unsigned short port,
                              unsigned char *addresses, int capacity, unsigned *timeToLive);

// The same by the name service switch (/etc/hosts among others), which knows no time to live.
int CNetfilterShims_lookUpName(const char *name, int family, unsigned char *addresses, int capacity);

#endif
