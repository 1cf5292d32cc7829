// Package httpstep has steps of sagas done by services that speak only HTTP.
//
// A [Courier] follows the log of the service that runs the sagas, posts the
// commands of some types to the services that do them, and hands each answer to
// the orchestrator, in the transaction that moves the courier's own position. No
// transaction is open while it waits for an answer. What goes over the wire is
// described in docs/formats/http-step.md; a participant needs nothing else.
//
// A command is posted at least once. The participant's barrier, which goes by the
// request's Idempotency-Key, makes repeats harmless: the courier may be killed at
// any moment, and so may the participant.
//
// Whatever is neither done nor refused is unknown: timeouts, refused and cut
// connections, a proxy's 404 or 502. The courier asks again for as long as its
// patience lasts and then leaves the command to the saga, whose own timer sends it
// again, and which compensates or parks in the end. So a participant that is away
// holds up its own sagas, not the log.
package httpstep
