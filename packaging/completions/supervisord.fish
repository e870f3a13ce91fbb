complete -c supervisord -s c -l configuration -d 'Read this file instead of looking for one' -r
complete -c supervisord -s u -l user -d 'Become this user, given by name or number' -r
complete -c supervisord -s m -l umask -d 'The octal file creation mask of the daemon [default: 022]' -r
complete -c supervisord -s d -l directory -d 'Change to this folder when going to the background' -r
complete -c supervisord -s l -l logfile -d 'The daemon\'s own log file' -r
complete -c supervisord -s y -l logfile_maxbytes -d 'Rotate the log file at this size, such as 50MB' -r
complete -c supervisord -s z -l logfile_backups -d 'Keep so many rotated log files' -r
complete -c supervisord -s e -l loglevel -d 'Log from this level on: critical, error, warn, info, debug' -r
complete -c supervisord -s j -l pidfile -d 'Write the process id of the daemon to this file' -r
complete -c supervisord -s i -l identifier -d 'The name of this supervisord in events and log names' -r
complete -c supervisord -s q -l childlogdir -d 'The folder of automatically named log files' -r
complete -c supervisord -s a -l minfds -d 'Start only with so many file descriptors' -r
complete -c supervisord -l minprocs -d 'Start only with so many processes' -r
complete -c supervisord -l profile_options -d 'Refused: there is no Python here to be profiled' -r
complete -c supervisord -l init -d 'Write a first configuration into this folder, and start nothing' -r
complete -c supervisord -s n -l nodaemon -d 'Stay in the foreground'
complete -c supervisord -s s -l silent -d 'Keep the log off standard output in the foreground'
complete -c supervisord -s h -s ? -l help -d 'Print this help'
complete -c supervisord -s v -l version -d 'Print the version of supervisor that this one stands in for'
complete -c supervisord -s k -l nocleanup -d 'Keep the automatically named log files of an earlier run'
complete -c supervisord -s t -l strip_ansi -d 'Remove escape sequences of terminals from the logs of programs'
complete -c supervisord -l check -d 'Read the whole configuration, print what is wrong with it, and start nothing'
