// Package catalogapi is what the catalog service publishes: the message that tells
// of a listed product, the requests and answers of its API, and a client.
//
// Money is in thousandths of the product's currency: 2.55 GBP is 2550. Nothing
// here imports the service itself.
package catalogapi
