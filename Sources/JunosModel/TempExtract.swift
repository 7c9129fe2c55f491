// SPDX-License-Identifier: Apache-2.0
// Placeholder until extraction lands.
public import Diagnostics
public import JunosSyntax
public struct ExtractionResult { public let configuration: JunosConfiguration; public let diagnostics: [Diagnostic] }
public func extractConfiguration(_ tree: ConfigurationTree) -> ExtractionResult { ExtractionResult(configuration: JunosConfiguration(), diagnostics: []) }
