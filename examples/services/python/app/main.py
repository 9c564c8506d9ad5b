import json
import os


def application(environ, start_response):
    found = environ.get("PATH_INFO") == "/healthcheck"
    body = {"status": "ok", "commit": os.environ.get("COMMIT_SHA", "unknown")} if found else {"status": "not found"}
    start_response("200 OK" if found else "404 Not Found", [("Content-Type", "application/json")])
    return [json.dumps(body).encode() + b"\n"]
