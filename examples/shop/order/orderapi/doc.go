// Package orderapi is what the order service publishes: the messages that tell of
// decided orders, the requests and answers of its API, and a client.
//
// Money is in thousandths of the document's currency, everywhere: 2.55 GBP is
// 2550. Nothing here imports the service itself.
package orderapi
