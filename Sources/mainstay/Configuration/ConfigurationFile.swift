import Foundation
import GatewayCore
import Yams

/// Reads the YAML file and checks every key of it against the registry.
enum ConfigurationFile {
    /// - Returns: dotted keys and their values.
    /// - Throws: a ``CommandFailure`` when the file cannot be read or is no YAML.
    static func read(_ path: String, problems: inout [String]) throws -> [String: String] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure.environment("the configuration file \(path) cannot be read")
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: String(decoding: data, as: UTF8.self))
        } catch {
            throw CommandFailure.environment("the configuration file \(path) is no YAML: \(error)")
        }
        var values: [String: String] = [:]
        guard let root else { return values }
        guard case .mapping(let mapping) = root else {
            throw CommandFailure.environment("\(path) must hold keys and values")
        }
        Self.flatten(mapping, prefix: "", path: path, into: &values, problems: &problems)
        return values
    }

    /// `log` of `gateway.log.file`.
    private static func partOfGateway(_ name: String) -> String? {
        let parts = name.split(separator: ".")
        return parts.count > 1 && parts[0] == "gateway" ? String(parts[1]) : nil
    }

    private static func isSetting(_ name: String) -> Bool {
        KeyRegistry.keys.contains { $0.name == name || $0.name.hasPrefix(name + ".") }
    }

    /// The section `gateway` of the file.
    static func gateway(_ path: String, problems: inout [String]) -> GatewayConfiguration {
        guard let data = FileManager.default.contents(atPath: path) else { return GatewayConfiguration() }
        do throws(ConfigurationRefused) {
            return try GatewayConfiguration(
                yaml: String(decoding: data, as: UTF8.self), known: Set(KeyRegistry.services),
                foreign: Set(KeyRegistry.keys.compactMap { Self.partOfGateway($0.name) }))
        } catch {
            problems += error.problems.map { "\(path):\($0.line): \($0.sentence)" }
            return GatewayConfiguration()
        }
    }

    private static func flatten(
        _ mapping: Node.Mapping, prefix: String, path: String, into values: inout [String: String],
        problems: inout [String],
    ) {
        for (key, value) in mapping {
            let name = prefix + (key.string ?? "?")
            // What is no setting of the process belongs to the gateway, which names its own problems.
            if prefix == "gateway.", !Self.isSetting(name) { continue }
            let place = "\(path):\(key.mark?.line ?? 0): \(name)"
            if case .mapping(let inner) = value {
                Self.flatten(inner, prefix: name + ".", path: path, into: &values, problems: &problems)
                continue
            }
            guard let known = KeyRegistry.find(name) else {
                let hint = KeyRegistry.nearest(to: name).map { "; did you mean \($0)?" } ?? ""
                problems.append("\(place) is not known\(hint)")
                continue
            }
            guard let text = value.string else {
                problems.append("\(place): one value is accepted")
                continue
            }
            if case .secret = known.kind {
                problems.append("\(place) is a secret: set \(Settings.variable(for: name)), or \(name).file to a file")
            } else if let problem = KeyRegistry.problem(text, for: known) {
                problems.append("\(place): \(problem)")
            } else {
                values[name] = text
            }
        }
    }
}
