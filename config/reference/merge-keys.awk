# Merges what the program knows of each key (list_keys, in the file KEYS) with the comments of config/node.yaml:
# awk -v keys=KEYS -f merge-keys.awk node.yaml. Prints one line for each key, with tabs between the fields: `section`,
# `key`, or `item` for an example of a list; name, type, default, reload, example; then the paragraphs of its comment.
BEGIN {
    FS = "\t"
    while ((getline < keys) > 0) {
        type[$1] = $2
        otherwise[$1] = $3
        reload[$1] = $4
    }
    FS = " "
}

function fail(text) {
    print "node.yaml: " text | "cat >&2"
    failed = 1
}

function show(kind, name, example,   i, line) {
    line = kind "\t" name "\t" type[name] "\t" otherwise[name] "\t" reload[name] "\t" example
    for (i = 1; i <= count; ++i) line = line "\t" paragraph[i]
    print line
    count = 0
    open = 0
}

# A line of a comment goes on with the paragraph; an item of a list, which is indented, begins one.
function note(text,   indent) {
    match(text, /^ */)
    indent = RLENGTH
    sub(/^ */, "", text)
    if (open && (indent == 0 || indent > 2) && !(indent == 0 && was_item)) {
        paragraph[count] = paragraph[count] " " text
    } else {
        paragraph[++count] = text
        was_item = indent > 0
    }
    open = 1
}

/^$/ { if (!begun) count = 0; begun = 1; open = 0; next }
/^ *#$/ { open = 0; next }
/^ *(# )?- \{/ { sub(/^ *(# )?- /, ""); show("item", "", $0); next }
/^ *# / { sub(/^ *# /, ""); note($0); next }
/^ *#?[a-z_]+:/ {
    match($0, /^ */)
    depth = RLENGTH / 2
    sub(/^ *#?/, "")
    key = $0
    sub(/:.*/, "", key)
    path[depth] = (depth ? path[depth - 1] "." : "") key
    name = path[depth]
    if (!(name in type)) fail("electiond has no key " name)
    if (shown[name]++) fail(name " stands there twice")
    required = sub(/^Required\. /, "", paragraph[1])
    if (required != (otherwise[name] == "required")) fail(name ": the comment must begin with \"Required.\" if it is")
    show(type[name] == "map" ? "section" : "key", name, substr($0, length(key) + 3))
    next
}
{ fail("cannot read the line " $0) }

END {
    for (name in type) if (name != "" && !(name in shown)) fail("the key " name " is missing")
    exit failed
}
