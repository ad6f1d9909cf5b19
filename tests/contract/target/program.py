"""The programs that the workloads of these tests run, of the standard library only."""

# Answers `/env/NAME`, `/read/PATH`, `/mode/PATH`; `/crash`, `/eat/MEGABYTES`, `/unready` and
# `/write/PATH/TEXT` do as they say; `/health` is 503 after `/unready`.
SERVER = """
import os, signal, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
held, state = [], {"health": 200}
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        _, verb, *rest = self.path.split("/")
        status, body = 200, os.environ["FAIRWAY_INSTANCE"] + " " + os.environ["FAIRWAY_RELEASE"]
        try:
            if verb == "env":
                body = os.environ[rest[0]]
            elif verb == "read":
                body = open("/".join(rest)).read()
            elif verb == "mode":
                body = oct(os.stat("/".join(rest)).st_mode & 0o777)
            elif verb == "write":
                open("/".join(rest[:-1]), "w").write(rest[-1])
            elif verb == "eat":
                held.append(b"x" * int(rest[0]) * 1024 * 1024)
            elif verb == "spin":
                threading.Thread(target=lambda: [None for _ in iter(int, 1)], daemon=True).start()
            elif verb == "crash":
                os._exit(int(rest[0]))
            elif verb == "unready":
                state["health"] = 503
            elif verb == "health":
                status = state["health"]
        except (OSError, KeyError) as error:
            status, body = 500, str(error)
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
    do_POST = do_GET
    def log_message(self, text, *args):
        if not self.path.startswith("/health"):
            print("request", self.path)
class Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128
server = Server(("127.0.0.1", int(os.environ["PORT"])), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
print("listening")
server.serve_forever(0.02)
print("bye", flush=True)
os._exit(0)
"""

CRASHER = """
import sys, time
time.sleep(0.05)
print("about to fail")
print("relation order_lines does not exist", file=sys.stderr)
sys.exit(1)
"""

SLEEPER = """
import time
print("asleep")
time.sleep(1000)
"""

DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf")
while True:
    time.sleep(1000)
"""

DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print("daemon", os.getpid(), flush=True)
        time.sleep(1000)
    os._exit(0)
time.sleep(0.3)
sys.exit(0)
"""

COUNTER = """
import sys, time
for number in range(int(sys.argv[1])):
    print("line", number, flush=True)
    time.sleep(float(sys.argv[2]))
time.sleep(1000)
"""

JOB = """
import pathlib, sys, time
time.sleep(0.3)
pathlib.Path(sys.argv[1]).write_text("done")
"""
