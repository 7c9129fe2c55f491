// SPDX-License-Identifier: Apache-2.0
// Why an experiment could not be made: a system call that failed, or a request that has no meaning.
import Glibc

/// An experiment that could not be made.
///
/// What the kernel does with a packet is never an error.
public struct LaboratoryError: Error, Hashable, Sendable {
    /// What kind of failure it is.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Wrapped: String, Hashable, Sendable { case system, notPermitted, invalid, stopped, lost }
        private let wrapped: Wrapped
        private init(_ wrapped: Wrapped) { self.wrapped = wrapped }
        /// The word for it.
        public var description: String { wrapped.rawValue }
        /// A system call failed; `errno` says why.
        public static let system = Code(.system)
        /// A capability is missing; `missingCapability` names it.
        public static let notPermitted = Code(.notPermitted)
        /// What was asked for does not exist or contradicts itself.
        public static let invalid = Code(.invalid)
        /// The thread or the sandbox has been stopped.
        public static let stopped = Code(.stopped)
        /// The kernel reported that it could not tell everything, so the observation would be incomplete.
        public static let lost = Code(.lost)
    }

    /// What was attempted, as a verb and its object.
    public var operation: String
    /// What kind of failure it is.
    public var code: Code
    /// The system's error number; 0 if none was given.
    public var errno: Int32
    /// The capability that is missing, as `capabilities(7)` calls it.
    public var missingCapability: String?

    /// Makes an error.
    public init(_ code: Code, _ operation: String) {
        self.operation = operation
        self.code = code
        errno = 0
    }

    /// The error of a failed system call; a refusal of permission names the capability that the call needs.
    init(_ operation: String, errno number: Int32 = Glibc.errno, needs capability: String = "CAP_NET_ADMIN") {
        self.operation = operation
        errno = number
        let isDenied = number == EPERM || number == EACCES
        code = isDenied ? .notPermitted : .system
        missingCapability = isDenied ? capability : nil
    }
}

extension LaboratoryError: CustomStringConvertible {
    /// One line for a person.
    public var description: String {
        if let missingCapability {
            return "\(operation): not permitted, \(missingCapability) is missing (run as root or grant the capability)"
        }
        guard errno != 0, let text = unsafe strerror(errno) else { return operation }
        return unsafe "\(operation): \(String(cString: text))"
    }
}
