import Chassis

/// What the shop's pages load.
enum Asset {
    static let style = PageAsset(path: "/assets/style.css", mediaType: "text/css; charset=utf-8", text: StyleSheet.text)
    static let script = PageAsset(
        path: "/assets/shop.js", mediaType: "text/javascript; charset=utf-8", text: Script.text)
    static let icon = PageAsset(
        path: "/assets/icon.svg", mediaType: "image/svg+xml",
        text: """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#0b5cad" d="M15 3h2v23h-2z"/>\
            <path fill="#f2a93b" d="M18 5 29 23H18z"/><path fill="#0b5cad" d="M3 26h26l-4 4H7z"/></svg>
            """)

    static let all = [style, script, icon]
}
