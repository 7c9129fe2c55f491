// SPDX-License-Identifier: Apache-2.0
// Why something asked of the kernel did not happen, with the kernel's own words where it gave any.
import Glibc

/// A netlink operation that failed.
public struct NetlinkError: Error, Hashable, Sendable {
    /// What kind of failure it is, for callers that act on it.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Wrapped: String, Hashable, Sendable {
            case refused, notPermitted, notFound, system, malformed, interrupted, lost, timedOut, unstable
            case notUnderstood, notEncodable
        }
        private let wrapped: Wrapped
        private init(_ wrapped: Wrapped) { self.wrapped = wrapped }
        /// The word for it.
        public var description: String { wrapped.rawValue }
        /// The kernel refused the request; `errno` and `kernelMessage` say why.
        public static let refused = Code(.refused)
        /// A capability is missing; `missingCapability` names it.
        public static let notPermitted = Code(.notPermitted)
        /// The object does not exist.
        public static let notFound = Code(.notFound)
        /// A system call failed.
        public static let system = Code(.system)
        /// The kernel's answer does not parse.
        public static let malformed = Code(.malformed)
        /// A dump was cut by a concurrent change (`NLM_F_DUMP_INTR`); ask again.
        public static let interrupted = Code(.interrupted)
        /// The receive buffer overflowed (`ENOBUFS`); something was not seen.
        public static let lost = Code(.lost)
        /// No answer in time.
        public static let timedOut = Code(.timedOut)
        /// The ruleset changed faster than it could be read.
        public static let unstable = Code(.unstable)
        /// The kernel holds something that this program has no value for.
        public static let notUnderstood = Code(.notUnderstood)
        /// A value does not fit into the message it is meant for.
        public static let notEncodable = Code(.notEncodable)
    }

    /// What was attempted, as a verb and its object: "read chain inet sluice transit".
    public var operation: String
    /// What kind of failure it is.
    public var code: Code
    /// The system's error number; 0 if none was given.
    public var errno: Int32
    /// What the kernel said in its extended acknowledgement, or what is wrong with the bytes.
    public var kernelMessage: String?
    /// Where in the request the kernel found fault, in bytes from the start of the netlink header.
    public var attributeOffset: UInt32?
    /// The capability that is missing, as `capabilities(7)` calls it.
    public var missingCapability: String?

    /// Makes an error.
    public init(
        _ code: Code,
        operation: String,
        errno: Int32 = 0,
        kernelMessage: String? = nil,
        attributeOffset: UInt32? = nil
    ) {
        let denied = code == .refused && (errno == EPERM || errno == EACCES)
        self.operation = operation
        self.code = denied ? .notPermitted : code == .refused && errno == ENOENT ? .notFound : code
        self.errno = errno
        self.kernelMessage = kernelMessage
        self.attributeOffset = attributeOffset
        missingCapability = denied ? "CAP_NET_ADMIN" : nil
    }

    /// The system's text for an error number.
    public static func text(errno number: Int32) -> String {
        guard let text = unsafe strerror(number) else { return "error \(number)" }
        return unsafe String(cString: text)
    }
}

extension NetlinkError: CustomStringConvertible {
    /// One line for a person.
    public var description: String {
        var text = operation
        if let missingCapability {
            text += ": not permitted, \(missingCapability) is missing (run as root or grant the capability)"
        } else if errno != 0 {
            text += " refused: \(Self.text(errno: errno))"
        } else {
            text += ": \(code)"
        }
        if let kernelMessage { text += " (kernel: \(kernelMessage))" }
        return text
    }
}
