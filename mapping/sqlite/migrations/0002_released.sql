-- Identities that an account gave back, so that they are not given out again
-- before others. By hashes (released.go), so that no name is kept of who left.
-- Deleted when the identity is given out again.
CREATE TABLE released (
	bridge  TEXT NOT NULL,
	self    INTEGER NOT NULL,
	account INTEGER NOT NULL, -- who had it last
	at      INTEGER NOT NULL,
	PRIMARY KEY (bridge, self)
) WITHOUT ROWID;
CREATE INDEX released_by_time ON released (at);
