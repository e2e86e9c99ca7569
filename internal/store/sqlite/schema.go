package sqlite

// applicationID marks the database file as a state store ("Etor").
const applicationID = 0x45746f72

// schemaV1 is the first schema. Times are nanoseconds since 1970, those of
// files seconds and nanoseconds; NULL is a time that is not set. Device and
// inode are unsigned numbers kept as signed ones of the same bits.
const schemaV1 = `
CREATE TABLE torrents (
	id            INTEGER PRIMARY KEY AUTOINCREMENT,
	token         BLOB    NOT NULL,
	v1            BLOB    NOT NULL,
	v2            BLOB    NOT NULL,
	name          TEXT    NOT NULL,
	source        TEXT    NOT NULL,
	pieces        INTEGER NOT NULL,
	files         INTEGER NOT NULL,
	dir           TEXT    NOT NULL,
	intent        INTEGER NOT NULL,
	priorities    BLOB    NOT NULL,
	labels        TEXT    NOT NULL,
	added         INTEGER,
	completed     INTEGER,
	uploaded      INTEGER NOT NULL,
	downloaded    INTEGER NOT NULL,
	seeding       INTEGER NOT NULL,
	next_announce INTEGER,
	lost_reason   INTEGER NOT NULL,
	lost_pieces   INTEGER NOT NULL,
	owner         TEXT    NOT NULL,
	epoch         INTEGER NOT NULL
) STRICT;

CREATE TABLE keys (
	key     BLOB    PRIMARY KEY,
	torrent INTEGER NOT NULL REFERENCES torrents ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE metainfos (
	torrent  INTEGER PRIMARY KEY REFERENCES torrents ON DELETE CASCADE,
	raw      BLOB NOT NULL,
	file_map BLOB NOT NULL
) STRICT;

CREATE TABLE claims (
	torrent INTEGER NOT NULL REFERENCES torrents ON DELETE CASCADE,
	origin  INTEGER NOT NULL,
	source  TEXT    NOT NULL,
	pieces  BLOB    NOT NULL,
	PRIMARY KEY (torrent, origin, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE partials (
	torrent INTEGER PRIMARY KEY REFERENCES torrents ON DELETE CASCADE,
	blocks  BLOB NOT NULL
) STRICT;

CREATE TABLE files (
	torrent INTEGER NOT NULL REFERENCES torrents ON DELETE CASCADE,
	file    INTEGER NOT NULL,
	size    INTEGER NOT NULL,
	mtime   INTEGER NOT NULL,
	mtimens INTEGER NOT NULL,
	device  INTEGER NOT NULL,
	inode   INTEGER NOT NULL,
	state   INTEGER NOT NULL,
	PRIMARY KEY (torrent, file)
) STRICT, WITHOUT ROWID;

CREATE TABLE announces (
	torrent INTEGER PRIMARY KEY REFERENCES torrents ON DELETE CASCADE,
	state   TEXT NOT NULL
) STRICT;
`

// schemaV2 adds what a list of many torrents needs without reading their
// claims, and lets a deleted torrent find its keys.
const schemaV2 = `
ALTER TABLE torrents ADD COLUMN claimed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX keys_by_torrent ON keys (torrent);
`

// schemaV3 adds the rates of each torrent, in bytes per second; 0 is unlimited.
const schemaV3 = `
ALTER TABLE torrents ADD COLUMN rate_down INTEGER NOT NULL DEFAULT 0;
ALTER TABLE torrents ADD COLUMN rate_up   INTEGER NOT NULL DEFAULT 0;
`

// schemaV4 adds who made each file.
const schemaV4 = `
ALTER TABLE files ADD COLUMN maker INTEGER NOT NULL DEFAULT 0;
`

// schemaV5 adds the trackers that a person added, as JSON.
const schemaV5 = `
ALTER TABLE torrents ADD COLUMN trackers TEXT NOT NULL DEFAULT 'null';
`

// schemaV6 adds how many connections each torrent has at most; 0 is as many as usual.
const schemaV6 = `
ALTER TABLE torrents ADD COLUMN max_peers INTEGER NOT NULL DEFAULT 0;
`
