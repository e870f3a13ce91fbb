# fish completion for supervisorctl: commands, and the names of the programs that the daemon tells.

set -l commands add avail clear exit fg help maintail open pid quit reload remove reread restart shutdown signal start \
    status stop tail update version wait

# The names, of groups as well. The options that were typed before are passed on, so that the right daemon is asked.
function __supervisorctl_names
    set -l words (commandline -opc)
    set -l given
    set -l at 2
    while test $at -le (count $words)
        switch $words[$at]
            case -c --configuration -s --serverurl -u --username -p --password --password-file -r --history_file
                set given $given $words[$at] $words[(math $at + 1)]
                set at (math $at + 2)
            case '-*'
                set at (math $at + 1)
            case '*'
                break
        end
    end
    supervisorctl $given status </dev/null 2>/dev/null | awk '
        $2 ~ /^(STOPPED|STARTING|RUNNING|BACKOFF|STOPPING|EXITED|FATAL|UNKNOWN)$/ {
            print $1
            if (split($1, part, ":") > 1 && !seen[part[1]]++) print part[1] ":*"
        }'
end

complete -c supervisorctl -f
complete -c supervisorctl -s c -l configuration -r -F -d 'Read this configuration'
complete -c supervisorctl -s h -l help -d 'Print help'
complete -c supervisorctl -s i -l interactive -d 'Ask questions'
complete -c supervisorctl -s s -l serverurl -x -d 'Where supervisord listens'
complete -c supervisorctl -s u -l username -x -d 'User to authenticate as'
complete -c supervisorctl -s p -l password -x -d 'Password of the user'
complete -c supervisorctl -l password-file -r -F -d 'File that holds the password'
complete -c supervisorctl -s r -l history_file -r -F -d 'Keep the lines of the shell'

complete -c supervisorctl -n "not __fish_seen_subcommand_from $commands" -a "$commands"
complete -c supervisorctl -n '__fish_seen_subcommand_from help' -a "$commands"
complete -c supervisorctl -n '__fish_seen_subcommand_from signal' -a 'HUP INT QUIT KILL USR1 USR2 TERM CONT STOP'
complete -c supervisorctl -n '__fish_seen_subcommand_from maintail tail' -a '-f'
complete -c supervisorctl -n '__fish_seen_subcommand_from add remove update' \
    -a '(__supervisorctl_names | string replace -r ":.*" "" | sort -u)'
complete -c supervisorctl -n '__fish_seen_subcommand_from fg tail' -a '(__supervisorctl_names | string match -v "*:\*")'
complete -c supervisorctl -n '__fish_seen_subcommand_from clear pid restart signal start status stop wait' \
    -a 'all (__supervisorctl_names)'
complete -c supervisorctl -l json -d 'Print JSON' \
    -n '__fish_seen_subcommand_from add avail clear pid remove reread restart signal start status stop update version'
complete -c supervisorctl -n '__fish_seen_subcommand_from wait' -l state -x \
    -a 'STOPPED STARTING RUNNING BACKOFF STOPPING EXITED FATAL UNKNOWN' -d 'Wait for this state'
complete -c supervisorctl -n '__fish_seen_subcommand_from wait' -l timeout -x -d 'Give up after so many seconds'
