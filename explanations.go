package bailiwick

// callers are the codes that blame a program or its caller.
func callers() []Explanation {
	return []Explanation{{
		Code:    Internal,
		Meaning: "Something happened that the program holds to be impossible, or an error came up that has no code.",
		Causes: []string{
			"a fault in Bailiwick or in an engine",
			"a statement of the service that its database refuses: a constraint, a table that is not there, a wrong type",
			"rows of Bailiwick's tables that were changed by hand",
		},
		Do: []string{
			"read the cause after the operation: a database's own message names the table or the constraint",
			"correct the service's statement where the cause is one",
			"report it, with the whole line, where it is not",
		},
		Example: example(Internal, "read the log", "the source broke the order of the log: 1:41 came after 1:42", "report it; nothing of the batch was applied"),
	}, {
		Code:    Invalid,
		Meaning: "What the caller handed over is wrong, and trying it again cannot help.",
		Causes: []string{
			"a message without a key, a type or a version",
			"options that lack a name, or name the same thing twice",
			"a write in a read-only transaction or database",
		},
		Do: []string{
			"correct the call; nothing was changed",
			"in a handler it is a verdict on the message: its key is parked at once, and replayed once the program is corrected",
		},
		Example: example(Invalid, "postgres: open", "no owner is named", "set Options.Owner to the name of the service"),
	}, {
		Code:    NotFound,
		Meaning: "What was named does not exist.",
		Causes: []string{
			"a name or id that is mistyped, or of another service's database",
			"a parked key that has gone on by itself in the meantime",
			"a file that no service has run on yet",
		},
		Do: []string{
			"list what there is: bailiwick saga list, bailiwick parked list, bailiwick outbox status",
			"check that --db or --data names the database that is meant",
		},
		Example: example(NotFound, "saga: find s-17", "there is no such saga", "list the sagas of this database"),
	}}
}

// races are the codes that tell of somebody who was faster.
func races() []Explanation {
	return []Explanation{{
		Code:    Conflict,
		Meaning: "Somebody else changed it first, or it is in a state that does not allow the change.",
		Causes: []string{
			"two operators, or an operator and a running service, that act on one saga or one parked key",
			"a record that was written again since it was read",
			"a domain's own rule: goods that are sold already cannot be reserved",
			"a migration whose check found what would be lost, or an index that an earlier attempt left unfinished",
		},
		Do: []string{
			"read it again, then decide again",
			"nothing was changed by the call that got this code",
		},
		Example: example(Conflict, "saga: resolve s-17", "it is decided already, or ended", "look at how it ends"),
	}, {
		Code:    Stale,
		Meaning: "A worker's position or term was overtaken by another worker's; what it had in hand was rolled back.",
		Causes: []string{
			"a second instance took over the lease, because this one paused for longer than the lease lasts, or lost all its connections",
			"two followers of one name that run on one database without leases",
			"a position that was moved by hand",
		},
		Do: []string{
			"nothing, where two instances share the work: the worker starts anew by itself or yields",
			"where it comes again and again: look for a second process under the same name, and for pauses of the machine",
		},
		Example: example(Stale, "sqlite: move payment", "the position was moved by somebody else", "read the position again and start anew from there"),
	}}
}

