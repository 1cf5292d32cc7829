"""Runs the service: python3 -m loyalty --database loyalty.db --order http://127.0.0.1:8080/order/feed"""

import argparse
import ipaddress
import logging
import os
import signal
import sys
import threading

from . import points
from .database import OWNER, Database, Locked, WrongOwner
from .follower import Follower, Running
from .web import Server


def loopback(host):
    """Whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def main():
    parser = argparse.ArgumentParser(
        prog="loyalty", description="Points for confirmed orders, and orders paid with points.",
        epilog="LOYALTY_TOKEN in the environment is the token that callers must bring, ORDER_TOKEN is sent to the order service.")
    parser.add_argument("--database", required=True, help="the SQLite file that this service owns")
    parser.add_argument("--listen", default="127.0.0.1:8085", help="HOST:PORT to serve (default: %(default)s)")
    parser.add_argument("--order", required=True, help="the URL of the order service's feed")
    args = parser.parse_args()
    # Arguments would show in the list of processes.
    token, order_token = os.environ.get("LOYALTY_TOKEN"), os.environ.get("ORDER_TOKEN")
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)

    host, _, port = args.listen.rpartition(":")
    if not token and not loopback(host):
        parser.error("set LOYALTY_TOKEN to listen beyond this machine")
    try:
        database = Database(args.database)
    except (Locked, WrongOwner) as error:
        sys.exit(f"loyalty: {error}")
    order = Running(Follower(database, args.order, OWNER, "order/outbox", points.HANDLERS, order_token))
    server = Server((host, int(port)), database, token, healthy=lambda: order.failure)
    # Signals arrive on the thread that serves, which cannot wait for itself to end.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    order.stopping.set()
    server.server_close()


if __name__ == "__main__":
    main()
