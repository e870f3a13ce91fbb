"""web.py PORT SOCKET: a tiny web server that passes each request on to the FastCGI program behind the socket."""

import http.server
import socket
import sys

import records


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with socket.socket(socket.AF_UNIX) as behind:
            behind.connect(sys.argv[2])
            records.write(behind, records.BEGIN, b"\0\1" + bytes(6))
            records.write(behind, records.PARAMS, records.pairs({"REQUEST_METHOD": "GET", "PATH_INFO": self.path}))
            records.write(behind, records.PARAMS)
            records.write(behind, records.STDIN)
            answer = b""
            with behind.makefile("rb") as stream:
                while record := records.read(stream):
                    kind, data = record
                    answer += data if kind == records.STDOUT else b""
        _, _, body = answer.partition(b"\r\n\r\n")
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
