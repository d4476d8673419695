# Reads the --help of electiond or electionctl and prints one line per item: TERM<tab>TEXT. An item is a line
# "  TERM  TEXT" (or "--TERM  TEXT") and its continuation lines, which are indented far to the right. A paragraph has an
# empty TERM.
function flush() {
    if (term != "" || text != "") print term "\t" text
    term = text = ""
}
function add(more) { gsub(/  +/, " ", more); sub(/ $/, "", more); text = text (text == "" ? "" : " ") more }
/^ *$/ { flush(); next }
/^  ?[^ ]/ || (/^-/ && (term != "" || text == "")) {
    flush(); sub(/^ */, "")
    at = match($0, /  +/)
    term = at ? substr($0, 1, at - 1) : $0
    if (at) add(substr($0, at + RLENGTH))
    next
}
/^      / { sub(/^ */, ""); add($0); next }
{ if (term != "") flush(); add($0) }
END { flush() }
