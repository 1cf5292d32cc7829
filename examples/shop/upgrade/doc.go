// Package upgrade keeps the shop's past, so that what is said of upgrades can be
// tried against it: the notification service as it was before its schema changed
// ([NotificationBefore]), and databases that released versions have written
// ([Write], testdata).
//
// Its tests upgrade one service under load, old and new instances side by side,
// and open every release's databases with today's program. docs/upgrading.md tells
// how it is done, CONTRIBUTING.md how a release adds its databases.
package upgrade
