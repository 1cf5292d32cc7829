"""The business: customers earn points with orders and pay with them."""

from .barrier import Refusal

ORDER_CONFIRMED = "order.confirmed"
EARNED = "loyalty.earned"
REDEEMED = "loyalty.redeemed"
RESTORED = "loyalty.restored"
VERSION = 1  # the schema version of all messages above

POINTS_FOR_AN_ORDER = 10


class TooNew(Exception):
    """A message of a schema version that this program does not know."""


def order_confirmed(tx, message):
    """Handles order.confirmed: an order of goods earns points, unless it is a
    guest's, whose messages have the order's own id as their key.
    """
    if message.version > VERSION:
        raise TooNew(f"{message.type} has the schema version {message.version}, this program knows {VERSION}")
    order = message.data
    if not order["goods"] or message.key == order["document"]:
        return
    tx.execute("INSERT INTO earning (document, customer, points) VALUES (?, ?, ?)",
               (order["document"], message.key, POINTS_FOR_AN_ORDER))
    _change(tx, EARNED, message.key, POINTS_FOR_AN_ORDER)


HANDLERS = {ORDER_CONFIRMED: order_confirmed}


def redeem(tx, request):
    """The action of the step "redeem": takes points, or refuses."""
    customer, points = request["customer"], request["points"]
    if not isinstance(points, int) or points <= 0:
        raise Refusal("not-points", "points are a whole number above zero")
    there = balance(tx, customer)
    if there < points:
        raise Refusal("too-few-points", f"{customer} has {there} of {points}")
    return {"balance": _change(tx, REDEEMED, customer, -points)}


def restore(tx, request):
    """Its compensation: gives them back."""
    return {"balance": _change(tx, RESTORED, request["customer"], request["points"])}


def balance(connection, customer):
    """How many points a customer has."""
    row = connection.execute("SELECT points FROM account WHERE customer = ?", (customer,)).fetchone()
    return row[0] if row else 0


def balances(connection):
    """How many points all customers have, by customer."""
    return dict(connection.execute("SELECT customer, points FROM account ORDER BY customer"))


def _change(tx, kind, customer, points):
    tx.execute("INSERT INTO account (customer, points) VALUES (?, 0) ON CONFLICT DO NOTHING", (customer,))
    tx.execute("UPDATE account SET points = points + ? WHERE customer = ?", (points, customer))
    left = balance(tx, customer)
    tx.publish(kind, VERSION, customer, {"customer": customer, "points": points, "balance": left})
    return left
