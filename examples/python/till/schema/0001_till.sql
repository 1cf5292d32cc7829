CREATE TABLE sale (
	document TEXT PRIMARY KEY,
	customer TEXT NOT NULL,
	points   INTEGER NOT NULL, -- that it is paid with
	status   TEXT NOT NULL,    -- pending, confirmed, refused
	reason   TEXT NOT NULL DEFAULT ''
);

-- How many points each customer has, as the loyalty service's log tells: every
-- change is added up here, so that one too many or too few would show.
CREATE TABLE balance (
	customer TEXT PRIMARY KEY,
	points   INTEGER NOT NULL
);
