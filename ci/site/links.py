#!/usr/bin/env python3
"""Links of the Markdown files for the site.

links.py FILE PAGE...: prints a Markdown file for rustdoc. Its title is marked as rustdoc wants it; links to PAGEs lead to their
HTML pages, pictures to pictures/, and links to other files of the repository become their text.
links.py --check SITE: fails if a page of the site's first folder links to something that is not there.
"""

import os
import re
import sys
from html.parser import HTMLParser
from pathlib import Path


def page_of(path):
    return path.removeprefix("docs/").replace("/", "-").removesuffix(".md") + ".html"


def converted(file, pages):
    folder = os.path.dirname(file)

    def link(match):
        label, target = match.group(1), match.group(2)
        address, _, part = target.partition("#")
        if re.match(r"[a-z]+:", target) or not address:
            return match.group(0)
        path = os.path.normpath(os.path.join(folder, address))
        if path in pages:
            return f"[{label}]({page_of(path)}{'#' + part if part else ''})"
        if path.startswith("docs/pictures/"):
            return f"[{label}]({path.removeprefix('docs/')})"
        return label

    text = Path(file).read_text()
    text = re.sub(r"^# (.*)", r"% \1", text, count=1)
    # Pictures first, as they stand within links.
    text = re.sub(r"!\[([^\]]*)\]\(([^)]+)\)", lambda m: "!" + link(m) if link(m).startswith("[") else link(m), text)
    return re.sub(r"(?<!!)\[((?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*)\]\(([^)\s]+)\)", link, text)


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        self.found += [value for name, value in attributes if name in ("href", "src") and value]


def check(site):
    wrong = 0
    for page in sorted(site.glob("*.html")):
        if page.name == "lenet5.html":
            continue
        links = Links()
        links.feed(page.read_text())
        for target in links.found:
            address = target.partition("#")[0]
            if address and not re.match(r"[a-z]+:", target) and not (site / address).exists():
                print(f"{page.name}: {target} is not there", file=sys.stderr)
                wrong += 1
    sys.exit(wrong > 0)


if sys.argv[1] == "--check":
    check(Path(sys.argv[2]))
print(converted(sys.argv[1], sys.argv[2:]), end="")
