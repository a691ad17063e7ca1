-- Times are nanoseconds since 1970, 0 for none.

-- The journal: one row a cycle, so one insert for all that it accepted.
-- Deleted when each of its records is settled or has a row in parked.
CREATE TABLE cycles (
	id      INTEGER PRIMARY KEY, -- Key.Cycle; never used again
	bridge  TEXT NOT NULL,
	records INTEGER NOT NULL,
	data    BLOB NOT NULL        -- see cycle.go
);

-- Which records of a cycle are out of it, as bits. Apart from the cycle, so
-- that a settlement does not write its blob again.
CREATE TABLE settled (
	cycle INTEGER PRIMARY KEY,
	marks BLOB NOT NULL
);

-- How far the journal has what came over a connection: outlives the cycles.
CREATE TABLE offsets (
	bridge TEXT NOT NULL,
	conn   INTEGER NOT NULL,
	last   INTEGER NOT NULL,
	at     INTEGER NOT NULL,
	PRIMARY KEY (bridge, conn)
) WITHOUT ROWID;

-- Records that wait longer than their cycle.
CREATE TABLE parked (
	cycle        INTEGER NOT NULL,
	idx          INTEGER NOT NULL,
	bridge       TEXT NOT NULL,
	account      TEXT NOT NULL,
	conversation TEXT NOT NULL,
	next         INTEGER NOT NULL, -- 0: when the account returns
	expires      INTEGER NOT NULL,
	attempts     INTEGER NOT NULL,
	doubt        INTEGER NOT NULL,
	kind         INTEGER NOT NULL,
	data         BLOB NOT NULL,
	PRIMARY KEY (cycle, idx)
);
CREATE INDEX parked_by_conversation ON parked (bridge, conversation, cycle, idx, account);
CREATE INDEX parked_by_account ON parked (bridge, account, next);
CREATE INDEX parked_by_next ON parked (bridge, next);
CREATE INDEX parked_by_expiry ON parked (expires);

CREATE TABLE quarantine (
	seq    INTEGER PRIMARY KEY,
	cycle  INTEGER NOT NULL,
	idx    INTEGER NOT NULL,
	bridge TEXT NOT NULL,
	kind   INTEGER NOT NULL,
	data   BLOB NOT NULL,
	reason TEXT NOT NULL,
	at     INTEGER NOT NULL,
	UNIQUE (cycle, idx)
);

CREATE TABLE accounts (
	bridge  TEXT NOT NULL,
	id      TEXT NOT NULL,
	self    TEXT NOT NULL,
	created INTEGER NOT NULL,
	PRIMARY KEY (bridge, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX accounts_by_self ON accounts (bridge, self);

CREATE TABLE contacts (
	bridge       TEXT NOT NULL,
	account      TEXT NOT NULL,
	id           TEXT NOT NULL,
	subscription INTEGER NOT NULL,
	PRIMARY KEY (bridge, account, id)
) WITHOUT ROWID;

-- In messages, sent and once seq grows with time: what is oldest stands first.
CREATE TABLE messages (
	seq      INTEGER PRIMARY KEY,
	bridge   TEXT NOT NULL,
	id       TEXT NOT NULL,
	account  TEXT NOT NULL,
	chat     TEXT NOT NULL,
	stanza   TEXT NOT NULL,
	resource TEXT NOT NULL,
	receipt  INTEGER NOT NULL,
	part     INTEGER NOT NULL,
	parts    INTEGER NOT NULL,
	state    INTEGER NOT NULL,
	at       INTEGER NOT NULL
);

-- Where messages stand, by hashes (fresh.go). Written in bulk and in the order
-- of hashes, since a page a message would cost more than all the rest: rows
-- whose seq is above state.indexed are not in it yet.
CREATE TABLE message_ids (
	hash INTEGER NOT NULL,
	seq  INTEGER NOT NULL,
	PRIMARY KEY (hash, seq)
) WITHOUT ROWID;
CREATE TABLE message_stanzas (
	hash INTEGER NOT NULL,
	seq  INTEGER NOT NULL,
	PRIMARY KEY (hash, seq)
) WITHOUT ROWID;

CREATE TABLE sent (
	seq     INTEGER PRIMARY KEY,
	bridge  TEXT NOT NULL,
	entries BLOB NOT NULL,   -- see sent.go
	at      INTEGER NOT NULL -- of the newest entry
);

CREATE TABLE once (
	seq         INTEGER PRIMARY KEY,
	bridge      TEXT NOT NULL,
	fingerprint TEXT NOT NULL,
	stream      INTEGER NOT NULL,
	at          INTEGER NOT NULL,
	UNIQUE (fingerprint, bridge)
);

-- Small facts: clean (1: the last user closed it in order), keys (Key.Cycle is
-- below it in all that was ever written), indexed (see message_ids).
CREATE TABLE state (
	name  TEXT PRIMARY KEY,
	value INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO state VALUES ('clean', 1), ('keys', 1), ('indexed', 0);
