"""Reads configuration files with supervisor 4.3.0 and prints what it makes of each, one JSON document per line.

Usage: original.py FOLDER COUNT. Reads FOLDER/0.conf, FOLDER/1.conf, ... The listed differences that can be described
as a change of the original are applied to it first.
"""

import json
import os
import shlex
import socket
import sys
import warnings

from supervisor import datatypes, options

warnings.simplefilter("ignore")


class Usage(Exception):
    pass


class Server(options.ServerOptions):
    def usage(self, text):
        raise Usage(str(text))


# 4.4 reads environments as a POSIX shell would; what only 4.3 accepts is read as it did.
old_pairs = datatypes.dict_of_key_value_pairs


def posix_pairs(text):
    lexer = shlex.shlex(str(text), posix=True)
    lexer.wordchars += "/.+-():"
    words = list(lexer)
    pairs = {}
    for at in range(0, len(words), 4):
        triple = words[at : at + 3]
        if len(triple) != 3 or triple[1] != "=":
            raise ValueError("not pairs")
        pairs[triple[0]] = triple[2]
    return pairs


def pairs(text):
    try:
        return posix_pairs(text)
    except ValueError:
        return old_pairs(text)


options.dict_of_key_value_pairs = pairs

# 4.4 expands [supervisord] environment once, with all names.
old_expand = options.expand


def expand(text, names, place):
    if place == "supervisord.environment":
        names = dict(names, host_node_name=options.platform.node())
    if place == "environment" and "program_name" not in names:
        return text
    return old_expand(text, names, place)


options.expand = expand


def clamp(number):
    return max(-(2**63), min(2**63 - 1, number))


def logfile(value):
    if value is None or value == "":
        return None
    return {"auto": True} if value is datatypes.Automatic else {"file": value}


def restart(value):
    if value is datatypes.RestartUnconditionally:
        return "always"
    return "unexpected" if value is datatypes.RestartWhenExitUnexpected else "never"


def channel(process, name):
    return {
        "logfile": logfile(getattr(process, name + "_logfile")),
        "maxbytes": clamp(getattr(process, name + "_logfile_maxbytes")),
        "backups": clamp(getattr(process, name + "_logfile_backups")),
        "capture_maxbytes": clamp(getattr(process, name + "_capture_maxbytes")),
        "events_enabled": bool(getattr(process, name + "_events_enabled")),
        "syslog": bool(getattr(process, name + "_syslog")),
    }


def program(process):
    return {
        "name": process.name,
        "command": process.command,
        "priority": clamp(process.priority),
        "autostart": process.autostart,
        "autorestart": restart(process.autorestart),
        "startsecs": clamp(process.startsecs),
        "startretries": clamp(process.startretries),
        "exitcodes": process.exitcodes,
        "stopsignal": int(process.stopsignal),
        "stopwaitsecs": clamp(process.stopwaitsecs),
        "stopasgroup": process.stopasgroup,
        "killasgroup": process.killasgroup,
        "uid": process.uid,
        "umask": None if process.umask is None else clamp(process.umask) & 0xFFFFFFFF,
        "directory": process.directory,
        "environment": list(map(list, process.environment.items())),
        "redirect_stderr": process.redirect_stderr,
        "stdout": channel(process, "stdout"),
        "stderr": channel(process, "stderr"),
        "serverurl": process.serverurl,
    }


def group(config):
    pool = None
    if isinstance(config, options.EventListenerPoolConfig):
        names = [options_name(event) for event in config.pool_events]
        pool = {"events": sorted(names), "buffer_size": clamp(config.buffer_size)}
    fcgi = None
    if isinstance(config, options.FastCGIGroupConfig):
        one = config.socket_config
        owner = getattr(one, "owner", None)
        fcgi = {
            "url": one.url,
            "owner": None if owner is None else [owner[0], None if owner[1] == -1 else owner[1]],
            "mode": clamp(one.mode) & 0xFFFFFFFF if isinstance(one, datatypes.UnixStreamSocketConfig) else 0o700,
            "backlog": one.backlog,
        }
    return {
        "name": config.name,
        "priority": clamp(config.priority),
        "pool": pool,
        "fcgi": fcgi,
        "programs": [program(process) for process in config.process_configs],
    }


def options_name(event):
    from supervisor.events import getEventNameByType

    return getEventNameByType(event)


def server(config):
    inet = config["family"] == socket.AF_INET
    user = config["username"] or None
    return {
        "section": config["section"],
        "address": [config["host"], config["port"]] if inet else None,
        "file": None if inet else config["file"],
        "chmod": None if inet else clamp(config["chmod"]) & 0xFFFFFFFF,
        "chown": None if inet else [None if i == -1 else i for i in config["chown"]],
        "username": user,
        "password": config["password"] if user else None,
    }


def read(path):
    found = Server()
    try:
        found.realize(["-c", path], doc="", progname="supervisord")
    except Usage as error:
        return {"error": str(error)}
    except Exception as error:
        return {"crash": "%s: %s" % (type(error).__name__, error)}
    section = found.configroot.supervisord
    return {
        "supervisord": {
            "logfile": None if found.logfile == "syslog" else found.logfile,
            "logfile_maxbytes": clamp(found.logfile_maxbytes),
            "logfile_backups": clamp(found.logfile_backups),
            "loglevel": found.loglevel,
            "pidfile": found.pidfile,
            "umask": clamp(found.umask) & 0xFFFFFFFF,
            "nodaemon": bool(found.nodaemon),
            "silent": bool(found.silent),
            "minfds": clamp(found.minfds),
            "minprocs": clamp(found.minprocs),
            "nocleanup": bool(found.nocleanup),
            "childlogdir": os.path.abspath(found.childlogdir),
            "user": found.uid,
            "directory": found.directory,
            "strip_ansi": bool(found.strip_ansi),
            "environment": list(map(list, section.environment.items())),
            "identifier": found.identifier,
        },
        "servers": [server(config) for config in section.server_configs],
        "rpcinterfaces": [factory[0] for factory in section.rpcinterface_factories],
        "groups": [group(config) for config in found.process_group_configs],
        "warnings": found.parse_warnings,
        "infos": found.parse_infos,
    }


def main():
    folder, count = sys.argv[1], int(sys.argv[2])
    os.chdir(folder)
    environment = dict(os.environ)
    print(json.dumps({"version": list(sys.version_info[:2]), "environment": list(map(list, environment.items()))}))
    for number in range(count):
        print(json.dumps(read("%s/%d.conf" % (folder, number))))


main()