// machinery are the codes that blame a disk, a server or a network.
func machinery() []Explanation {
	return []Explanation{{
		Code:    Unavailable,
		Meaning: "The database, its server or another service did not do it, and nothing was changed.",
		Causes: []string{
			"a server that is down, starting, or cannot be reached",
			"a disk that is full, or a file or directory without the permission",
			"a deadline that passed, or a context that was cancelled",
			"a port or an address that is taken",
		},
		Do: []string{
			"look at the cause: it is the system's own message",
			"try again later; followers and sagas do so by themselves, with growing pauses, and park nothing",
		},
		Example: example(Unavailable, "postgres: connect", "dial tcp 127.0.0.1:5432: connect: connection refused", "look at the server; nothing was changed"),
	}, {
		Code:    Unknown,
		Meaning: "It may have been committed or not: the answer to the commit was lost.",
		Causes: []string{
			"a connection that broke between COMMIT and its answer, to a server that did not come back in time",
			"a disk that failed while the commit was written",
		},
		Do: []string{
			"look whether the change is there before trying again",
			"with an idempotency key, repeat the same request: it answers what was stored, or does it now",
			"followers and sagas look for themselves",
		},
		Example: example(Unknown, "sqlite: commit", "disk I/O error (10)", "mend the disk, then look whether the change is there before trying again"),
	}, {
		Code:    Closed,
		Meaning: "The database or part was closed, and does not come back in this process.",
		Causes: []string{
			"work that goes on after DB.Close: a part was not awaited before its database was closed",
			"a service that is stopping",
		},
		Do: []string{
			"end every part before its database: cancel its context, await its Run, then call Close",
			"start the process again",
		},
		Example: example(Closed, "sqlite: transaction", "the database was closed", ""),
	}}
}

// logs are the codes that tell of a log and a position in it.
func logs() []Explanation {
	return []Explanation{{
		Code:    Gone,
		Meaning: "The log no longer holds what comes after this position, or never did.",
		Causes: []string{
			"a new follower of a log whose older messages were trimmed",
			"a follower that was away for so long that the log's hard limit expired it",
			"a client of a feed that sends an event id of another log",
		},
		Do: []string{
			"start the follower from a snapshot of the producer's data, at a seq at or above the low-water mark that the error names",
			"have the producer keep the types that late followers need",
			"never move the position by hand over what is missing: those effects would be lost",
		},
		Example: example(Gone, "store: read order/outbox", "position 1:17 was trimmed, the low-water mark is 40", "start the follower from a snapshot, or keep its types for ever"),
	}, {
		Code:    Forked,
		Meaning: "The log's past differs from what the follower has seen, or the database is a copy: messages that took effect no longer exist.",
		Causes: []string{
			"the producer's database was restored from a backup, or failed over with loss",
			"a copy of a database was started beside, or in place of, the original",
		},
		Do: []string{
			"halt, as the follower did; do not skip and do not reset its position",
			"find out which database is the right one",
			"compare the follower's data with the log's past, then rebuild the follower from a snapshot",
		},
		Example: example(Forked, "store: read order/outbox", "position 1:90 lies beyond seq 80, where incarnation 2 began", "do not skip: compare the follower's data with the log's past, then rebuild it from a snapshot"),
	}}
}

