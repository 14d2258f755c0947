BEGIN TRANSACTION;
CREATE TABLE answers (
  job text, revision integer, hash text, said integer not null, by text not null, key text not null,
  primary key (job, revision, hash)
);
INSERT INTO "answers" VALUES('20261130-013431-7922082b6',1,'h',1,'U1','p');
CREATE TABLE inbox (
  key text primary key, entry text not null, at real not null, tries integer not null default 0, done integer not null default 0
);
INSERT INTO "inbox" VALUES('waits','{"key":"waits","kind":"mention","channel":"C1","thread":"","ts":"","user":"","team":"","text":"why","name":"","values":{},"reply_url":"","tries":0}',1.79600247194422841e+09,0,0);
INSERT INTO "inbox" VALUES('over','',1.79600247196408772e+09,0,1);
CREATE TABLE threads (
  channel text, thread text, job text not null, conversation text not null default '', primary key (channel, thread)
);
INSERT INTO "threads" VALUES('C1','1.2','20261130-013431-7922082b6','');
COMMIT;
pragma user_version = 0;
pragma application_id = 0;
