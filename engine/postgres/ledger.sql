-- What the database says of itself: 'owner' is the service it belongs to.
CREATE TABLE bailiwick_meta (
	name  text PRIMARY KEY,
	value text NOT NULL
);

-- The migrations that were applied; component is 'bailiwick' or 'service'.
CREATE TABLE bailiwick_migrations (
	component text NOT NULL,
	version   integer NOT NULL,
	name      text NOT NULL,
	checksum  text NOT NULL, -- hexadecimal SHA-256 of the statements
	applied   timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (component, version)
);
