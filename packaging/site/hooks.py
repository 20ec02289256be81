"""What MkDocs lacks for these pages: sections whose pages are a folder's, links to files beside docs/, and an index to search
that a page opened from a folder can read too (a script, as a browser fetches no file for one)."""
import json
import os
import re

LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((\.\./[^)#\s]+)(#[^)\s]*)?\)")


NAMED = re.compile(r"\[([\w./-]+\.md)\]\(([\w./-]+\.md)(#[\w-]*)?\)")  # the name of a file is no name for who reads the site
TITLES = {}


def on_nav(nav, config, files):
    TITLES.update({page.file.src_path: page.title for page in nav.pages if page.title})


def on_config(config):
    """A folder in `nav` stands for its pages, README.md first, then by name. A page that is not there (yet) has no entry: that one which is
    there has one is what tests/docs/site-test looks at."""
    docs = config["docs_dir"]

    def pages(folder):
        names = sorted(n for n in os.listdir(os.path.join(docs, folder)) if n.endswith(".md"))
        return [folder + n for n in sorted(names, key=lambda n: n != "README.md")]

    def present(entry):
        ((_, value),) = entry.items()
        return not isinstance(value, str) or value.endswith("/") or os.path.isfile(os.path.join(docs, value))

    def filled(value):
        if isinstance(value, list):
            return [entry for entry in value if present(entry)]
        return pages(value) if value.endswith("/") else value

    config["nav"] = [{title: filled(value) for title, value in entry.items()} for entry in config["nav"]]
    return config


def on_page_markdown(markdown, page, config, files):
    """A link out of docs/ names a file of the sources: shown as its path, and it must be there."""
    docs = config["docs_dir"]
    here = os.path.join(docs, os.path.dirname(page.file.src_path))

    def shown(match):
        target = os.path.normpath(os.path.join(here, match.group(2)))
        if os.path.commonpath([target, docs]) == docs:
            return match.group(0)
        if not os.path.exists(target):
            raise SystemExit(f"{page.file.src_path}: there is no {match.group(2)}")
        path = os.path.relpath(target, os.path.dirname(docs))
        text = match.group(1)
        return f"`{path}`" if text.strip("`") in (path, os.path.basename(path)) else f"{text} (`{path}`)"

    def titled(match):
        target = os.path.normpath(os.path.join(os.path.dirname(page.file.src_path), match.group(2)))
        return f"[{TITLES.get(target, match.group(1))}]({match.group(2)}{match.group(3) or ''})"

    return NAMED.sub(titled, LINK.sub(shown, markdown))


def on_post_build(config):
    folder = os.path.join(config["site_dir"], "search")
    with open(os.path.join(folder, "search_index.json"), encoding="utf-8") as file:
        found = json.load(file)["docs"]
    index = [[entry["location"], entry["title"], entry["text"]] for entry in found]
    for name in os.listdir(folder):
        os.remove(os.path.join(folder, name))
    with open(os.path.join(folder, "index.js"), "w", encoding="utf-8") as file:
        file.write("window.searchIndex=" + json.dumps(index, ensure_ascii=False, separators=(",", ":")) + ";\n")
