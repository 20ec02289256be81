# A page of docs/ as the body of a manual page: headings, tables, code and paragraphs, as docs/configuration.md uses them.
function inline(text,    out, before, word) {
  gsub(/\\/, "\\e", text)
  while (match(text, /\[[^]]*\]\([^)]*\)/)) { # a link is its words
    word = substr(text, RSTART, RLENGTH)
    before = substr(text, 1, RSTART - 1); text = substr(text, RSTART + RLENGTH)
    sub(/\]\(.*/, "", word)
    text = before substr(word, 2) text
  }
  out = ""
  while ((at = index(text, "`")) > 0) {
    before = substr(text, 1, at - 1); text = substr(text, at + 1)
    at = index(text, "`"); word = substr(text, 1, at - 1); text = substr(text, at + 1)
    gsub(/-/, "\\-", word)
    out = out strong(before) "\\fB" word "\\fR"
  }
  out = out strong(text)
  if (out ~ /^[.']/) out = "\\&" out
  return out
}
function strong(text) {
  while (sub(/\*\*/, "\\fB", text)) sub(/\*\*/, "\\fR", text)
  return text
}
function bare(text) { gsub(/`/, "", text); return text }
function cells(line,    i) {
  sub(/^\| */, "", line); sub(/ *\|[ ]*$/, "", line)
  count = split(line, cell, / *\| */)
}
function close_code() { if (code) print ".fi\n.RE"; code = 0 }
BEGIN { top = 1 } # nothing stands below the heading yet
/^# / { next }
/^## / { close_code(); print ".SH " toupper(bare(substr($0, 4))); blank = top = 1; next }
/^### / { close_code(); print ".SS " bare(substr($0, 5)); blank = top = 1; next }
/^\|[ -]*-[-| ]*$/ { next }
/^\|/ {
  close_code()
  cells($0)
  if (!table) { for (i = 1; i <= count; i++) head[i] = cell[i]; table = 1; top = 0; next }
  print ".TP\n" (cell[1] ~ /`/ ? inline(cell[1]) : "\\fB" inline(cell[1]) "\\fR")
  text = rest = ""
  for (i = 2; i <= count; i++) {
    if (cell[i] == "") continue
    if (head[i] == "meaning" || head[i] == "notes") { text = inline(cell[i]); sub(/[.]$/, "", text) }
    else if (head[i] == "default" && cell[i] == "required") rest = rest "Required. "
    else rest = rest toupper(substr(head[i], 1, 1)) substr(head[i], 2) ": " inline(cell[i]) ". "
  }
  sub(/ $/, "", rest)
  line = (text == "" ? "" : text ".") (text != "" && rest != "" ? " " : "") rest
  print (line == "" ? "\\&" : line)
  next
}
{ table = 0 }
/^    / {
  if (!code) { print (top ? "" : ".PP\n") ".RS\n.nf"; code = 1; top = 0 }
  line = substr($0, 5); gsub(/\\/, "\\e", line); gsub(/-/, "\\-", line)
  if (line ~ /^[.']/) line = "\\&" line
  print line
  next
}
/^$/ { close_code(); blank = 1; next }
/^- / { print ".IP \\(bu 2\n" inline(substr($0, 3)); blank = 0; next }
{ close_code(); if (blank && !top) print ".PP"; blank = top = 0; print inline($0) }
END { close_code() }
