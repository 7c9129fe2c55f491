// SPDX-License-Identifier: Apache-2.0
public let predefinedApplications: [String: Application] = [:]
public let predefinedApplicationSets: [String: [String]] = [:]
