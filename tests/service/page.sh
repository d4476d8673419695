# shellcheck shell=bash
# Reads the files and commands that a page of docs/ shows. To be sourced.

# page_file PAGE PATH: the block after the line that begins with `PATH`.
page_file() {
    awk -v name="\`$2\`" 'index($0, name) == 1 { found = 1; next }
        found && /^```/ { if (on) exit; on = 1; next } on' "$1" | grep . || {
        echo "$1 shows no file $2" >&2
        return 1
    }
}

# page_commands PAGE SECTION: the blocks marked as sh below that heading.
page_commands() {
    awk -v section="$2" '/^```/ { fenced = !fenced; on = fenced && here && $0 == "```sh"; next }
        !fenced && /^#+ / { sub(/^#+ /, ""); here = $0 == section }
        on' "$1" | grep . || {
        echo "$1 shows no commands in $2" >&2
        return 1
    }
}
