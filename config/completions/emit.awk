# Turns the table of make-completions, CONTEXT<tab>WORD<tab>VALUE<tab>TEXT, into a script for one shell.
# Variables: shell (bash, zsh, fish), program.
{
    context[NR] = $1; word[NR] = $2; value[NR] = $3; text[NR] = $4
    if (!($1 in known)) { known[$1] = 1; order[++places] = $1 }
    if ($2 !~ /^-/ && $2 != "FILE") {
        place = $1 == "" ? $2 : $1 " " $2
        if ($1 != "*" && !(place in known)) { known[place] = 1; order[++places] = place }
    }
}

# True if the common options may follow, too: not for tls, plugin and registry, which ask no node.
function common(place) { return place !~ /^(tls|plugin|registry)/ }

# True if the row is an option of the verb of `place`, as --yes of members in "members remove".
function of_verb(i, place) { return word[i] ~ /^-/ && context[i] != "" && index(place, context[i] " ") == 1 }

# The numbers of the rows that may follow in `place`, with blanks between.
function rows_of(place,   i, found, offered) {
    split("", offered)
    for (i = 1; i <= NR; ++i) {
        if (context[i] != place && !of_verb(i, place) && !(context[i] == "*" && common(place))) continue
        if (!(word[i] in offered)) found = found " " i
        offered[word[i]] = 1
    }
    return found
}

function pattern(i) { return (context[i] == "*" || context[i] == "" ? "*" : "'" context[i] "'") ":" word[i] }

# Cases for the word before the cursor, if that is an option with a value. `choices` has a %s for them.
function value_cases(files, folders, choices,   i, what) {
    for (i = 1; i <= NR; ++i) {
        if (word[i] !~ /^-/ || value[i] == "") continue
        what = value[i] == "file" ? files : value[i] == "dir" ? folders : sprintf(choices, value[i])
        if (value[i] == "any") what = ":"
        print "        " pattern(i) ") " what "; return ;;"
    }
}

# Prints a function that sets `place` from the words before the cursor.
function finder(words, first, last,   i, options) {
    print "    local place='' word i"
    print "    for ((i = " first "; i < " last "; i++)); do"
    print "        word=${" words "[i]}"
    print "        case $place:$word in"
    for (i = 1; i <= NR; ++i)
        if (word[i] ~ /^-/ && value[i] != "") options = options (options == "" ? "" : " | ") pattern(i)
    print "            " options ") i=$((i + 1)) ;;"
    for (i = 1; i <= places; ++i)
        if (order[i] != "" && order[i] != "*") {
            split(order[i], part, " ")
            print "            " (order[i] ~ / / ? part[1] ":" part[2] : ":" order[i]) ") place='" order[i] "' ;;"
        }
    print "        esac"
    print "    done"
}

function bash(   i, rows, n, each, j, words, files) {
    print "# Completions of " program " for bash."
    print "_" program "() {"
    print "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words='' files=''"
    print "    # bash takes --option=value apart."
    print "    if [ \"$cur\" = = ]; then cur=''; elif [ \"$prev\" = = ]; then prev=${COMP_WORDS[COMP_CWORD - 2]}; fi"
    finder("COMP_WORDS", 1, "COMP_CWORD")
    print "    COMPREPLY=()"
    print "    case $place:$prev in"
    value_cases("mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")", "mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")",
        "mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\")")
    print "    esac"
    print "    case $place in"
    for (i = 1; i <= places; ++i) {
        if (order[i] == "*") continue
        n = split(rows_of(order[i]), each, " ")
        words = files = ""
        for (j = 1; j <= n; ++j) {
            if (word[each[j]] == "FILE") files = " files=yes"
            else words = words (words == "" ? "" : " ") word[each[j]]
        }
        print "        '" order[i] "') words='" words "'" files " ;;"
    }
    print "    esac"
    print "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\"; [ -z \"$files\" ] || compgen -f -- \"$cur\")"
    print "}"
    print "complete -o filenames -F _" program " " program
}

function quoted(s) { gsub(/'/, "'\\''", s); return "'" s "'" }

function zsh(   i, n, each, j, offers, files, described) {
    print "#compdef " program
    print "# Completions of " program " for zsh."
    finder("words", 2, "CURRENT")
    print "    local -a offers"
    print "    case $place:$words[CURRENT-1] in"
    value_cases("_files", "_files -/", "compadd -- %s")
    print "    esac"
    print "    case $place in"
    for (i = 1; i <= places; ++i) {
        if (order[i] == "*") continue
        n = split(rows_of(order[i]), each, " ")
        offers = files = ""
        for (j = 1; j <= n; ++j) {
            if (word[each[j]] == "FILE") { files = "_files;"; continue }
            described = word[each[j]] (text[each[j]] == "" ? "" : ":" text[each[j]])
            offers = offers "\n            " quoted(described)
        }
        print "        '" order[i] "') " files " offers=(" offers ") ;;"
    }
    print "    esac"
    print "    _describe " program " offers"
}

function fish(   i, condition, part, n, what, name) {
    print "# Completions of " program " for fish."
    print "complete -c " program " -f"
    for (i = 1; i <= NR; ++i) {
        n = split(context[i], part, " ")
        condition = ""
        if (n == 0) condition = word[i] ~ /^-/ ? "" : " -n __fish_use_subcommand"
        else if (context[i] == "*") condition = " -n 'not __fish_seen_subcommand_from tls plugin registry'"
        else condition = " -n '__fish_seen_subcommand_from " part[n] "'"
        if (word[i] == "FILE") { print "complete -c " program condition " -F"; continue }
        name = word[i]
        what = sub(/^--/, "", name) ? " -l " name : sub(/^-/, "", name) ? " -s " name : " -a " name
        if (word[i] ~ /^-/ && value[i] == "file") what = what " -rF"
        else if (word[i] ~ /^-/ && value[i] == "dir") what = what " -xa '(__fish_complete_directories)'"
        else if (word[i] ~ /^-/ && value[i] == "any") what = what " -x"
        else if (word[i] ~ /^-/ && value[i] != "") what = what " -xa '" value[i] "'"
        print "complete -c " program condition what (text[i] == "" ? "" : " -d " quoted(text[i]))
    }
}

END {
    if (shell == "bash") bash()
    else if (shell == "zsh") zsh()
    else fish()
}
