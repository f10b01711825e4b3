"""The web process: everything between the socket and Django.

- `worker`: gunicorn's worker: event loop, TLS, heartbeat, drain; `watchdog` stops the heartbeat when all threads hang
- `protocol`: HTTP/1.1 on the socket, the edge's place, limits
- `application`: the ASGI application: probes and streams (`sse`) on the loop, the rest on threads
- `wsgi_adapter`: Django's WSGI handler on the bounded pool of `threads`
- `health`, `metrics`, `access_log`: what operations see
"""
