# bash completion for supervisorctl: commands, and the names of the programs that the daemon tells.

# The names, of groups as well. The options that were typed before are passed on, so that the right daemon is asked.
_supervisorctl_names() {
    supervisorctl "$@" status </dev/null 2>/dev/null |
        awk '$2 ~ /^(STOPPED|STARTING|RUNNING|BACKOFF|STOPPING|EXITED|FATAL|UNKNOWN)$/ {
            print $1
            if (split($1, part, ":") > 1 && !seen[part[1]]++) print part[1] ":*"
        }'
}

_supervisorctl() {
    local options="-c --configuration -h --help -i --interactive -s --serverurl -u --username -p --password
        --password-file -r --history_file"
    local commands="add avail clear exit fg help maintail open pid quit reload remove reread restart shutdown signal start
        status stop tail update version wait"
    # A colon is a part of a name here, whatever readline thinks.
    local cur prev words cword
    if declare -F _get_comp_words_by_ref >/dev/null; then
        _get_comp_words_by_ref -n : cur prev words cword
    else
        words=("${COMP_WORDS[@]}") cword=$COMP_CWORD cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    fi

    local at=1 given=() command=
    while [ "$at" -lt "$cword" ]; do
        case ${words[at]} in
            -c | --configuration | -s | --serverurl | -u | --username | -p | --password | --password-file | -r | \
                --history_file)
                given+=("${words[at]}" "${words[at + 1]}")
                at=$((at + 1))
                ;;
            -*) given+=("${words[at]}") ;;
            *)
                command=${words[at]}
                break
                ;;
        esac
        at=$((at + 1))
    done

    local choices=
    if [ -z "$command" ]; then
        case $prev in
            -c | --configuration | --password-file | -r | --history_file)
                mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                return
                ;;
            -s | --serverurl | -u | --username | -p | --password) return ;;
        esac
        case $cur in
            -*) choices=$options ;;
            *) choices=$commands ;;
        esac
    elif [ "$command $prev" = "wait --state" ]; then
        choices="STOPPED STARTING RUNNING BACKOFF STOPPING EXITED FATAL UNKNOWN"
    elif [ "$command $prev" = "wait --timeout" ]; then
        return
    elif [[ $cur == -* ]]; then
        case $command in
            add | avail | clear | pid | remove | reread | restart | signal | start | status | stop | update | version)
                choices=--json
                ;;
            wait) choices="--state --timeout" ;;
            maintail | tail) choices=-f ;;
        esac
    else
        case $command in
            help) choices=$commands ;;
            signal)
                if [ "$((cword - at))" = 1 ]; then
                    choices="HUP INT QUIT KILL USR1 USR2 TERM CONT STOP"
                else
                    choices="all $(_supervisorctl_names "${given[@]}")"
                fi
                ;;
            add | remove | update) choices=$(_supervisorctl_names "${given[@]}" | sed 's/:.*//' | sort -u) ;;
            tail | fg) choices="$(_supervisorctl_names "${given[@]}" | grep -v ':\*$') -f stdout stderr" ;;
            maintail) choices=-f ;;
            clear | pid | restart | start | status | stop | wait)
                choices="all $(_supervisorctl_names "${given[@]}")"
                ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$cur")
    if declare -F __ltrim_colon_completions >/dev/null; then
        __ltrim_colon_completions "$cur"
    fi
}

complete -F _supervisorctl supervisorctl