// databases are the codes with which a database is refused before it is touched.
func databases() []Explanation {
	return []Explanation{{
		Code:    WrongOwner,
		Meaning: "The database belongs to another service; it was not touched.",
		Causes: []string{
			"a path or URL that was copied from another service's settings",
			"a service that was renamed",
		},
		Do: []string{
			"give each service a database of its own: on PostgreSQL a database, or a schema",
			"start a renamed service under the name that the database records",
		},
		Example: example(WrongOwner, "sqlite: open", "order.db belongs to order, not to payment", "give each service a file of its own"),
	}, {
		Code:    Locked,
		Meaning: "A running owner holds the database.",
		Causes: []string{
			"a second process of the service on one SQLite file",
			"a command that changes things, while a process runs that has no admin socket",
			"on PostgreSQL, a command that has to be alone",
			"a schema is to be contracted while an older program is at work, or that program comes back meanwhile",
		},
		Do: []string{
			"find the process: the error names its id where it is known",
			"stop it, or ask it to do the work through its admin socket",
			"a lock never outlives its process: no file has to be removed",
		},
		Example: example(Locked, "sqlite: lock", "order, process 7, holds order.db", "stop it, or ask it to do the work"),
	}, {
		Code:    SchemaNewer,
		Meaning: "The database was migrated by a newer program; it was not touched.",
		Causes: []string{
			"a deployment that was rolled back after its migrations had run",
			"an old instance that starts beside new ones, after a migration that older programs cannot work with",
		},
		Do: []string{
			"use the program that migrated it, or a newer one",
			"to be able to go back, separate migrations that only add from those that take away",
		},
		Example: example(SchemaNewer, "store: migrate service", "the database is at version 7, this program knows 6", "use the program that migrated it, or a newer one"),
	}, {
		Code:    SchemaChanged,
		Meaning: "The text of a migration was edited after it had been applied to this database.",
		Causes: []string{
			"a correction in place, of a migration that was released",
			"an editor or a checkout that changed line ends",
		},
		Do: []string{
			"restore the text of the migration, to the byte",
			"add a new migration for the change",
		},
		Example: example(SchemaChanged, "store: migrate service", "migration 3 (accounts) was edited after it was applied", "restore its text and add a new migration for the change"),
	}, {
		Code:    NotDatabase,
		Meaning: "The file or schema is not a database of this engine; it was not touched.",
		Causes: []string{
			"a path that names another kind of file, or a directory",
			"a URL that names another schema or database of the server",
			"a file whose header was damaged",
		},
		Do: []string{
			"check the path or the URL",
			"restore a damaged file from a backup",
		},
		Example: example(NotDatabase, "sqlite: open", "notes.txt is not a SQLite database", "name the file of a SQLite database, or one that does not exist yet"),
	}, {
		Code:    Unsupported,
		Meaning: "This engine, or this database as it is, does not have that capability.",
		Causes: []string{
			"SQL asked of an engine that has none, or two instances on an engine that allows one",
			"a command on a database that an older program ran last",
		},
		Do: []string{
			"ask DB.Capabilities before using what not every engine has",
			"start the service once with this version, so that its tables are migrated",
		},
		Example: example(Unsupported, "postgres: open", "the tables are older than this program", "start the owner once with this version"),
	}}
}

// messages are the codes about one request or one message.
func messages() []Explanation {
	return []Explanation{{
		Code:    KeyReused,
		Meaning: "An idempotency key, or a saga's step, came again with another request.",
		Causes: []string{
			"a client that makes up too few keys, or keeps one for the next request",
			"a repetition whose body differs: a time or a number that was made anew",
		},
		Do: []string{
			"use a new key for a new request",
			"repeat the first request exactly to get its stored answer",
		},
		Example: example(KeyReused, "store: claim http/k-1", "the key was used before, with another request", "use a new key for a new request, or repeat the first one exactly"),
	}, {
		Code:    Poison,
		Meaning: "A message can never be handled by this program; its key is parked at once, other keys go on.",
		Causes: []string{
			"data that does not parse, from a faulty producer",
			"a schema version that is newer than the consumer",
			"a message that was set aside, of a type that the program no longer handles",
		},
		Do: []string{
			"see it: bailiwick parked show FOLLOWER KEY",
			"deploy a consumer that can read it, then replay: bailiwick parked replay FOLLOWER KEY",
			"discard it only where its effect is not owed: bailiwick parked discard FOLLOWER KEY --message ID",
		},
		Example: example(Poison, "inbox: read user.registered", "its schema version is 2, this program knows 1", "deploy the newer program, then replay the parked key"),
	}, {
		Code:    Parked,
		Meaning: "As many keys are parked as are allowed at once; the follower has stopped, and nothing was skipped.",
		Causes: []string{
			"a faulty deployment of the consumer, whose handlers fail for every message",
			"something that the handlers depend on and that is missing",
			"parked keys that nobody has looked after for long",
		},
		Do: []string{
			"see what they have in common: bailiwick parked list",
			"correct the handler or what it depends on, start again, and replay",
		},
		Example: example(Parked, "set aside key 17850", "100 keys are set aside already; order.placed 0198c0de-8a80-7000-9a5a-5a5a5a5a5a5a failed with: no such table: account",
			"correct the handler or what it depends on, then start again; nothing was skipped"),
	}}
}
