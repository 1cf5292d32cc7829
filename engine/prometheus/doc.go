// Package prometheus tells Prometheus how a service's database is doing. Every
// service has a registry of its own, so that services of one process can be told
// apart and scraped apart; nothing is global.
//
//	metrics := prometheus.New("order")
//	db, err := sqlite.Open(ctx, path, sqlite.Options{Owner: "order", Store: store.Options{Observer: metrics}})
//	...
//	metrics.Watch(db)
//	http.Handle("/order/metrics", metrics.Handler())
//
// The metrics, each with the label service:
//
//	bailiwick_query_duration_seconds{operation,table,status}  histogram; status is ok or error
//	bailiwick_connections{state}        open, active, idle, and callers waiting for one
//	bailiwick_connections_max           the most that may be open; 0 without a limit
//	bailiwick_commits_total             durable commits
//	bailiwick_transactions_total        transactions that shared them
//	bailiwick_commit_group_size         transactions for each commit since the last scrape
//	bailiwick_syncs_total               file syncs, where the engine knows of them
//	bailiwick_log_head, _low, _epoch    the last seq, the low-water mark, the incarnation
//	bailiwick_log_staged                messages not yet stamped, where the engine stamps
//	bailiwick_log_lag{follower,state}   messages that a registered follower has yet to commit
//	bailiwick_follower_position{follower}  the seq up to which this service applied a log
//	bailiwick_parked_keys{follower,state}  keys set aside: retry, or parked for a person
//	bailiwick_scrape_failures_total     scrapes that could not read the database
//
// What patterns keep is added by [Metrics.Count]: sagas by state, say.
package prometheus
