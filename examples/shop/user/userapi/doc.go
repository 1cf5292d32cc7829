// Package userapi is what the user service publishes: the message that tells of a
// registered customer, the requests and answers of its API, and a client.
//
// Money is in thousandths of the customer's currency: 2.55 GBP is 2550. Nothing
// here imports the service itself.
package userapi
