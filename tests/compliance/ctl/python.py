"""Talks to a daemon as scripts in Python do: its url, then the path of its socket. What comes back is written as JSON, a line for each
question."""

import json
import sys
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

url, socket = sys.argv[1:]


def tell(call, *args):
    try:
        answer = call(*args)
    except Fault as fault:
        answer = [fault.faultCode, fault.faultString]
    print(json.dumps(answer, sort_keys=True))


transport = SupervisorTransport("me", "pa:ss", "unix://" + socket)
for server in ServerProxy(url), ServerProxy("http://127.0.0.1", transport=transport):
    tell(server.supervisor.getState)
    tell(server.supervisor.getAPIVersion)
    tell(server.supervisor.startProcess, "cat")
    tell(server.supervisor.startProcess, "cat")
    tell(server.supervisor.sendProcessStdin, "cat", "é < & >\n")
    tell(server.supervisor.signalProcess, "cat", "NONSENSE")
    tell(lambda: sorted(server.supervisor.getProcessInfo("cat")))
    tell(lambda: [info["statename"] for info in server.supervisor.getAllProcessInfo()])
    tell(lambda: [info["command"] for info in server.supervisor.getAllConfigInfo()])
    tell(server.supervisor.stopProcess, "cat")
    tell(server.supervisor.stopAllProcesses)
    tell(server.supervisor.tailProcessStdoutLog, "nothing", 0, 100)
    tell(lambda: len(server.system.listMethods()))
    tell(server.system.methodSignature, "supervisor.startProcess")
    tell(server.system.multicall, [{"methodName": "supervisor.getState", "params": []}, {"methodName": "x.y", "params": []}])
