# SPDX-License-Identifier: MIT
"""An echo server on a thread of a Python test. Standard library only."""

import selectors
import socket
import threading


class EchoServer:
    """Echoes on a thread; `change` may alter the bytes."""

    def __init__(self, change=lambda data: data):
        self.change = change
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.received = threading.Event()
        self.selector = selectors.DefaultSelector()
        self.wake, self.woken = socket.socketpair()
        for one in (self.listener, self.woken):
            self.selector.register(one, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.woken:
                    return
                if key.fileobj is self.listener:
                    self.selector.register(self.listener.accept()[0], selectors.EVENT_READ)
                    continue
                try:
                    data = key.fileobj.recv(65536)
                    if data:
                        self.received.set()
                        key.fileobj.sendall(self.change(data))
                        continue
                except OSError:
                    pass
                self.selector.unregister(key.fileobj)
                key.fileobj.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wake.send(b"x")
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.wake.close()
