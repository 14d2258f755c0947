BEGIN TRANSACTION;
CREATE TABLE audit (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, "by" TEXT NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL
);
INSERT INTO "audit" VALUES(1,1.79600247212767601e+09,'test','put','3 added, 0 updated');
INSERT INTO "audit" VALUES(2,1.79600247216669702e+09,'','record','run R1: right');
CREATE TABLE frequency (term TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "frequency" VALUES('3',1);
INSERT INTO "frequency" VALUES('5xx',1);
INSERT INTO "frequency" VALUES('after',1);
INSERT INTO "frequency" VALUES('all',1);
INSERT INTO "frequency" VALUES('bearing',1);
INSERT INTO "frequency" VALUES('busy',1);
INSERT INTO "frequency" VALUES('checkout',1);
INSERT INTO "frequency" VALUES('client',1);
INSERT INTO "frequency" VALUES('connection',1);
INSERT INTO "frequency" VALUES('core',1);
INSERT INTO "frequency" VALUES('database',1);
INSERT INTO "frequency" VALUES('drive',1);
INSERT INTO "frequency" VALUES('end',1);
INSERT INTO "frequency" VALUES('feed',1);
INSERT INTO "frequency" VALUES('held',1);
INSERT INTO "frequency" VALUES('high',1);
INSERT INTO "frequency" VALUES('idle',1);
INSERT INTO "frequency" VALUES('job',1);
INSERT INTO "frequency" VALUES('leaked',1);
INSERT INTO "frequency" VALUES('limit',1);
INSERT INTO "frequency" VALUES('many',1);
INSERT INTO "frequency" VALUES('one',1);
INSERT INTO "frequency" VALUES('outer',1);
INSERT INTO "frequency" VALUES('postgre',1);
INSERT INTO "frequency" VALUES('pump',1);
INSERT INTO "frequency" VALUES('quadratic',1);
INSERT INTO "frequency" VALUES('race',1);
INSERT INTO "frequency" VALUES('ranking',1);
INSERT INTO "frequency" VALUES('ratio',1);
INSERT INTO "frequency" VALUES('release',1);
INSERT INTO "frequency" VALUES('replaced',1);
INSERT INTO "frequency" VALUES('report',1);
INSERT INTO "frequency" VALUES('search',1);
INSERT INTO "frequency" VALUES('session',1);
INSERT INTO "frequency" VALUES('slow',1);
INSERT INTO "frequency" VALUES('stop',1);
INSERT INTO "frequency" VALUES('terminate',1);
INSERT INTO "frequency" VALUES('too',1);
INSERT INTO "frequency" VALUES('vibrate',1);
CREATE TABLE incidents (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at REAL, ended REAL, component TEXT NOT NULL,
    run TEXT NOT NULL, moved TEXT NOT NULL, hash BLOB NOT NULL, twin BLOB, text_hash TEXT NOT NULL,
    embedded INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL
);
INSERT INTO "incidents" VALUES(1,'INC-1',1793527200.0,1793530800.0,'postgres','','log.new|error|new|checkout
metric.shift|connections|up|postgres',X'3203C8865E47BED2079D4B149EF01F47',X'91881941D4924AC5F3F98CBE2D1AE2D2','d67481e463bc5113c85a3965ba8a34a5f09fa1752a9cb6aa39158f87635bfaf6',0,'{"id":"INC-1","kind":"incident","title":"Checkout 5xx ratio high","text":"The report job held all sessions of the database","at":"2026-11-01T10:00:00Z","resolved_at":"2026-11-01T11:00:00Z","component":"postgres","symptoms":["too many clients","connections at the limit"],"labels":{},"fingerprint":["log.new|error|new|checkout","metric.shift|connections|up|postgres"],"cause":"Report job leaked connections","fault":"resource.connections","mitigation":["Stop the job","Terminate idle sessions"],"outcome":"","confirmed":false,"run":"","source":""}');
INSERT INTO "incidents" VALUES(2,'INC-2',1793786400.0,1793786400.0,'search','','metric.shift|cpu|up|search',X'E24028AA20F52255FE529DA2D2E313D7',X'B9EA481F3E80BB2C6BD2A2C49557F911','2484eea99d668c71399afff0c7080621cf9ff7ba00c7a5aa63990f28243f1cb1',0,'{"id":"INC-2","kind":"incident","title":"Search is slow","text":"One core was busy after the release of search","at":"2026-11-04T10:00:00Z","resolved_at":null,"component":"search","symptoms":[],"labels":{},"fingerprint":["metric.shift|cpu|up|search"],"cause":"Quadratic ranking","fault":"","mitigation":[],"outcome":"","confirmed":false,"run":"","source":""}');
INSERT INTO "incidents" VALUES(3,'WO-7',1785751200.0,1785751200.0,'pump-3','','',X'7EB21F73F5443901A4E93AEEFB86368D',X'2FDCC32A6316A7E2E08EBC3C26A98A0A','6ede558a9f19c7982dcb7966cb43f06ed7f182cb23f87532ff8135f2f7b45626',0,'{"id":"WO-7","kind":"work_order","title":"Feed pump vibrates","text":"Outer race of the drive end bearing replaced","at":"2026-08-03T10:00:00Z","resolved_at":null,"component":"pump-3","symptoms":[],"labels":{},"fingerprint":[],"cause":"","fault":"","mitigation":[],"outcome":"","confirmed":false,"run":"","source":""}');
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('terms','47');
CREATE TABLE moved (
    token INTEGER NOT NULL REFERENCES tokens (number), incident INTEGER NOT NULL
    REFERENCES incidents (number) ON DELETE CASCADE, PRIMARY KEY (token, incident)
) WITHOUT ROWID;
INSERT INTO "moved" VALUES(1,1);
INSERT INTO "moved" VALUES(2,1);
INSERT INTO "moved" VALUES(3,1);
INSERT INTO "moved" VALUES(4,1);
INSERT INTO "moved" VALUES(5,2);
INSERT INTO "moved" VALUES(6,2);
CREATE TABLE outcomes (
    number INTEGER PRIMARY KEY, run TEXT NOT NULL, at REAL NOT NULL, body TEXT NOT NULL, reverted INTEGER NOT NULL
);
INSERT INTO "outcomes" VALUES(1,'R1',1793527200.0,'{"run":"R1","right":true,"component":"","fault":"","named":"","named_fault":"","cause":"x","mitigation":[],"note":"","by":"","at":"2026-11-01T10:00:00Z"}',0);
CREATE TABLE tokens (number INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, n INTEGER NOT NULL);
INSERT INTO "tokens" VALUES(1,'log.new|error|new|*',1);
INSERT INTO "tokens" VALUES(2,'log.new|error|new|checkout',1);
INSERT INTO "tokens" VALUES(3,'metric.shift|connections|up|*',1);
INSERT INTO "tokens" VALUES(4,'metric.shift|connections|up|postgres',1);
INSERT INTO "tokens" VALUES(5,'metric.shift|cpu|up|*',1);
INSERT INTO "tokens" VALUES(6,'metric.shift|cpu|up|search',1);
CREATE INDEX incidents_at ON incidents (at, id);
CREATE INDEX incidents_ended ON incidents (ended);
CREATE INDEX incidents_text ON incidents (text_hash);
CREATE INDEX incidents_twin ON incidents (twin) WHERE twin IS NOT NULL;
CREATE INDEX incidents_pending ON incidents (number) WHERE embedded = 0;
CREATE INDEX moved_incident ON moved (incident);
CREATE INDEX outcomes_run ON outcomes (run);
CREATE VIRTUAL TABLE words USING fts5(strong, rest, tokenize = 'unicode61 remove_diacritics 0');
INSERT INTO words (rowid, strong, rest) VALUES (1, 'checkout 5xx ratio high too many client connection limit postgre', 'report job held all session database report job leaked connection stop job terminate idle session');
INSERT INTO words (rowid, strong, rest) VALUES (2, 'search slow search', 'one core busy after release search quadratic ranking');
INSERT INTO words (rowid, strong, rest) VALUES (3, 'feed pump vibrate pump 3', 'outer race drive end bearing replaced');
COMMIT;
pragma user_version = 1;
pragma application_id = 1634301033;
