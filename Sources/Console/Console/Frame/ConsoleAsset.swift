import Chassis

/// What the console's pages load.
enum ConsoleAsset {
    static let style = PageAsset(
        path: "/console/assets/console.css", mediaType: "text/css; charset=utf-8", text: StyleSheet.text)
    static let script = PageAsset(
        path: "/console/assets/console.js", mediaType: "text/javascript; charset=utf-8", text: Script.text)
    static let icon = PageAsset(
        path: "/console/assets/icon.svg", mediaType: "image/svg+xml",
        text: """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#10243e"/>\
            <path fill="#7db8f5" d="M15 5h2v20h-2z"/><path fill="#f2a93b" d="M18 7 27 22h-9z"/>\
            <path fill="#7db8f5" d="M5 25h22l-3 3H8z"/></svg>
            """)

    static let all = [style, script, icon]
}
