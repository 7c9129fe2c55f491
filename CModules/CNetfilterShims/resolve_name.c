// SPDX-License-Identifier: Apache-2.0
// Queries by glibc's resolver; see resolve_name.h.
#define _GNU_SOURCE
#include "CNetfilterShims.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <string.h>

int CNetfilterShims_queryName(const char *name, int family, const char *server, unsigned short port,
                              unsigned char *addresses, int capacity, unsigned *timeToLive) {
    struct __res_state state;
    memset(&state, 0, sizeof state);
    if (res_ninit(&state) != 0) return -1;
    if (server != NULL) {
        state.nscount = 1;
        memset(&state.nsaddr_list[0], 0, sizeof state.nsaddr_list[0]);
        state.nsaddr_list[0].sin_family = AF_INET;
        state.nsaddr_list[0].sin_port = htons(port);
        if (inet_pton(AF_INET, server, &state.nsaddr_list[0].sin_addr) != 1) {
            res_nclose(&state);
            return -1;
        }
    }
    state.retrans = 2;
    state.retry = 2;
    static const int largest = 65535;
    unsigned char answer[65535];
    int wanted = family == AF_INET ? ns_t_a : ns_t_aaaa;
    int octets = family == AF_INET ? 4 : 16;
    int length = res_nsearch(&state, name, ns_c_in, wanted, answer, largest);
    int failure = state.res_h_errno;
    res_nclose(&state);
    if (length < 0) return failure == HOST_NOT_FOUND || failure == NO_DATA ? 0 : -1;
    ns_msg message;
    if (ns_initparse(answer, length < largest ? length : largest, &message) != 0) return -1;
    int found = 0;
    unsigned smallest = 0xffffffffu;
    for (int index = 0; index < ns_msg_count(message, ns_s_an); index++) {
        ns_rr record;
        if (ns_parserr(&message, ns_s_an, index, &record) != 0) return -1;
        // Aliases on the way hold no longer than they say either.
        if (ns_rr_ttl(record) < smallest) smallest = ns_rr_ttl(record);
        if (ns_rr_type(record) != wanted || ns_rr_rdlen(record) != octets || found >= capacity) continue;
        memcpy(addresses + 16 * found, ns_rr_rdata(record), octets);
        found++;
    }
    *timeToLive = smallest;
    return found;
}

int CNetfilterShims_lookUpName(const char *name, int family, unsigned char *addresses, int capacity) {
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *list = NULL;
    int failure = getaddrinfo(name, NULL, &hints, &list);
    if (failure != 0) return failure == EAI_NONAME || failure == EAI_NODATA || failure == EAI_ADDRFAMILY ? 0 : -1;
    int found = 0;
    for (struct addrinfo *entry = list; entry != NULL && found < capacity; entry = entry->ai_next) {
        if (family == AF_INET) {
            memcpy(addresses + 16 * found, &((struct sockaddr_in *)entry->ai_addr)->sin_addr, 4);
        } else {
            memcpy(addresses + 16 * found, &((struct sockaddr_in6 *)entry->ai_addr)->sin6_addr, 16);
        }
        found++;
    }
    freeaddrinfo(list);
    return found;
}
