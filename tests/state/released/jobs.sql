BEGIN TRANSACTION;
CREATE TABLE alerts (
  job text not null, key text not null, alert_group text not null, content text not null, alert text not null,
  unique (key)
);
INSERT INTO "alerts" VALUES('20261130-013431-7922082b6','joined','g3','c','firing');
CREATE TABLE jobs (
  id text primary key, key text not null default '', alert_group text not null default '', content text not null default '',
  origin text not null, title text not null, incident text not null, open_end integer not null default 1,
  state text not null, created_at text not null, started_at text, finished_at text,
  run text not null default '', revision integer not null default 1, reported integer not null default 0,
  attempts integer not null default 0, verdict text not null default '', probability real not null default 0,
  component text not null default '', fault text not null default '', message text not null default '',
  asked text not null default '[]', answers text not null default '{}', later text not null default '',
  by text not null default '', place text not null default '{}', alert text not null default '',
  owner text not null default '', lease_until text not null default '', begun integer not null default 0
);
INSERT INTO "jobs" VALUES('20261130-013342-302b77bc0','8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a','cd0aa9856147b6c5b4ff2b7dfee5da20aa38253099ef1b4a64aced233c9afe29','cb6936c4c63a2a274d71c0b20bad523d88fbe185070af4ce3ad25ee88c479e28','alertmanager','Gateway 5xx ratio above 5 %','{"id":"20261125-010927-09d50a","title":"Gateway 5xx ratio above 5 %","text":"Gateway 5xx ratio above 5 %. More than 5 % of the answers of gateway are 5xx for 6 s. Customers see errors.","started_at":"2026-11-25T01:09:27.052000Z","window":{"start":"2026-11-25T01:07:57.052000Z","end":"2026-11-25T01:10:07.052000Z"},"baselines":[{"name":"preceding","window":{"start":"2026-11-25T00:54:57.052000Z","end":"2026-11-25T01:07:57.052000Z"}}],"hints":["gateway"],"labels":{"alertname":"GatewayErrorRatioHigh","service":"gateway","severity":"page"},"link":"http://prometheus.shop:9090/graph?g0.expr=sum%28rate%28http_requests_total%7Bcode%3D~%225..%22%2Cjob%3D%22gateway%22%7D%5B20s%5D%29%29+%2F+sum%28rate%28http_requests_total%7Bjob%3D%22gateway%22%7D%5B20s%5D%29%29+%3E+0.05&g0.tab=1","origin":"alertmanager","alerts":[{"name":"GatewayErrorRatioHigh","start":"2026-11-25T01:09:27.052000Z","end":null,"severity":"page","labels":{"service":"gateway"},"text":"Gateway 5xx ratio above 5 %"}],"understood":null}',1,'done','2026-11-30T01:33:42.302859+00:00','2026-11-30T01:33:42.427571+00:00','2026-11-30T01:34:27.724636+00:00','20261130-013409-f8d2fb',1,1,0,'cause',0.8743,'orders','resource.connections','','[]','{}','','alertmanager','{}','firing','','',0);
INSERT INTO "jobs" VALUES('20261130-013431-728ae118d','','','4efdd77b06fd6ff8098fdc1b89f629b17f02fe95902be4071f96d41f8e6bf50a','api','checkout fails','{"id":"20261125-011007-690cec","title":"checkout fails","text":"checkout fails","started_at":"2026-11-25T01:10:07.052000Z","window":{"start":"2026-11-25T01:08:37.052000Z","end":"2026-11-25T01:10:07.052000Z"},"baselines":[{"name":"preceding","window":{"start":"2026-11-25T00:59:37.052000Z","end":"2026-11-25T01:08:37.052000Z"}}],"hints":[],"labels":{},"link":"","origin":"api","alerts":[],"understood":{"start":null,"start_words":"","affected":[],"excluded":[],"symptom":"errors","symptom_words":"fails","tried":[],"by":"words","typed":true}}',1,'queued','2026-11-30T01:34:31.728951+00:00',NULL,NULL,'',1,0,0,'',0.0,'','','','[]','{}','','','{}','','','',0);
INSERT INTO "jobs" VALUES('20261130-013431-7922082b6','015f7e6bc5aeaf483724089e9252cc13b50951a6b69412522765cff4d780306e','4d2f4b668cfc48e6059d36e91326bf87de39ba819f35450477bc1ce614a63bbd','2e85b5e69fb452b9a6fd643a908c205472f7d798baf73b0f9af717df0a2e2979','alertmanager','Gateway 5xx ratio above 5 %','{"id":"20261125-010927-09d50a","title":"Gateway 5xx ratio above 5 %","text":"Gateway 5xx ratio above 5 %. More than 5 % of the answers of gateway are 5xx for 6 s. Customers see errors.","started_at":"2026-11-25T01:09:27.052000Z","window":{"start":"2026-11-25T01:07:57.052000Z","end":"2026-11-25T01:10:07.052000Z"},"baselines":[{"name":"preceding","window":{"start":"2026-11-25T00:54:57.052000Z","end":"2026-11-25T01:07:57.052000Z"}}],"hints":["gateway"],"labels":{"alertname":"GatewayErrorRatioHigh","service":"gateway","severity":"critical"},"link":"http://prometheus.shop:9090/graph?g0.expr=sum%28rate%28http_requests_total%7Bcode%3D~%225..%22%2Cjob%3D%22gateway%22%7D%5B20s%5D%29%29+%2F+sum%28rate%28http_requests_total%7Bjob%3D%22gateway%22%7D%5B20s%5D%29%29+%3E+0.05&g0.tab=1","origin":"alertmanager","alerts":[{"name":"GatewayErrorRatioHigh","start":"2026-11-25T01:09:27.052000Z","end":null,"severity":"critical","labels":{"service":"gateway"},"text":"Gateway 5xx ratio above 5 %"}],"understood":null}',1,'queued','2026-11-30T01:34:31.792192+00:00',NULL,NULL,'',1,0,0,'',0.0,'','','','[]','{}','','','{}','firing','','',0);
CREATE UNIQUE INDEX jobs_key on jobs (key) where key != '';
CREATE INDEX jobs_state on jobs (state, created_at);
CREATE INDEX jobs_group on jobs (alert_group) where alert_group != '';
CREATE INDEX jobs_created on jobs (created_at);
CREATE INDEX alerts_group on alerts (alert_group);
COMMIT;
pragma user_version = 1;
pragma application_id = 0;
