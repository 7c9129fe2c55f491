// SPDX-License-Identifier: Apache-2.0
// Asks the daemon behind its control socket: HTTP over a Unix socket.
import Dispatch
import FlyingFox
import FlyingSocks
import Foundation
import OperationalMode
import Synchronization

/// Asks `sluiced` an operational command and gives its answer.
func askDaemon(_ request: OperationalRequest, socket path: String) throws -> String {
    let body = try JSONEncoder().encode(request)
    let answer = Answer()
    Task {
        answer.store(
            await Result {
                var client = HTTPClient()
                let response = try await client.sendHTTPRequest(
                    HTTPRequest(
                        method: .POST,
                        version: .http11,
                        path: OperationalRequest.path,
                        query: [],
                        headers: [.host: "sluiced"],
                        body: body
                    ),
                    to: .unix(path: path)
                )
                return (response.statusCode, try await response.bodyData)
            }
        )
    }
    // The command line does one thing at a time, and its caller waits for this.
    guard let result = answer.wait(seconds: 120) else {
        throw CommandFailure(status: .kernelRefused, description: "sluiced at \(path) does not answer")
    }
    let status: HTTPStatusCode
    let data: Data
    do {
        (status, data) = try result.get()
    } catch {
        throw CommandFailure(
            status: .kernelRefused,
            description: "nobody answers at \(path) (\(error)); start sluiced with --control-socket \(path)"
        )
    }
    let text = String(decoding: data, as: UTF8.self)
    switch status {
    case .ok: return text
    case .badRequest: throw CommandFailure(status: .wrongUsage, description: text)
    default: throw CommandFailure(status: .kernelRefused, description: "sluiced at \(path): \(text)")
    }
}

/// Carries one answer from its task to the thread that waits for it.
private final class Answer: Sendable {
    private let content = Mutex<Result<(HTTPStatusCode, Data), any Error>?>(nil)
    private let done = DispatchSemaphore(value: 0)

    func store(_ result: Result<(HTTPStatusCode, Data), any Error>) {
        content.withLock { $0 = result }
        done.signal()
    }

    func wait(seconds: Int) -> Result<(HTTPStatusCode, Data), any Error>? {
        guard done.wait(timeout: .now() + .seconds(seconds)) == .success else { return nil }
        return content.withLock { $0 }
    }
}

extension Result where Failure == any Error {
    /// The result of work that may suspend.
    fileprivate init(_ work: () async throws -> Success) async {
        do { self = .success(try await work()) } catch { self = .failure(error) }
    }
}
