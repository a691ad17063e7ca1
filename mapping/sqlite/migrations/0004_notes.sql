-- What bridges keep for themselves. Keys are any bytes, and only their bridge
-- deletes them.
CREATE TABLE notes (
	bridge TEXT NOT NULL,
	key    BLOB NOT NULL,
	value  BLOB NOT NULL,
	PRIMARY KEY (bridge, key)
) WITHOUT ROWID;
