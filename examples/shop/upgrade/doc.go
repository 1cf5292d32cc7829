// Package upgrade keeps the shop's past, so that what is said of upgrades can be
// tried against it: the notification service as it was before its schema changed
// ([NotificationBefore]), and databases that released versions have written
// (testdata). The old service is old: it has statements and a schema of its own, and
// nothing of today's.
//
// Its tests run the old and the new service in processes of their own, replace one
// by the other under load, and open every release's databases with today's program.
// docs/upgrading.md tells how it is done, CONTRIBUTING.md how a release adds its
// databases.
package upgrade
