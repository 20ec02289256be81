"""Pages of docs/ as blocks: what is run, what is a file, what is neither and why."""
import re

# What a line that is typed begins with. Outside of a session (```console) such a line needs a reason why it is not run.
COMMANDS = ("backstopctl backstopd systemctl systemd-run journalctl apt-get apt adduser install sqlite3 curl sudo cp mv dpkg mkdocs packaging/ "
            "./demo ./test cmake ctest examples/ bench/ tests/ flock docker").split()
HEREDOC = re.compile(r"<<(-?)\s*(['\"]?)(\w+)\2")


class Command:
    def __init__(self, text, line):
        self.text, self.line, self.shown = text, line, []


class Block:
    """kind: session, file, other. reason: why a session is not run, or None."""

    def __init__(self, kind, line, lines, language="", path=None, reason=None):
        self.kind, self.line, self.lines, self.language, self.path, self.reason = kind, line, lines, language, path, reason
        self.last = False

    def commands(self):
        found, wanted, going_on = [], None, False
        for offset, line in enumerate(self.lines):
            if wanted or going_on:
                found[-1].text += "\n" + line
                if wanted and (line.lstrip("\t") if wanted[0] else line) == wanted[1]:
                    wanted = None
                    continue
            elif line.startswith("$ "):
                found.append(Command(line[2:], self.line + 1 + offset))
            else:
                if not found:
                    raise SystemExit(f"line {self.line + 1 + offset}: a session begins with `$ `")
                found[-1].shown.append(line)
                continue
            if not wanted:
                document = HEREDOC.search(line)
                wanted = (document.group(1), document.group(3)) if document else None
                going_on = not wanted and line.endswith("\\")
        return found


def blocks(text):
    """All blocks of a page, in order. A comment right before a block says what it is: `<!-- file: PATH -->`, `<!-- not run: WHY -->`,
    `<!-- at the end -->` (of all pages of the host: what a reader does last). `<!-- run: COMMAND -->` is run, and not shown."""
    lines, found, said, i = text.split("\n"), [], {}, 0
    while i < len(lines):
        line = lines[i]
        comment = re.fullmatch(r"\s*<!-- (file|not run|run|at the end)(?:: (.*?))? -->", line)
        fence = re.fullmatch(r"( *)```(\S*)", line)
        if comment:
            if comment.group(1) == "run":
                found.append(Block("session", i, ["$ " + comment.group(2)], "hidden"))
            else:
                said[comment.group(1)] = comment.group(2) or ""
        elif fence:
            begin, indent = i, len(fence.group(1))
            i += 1
            inside = []
            while i < len(lines) and lines[i].strip() != "```":
                inside.append(lines[i][indent:])
                i += 1
            session = fence.group(2) == "console"
            kind = "session" if session else "file" if "file" in said else "other"
            found.append(Block(kind, begin + 1, inside, fence.group(2), said.get("file"), said.get("not run")))
            found[-1].last = "at the end" in said
            said = {}
        elif line.startswith("    ") and (i == 0 or not lines[i - 1].strip()):
            begin, inside = i, []
            while i < len(lines) and (lines[i].startswith("    ") or not lines[i].strip()):
                inside.append(lines[i][4:])
                i += 1
            i -= 1
            found.append(Block("other", begin, inside, "", None, said.get("not run")))
            said = {}
        elif line.strip():
            said = {}
        i += 1
    return found


def unmarked(block):
    """The lines of a block that is not run in which something is typed, and no reason stands before it."""
    if block.kind != "other" or block.reason or block.language in ("yaml", "ini", "json", "python", "groovy", "promql"):
        return []
    return [(block.line + 1 + n, line) for n, line in enumerate(block.lines)
            if line.strip() and line.lstrip("$ ").split(" ")[0].startswith(tuple(COMMANDS)) and
            any(line.lstrip("$ ").split(" ")[0] == c or (c.endswith("/") and line.startswith(c)) for c in COMMANDS)]


def pattern(shown):
    """What a shown line says, as a pattern: blanks are any blanks, … is anything, and a number that stands alone is any number (of any
    unit of time). Numbers inside words (v1.2.0, D1, p95) are meant."""
    number = r"(?<![\w.-])\d[\d.]*(?:us|ms|s|m|h|d)?(?:\d+(?:us|ms|s))*(?!\w)"
    out = ""
    for piece in re.finditer(rf"(…)|(\s+)|({number})|.", shown.strip()):
        anything, blanks, any_number = piece.groups()
        out += ".*?" if anything else r"\s+" if blanks else r"\d[\d.]*(?:[a-z]+\d*)*" if any_number else re.escape(piece.group())
    return out


def missing(shown, said, exact=False):
    """The first shown line that was not said, in order; None where all were."""
    lines, at = said.split("\n"), 0
    for want in shown:
        if not want.strip() or want.strip() == "…":
            continue
        wanted = re.compile(r"\s*" + (re.escape(want.strip()) if exact else pattern(want)) + r"\s*")
        while at < len(lines) and not wanted.fullmatch(lines[at]):
            at += 1
        if at == len(lines):
            return want
        at += 1
    return None
