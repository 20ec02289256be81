# Makes a completion of backstopctl from the table of `commands`: awk -F '\t' -v shell=bash|zsh|fish -f completion.awk TABLE
# All three find the command by its words first, then offer its commands, its options, or the values of an option.

# The values of an option or positional, where its description is a plain list of them: "a, b or c".
function choices(text,    list) {
  if (!match(text, /^[a-z-]+(, [a-z-]+)* or [a-z-]+/)) return ""
  list = substr(text, 1, RLENGTH)
  if (substr(text, RLENGTH + 1) !~ /^( \(.*)?$/) return ""
  gsub(/,| or /, " ", list)
  gsub(/  +/, " ", list)
  return list
}
function quoted(text) { gsub(/'/, "'\\''", text); return "'" text "'" }
function described(text) { gsub(/:/, "\\:", text); return text } # for zsh, where a colon divides
function parent(path) { return match(path, / [^ ]*$/) ? substr(path, 1, RSTART - 1) : "" }
function leaf(path) { return match(path, / [^ ]*$/) ? substr(path, RSTART + 1) : path }

BEGIN { paths[0] = ""; n = 1 }
$1 == "C" { paths[n++] = $2; about[$2] = $4; children[parent($2)] = children[parent($2)] " " leaf($2) }
$1 == "O" {
  k = ++options[$2]
  flags[$2, k] = $3; takes[$2, k] = $4 != ""; what[$2, k] = $8; words[$2, k] = choices($8)
  file[$2, k] = $4 == "PATH" || $4 == "JOURNAL"
}
$1 == "P" {
  positional_words[$2] = positional_words[$2] " " choices($7)
  files[$2] = files[$2] || $3 ~ /^FILES?$/
}
END {
  # The options of backstopctl itself may stand behind the command too.
  for (i = 1; i < n; i++) for (g = 1; g <= options[""]; g++) {
    if (flags["", g] ~ /--(help|version)/) continue
    k = ++options[paths[i]]
    flags[paths[i], k] = flags["", g]; takes[paths[i], k] = takes["", g]; what[paths[i], k] = what["", g]; file[paths[i], k] = file["", g]
  }
  print (shell == "zsh" ? "#compdef backstopctl\n" : "") "# " shell " completion of backstopctl, made from its --help; not for editing."
  if (shell == "bash") bash(); else if (shell == "zsh") zsh(); else fish()
}

# The part that bash and zsh have in common: into $at goes the command that the words before the cursor name.
function find_path(    i) {
  print "    case \"$at $word\" in"
  printf "      "
  for (i = 1; i < n; i++) printf "%s%s", (i > 1 ? "|" : ""), quoted((parent(paths[i]) == "" ? " " : "") paths[i])
  print ") at=${at:+$at }$word ;;\n    esac"
}

function bash(    i, k, p, list, one, parts) {
  print "_backstopctl() {\n  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} at='' word words='' options='' i"
  print "  COMPREPLY=()\n  for ((i = 1; i < COMP_CWORD; i++)); do\n    word=${COMP_WORDS[i]}"
  find_path()
  print "  done\n  case \"$at\" in"
  for (i = 0; i < n; i++) {
    p = paths[i]; list = ""
    print "    " quoted(p) ")"
    print "      case $prev in"
    for (k = 1; k <= options[p]; k++) {
      one = flags[p, k]; gsub(/,/, " ", one); list = list (list == "" ? "" : " ") one
      if (!takes[p, k]) continue
      if (words[p, k] != "") print "        " one ") mapfile -t COMPREPLY < <(compgen -W " quoted(words[p, k]) " -- \"$cur\"); return ;;"
      else if (file[p, k]) print "        " one ") mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;"
      else print "        " one ") return ;;"
    }
    print "      esac\n      options=" quoted(list)
    one = children[p] positional_words[p]; sub(/^ +/, "", one)
    if (one != "") print "      words=" quoted(one)
    if (files[p]) print "      [[ $cur == -* ]] || { mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return; }"
    print "      ;;"
  }
  print "  esac\n  [[ $cur != -* ]] || words=$options\n  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n}"
  print "complete -F _backstopctl backstopctl"
}

function zsh(    i, k, p, one, list, m, parts) {
  print "_backstopctl() {\n  local at='' word prev=$words[CURRENT-1] i\n  local -a offered options\n  for ((i = 2; i < CURRENT; i++)); do\n    word=$words[i]"
  find_path()
  print "  done\n  case \"$at\" in"
  for (i = 0; i < n; i++) {
    p = paths[i]
    print "    " quoted(p) ")\n      case $prev in"
    for (k = 1; k <= options[p]; k++) {
      if (!takes[p, k]) continue
      if (words[p, k] != "") print "        " flags[p, k] ") compadd -- " words[p, k] "; return ;;"
      else if (file[p, k]) print "        " flags[p, k] ") _files; return ;;"
      else print "        " flags[p, k] ") _message " quoted(what[p, k]) "; return ;;"
    }
    print "      esac\n      options=("
    for (k = 1; k <= options[p]; k++) {
      m = split(flags[p, k], parts, ",")
      for (one = 1; one <= m; one++) print "        " quoted(parts[one] ":" described(what[p, k]))
    }
    print "      )"
    list = children[p]; sub(/^ /, "", list); m = split(list, parts, " ")
    if (m > 0) {
      print "      offered=("
      for (k = 1; k <= m; k++) print "        " quoted(parts[k] ":" described(about[p == "" ? parts[k] : p " " parts[k]]))
      print "      )"
    }
    list = positional_words[p]; gsub(/^ +| +$/, "", list)
    if (list != "") print "      offered=(" list ")"
    if (files[p]) print "      [[ $words[CURRENT] == -* ]] || { _files; return; }"
    print "      ;;"
  }
  print "  esac\n  if [[ $words[CURRENT] == -* ]]; then\n    _describe option options\n  else\n    _describe command offered\n  fi\n}"
  print "_backstopctl \"$@\""
}

function fish(    i, k, p, one, list, m, parts, when, line) {
  print "function __backstopctl_at\n  set -l at\n  for word in (commandline -opc)[2..-1]\n    switch \"$at $word\""
  printf "      case"
  for (i = 1; i < n; i++) printf " %s", quoted((parent(paths[i]) == "" ? " " : "") paths[i])
  print "\n        set at (string trim \"$at $word\")\n    end\n  end\n  test \"$at\" = \"$argv[1]\"\nend"
  print "complete -c backstopctl -f"
  for (i = 0; i < n; i++) {
    p = paths[i]; when = "complete -c backstopctl -n " quoted("__backstopctl_at \"" p "\"")
    list = children[p]; sub(/^ /, "", list); m = split(list, parts, " ")
    for (k = 1; k <= m; k++) print when " -a " parts[k] " -d " quoted(about[p == "" ? parts[k] : p " " parts[k]])
    list = positional_words[p]; gsub(/^ +| +$/, "", list)
    if (list != "") print when " -a " quoted(list)
    if (files[p]) print when " -F"
    for (k = 1; k <= options[p]; k++) {
      line = when; m = split(flags[p, k], parts, ",")
      for (one = 1; one <= m; one++) line = line (parts[one] ~ /^--/ ? " -l " substr(parts[one], 3) : " -s " substr(parts[one], 2))
      if (takes[p, k]) line = line (file[p, k] ? " -r -F" : words[p, k] != "" ? " -x -a " quoted(words[p, k]) : " -x")
      print line " -d " quoted(what[p, k])
    }
  }
}
