# Reads what a program of ours prints by --help and prints one line an item: TERM<tab>TEXT. An item is a line
# "  TERM  TEXT" (or "--TERM  TEXT") with lines that go on far to the right. A paragraph has an empty TERM.
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
