#!/usr/bin/env python3
"""Makes readable pages of README, CHANGELOG and Docs: static HTML with navigation, no server and no network needed.

    scripts/docs.py [DIRECTORY]        default: .build/docs

Needs markdown-it-py, mdit-py-plugins and Pygments; `make docs` puts them into a virtual environment. Fails when a link leads nowhere.
"""
import html
import pathlib
import re
import sys

from markdown_it import MarkdownIt
from mdit_py_plugins.anchors import anchors_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

ROOT = pathlib.Path(__file__).resolve().parent.parent
GROUPS = [
    ("Start", ["README.md", "Docs/ARCHITECTURE.md", "Docs/LifeOfAnOrder.md"]),
    ("Proofs", ["Docs/KillMatrix.md", "Docs/Benchmarks.md"]),
    ("Project", ["CHANGELOG.md", "Docs/Dependencies.md"]),
]
STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 16px/1.6 system-ui, sans-serif; margin: 0 auto; max-width: 84rem; display: grid;
  grid-template-columns: 15rem minmax(0, 1fr); gap: 2.5rem; padding: 1.5rem; }
nav { position: sticky; top: 1.5rem; align-self: start; max-height: calc(100vh - 3rem); overflow: auto; font-size: .92rem; }
nav h2 { font-size: .8rem; text-transform: uppercase; letter-spacing: .05em; opacity: .7; margin: 1.2rem 0 .2rem; }
nav a { display: block; text-decoration: none; padding: .1rem .4rem; border-radius: .3rem; color: inherit; }
nav a:hover, nav a[aria-current] { background: var(--soft); }
main { max-width: 56rem; }
main table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top; }
pre { background: var(--soft); border-radius: .4rem; overflow-x: auto; }
pre { padding: .8rem 1rem; font-size: .87rem; line-height: 1.45; }
code { font-family: ui-monospace, monospace; font-size: .9em; }
h1, h2, h3 { line-height: 1.25; } h2 { margin-top: 2.2rem; border-bottom: 1px solid var(--line); }
input[type=search] { font: inherit; padding: .3rem .6rem; width: 100%; box-sizing: border-box; margin-bottom: 1rem; }
.symbol { padding: .15rem 0; border-bottom: 1px solid var(--soft); overflow-wrap: anywhere; }
@media (max-width: 50rem) { body { grid-template-columns: 1fr; } nav { position: static; max-height: none; } }
"""
FILTER = """<input type="search" placeholder="Filter" aria-label="Filter"><script>
document.querySelector('input[type=search]').addEventListener('input', e => {
  const words = e.target.value.toLowerCase().split(/\\s+/);
  for (const line of document.querySelectorAll('.symbol'))
    line.hidden = !words.every(word => line.textContent.toLowerCase().includes(word));
});</script>"""


def coloured(code, language, _):
    try:
        return highlight(code, get_lexer_by_name(language or "text"), HtmlFormatter(nowrap=True))
    except ClassNotFound:
        return html.escape(code)


MARKDOWN = MarkdownIt("commonmark", {"highlight": coloured}).enable(["table", "strikethrough"])
MARKDOWN.use(anchors_plugin, max_level=4)


def target(path):
    """Where the page of a source file goes, relative to the output."""
    if path == "README.md":
        return "index.html"
    return re.sub(r"\.(md|txt)$", ".html", path.removeprefix("Docs/"))


def title(path, text):
    if path.endswith(".txt"):
        return pathlib.Path(path).stem
    found = re.search(r"^# (.+)$", text, re.M)
    return found.group(1) if found else pathlib.Path(path).stem


class Site:
    def __init__(self, output):
        self.output = output
        files = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "Docs").rglob("*.md")),
                 *sorted((ROOT / "Docs" / "API").glob("*.txt"))]
        self.texts = {f.relative_to(ROOT).as_posix(): f.read_text() for f in files}
        self.titles = {path: title(path, text) for path, text in self.texts.items()}
        self.dead = []

    def groups(self):
        named = {path for _, paths in GROUPS for path in paths}
        rest = [p for p in self.texts if p not in named]
        modules = [p for p in rest if p.count("/") == 1]
        yield from ((name, [p for p in paths if p in self.texts]) for name, paths in GROUPS[:1])
        yield "Modules", modules
        yield from ((name, [p for p in paths if p in self.texts]) for name, paths in GROUPS[1:])
        yield "Decisions", [p for p in rest if p.startswith("Docs/Decisions/")]
        yield "Public API", [p for p in rest if p.startswith("Docs/API/")]

    def relative(self, source, path):
        up = "../" * target(source).count("/")
        return up + target(path)

    def navigation(self, current):
        parts = []
        for name, paths in self.groups():
            if not paths:
                continue
            parts.append(f"<h2>{name}</h2>")
            for path in paths:
                here = ' aria-current="page"' if path == current else ""
                parts.append(f'<a href="{self.relative(current, path)}"{here}>{html.escape(self.titles[path])}</a>')
        return "\n".join(parts)

    def link(self, source, address):
        """The address in the site of what a page links to."""
        if re.match(r"[a-z][a-z0-9+.-]*:", address) or address.startswith("#"):
            return address
        path, _, anchor = address.partition("#")
        resolved = (ROOT / source).parent.joinpath(path).resolve()
        if not resolved.exists():
            self.dead.append(f"{source}: {address}")
            return address
        name = resolved.relative_to(ROOT).as_posix()
        if name in self.texts:
            return self.relative(source, name) + (f"#{anchor}" if anchor else "")
        return resolved.as_uri()

    def body(self, path, text):
        if path.endswith(".txt"):
            lines = "\n".join(f'<div class="symbol"><code>{html.escape(self.declaration(line))}</code></div>'
                              for line in text.splitlines())
            return f"<h1>{html.escape(self.titles[path])}: public API</h1>\n{FILTER}\n{lines}"
        made = MARKDOWN.render(text)
        return re.sub(
            r'href="([^"]*)"', lambda m: f'href="{html.escape(self.link(path, html.unescape(m.group(1))))}"', made)

    @staticmethod
    def declaration(line):
        """A line of a listing: its path, and the declaration behind it."""
        return re.sub(r" {4,}", "\n", line).replace("\n", "   ")

    def write(self):
        colours = HtmlFormatter(style="default").get_style_defs("pre")
        dark = HtmlFormatter(style="native").get_style_defs("pre")
        style = STYLE + colours + "@media (prefers-color-scheme: dark) {" + dark + "}" + "pre { background: var(--soft) }"
        for path, text in self.texts.items():
            file = self.output / target(path)
            file.parent.mkdir(parents=True, exist_ok=True)
            page = (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
                    f'content="width=device-width, initial-scale=1"><title>{html.escape(self.titles[path])} · Mainstay</title>'
                    f"<style>{style}</style></head><body><nav>{self.navigation(path)}</nav>"
                    f"<main>{self.body(path, text)}</main></body></html>\n")
            file.write_text(page)


def main():
    output = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".build" / "docs").resolve()
    site = Site(output)
    site.write()
    if site.dead:
        sys.exit("links that lead nowhere:\n  " + "\n  ".join(site.dead))
    print(f"wrote {len(site.texts)} pages: {(output / 'index.html').as_uri()}")


if __name__ == "__main__":
    main()
