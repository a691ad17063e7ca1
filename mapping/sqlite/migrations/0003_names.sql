ALTER TABLE accounts ADD COLUMN settings TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(settings)); -- strings by name

ALTER TABLE contacts ADD COLUMN name   TEXT NOT NULL DEFAULT '';
ALTER TABLE contacts ADD COLUMN placed TEXT NOT NULL DEFAULT ''; -- the name we last gave in the user's roster

-- Small facts about a bridge, such as that an administrator turned it off.
CREATE TABLE switches (
	bridge TEXT NOT NULL,
	name   TEXT NOT NULL,
	value  TEXT NOT NULL,
	PRIMARY KEY (bridge, name)
) WITHOUT ROWID;
