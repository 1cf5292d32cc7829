// Package order is the shop's order service: it takes orders, returns and stock
// adjustments, drives each through the other services by a saga, and knows what
// became of every line.
//
// The rules are plain functions: what a document must look like ([Compose]), what
// became of a line ([Outcome]), which earlier sales a return takes back
// ([MatchReturn]). Around them stand the tables, the three sagas (place-order,
// refund, adjust), what the service learns from the catalog's and the users' logs,
// and its HTTP API.
//
// A line's outcome is derived from the status of its document: confirming an order
// of a thousand lines changes one row.
package order
