"""Loyalty: points for confirmed orders, in Python's standard library alone.

A service like the shop's others, in another language. It owns one SQLite
database, and keeps in step with the services in Go by documented tables and
wire formats (docs/formats): it follows their feeds (follower), serves its own
outbox as one (feed), and does steps of their sagas over plain HTTP (barrier,
web). What it is about is in points; everything else is how.
"""
