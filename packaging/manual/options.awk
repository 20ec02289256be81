# The options and commands of a program as roff, from the table of `commands`:
# awk -F '\t' -v want=options|commands -f options.awk TABLE. "options" are those of the program itself.
function roff(text) { gsub(/\\/, "\\e", text); gsub(/-/, "\\-", text); sub(/^[.']/, "\\\\\\&&", text); return text }
function bold(text) { return "\\fB" roff(text) "\\fR" }
function slanted(text) { return "\\fI" roff(text) "\\fR" }
function flags(text) { gsub(/,/, "\\fR, \\fB", text); gsub(/-/, "\\-", text); return "\\fB" text "\\fR" }
function entry(head, text, required, initial) {
  if (required != "") text = text (text == "" ? "" : ". ") "Required"
  if (initial != "") text = text (text == "" ? "" : ". ") "Default: " initial
  return ".TP\n" head "\n" (text == "" ? "\\&" : roff(text) (text ~ /[.]$/ ? "" : ".")) "\n"
}
$1 == "C" { order[++n] = $2; about[$2] = $4; if ($2 ~ / /) group[substr($2, 1, index($2, " ") - 1)] = 1 }
$1 == "O" && ($2 == "" || $3 !~ /--help/) {
  body[$2] = body[$2] entry(flags($3) ($4 == "" ? "" : " " slanted($4)), $8, $5, $6)
}
$1 == "P" {
  usage[$2] = usage[$2] " " ($4 == "" ? "[" : "") slanted($3 ($5 == "" ? "" : " ...")) ($4 == "" ? "]" : "")
  named[$2] = named[$2] entry(slanted($3), $7, "", "")
}
END {
  if (want == "options") { printf "%s", body[""]; exit }
  for (i = 1; i <= n; i++) {
    p = order[i]
    if (p in group) continue
    printf ".SS \"%s\"\n", roff(p)
    printf ".B backstopctl %s%s\\fR%s\n.PP\n%s.\n", roff(p), (body[p] == "" ? "" : "\\fR [\\fIoptions\\fR]"), usage[p], roff(about[p])
    printf "%s%s", named[p], body[p]
  }
}
