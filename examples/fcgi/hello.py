"""A FastCGI program: greets the path that was asked for. Its stdin is the socket that supervisord opened."""

import os
import socket

import records

listening = socket.socket(fileno=0)
while True:
    connection, _ = listening.accept()
    with connection, connection.makefile("rb") as stream:
        params = b""
        while record := records.read(stream):
            kind, data = record
            if kind == records.PARAMS:
                params += data
            elif kind == records.STDIN and not data:
                path = records.unpair(params).get("PATH_INFO", "")
                text = f"Status: 200\r\nContent-Type: text/plain\r\n\r\nHello {path} from process {os.getpid()}\n"
                records.write(connection, records.STDOUT, text.encode())
                records.write(connection, records.STDOUT)
                records.write(connection, records.END, bytes(8))
                break
