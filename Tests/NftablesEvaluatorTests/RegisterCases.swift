// SPDX-License-Identifier: Apache-2.0
// Cases of comparing and changing registers.
import NftablesEvaluator
import NftablesIR
import Testing

let registerCases: [ExpressionCase] = [
    .init("less: below", ipv4(udp()), [th(2, 2), .compare(.less, one, value(0x1e, 0x62))], true),
    .init("less: the value itself", ipv4(udp()), [th(2, 2), .compare(.less, one, value(0x1e, 0x61))], false),
    .init(
        "less or equal: the value itself",
        ipv4(udp()),
        [
            th(2, 2), .compare(.lessOrEqual, one, value(0x1e, 0x61)),
        ],
        true
    ),
    .init("less or equal: above", ipv4(udp()), [th(2, 2), .compare(.lessOrEqual, one, value(0x1e, 0x60))], false),
    .init("greater: above", ipv4(udp()), [th(2, 2), .compare(.greater, one, value(0x1e, 0x60))], true),
    .init("greater: the value itself", ipv4(udp()), [th(2, 2), .compare(.greater, one, value(0x1e, 0x61))], false),
    .init(
        "greater or equal: the value itself",
        ipv4(udp()),
        [
            th(2, 2), .compare(.greaterOrEqual, one, value(0x1e, 0x61)),
        ],
        true
    ),
    .init("not equal", ipv4(udp()), [th(2, 2), .compare(.notEqual, one, value(0x1e, 0x61))], false),
    .init(
        "order goes by bytes in memory, not by host numbers",
        ipv4(udp(), mark: 0x0100),
        [
            .metaLoad(.mark, into: one), .compare(.less, one, RegisterValue(host: 0x02)),
        ],
        true
    ),
    .init("range: first value", ipv4(udp()), [th(2, 2), .range(.equal, one, value(0x1e, 0x61), value(0x20, 0))], true),
    .init("range: last value", ipv4(udp()), [th(2, 2), .range(.equal, one, value(0, 0), value(0x1e, 0x61))], true),
    .init(
        "range: one outside",
        ipv4(udp()),
        [th(2, 2), .range(.equal, one, value(0x1e, 0x62), value(0x20, 0))],
        false
    ),
    .init(
        "outside a range: inside",
        ipv4(udp()),
        [
            th(2, 2), .range(.notEqual, one, value(0x1e, 0x61), value(0x20, 0)),
        ],
        false
    ),
    .init(
        "outside a range: one outside",
        ipv4(udp()),
        [
            th(2, 2), .range(.notEqual, one, value(0x1e, 0x62), value(0x20, 0)),
        ],
        true
    ),
    .init(
        "mask and xor",
        ipv4(udp()),
        [
            nh(12, 4), .bitwise(one, into: one, mask: value(255, 255, 255, 0), xor: value(0, 0, 0, 9)),
            equal(10, 1, 0, 9),
        ],
        true
    ),
    .init(
        "a short mask zeroes the rest of its register",
        ipv4(udp()),
        [
            nh(12, 4), .bitwise(one, into: one, mask: value(255), xor: value(0)), equal(10, 0, 0, 0),
        ],
        true
    ),
    .init(
        "bitwise into another register leaves its source",
        ipv4(udp()),
        [
            nh(12, 4), .bitwise(one, into: Register(slot: 4), mask: value(0, 0, 0, 0), xor: value(1, 2, 3, 4)),
            equal(10, 1, 0, 2), .compare(.equal, Register(slot: 4), value(1, 2, 3, 4)),
        ],
        true
    ),
    .init(
        "byte order of two bytes",
        ipv4(udp()),
        [
            th(2, 2), .byteOrder(one, into: one, toNetwork: false, length: 2, size: 2), equal(0x61, 0x1e, 0, 0),
        ],
        true
    ),
    .init(
        "byte order of two times two bytes",
        ipv4(udp()),
        [
            nh(12, 4), .byteOrder(one, into: one, toNetwork: true, length: 4, size: 2), equal(1, 10, 2, 0),
        ],
        true
    ),
    .init(
        "byte order of four bytes",
        ipv4(udp()),
        [
            nh(12, 4), .byteOrder(one, into: one, toNetwork: true, length: 4, size: 4), equal(2, 0, 1, 10),
        ],
        true
    ),
    .init(
        "byte order of eight bytes",
        ipv4(udp()),
        [
            nh(12, 8), .byteOrder(one, into: one, toNetwork: true, length: 8, size: 8), equal(2, 0, 2, 10, 2, 0, 1, 10),
        ],
        true
    ),
    .init(
        "registers of four bytes stand side by side",
        ipv4(udp()),
        [
            nh(12, 4), .payloadLoad(.network, offset: 16, length: 4, into: Register(slot: 1)),
            equal(10, 1, 0, 2, 10, 2, 0, 2),
        ],
        true
    ),
]
